import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { mayNotAnswer, parseMounts } from "../host/mounts.ts";
import { abstractSockets, type HostLock, hostLocks } from "../host/process.ts";

/**
 * What the sandbox may have answered differently than the host would: the witness' notes, less those that cannot matter
 * (design 6.9). Pure but for `Outside`, which is asked as soon as a note comes, for a lock may be gone a moment later.
 */
export interface Limited {
  readonly what: "network" | "socket" | "lock" | "set-id" | "keyring" | "mount" | "signal" | "terminal";
  readonly detail: string;
}

/** The host, as seen from outside of the sandbox. */
export interface Outside {
  /** Without following a link. Null: nothing there. `unknown`: on a mount that may not answer, so it was not asked. */
  lstat(path: string): Pick<Stats, "ino" | "dev" | "isSocket" | "isSymbolicLink"> | null | "unknown";
  abstractSockets(): ReadonlySet<string>;
  locks(): readonly HostLock[];
}

/** Folders of name service daemons, bound into the sandbox so that the daemons answer there as they do outside. */
const nameServices = [
  "/var/lib/sss/pipes",
  "/run/nscd",
  "/run/nslcd",
  "/run/samba/winbindd",
  "/run/systemd/userdb",
].flatMap((folder) => (folder.startsWith("/run/") ? [`${folder}/`, `/var${folder}/`] : [`${folder}/`]));

/** Set-id programs whose outcome does not hang on it: ssh-agent is so against ptrace only, mount lists mounts. */
const harmlessSetId = new Set(["ssh-agent", "mount"]);

const families: Readonly<Record<string, string>> = {
  2: "IPv4",
  10: "IPv6",
  16: "netlink",
  17: "packet",
  38: "crypto",
  40: "vsock",
};

/** More of one kind say no more. */
const mostOfAKind = 20;

export interface Witness {
  /** Words after `note`; timers and execs are not its concern. */
  note(words: readonly string[]): void;
  limited(): Limited[];
}

export function witness(outside: Outside): Witness {
  const found = new Map<string, Limited>();
  const seen = new Set<string>();
  return {
    note(words) {
      const [kind = "", pid = "", ...rest] = words;
      // Repeated ones are answered once: a script may look up a thousand names.
      const key = [kind, ...rest].join(" ");
      if (seen.has(key)) return;
      seen.add(key);
      const limit = limitOf(kind, pid, rest, outside);
      if (limit === null) return;
      const alike = [...found.values()].filter(({ what }) => what === limit.what).length;
      if (alike < mostOfAKind) found.set(`${limit.what} ${limit.detail}`, limit);
    },
    limited: () => [...found.values()],
  };
}

function limitOf(kind: string, pid: string, rest: readonly string[], outside: Outside): Limited | null {
  const [first = "", second = "", third = "", fourth = ""] = rest;
  switch (kind) {
    case "connect":
      return connectLimit(first, outside);
    case "socket":
      return { what: "network", detail: familyWords(first) };
    case "lock":
      return lockLimit(second, third, fourth, outside);
    case "set-id":
      return harmlessSetId.has(basename(first)) ? null : { what: "set-id", detail: first };
    case "keyring":
      return { what: "keyring", detail: `process ${pid}` };
    case "mount":
      return { what: "mount", detail: `process ${pid}` };
    case "signal":
      return { what: "signal", detail: first === "-1" ? "all processes of the account" : "the session's parent" };
    default:
      return null;
  }
}

function familyWords(family: string): string {
  return `${families[family] ?? `family ${family}`} socket`;
}

function connectLimit(address: string, outside: Outside): Limited | null {
  // No address that is known here, so the socket itself was noted already.
  if (address.startsWith("family:")) return { what: "network", detail: familyWords(address.slice("family:".length)) };
  if (!address.startsWith("unix:")) return { what: "network", detail: address };
  const path = address.slice("unix:".length);
  if (path.startsWith("@")) {
    return outside.abstractSockets().has(path.slice(1)) ? { what: "socket", detail: path } : null;
  }
  // An unnamed or relative address says nothing about the host.
  if (path === "") return null;
  if (!isAbsolute(path)) return { what: "socket", detail: path };
  if (nameServices.some((folder) => path.startsWith(folder))) return null;
  const there = outside.lstat(path);
  if (there === null) return null;
  if (there !== "unknown" && !there.isSocket() && !there.isSymbolicLink()) return null;
  return { what: "socket", detail: path };
}

/** A lock matters only if somebody outside holds one on the same file: locks are not shared through an overlay. */
function lockLimit(path: string, device: string, inode: string, outside: Outside): Limited | null {
  if (!isAbsolute(path)) return null;
  const there = outside.lstat(path);
  if (there === null) return null;
  if (there === "unknown") return { what: "lock", detail: path };
  const own = `${device}:${inode}`;
  const held = outside.locks().some((lock) => {
    if (`${lock.device}:${lock.inode}` === own) return false;
    if (lock.inode !== String(there.ino)) return false;
    // Where stat(2) gives a number of its own for each subvolume or mount (btrfs, overlay), only the inode can be compared.
    return majorOf(there.dev) === 0 || lock.device === `${majorOf(there.dev)}:${minorOf(there.dev)}`;
  });
  return held ? { what: "lock", detail: path } : null;
}

/** makedev(3) as the kernel's 64-bit interfaces have it. */
function majorOf(dev: number): number {
  return Number((BigInt(dev) >> 8n) & 0xfffn) + Number((BigInt(dev) >> 32n) & 0xfffff000n);
}

function minorOf(dev: number): number {
  return Number(BigInt(dev) & 0xffn) + Number((BigInt(dev) >> 12n) & 0xffffff00n);
}

/** Mount points whose file system may never answer, from /proc/PID/mountinfo (proc(5)). */
export function silentMounts(mountinfo: string): string[] {
  return parseMounts(mountinfo)
    .filter(mayNotAnswer)
    .map(({ point }) => point);
}

/** The running host. Reads what it needs when it is first asked; locks every time. */
export function hostOutside(): Outside {
  let silent: readonly string[] | null = null;
  return {
    lstat(path) {
      silent ??= silentMounts(readFileSync("/proc/self/mountinfo", "utf8"));
      return lookAt(path, silent);
    },
    abstractSockets,
    locks: hostLocks,
  };
}

const mostLinks = 40;

/**
 * lstat(2) that follows the links on the way by itself: the account chooses the path, and one of its links may lead to a
 * file server that does not answer, or make an automounter ask one.
 */
export function lookAt(path: string, silent: readonly string[]): ReturnType<Outside["lstat"]> {
  const waiting = path.split("/").reverse();
  let at = "";
  let links = 0;
  let last: Stats | null = null;
  while (waiting.length > 0) {
    const name = waiting.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
      continue;
    }
    const next = `${at}/${name}`;
    if (silent.some((mountPoint) => next === mountPoint || next.startsWith(`${mountPoint}/`))) return "unknown";
    try {
      last = lstatSync(next);
      const isOnTheWay = waiting.some((one) => one !== "" && one !== ".");
      if (!last.isSymbolicLink() || !isOnTheWay) {
        at = next;
        continue;
      }
      if (++links > mostLinks) return null;
      const target = readlinkSync(next);
      if (target.startsWith("/")) at = "";
      waiting.push(...target.split("/").reverse());
    } catch {
      return null;
    }
  }
  return last;
}
