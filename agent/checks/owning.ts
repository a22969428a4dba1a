/** Whose a step of a path is, and who else may change it. */
import type { Account, Step } from "../facts/index.ts";

const stickyBit = 0o1000;

export function isOwn(uid: number, account: Account): boolean {
  return uid === 0 || uid === account.uid;
}

export function ownerWords({ uid }: Step): string {
  return `uid ${uid}`;
}

/**
 * Who else may change it, in words; null where nobody. In a sticky folder everybody may make files, and change only their
 * own. A group of the account's own number is taken for its private one, as useradd makes them.
 */
export function othersWrite({ is, mode, gid }: Step, account: Account): string | null {
  if (is === "link" || (is === "folder" && (mode & stickyBit) !== 0)) return null;
  if ((mode & 0o002) !== 0) return "everybody";
  const isPrivate = gid === account.gid && gid === account.uid;
  return (mode & 0o020) !== 0 && gid !== 0 && !isPrivate ? `the group ${gid}` : null;
}
