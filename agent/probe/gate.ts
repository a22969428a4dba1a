import { childrenOf, namespaceOf, taskStatus } from "../host/process.ts";
import { wrongIdentity } from "../host/wrong-identity.ts";
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
