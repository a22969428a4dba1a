/** Which engines come in by an account, and what decides for each of them before a job (design 9, 'Pre-flight'). */
import { type InForce, sendsFor } from "../evaluate/index.ts";

export interface EngineOf {
  readonly name: string;
  /** The policies by whose rules findings are named, each with each mode by which the engine enters. */
  readonly rules: readonly { readonly policy: string; readonly mode: string }[];
  /** The commands that it sends, each once. */
  readonly sends: readonly string[];
}

/** `applying`: the policies that are for the account. In the order in which they name their engines. */
export function enginesOfAccount(applying: readonly InForce[]): EngineOf[] {
  const engines = applying.flatMap((policy) => policy.engines);
  return [...Map.groupBy(engines, ({ name }) => name)].map(([name, same]) => {
    const naming = applying.filter((policy) => policy.engines.some((engine) => engine.name === name));
    const policies = new Set(naming.flatMap(({ policy, rules }) => rules.map((rule) => rule.policy ?? policy)));
    const modes = new Set(same.flatMap(({ enters }) => enters));
    const sends = [...modes].flatMap((mode) => sendsFor([{ engines: same }], mode).map(({ command }) => command));
    return {
      name,
      rules: [...policies].flatMap((policy) => [...modes].map((mode) => ({ policy, mode }))),
      sends: [...new Set(sends)],
    };
  });
}
