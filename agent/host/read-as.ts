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
  if (process.geteuid?.() !== 0) {
    if (account.uid === process.geteuid?.()) return readBy([], path, []);
    return { kind: "unreadable", why: "only root can read as another account" };
  }
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, `--groups=${account.groups.join(",")}`];
  return readBy(["setpriv", ...identity, "--inh-caps=-all", "--no-new-privs"], path, []);
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
  const copy = ["dd", `if=${path}`, `iflag=${input}`, `bs=${maxBytes}`, "count=1", "status=none"];
  const [program = "dd", ...args] = [...prefix, ...copy];
  const outcome = await runCommand([program, ...args], { deadlineMs, maxBytes: 2 * maxBytes });
  if (outcome.kind === "timed-out") return { kind: "unreadable", why: `no answer within ${deadlineMs / 1000} s` };
  if (outcome.kind !== "ended") return { kind: "unreadable", why: outcome.kind };
  if (outcome.status === 0) {
    return { kind: "text", text: outcome.stdout.toString("utf8"), isWhole: outcome.stdout.length < maxBytes };
  }
  const said = outcome.stderr.toString().trim().split("\n")[0] ?? "";
  const why = said.replace(/^.*: /, "");
  return /No such file|Not a directory/.test(said) ? { kind: "absent" } : { kind: "unreadable", why };
}
