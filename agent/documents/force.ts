/** Which policies are in force, and which rules each of them brings. */
import type { DocumentSet, Engine, Policy, Rule } from "./kinds.ts";

/** The shipped policy that applies where nobody gave one. */
export const defaultPolicy = "unattended-ssh";

/** The shipped policy about the program's own work, which the agent always adds. No other may take its name. */
export const selfPolicyName = "rcwarden-self";

/** Always there in what was loaded with the shipped documents. */
export function selfPolicy({ policies }: DocumentSet): Policy {
  const found = policies.find(({ name, origin }) => name === selfPolicyName && origin.shipped);
  if (found === undefined) throw new Error(`${selfPolicyName} is not among the shipped documents`);
  return found;
}

/** The policies that were given; where none was, the shipped default. What is only included is not among them. */
export function policiesInForce({ policies }: DocumentSet): readonly Policy[] {
  const given = policies.filter((policy) => policy.origin.given);
  return given.length > 0 ? given : policies.filter((policy) => policy.name === defaultPolicy);
}

/** A rule, and the name of the policy that says it. */
export interface EffectiveRule extends Rule {
  readonly policy: string;
}

/** The policy's own rules, then those of what it includes, depth first; each policy once, however often it is included. */
export function effectiveRules(policy: Policy, set: DocumentSet): readonly EffectiveRule[] {
  return withIncluded(policy, set).flatMap((each) => each.rules.map((rule) => ({ ...rule, policy: each.name })));
}

/** The policy itself, then what it includes, depth first, each once. */
export function withIncluded(policy: Policy, set: DocumentSet): readonly Policy[] {
  const byName = new Map(set.policies.map((each) => [each.name, each]));
  const found = new Set<Policy>();
  const waiting = [policy];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (found.has(each)) continue;
    found.add(each);
    waiting.push(...each.includes.flatMap((name) => byName.get(name) ?? []).reverse());
  }
  return [...found];
}

/** The engines that the policy names, in its order. Included policies bring rules, not engines. */
export function enginesOf(policy: Policy, set: DocumentSet): readonly Engine[] {
  return policy.engines.flatMap((name) => set.engines.filter((engine) => engine.name === name));
}

/** Every document that has a part in what is in force, each once: policies, what they include, their engines. */
export function documentsInForce(set: DocumentSet): readonly (Policy | Engine)[] {
  const own = policiesInForce(set);
  const policies = own.flatMap((policy) => withIncluded(policy, set));
  return [...new Set([...policies, ...own.flatMap((policy) => enginesOf(policy, set))])];
}
