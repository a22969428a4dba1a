/** What came over one stream: how much, and the first and last 64 KiB of it. `tail` is empty if `head` holds all. */
export interface Captured {
  readonly bytes: number;
  readonly head: Buffer;
  readonly tail: Buffer;
}

export const keptBytes = 64 * 1024;
const newline = 0x0a;
/** More than this of an unfinished line is no prompt that anybody would read. */
const lineBytes = 4096;

export interface Capture {
  take(chunk: Buffer): void;
  bytes(): number;
  captured(): Captured;
  /** The bytes since the last newline, at most the last 4 KiB of them. */
  lastLine(): Buffer;
}

export function capture(): Capture {
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let bytes = 0;
  let line: Buffer = Buffer.alloc(0);

  const keepTail = (chunk: Buffer) => {
    tail.push(chunk);
    tailBytes += chunk.length;
    // Joined only when it has doubled, so that many small chunks cost no more than one large one.
    if (tailBytes < 2 * keptBytes) return;
    tail = [Buffer.from(Buffer.concat(tail).subarray(-keptBytes))];
    tailBytes = keptBytes;
  };

  return {
    take(chunk) {
      bytes += chunk.length;
      const intoHead = chunk.subarray(0, keptBytes - headBytes);
      if (intoHead.length > 0) {
        // A copy: the chunk may be a small piece of a large buffer.
        head.push(Buffer.from(intoHead));
        headBytes += intoHead.length;
      }
      const rest = chunk.subarray(intoHead.length);
      if (rest.length > 0) keepTail(Buffer.from(rest.subarray(-2 * keptBytes)));
      const at = chunk.lastIndexOf(newline);
      line = Buffer.concat(at < 0 ? [line, chunk] : [chunk.subarray(at + 1)]);
      if (line.length > lineBytes) line = Buffer.from(line.subarray(-lineBytes));
    },
    bytes: () => bytes,
    captured: () => ({ bytes, head: Buffer.concat(head), tail: Buffer.concat(tail).subarray(-keptBytes) }),
    lastLine: () => line,
  };
}
