/** What sshd does to a session before the shell has any say: shared by what judges sessions, and what judges transfers. */
import type { KeyFile, LoginKey, Place, SshDoubt, SshServerFacts } from "../facts/index.ts";

/** Doubts about one of these settings, or about all. */
export function doubtsAbout({ doubts }: SshServerFacts, settings: readonly string[]): readonly SshDoubt[] {
  return doubts.filter(({ about }) => about.length === 0 || about.some((each) => settings.includes(each)));
}

export interface Obstacle {
  readonly message: string;
  readonly where: Place | null;
  readonly change: string;
}

/** Settings that decide whether the account is let in. */
export const entering = ["allowusers", "denyusers", "allowgroups", "denygroups", "permitrootlogin"] as const;

/** What keeps the account out whatever is sent; null where nothing is known that does. */
export function lockedOut(server: SshServerFacts): Obstacle | null {
  const { settings, keyFiles, places } = server;
  if (settings === null) return null;
  if (settings.refuses !== null) {
    const where = entering.flatMap((keyword) =>
      settings.refuses?.toLowerCase().startsWith(keyword) ? (places.get(keyword) ?? []) : [],
    );
    return {
      message: `sshd refuses the account: ${settings.refuses}`,
      where: where[0] ?? null,
      change: "let sshd_config name the account, and reload sshd",
    };
  }
  const there = keyFiles.filter(({ state }) => state !== "absent");
  const unsafe = there.find(({ state }) => state === "unsafe");
  const isElsewhere = doubtsAbout(server, ["keys"]).length > 0;
  if (unsafe === undefined || isElsewhere || there.some(({ state }) => state !== "unsafe")) return null;
  return { message: `sshd passes over the keys (StrictModes): ${unsafe.why}`, where: null, change: unsafe.change };
}

/** Keys that sshd takes. */
export function keysOf({ keyFiles }: Pick<SshServerFacts, "keyFiles">): readonly LoginKey[] {
  return keyFiles.filter(({ state }) => state === "read").flatMap(({ keys }) => keys);
}

/** Files of keys that could not be looked at. */
export function hiddenKeys({ keyFiles }: Pick<SshServerFacts, "keyFiles">): readonly KeyFile[] {
  return keyFiles.filter(({ state }) => state === "unreadable");
}

export interface Forced extends Obstacle {
  readonly command: string;
}

/** The command that runs instead of all that is sent: ForceCommand, or `command=` of every key. */
export function forcedCommand(server: SshServerFacts): Forced | null {
  const forced = server.settings?.forceCommand ?? null;
  if (forced !== null) {
    return {
      command: forced,
      message: `sshd runs ${forced} instead of what is sent (ForceCommand)`,
      where: server.places.get("forcecommand") ?? null,
      change: "take ForceCommand from this account, in a Match block for the others",
    };
  }
  const keys = keysOf(server);
  const [first] = keys;
  if (first?.command == null || keys.some(({ command }) => command === null) || hiddenKeys(server).length > 0)
    return null;
  return {
    command: first.command,
    message: `sshd runs ${first.command} instead of what is sent (command= of ${keys.length === 1 ? "the key" : "every key"})`,
    where: first.where,
    change: "give the engine a key without command=",
  };
}
