import type { Account } from "../facts/index.ts";
import type { Status } from "./process.ts";

/** Who a task is to be. In a user namespace of one's own (`own-account`) groups cannot be set. */
export interface WantedIdentity {
  readonly account: Pick<Account, "uid" | "gid" | "groups">;
  readonly sandbox: "whole-root" | "own-account";
}

/** Pure: what is wrong with the identity, or null. */
export function wrongIdentity(status: Status, wanted: WantedIdentity): string | null {
  const { uid, gid, groups } = wanted.account;
  if (status.uids.length !== 4 || status.uids.some((id) => id !== uid)) return `uid is ${status.uids}, not ${uid}`;
  if (status.gids.length !== 4 || status.gids.some((id) => id !== gid)) return `gid is ${status.gids}, not ${gid}`;
  if (wanted.sandbox === "own-account") return null;
  const sorted = (ids: readonly number[]) => [...new Set(ids)].sort((a, b) => a - b).join(" ");
  return sorted(status.groups) === sorted(groups) ? null : `groups are ${status.groups}, not ${groups}`;
}
