/** Reads wtmp(5), the binary record of sessions with a terminal. Pure. */

export interface TerminalSession {
  readonly user: string;
  /** `pts/3` */
  readonly line: string;
  /** Where it came from, as the login program wrote it: an address, a name, or empty for a console. */
  readonly host: string;
  readonly seconds: number;
}

/** Where glibc's struct utmp has its fields; x86-64 keeps 32-bit times, 64-bit ARM does not. */
const layouts = {
  x64: { size: 384, seconds: 340, read: (row: Buffer, at: number) => row.readInt32LE(at) },
  arm64: { size: 400, seconds: 344, read: (row: Buffer, at: number) => Number(row.readBigInt64LE(at)) },
} as const;

const userProcess = 7;

/** Bytes of one record here; null where the layout is not known. */
export function recordSize(arch: string = process.arch): number | null {
  return layoutOf(arch)?.size ?? null;
}

/** The sessions that begin in `bytes`, oldest first; a record cut off at the end is left out. Null: layout unknown. */
export function parseWtmp(bytes: Buffer, arch: string = process.arch): TerminalSession[] | null {
  const layout = layoutOf(arch);
  if (layout === null) return null;
  const sessions: TerminalSession[] = [];
  for (let at = 0; at + layout.size <= bytes.length; at += layout.size) {
    const row = bytes.subarray(at, at + layout.size);
    if (row.readInt16LE(0) !== userProcess) continue;
    const text = (start: number, length: number) => row.toString("utf8", start, start + length).replace(/\0.*$/s, "");
    const seconds = layout.read(row, layout.seconds);
    sessions.push({ line: text(8, 32), user: text(44, 32), host: text(76, 256), seconds });
  }
  return sessions;
}

function layoutOf(arch: string): (typeof layouts)["x64" | "arm64"] | null {
  return arch === "x64" || arch === "arm64" ? layouts[arch] : null;
}
