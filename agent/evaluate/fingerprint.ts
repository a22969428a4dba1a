import { createHash } from "node:crypto";

/** The key of a finding, as a verdict or an Exception says it. */
export interface Key {
  readonly policy: string;
  readonly rule: string;
  readonly account: string;
  readonly mode: string;
  readonly subject: string;
}

/** The fingerprint of a finding's key: it stays while value, line and wording move. */
export function fingerprint(of: Key): string {
  const key = [of.policy, of.rule, of.account, of.mode, of.subject].join("\n");
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}
