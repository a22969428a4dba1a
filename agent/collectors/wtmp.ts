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

const runLevel = 1;
const bootTime = 2;
const userProcess = 7;
const deadProcess = 8;

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
    const seconds = layout.read(row, layout.seconds);
    sessions.push({ line: textOf(row, 8, 32), user: textOf(row, 44, 32), host: textOf(row, 76, 256), seconds });
  }
  return sessions;
}

function textOf(row: Buffer, start: number, length: number): string {
  return row.toString("utf8", start, start + length).replace(/\0.*$/s, "");
}

function layoutOf(arch: string): (typeof layouts)["x64" | "arm64"] | null {
  return arch === "x64" || arch === "arm64" ? layouts[arch] : null;
}

/**
 * Names that had a session with a terminal at that second, each once, as they came; null where the record begins later
 * or the layout is not known. A session ends with its line's next record, or when the host starts or stops.
 */
export function sessionsAt(bytes: Buffer, seconds: number, arch: string = process.arch): string[] | null {
  const layout = layoutOf(arch);
  if (layout === null || bytes.length < layout.size) return null;
  const users = new Map<string, string>();
  for (let at = 0; at + layout.size <= bytes.length; at += layout.size) {
    const row = bytes.subarray(at, at + layout.size);
    const time = layout.read(row, layout.seconds);
    if (at === 0 && time > seconds) return null;
    if (time > seconds) break;
    const type = row.readInt16LE(0);
    if (type === bootTime || (type === runLevel && textOf(row, 44, 32) === "shutdown")) users.clear();
    if (type !== userProcess && type !== deadProcess) continue;
    const line = textOf(row, 8, 32);
    users.delete(line);
    if (type === userProcess) users.set(line, textOf(row, 44, 32));
  }
  return [...new Set(users.values())];
}

/** A session with a terminal, in seconds since 1970; `to` null while it lasts. */
export interface TerminalSpan {
  readonly user: string;
  readonly from: number;
  readonly to: number | null;
}

/** The sessions of a record, in the order in which they began; null where the layout is not known. */
export function terminalSpans(bytes: Buffer, arch: string = process.arch): TerminalSpan[] | null {
  const layout = layoutOf(arch);
  if (layout === null) return null;
  const spans: { user: string; from: number; to: number | null }[] = [];
  const open = new Map<string, (typeof spans)[number]>();
  const ended = (lines: Iterable<string>, seconds: number) => {
    for (const line of [...lines]) {
      const span = open.get(line);
      if (span !== undefined) span.to = seconds;
      open.delete(line);
    }
  };
  for (let at = 0; at + layout.size <= bytes.length; at += layout.size) {
    const row = bytes.subarray(at, at + layout.size);
    const [type, line, user] = [row.readInt16LE(0), textOf(row, 8, 32), textOf(row, 44, 32)];
    const seconds = layout.read(row, layout.seconds);
    if (type === bootTime || (type === runLevel && user === "shutdown")) ended(open.keys(), seconds);
    if (type === userProcess || type === deadProcess) ended([line], seconds);
    if (type !== userProcess) continue;
    const span = { user, from: seconds, to: null };
    open.set(line, span);
    spans.push(span);
  }
  return spans;
}
