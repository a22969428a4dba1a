import { latin1Of } from "./whole-file.ts";

/** What this process runs as, and what the kernel lets it do. */
export interface Ourselves {
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups that the kernel holds for us, ascending; the primary one is among them after a login only. */
  readonly groups: readonly number[];
  /** Capabilities that measuring another account needs and that we lack; empty for an unrestricted root. */
  readonly missing: readonly string[];
  /** Whether a user namespace may be made, which measuring one's own account needs; else the setting that forbids it. */
  readonly userNamespaces:
    | { readonly kind: "allowed" }
    | { readonly kind: "forbidden"; readonly setting: string; readonly found: string; readonly change: string };
}

/** Bit numbers of capabilities(7), from linux/capability.h. */
const needed = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
} as const;

export function ourselves(): Ourselves {
  const status = textOf("/proc/self/status");
  const effective = BigInt(`0x${/^CapEff:[ \t]*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const groups = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim() ?? "";
  const gid = process.getegid?.() ?? -1;
  return {
    uid: process.geteuid?.() ?? -1,
    gid,
    groups: groups
      .split(/\s+/)
      .filter(Boolean)
      .map(Number)
      .sort((a, b) => a - b),
    missing: Object.entries(needed)
      .filter(([, bit]) => (effective & (1n << BigInt(bit))) === 0n)
      .map(([name]) => name),
    userNamespaces: userNamespaces(),
  };
}

const apparmorKnob = "apparmor_restrict_unprivileged_userns";

/** The knob is about programs without a profile: whether ours (packaging/apparmor) allows it, the sandbox's own try says. */
function hasProfile(): boolean {
  const label = textOf("/proc/self/attr/current").trim();
  return label !== "" && label !== "unconfined";
}

/** Knobs that keep ordinary users from user namespaces: Linux' own, Debian's and Ubuntu's. */
function userNamespaces(): Ourselves["userNamespaces"] {
  const knobs = [
    { path: "user/max_user_namespaces", forbids: "0", change: "set user.max_user_namespaces above 0" },
    { path: "kernel/unprivileged_userns_clone", forbids: "0", change: "set kernel.unprivileged_userns_clone to 1" },
    {
      path: `kernel/${apparmorKnob}`,
      forbids: "1",
      change: "give rcwarden an AppArmor profile that allows userns (the packages bring one)",
    },
  ];
  for (const { path, forbids, change } of knobs) {
    const found = textOf(`/proc/sys/${path}`).trim();
    if (found === forbids && !(path.endsWith(apparmorKnob) && hasProfile()))
      return { kind: "forbidden", setting: path.replaceAll("/", "."), found, change };
  }
  return { kind: "allowed" };
}

function textOf(path: string): string {
  try {
    return latin1Of(path);
  } catch {
    return "";
  }
}
