/** Values of flags, checked. A problem is a line that says which flag, what was expected, what was found. */
import { type Severity, severities } from "../checks/index.ts";
import { anyOf, closest } from "../documents/index.ts";
import { type ModeId, modeIds } from "../facts/index.ts";

export type Checked<T> =
  | { readonly value: T; readonly problem: null }
  | { readonly value: null; readonly problem: string };

/** One of a list of words; a near miss gets a suggestion. */
export function wordOf<T extends string>(flag: string, found: string, list: readonly T[]): Checked<T> {
  const value = list.find((word) => word === found);
  if (value !== undefined) return { value, problem: null };
  const near = closest(found, list);
  const suggestion = near === null ? "" : `; did you mean ${near}?`;
  return { value: null, problem: `${flag}: expected ${anyOf(list)}, found "${found}"${suggestion}` };
}

export function modeOfFlag(found: string): Checked<ModeId> {
  return wordOf("--mode", found, modeIds);
}

export function severityOfFlag(found: string): Checked<Severity> {
  return wordOf("--fail-on", found, severities);
}

const leastMs = 1_000;
const mostMs = 30_000;

/** `5s` or `1500ms`, from 1 to 30 seconds; milliseconds. */
export function withinOfFlag(found: string): Checked<number> {
  const [, digits, unit] = /^(\d{1,6})(ms|s)$/.exec(found) ?? [];
  const value = Number(digits) * (unit === "s" ? 1000 : 1);
  if (value >= leastMs && value <= mostMs) return { value, problem: null };
  const seconds = Number(found);
  const meant = /^\d+$/.test(found) && seconds >= 1 && seconds <= 30 ? `; did you mean ${found}s?` : "";
  return { value: null, problem: `--within: expected a duration from 1s to 30s, found "${found}"${meant}` };
}
