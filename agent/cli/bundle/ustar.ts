/** A tar archive of a few small files (POSIX.1-1988 ustar; decision 0028): names of at most 100 ASCII characters. */

export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const block = 512;
const privateMode = 0o600;

/** All of root's, readable by its owner alone, changed at that second. */
export function ustar(files: readonly TarFile[], atSeconds: number): Buffer {
  const parts = files.flatMap(({ name, bytes }) => [
    header(name, bytes.length, atSeconds),
    bytes,
    Buffer.alloc((block - (bytes.length % block)) % block),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(name: string, size: number, atSeconds: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new Error(`a name that an archive cannot hold: ${name}`);
  const head = Buffer.alloc(block);
  head.write(name, 0);
  head.write(octal(privateMode, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(size, 12), 124);
  head.write(octal(Math.floor(atSeconds), 12), 136);
  head.write("        ", 148);
  head.write("0", 156);
  head.write("ustar\0", 257);
  head.write("00", 263);
  head.write("root", 265);
  head.write("root", 297);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

/** A number as a field of this many bytes has it, its NUL included. */
function octal(value: number, bytes: number): string {
  return `${value.toString(8).padStart(bytes - 1, "0")}\0`;
}
