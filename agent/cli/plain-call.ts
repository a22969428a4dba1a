import type { Call } from "./verb.ts";

/** A flag as commander has it, `--account <name>`, and what it says; `repeats`: its values are gathered. */
export type Flag = readonly [name: string, says: string, repeats?: "repeats"];

/**
 * What a verb was called with, for a bundle without commander. Null where a word is none of the flags as they are written
 * out, or one that does not repeat comes twice: help, a mistake, an abbreviation.
 */
export function plainCall(words: readonly string[], flags: readonly Flag[]): Call | null {
  const given: Record<string, string | true | readonly string[]> = {};
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const found = flags.find(([name]) => name.split(" ")[0] === word);
    if (found === undefined) return null;
    const [name, , repeats] = found;
    const key = word.slice(2);
    const before = given[key];
    const value = name.includes(" ") ? left.shift() : true;
    if (value === undefined || (value !== true && value.startsWith("-"))) return null;
    if (repeats !== undefined && value !== true) given[key] = [...(Array.isArray(before) ? before : []), value];
    else if (before === undefined) given[key] = value;
    else return null;
  }
  return { flags: given, words: [] };
}
