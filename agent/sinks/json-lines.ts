/** Splits a stream into lines, one call each, without their newline. A line above `mostBytes` ends it with `tooLong`. */
export function jsonLines(mostBytes: number, line: (text: string) => void, tooLong: () => void) {
  let pieces: Buffer[] = [];
  let held = 0;
  return (chunk: Buffer): void => {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, end));
      const text = Buffer.concat(pieces).toString("utf8");
      pieces = [];
      held = 0;
      from = end + 1;
      line(text);
    }
    pieces.push(chunk.subarray(from));
    held += chunk.length - from;
    if (held > mostBytes) tooLong();
  };
}

/** Undefined for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
