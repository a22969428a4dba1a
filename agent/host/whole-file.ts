import { closeSync, openSync, readSync } from "node:fs";

/** Node takes 64 KiB anew for each file that says it is empty, and all of /proc say so: here one room serves for all. */
const room = Buffer.allocUnsafeSlow(65_536);

/** The bytes from `start` to the end, at most `maxBytes`; the size that the file says it has is not asked. */
export function bytesFrom(descriptor: number, maxBytes: number, start: number): Buffer {
  const pieces: Buffer[] = [];
  let bytes = 0;
  while (bytes < maxBytes) {
    const got = readSync(descriptor, room, 0, Math.min(room.length, maxBytes - bytes), start + bytes);
    if (got === 0) break;
    pieces.push(Buffer.from(room.subarray(0, got)));
    bytes += got;
  }
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}

/** The whole file, a character a byte; throws where it cannot be read. */
export function latin1Of(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    let text = "";
    for (;;) {
      const got = readSync(descriptor, room, 0, room.length, null);
      if (got === 0) return text;
      text += room.toString("latin1", 0, got);
    }
  } finally {
    closeSync(descriptor);
  }
}
