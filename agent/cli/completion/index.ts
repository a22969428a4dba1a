/**
 * What a shell completes, made from what the verbs declare. To add a shell: one file named by it, one line here; the
 * test types into the real one. Nothing here starts rcwarden while somebody types, for that would take as long as a check.
 */
import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import type { VerbWords } from "./words.ts";
import { zsh } from "./zsh.ts";

export interface Completion {
  readonly shell: string;
  script(verbs: readonly VerbWords[]): string;
}

export const completions: readonly Completion[] = [
  { shell: "bash", script: bash },
  { shell: "zsh", script: zsh },
  { shell: "fish", script: fish },
];

export { type VerbWords, wordsOf } from "./words.ts";
