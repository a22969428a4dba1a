import type { Account } from "../facts/index.ts";
import { runCommand } from "./command.ts";

/** What came of a file read by a child. `absent` and `unreadable` are the kernel's word to that identity. */
export type ReadAs =
  | { readonly kind: "text"; readonly text: string; readonly isWhole: boolean }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string };

const maxBytes = 65_536;
const deadlineMs = 3_000;

/**
 * Reads the first 64 KiB of a file with the account's uid, gid and groups, in a child that holds no capability and can
 * gain none: where the path leads, and what a link in it does, is the account's own business. Never waits for a FIFO;
 * a file system that does not answer is `unreadable` after 3 s. As anybody but root, only for who we are.
 */
export async function readAs(account: Account, path: string): Promise<ReadAs> {
  const prefix = becoming(account);
  return prefix === null ? { kind: "unreadable", why: notAnother } : readBy(prefix, path, []);
}

const notAnother = "only root can read as another account";

/** Words before a program that is to run as the account and gain nothing; null where we cannot become it. */
function becoming(account: Account): string[] | null {
  if (process.geteuid?.() !== 0) return account.uid === process.geteuid?.() ? [] : null;
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, `--groups=${account.groups.join(",")}`];
  return ["setpriv", ...identity, "--inh-caps=-all", "--no-new-privs"];
}

/** What stat(2) says to that identity of a path without links. */
export interface StatAs {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, as in chmod(2). */
  readonly mode: number;
}

/**
 * Where the path leads, and every folder above that, up to `/`; none where it leads nowhere. Null where no answer came
 * within 3 s, or we cannot become the account.
 */
export async function statAs(account: Account, path: string): Promise<StatAs[] | null> {
  const prefix = becoming(account);
  if (prefix === null) return null;
  const found = await runCommand(words(prefix, "readlink", "-e", "-z", "--", path), { deadlineMs, maxBytes });
  if (found.kind !== "ended") return null;
  const [real = ""] = found.stdout.toString("utf8").split("\0");
  if (real === "") return [];
  const asked = words(prefix, "stat", "--printf=%u %g %a %n\\0", "--", ...chainOf(real));
  const told = await runCommand(asked, { deadlineMs, maxBytes });
  if (told.kind !== "ended") return null;
  return told.stdout
    .toString("utf8")
    .split("\0")
    .flatMap((row) => {
      const [, uid, gid, mode, at] = /^(\d+) (\d+) ([0-7]+) (.*)$/s.exec(row) ?? [];
      if (at === undefined || mode === undefined) return [];
      return [{ path: at, uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8) }];
    });
}

function words(prefix: readonly string[], program: string, ...args: readonly string[]): [string, ...string[]] {
  const [first = program, ...rest] = [...prefix, program, ...args];
  return [first, ...rest];
}

function chainOf(path: string): string[] {
  const chain = [path];
  for (let at = path; at !== "/"; chain.push(at)) at = at.slice(0, at.lastIndexOf("/")) || "/";
  return chain;
}

/**
 * Reads the first 64 KiB of a file that an account owns in a folder that only the system's owner may change (a crontab's
 * spool, closed to the account itself), in a child of our own identity. The last component may be no link.
 */
export async function readOfSpool(path: string): Promise<ReadAs> {
  return readBy([], path, ["nofollow"]);
}

async function readBy(prefix: readonly string[], path: string, flags: readonly string[]): Promise<ReadAs> {
  const input = ["fullblock", "nonblock", "noctty", ...flags].join(",");
  const copy = [`if=${path}`, `iflag=${input}`, `bs=${maxBytes}`, "count=1", "status=none"];
  const outcome = await runCommand(words(prefix, "dd", ...copy), { deadlineMs, maxBytes: 2 * maxBytes });
  if (outcome.kind === "timed-out") return { kind: "unreadable", why: `no answer within ${deadlineMs / 1000} s` };
  if (outcome.kind !== "ended") return { kind: "unreadable", why: outcome.kind };
  if (outcome.status === 0) {
    return { kind: "text", text: outcome.stdout.toString("utf8"), isWhole: outcome.stdout.length < maxBytes };
  }
  const said = outcome.stderr.toString().trim().split("\n")[0] ?? "";
  const why = said.replace(/^.*: /, "");
  return /No such file|Not a directory/.test(said) ? { kind: "absent" } : { kind: "unreadable", why };
}
