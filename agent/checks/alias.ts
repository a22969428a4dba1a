import * as z from "zod";
import type { AliasFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

/** The words of what an alias becomes in the end: its first word may be another alias. */
function wordsOf(alias: AliasFact, aliases: readonly AliasFact[], before: readonly string[] = []): string[] {
  const words = alias.value.split(/\s+/).map((word) => word.replace(/^["'\\]+|["']+$/g, ""));
  const next = aliases.find((each) => each.effective && each.name === words[0] && each.name !== alias.name);
  if (next === undefined || before.includes(next.name)) return words;
  return [...wordsOf(next, aliases, [...before, alias.name]), ...words.slice(1)];
}

/** `-i` is also in `-pi`. */
function holds(words: readonly string[], forbidden: string): boolean {
  if (words.includes(forbidden)) return true;
  if (!/^-[A-Za-z0-9]$/.test(forbidden)) return false;
  return words.some((word) => /^-[A-Za-z0-9]+$/.test(word) && word.includes(forbidden.slice(1), 1));
}

function judgeAlias(name: string, forbid: readonly string[] | undefined, aliases: readonly AliasFact[]): Judgement {
  const alias = aliases.find((each) => each.name === name);
  if (alias === undefined) return { subject: name, status: "pass", message: `${name} is no alias` };
  const evidence = { name, value: alias.value, effective: alias.effective };
  const is = `${name} is an alias for ${alias.value}`;
  if (!alias.effective) {
    return { subject: name, status: "pass", message: `${is}, which does not act in this mode`, evidence };
  }
  const words = wordsOf(alias, aliases);
  const found = forbid?.find((each) => holds(words, each));
  if (forbid !== undefined && found === undefined) {
    return { subject: name, status: "pass", message: `${is}, without ${forbid.join(" or ")}`, evidence };
  }
  const message = found === undefined || alias.value.includes(found) ? is : `${is}, which brings ${found}`;
  const change = changeFor(alias, keepFromEngines);
  return { subject: name, ...placeOf(alias), status: "fail", message, change, evidence };
}

export const alias = checkKind({
  id: "alias",
  summary: "None of the named commands is an alias that acts on what the engines send.",
  why: "An alias makes a sent word mean something else. Prefer engine-commands, which tries what the word then does.",
  consequence: "wrong-target",
  asksAbout: "mode",
  needs: ["aliases"],
  afterStartup: true,
  parameters: z.strictObject({
    names: z.array(z.string().min(1)).min(1).describe("Commands that should be no alias."),
    forbid: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Only words that the alias may not bring, for example -i; without it any alias of these names fails."),
  }),
  subjects: ({ names }) => [...new Set(names)],
  judge({ names, forbid }, { aliases }) {
    return [...new Set(names)].map((name) => judgeAlias(name, forbid, aliases));
  },
  examples: [
    { says: "no alias holds", with: { names: ["cp"] }, facts: { ...oracle, aliases: [] }, fails: [] },
    {
      says: "an alias that acts fails",
      with: { names: ["cp", "rm"] },
      facts: { ...oracle, aliases: [{ name: "cp", value: "cp -i", effective: true, where: cshrc(14) }] },
      fails: ["cp"],
    },
    {
      says: "an alias that does not act in this mode (bash without expand_aliases) is no failure",
      with: { names: ["cp"] },
      facts: { ...oracle, aliases: [{ name: "cp", value: "cp -i", effective: false, where: cshrc(14) }] },
      fails: [],
    },
    {
      says: "an alias without the forbidden word is no failure, one with it among joined letters is",
      with: { names: ["ls", "cp"], forbid: ["-i"] },
      facts: {
        ...oracle,
        aliases: [
          { name: "ls", value: "ls --color=auto", effective: true, where: cshrc(3) },
          { name: "cp", value: "cp -pi", effective: true, where: cshrc(4) },
        ],
      },
      fails: ["cp"],
    },
    {
      says: "an alias of another command is not asked about",
      with: { names: ["cp"] },
      facts: { ...oracle, aliases: [{ name: "ll", value: "ls -l", effective: true, where: cshrc(3) }] },
      fails: [],
    },
  ],
});
