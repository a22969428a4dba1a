import { childrenOf, namespaceOf, type Status, taskStatus } from "../host/process.ts";
import type { Question } from "./question.ts";

/** Looks at the waiting shell from outside before it may go: the launcher's own word is not enough. */
export type Gate =
  | { readonly kind: "open"; readonly shell: number }
  | { readonly kind: "wrong"; readonly reason: string };

export function gateOf(init: number, question: Question): Gate {
  const [shell, ...others] = childrenOf(init);
  if (shell === undefined || others.length > 0) return { kind: "wrong", reason: "no shell waits in the sandbox" };
  const status = taskStatus(shell, shell);
  if (status === null) return { kind: "wrong", reason: "the waiting shell cannot be looked at" };
  const identity = wrongIdentity(status, question);
  if (identity !== null) return { kind: "wrong", reason: identity };
  const kinds = [
    "mnt",
    "pid",
    "net",
    "ipc",
    ...(question.sandbox === "own-account" ? (["user"] as const) : []),
  ] as const;
  for (const kind of kinds) {
    const [inside, outside] = [namespaceOf(shell, kind), namespaceOf("self", kind)];
    if (inside === "" || inside === outside) return { kind: "wrong", reason: `the ${kind} namespace is not its own` };
  }
  return { kind: "open", shell };
}

/** Pure: what is wrong with the identity, or null. In a user namespace of one's own groups cannot be set. */
export function wrongIdentity(status: Status, question: Pick<Question, "account" | "sandbox">): string | null {
  const { uid, gid, groups } = question.account;
  if (status.uids.length !== 4 || status.uids.some((id) => id !== uid)) return `uid is ${status.uids}, not ${uid}`;
  if (status.gids.length !== 4 || status.gids.some((id) => id !== gid)) return `gid is ${status.gids}, not ${gid}`;
  if (question.sandbox === "own-account") return null;
  const sorted = (ids: readonly number[]) => [...new Set(ids)].sort((a, b) => a - b).join(" ");
  return sorted(status.groups) === sorted(groups) ? null : `groups are ${status.groups}, not ${groups}`;
}
