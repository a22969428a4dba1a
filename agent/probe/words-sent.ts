/** What an engine sends, as the probe needs it: what is tried, and which words are looked up. */
import type { Sends } from "../checks/check-kind.ts";
import { type ParsedSends, type Prefix, parseResolvable, parseSends } from "../documents/sends.ts";

export type Parsed = ParsedSends;

/** The commands whose effect is tried. The loader refused everything else; a line that does not parse here is a bug. */
export function parsedSends(sends: readonly Sends[]): readonly Parsed[] {
  return sends.flatMap((each) => {
    if (each.try !== "effect") return [];
    const parsed = parseSends(each.command);
    if (parsed.kind === "refused") throw new Error(`a document holds what its grammar refuses: ${each.command}`);
    return [parsed];
  });
}

/** The word of the program as it is sent, without what takes an alias' meaning away: `/bin/rm`, `rm`. */
export function programWord(prefix: Prefix, program: string): string {
  return prefix.kind === "path" ? `${prefix.folder}${program}` : program;
}

export function wordsToResolve(sends: readonly Sends[], names: readonly string[]): readonly string[] {
  const words = sends.flatMap((each) => {
    const parsed = each.try === "effect" ? parseSends(each.command) : parseResolvable(each.command);
    if (parsed.kind === "refused") return [];
    const { prefix, program } = parsed;
    const before = prefix.kind === "command" || prefix.kind === "env" ? [prefix.kind] : [];
    return [...before, programWord(prefix, program)];
  });
  return [...new Set([...words, ...names])];
}
