/** What each action of `rcwarden cleanup` says of itself. */
import { closest } from "../../documents/index.ts";
import type { Voice } from "../io.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";

export interface Action {
  /** As it is typed; its file's name. */
  readonly name: string;
  /** What it does, as it stands beside its name. */
  readonly summary: string;
  /** What follows its name in the usage: `--plan HASH [--json]`. */
  readonly usage: string;
  /** Several actions may take the same one; each says what it means by it. */
  readonly options: readonly ActionOption[];
  readonly examples: readonly (readonly [call: string, says: string])[];
  /** Only its own options come in. */
  run(call: Call, surroundings: Surroundings): Promise<ExitCode>;
}

export interface ActionOption {
  /** As commander takes it: `--plan <hash>`, `--list`. */
  readonly flags: string;
  readonly says: string;
  /** It may be given several times: what comes in is a list. */
  readonly isRepeated?: boolean;
}

/** One line that says what is wrong with the call. */
export function refuse(voice: Voice, problem: string): ExitCode {
  voice.remark(`rcwarden cleanup: ${problem}`);
  return 2;
}

/** `; did you mean plan?` where it is near to one of the list. */
export function meant(word: string, list: readonly string[]): string {
  const near = closest(word, list);
  return near === null ? "" : `; did you mean ${near}?`;
}
