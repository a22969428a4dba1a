import { createHash } from "node:crypto";
import type { Verdict } from "./verdict.ts";

/** The key of a finding: it stays while value, line and wording move. */
export function fingerprint(of: Pick<Verdict, "policy" | "rule" | "account" | "mode" | "subject">): string {
  const key = [of.policy, of.rule, of.account, of.mode, of.subject].join("\n");
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}
