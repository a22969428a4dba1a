import type { Command } from "commander";
import { beside } from "../facts/layout.ts";
import type { Voice } from "./io.ts";
import type { Parts } from "./parts.ts";

/** 0 all determined, nothing failed; 1 something failed; 2 the call or a document is wrong; 3 something is undetermined. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What a verb works with: everything that touches the world comes in here. */
export interface Surroundings {
  readonly voice: Voice;
  readonly parts: Parts;
  readonly version: string;
  /** All verbs, declared: for what is made from them. */
  verbs(): Promise<readonly Declared[]>;
}

export interface Declared {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
  readonly actions: readonly string[];
}

/** One verb. `declare` says its flags, arguments and examples to commander; `run` gets what was parsed. */
export interface Verb {
  declare(command: Command): void;
  /** What its first word may be, where it is one of a list. */
  readonly actions?: readonly string[];
  run(call: Call, surroundings: Surroundings): Promise<ExitCode>;
}

export interface Call {
  /** Flags by their name in camel case, as commander gives them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
}

/** A flag that may be repeated: commander hands the values so far. */
export function gather(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

export function texts(flag: unknown): readonly string[] {
  return Array.isArray(flag) ? flag.filter((value) => typeof value === "string") : [];
}

export function examples(lines: readonly (readonly [call: string, says: string])[]): string {
  const rows = beside(lines).map((row) => row.join(""));
  return `\nExamples:\n${rows.join("\n")}\n`;
}
