import type { Standing, Standings, Step } from "../../agent/facts/index.ts";

type Own = Partial<Omit<Step, "path">>;

/** A folder of root's above a path, and the path itself, of `oracle` unless said otherwise. */
export function stands(path: string, own: Own = {}, other: Partial<Standing> = {}): Standing {
  const root = { uid: 0, gid: 0, mode: 0o755 } as const;
  const is = own.is ?? "file";
  const steps: Step[] = [
    { path: "/", is: "folder", ...root },
    { path, is, uid: 501, gid: 501, mode: is === "folder" ? 0o755 : 0o644, ...own },
  ];
  const text = is === "file" ? { crLf: null, byteOrderMark: false, nul: false } : null;
  const room = is === "folder" ? { readOnly: false, freeBytes: 2 ** 34, freeInodes: 100_000 } : null;
  return { path, is: is === "link" ? "other" : is, real: path, steps, text, room, ...other };
}

export function standings(other: Partial<Standings> = {}): Standings {
  return { home: stands("/home/oracle", { is: "folder" }), path: [], startupFiles: [], ...other };
}
