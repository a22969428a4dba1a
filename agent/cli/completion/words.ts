/** What can be typed, from the same declarations that the help is printed from. */
import type { Command, Option } from "commander";
import { severities } from "../../checks/index.ts";
import { modeIds } from "../../facts/index.ts";
import { formatIds } from "../format/index.ts";
import type { Declared } from "../verb.ts";

/** `words`: one of a list. `any`: nothing that could be offered. */
export type Takes =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "account" | "file" | "any" | "nothing" };

export interface Flag {
  /** `--mode` */
  readonly name: string;
  readonly says: string;
  readonly takes: Takes;
}

export interface VerbWords {
  readonly name: string;
  readonly says: string;
  /** What its first argument may be; empty where that is no list. */
  readonly actions: readonly string[];
  readonly flags: readonly Flag[];
}

/** What a flag's placeholder stands for, and where the name says more the flag itself. */
const byPlaceholder: Readonly<Record<string, Takes>> = {
  mode: { kind: "words", words: modeIds },
  severity: { kind: "words", words: severities },
  format: { kind: "words", words: formatIds },
  path: { kind: "file" },
  file: { kind: "file" },
  folder: { kind: "file" },
  dir: { kind: "file" },
  account: { kind: "account" },
};
const byFlag: Readonly<Record<string, Takes>> = { "--account": { kind: "account" } };

export function wordsOf(declared: readonly Declared[]): VerbWords[] {
  return declared.map(({ name, summary, command, actions }) => ({
    name,
    says: summary,
    actions,
    flags: flagsOf(command),
  }));
}

function flagsOf(command: Command): Flag[] {
  const own = command.options.filter(({ hidden, long }) => !hidden && long != null).map(flagOf);
  return [...own, { name: "--help", says: "print this help", takes: { kind: "nothing" } }];
}

function flagOf({ long, flags, description, argChoices }: Option): Flag {
  const name = long ?? flags;
  const [, placeholder] = /[<[]([a-z-]+)/.exec(flags) ?? [];
  const says = description.split("\n", 1)[0] ?? "";
  if (placeholder === undefined) return { name, says, takes: { kind: "nothing" } };
  if (argChoices !== undefined) return { name, says, takes: { kind: "words", words: argChoices } };
  return { name, says, takes: byFlag[name] ?? byPlaceholder[placeholder] ?? { kind: "any" } };
}
