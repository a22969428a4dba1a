/** The files in which sshd looks for keys of an account: what they allow, and whether StrictModes lets sshd read them. */
import type { Account, KeyFile, LoginKey } from "../facts/index.ts";
import { shellWord } from "../facts/shell-word.ts";
import { groupByGid } from "../host/accounts.ts";
import { readAs, type StatAs, statAs } from "../host/read-as.ts";
import { systemBytes, systemFile } from "../host/system-file.ts";
import { sshdProgram } from "./sshd.ts";

/** In sshd's order. `strictModes`: whether sshd looks at owners and modes. */
export async function keyFilesOf(account: Account, paths: readonly string[], strictModes: boolean): Promise<KeyFile[]> {
  const home = strictModes ? await statAs(account, account.home) : null;
  return Promise.all(paths.map((path) => keyFileAt(path, account, strictModes, home?.[0]?.path ?? account.home)));
}

/** `home`: without links. */
async function keyFileAt(path: string, account: Account, strictModes: boolean, home: string): Promise<KeyFile> {
  const file = { path, why: "", change: "", keys: [] };
  const read = await readAs(account, path);
  if (read.kind === "absent") return { ...file, state: "absent" };
  if (read.kind === "unreadable") return { ...file, state: "unreadable", why: `${path}: ${read.why}` };
  if (!read.isWhole) return { ...file, state: "unreadable", why: `${path}: only the first 64 KiB were looked at` };
  const keys = keysIn(read.text, path);
  if (!strictModes) return { ...file, state: "read", keys };
  const chain = await statAs(account, path);
  if (chain === null) return { ...file, state: "unreadable", why: `${path}: its owner and mode could not be seen` };
  const unsafe = await unsafeIn(chain, home, account);
  return unsafe === null ? { ...file, state: "read", keys } : { ...file, ...unsafe, state: "unsafe", keys };
}

type Unsafe = Pick<KeyFile, "why" | "change">;

/** As sshd's safe_path: the file and each folder up to the home, or to `/` where it lies elsewhere. */
async function unsafeIn(chain: readonly StatAs[], home: string, account: Account): Promise<Unsafe | null> {
  for (const step of chain) {
    const unsafe = await unsafeStep(step, account);
    if (unsafe !== null) return unsafe;
    if (step.path === home) return null;
  }
  return null;
}

async function unsafeStep({ path, uid, gid, mode }: StatAs, account: Account): Promise<Unsafe | null> {
  if (uid !== 0 && uid !== account.uid) {
    return { why: `${path} belongs to uid ${uid}`, change: `chown ${shellWord(account.name)} ${shellWord(path)}` };
  }
  const others = (mode & 0o002) !== 0;
  if (!others && ((mode & 0o020) === 0 || (await isOwnGroup(gid, account)))) return null;
  const who = others ? "others" : "its group";
  return {
    why: `${path} may be written by ${who} (mode ${mode.toString(8).padStart(4, "0")})`,
    change: `chmod ${others ? "o-w" : "g-w"} ${shellWord(path)}`,
  };
}

/** Debian's and Ubuntu's sshd accept what a group may write that is nobody's but the account's; upstream's does not. */
async function isOwnGroup(gid: number, account: Account): Promise<boolean> {
  if (!isLenient()) return false;
  const group = await groupByGid(gid);
  if (group.kind !== "group" || group.members.some((name) => name !== account.name)) return false;
  const primary = (systemFile("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  const others = primary.filter(([name, , , own]) => own === String(gid) && name !== account.name);
  return others.length === 0 && (account.gid === gid || group.members.length > 0);
}

let lenient: boolean | null = null;

function isLenient(): boolean {
  const program = sshdProgram();
  lenient ??=
    program !== null &&
    /OpenSSH_[\w.]+ (?:Debian|Ubuntu)-/.test(systemBytes(program, 8 << 20)?.toString("latin1") ?? "");
  return lenient;
}

/** What stands before a key (sshd(8), AUTHORIZED_KEYS FILE FORMAT); a line without a key is none. */
export function keysIn(text: string, file: string): LoginKey[] {
  return text.split("\n").flatMap((line, at): LoginKey[] => {
    const found = /^\s*#/.test(line) ? null : keyed.exec(line);
    if (found === null) return [];
    const options = optionsOf(found[1] ?? "");
    const isRestricted = options.has("restrict");
    const permits = (name: string) => !options.has(`no-${name}`) && (!isRestricted || options.has(name));
    return [
      {
        where: { file, line: at + 1, column: 1, through: [] },
        command: options.get("command") ?? null,
        permitsTerminal: permits("pty"),
        permitsUserRc: permits("user-rc"),
        forwardsSockets: permits("port-forwarding"),
      },
    ];
  });
}

const keyed =
  /^\s*((?:"(?:\\.|[^"\\])*"|[^\s"])*)(?:\s+|(?<=^\s*))(?:ssh-\w+|ecdsa-sha2-\w+|sk-[\w-]+@openssh\.com)(?:-cert-v01@openssh\.com)?\s+[A-Za-z0-9+/]{16}/;

/** `command="...",no-pty`: by name in lower case; "" for what has no value. */
function optionsOf(text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [, name = "", value] of text.matchAll(/([A-Za-z-]+)(?:="((?:\\.|[^"\\])*)")?/g)) {
    const key = name.toLowerCase();
    if (!options.has(key)) options.set(key, (value ?? "").replaceAll('\\"', '"'));
  }
  return options;
}
