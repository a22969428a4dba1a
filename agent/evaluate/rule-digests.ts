import { createHash } from "node:crypto";
import type { InForce } from "./evaluate.ts";

/**
 * By `POLICY/RULE`, `sha256:HEX` over the rule, over how its engines come in and what they send, and over `besides`, what
 * else of the host owner's word it goes by: where it differs from an earlier run's, what changed may have changed because
 * of the documents.
 */
export function ruleDigests(policies: readonly InForce[], besides: readonly string[] = []): Record<string, string> {
  const said = new Map<string, Set<string>>();
  for (const { policy, rules, engines } of policies) {
    const by = engines.map(({ enters, sends }) => [enters, sends.map((each) => [each.try, each.command])]);
    for (const rule of rules) {
      const key = `${rule.policy ?? policy}/${rule.id}`;
      const whole = JSON.stringify([rule.check, rule.severity, rule.with, by, besides]);
      said.set(key, (said.get(key) ?? new Set()).add(whole));
    }
  }
  return Object.fromEntries([...said].map(([key, wholes]) => [key, digest([...wholes].sort().join("\n"))]));
}

function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
