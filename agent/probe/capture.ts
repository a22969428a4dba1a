/** What came over one stream: how much, and the first and last 64 KiB of it. `tail` is empty if `head` holds all. */
export interface Captured {
  readonly bytes: number;
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** What came from one byte on up to before another, as far as it was kept. */
export function between({ bytes, head, tail }: Captured, from: number, to: number): Buffer {
  const tailAt = bytes - tail.length;
  const inTail = tail.subarray(Math.max(0, Math.max(from, head.length) - tailAt), Math.max(0, to - tailAt));
  return Buffer.concat([head.subarray(from, to), inTail]);
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
  // A stream may bring gigabytes: nothing is allocated for what is not kept.
  let head = Buffer.alloc(0);
  let ring: Buffer | null = null;
  let written = 0;
  let bytes = 0;

  const keepTail = (rest: Buffer) => {
    ring ??= Buffer.alloc(keptBytes);
    const kept = rest.subarray(-keptBytes);
    const at = (written + rest.length - kept.length) % keptBytes;
    const before = kept.subarray(0, keptBytes - at);
    before.copy(ring, at);
    kept.copy(ring, 0, before.length);
    written += rest.length;
  };
  const tail = () => {
    if (ring === null) return Buffer.alloc(0);
    if (written <= keptBytes) return ring.subarray(0, written);
    const at = written % keptBytes;
    return Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
  };

  return {
    take(chunk) {
      bytes += chunk.length;
      const intoHead = chunk.subarray(0, keptBytes - head.length);
      if (intoHead.length > 0) head = Buffer.concat([head, intoHead]);
      const rest = chunk.subarray(intoHead.length);
      if (rest.length > 0) keepTail(rest);
    },
    bytes: () => bytes,
    captured: () => ({ bytes, head, tail: Buffer.from(tail()) }),
    lastLine() {
      const last = Buffer.concat([head.subarray(-lineBytes), tail().subarray(-lineBytes)]).subarray(-lineBytes);
      return last.subarray(last.lastIndexOf(newline) + 1);
    },
  };
}
