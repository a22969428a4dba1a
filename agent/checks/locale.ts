import * as z from "zod";
import type { VariableFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { isLike } from "./patterns.ts";
import { refuseVacuous } from "./vacuous.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "locale";

/** Built into the C library, whatever is installed. */
const builtIn = ["C", "POSIX"];

/** As the C library compares them: of the character set only letters and digits, in lower case (`UTF-8`, `utf8`). */
function plain(name: string): string {
  const [, main = "", set, modifier = ""] = /^([^.@]*)(?:\.([^@]*))?(@.*)?$/.exec(name) ?? [];
  if (set === undefined) return main + modifier;
  const letters = set.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
  return `${main}.${/^\d+$/.test(letters) ? `iso${letters}` : letters}${modifier}`;
}

/** Those that count (locale(7)): LC_ALL alone where it is set, else every LC_ and LANG. Empty counts as not set. */
function inForce(variables: readonly VariableFact[]): VariableFact[] {
  const set = variables.filter(({ exported, value }) => exported && value !== "");
  const all = set.find(({ name }) => name === "LC_ALL");
  return all === undefined ? set.filter(({ name }) => name === "LANG" || /^LC_[A-Z]+$/.test(name)) : [all];
}

function judgeLocale(
  of: readonly VariableFact[],
  names: readonly string[],
  allowed: readonly string[] | undefined,
): Judgement {
  const known = new Set([...builtIn, ...names].map(plain));
  const missing = of.find(({ value }) => !known.has(plain(value)));
  const isAllowed = (value: string) =>
    allowed === undefined || builtIn.includes(value) || allowed.some((pattern) => isLike(plain(pattern), plain(value)));
  const other = of.find(({ value }) => !isAllowed(value));
  const found = missing ?? other;
  const evidence = { variable: found?.name ?? null, value: found?.value ?? null, locales: names.length };
  if (found === undefined) {
    const said = of.map(({ name, value }) => `${name}=${value}`).join(" ");
    return { subject, status: "pass", message: said === "" ? "no locale is asked for" : said, evidence };
  }
  const message =
    missing === undefined
      ? `${found.name} is ${found.value}, and the rule does not allow it`
      : `${found.name} is ${found.value}, which the host does not have: perl and bash warn about it on stderr`;
  const change = changeFor(
    { where: found.where },
    {
      at: (line) => `name a locale of the host in line ${line} (locale -a lists them), or C.UTF-8`,
      nowhere: `set ${found.name} to a locale of the host (locale -a lists them); it may come from the shell itself, or from the client by sshd (AcceptEnv)`,
    },
  );
  return { subject, ...placeOf(found), status: "fail", message, change, evidence };
}

export const locale = checkKind({
  id: "locale",
  summary: "LC_ALL, LC_ and LANG name locales that the host has, and only those that the rule allows.",
  why: "Where the host lacks it perl and bash warn on stderr; another language changes messages, decimal points and sort order.",
  consequence: "corrupted-stream",
  asksAbout: "mode",
  needs: ["variables", "locales"],
  afterStartup: true,
  parameters: z.strictObject({
    allowed: z
      .array(z.string().min(1))
      .min(1)
      .superRefine((allowed, context) => {
        for (const [at, pattern] of allowed.entries()) {
          if (/^[*?.]+$/.test(pattern))
            refuseVacuous(context, "a locale, for example C.UTF-8 or en_*", "a pattern for all", [String(at)]);
        }
      })
      .optional()
      .describe(
        "Locales that engines understand, for example C.UTF-8 or en_*; C and POSIX always are. Without it all of the host's.",
      ),
  }),
  subjects: () => [subject],
  judge({ allowed }, { variables, locales }): Judgement[] {
    if (locales === null) return [{ subject, status: "unknown", message: "which locales the host has is not known" }];
    const path = variables.find(({ name, exported, value }) => name === "LOCPATH" && exported && value !== "");
    if (path !== undefined) {
      const message = "LOCPATH is set: which locales there are then is not known";
      return [
        {
          subject,
          ...placeOf(path),
          status: "unknown",
          message,
          change: changeFor(path, {
            at: (line) => `take LOCPATH out of line ${line}`,
            nowhere: "take LOCPATH out of the environment",
          }),
        },
      ];
    }
    return [judgeLocale(inForce(variables), locales, allowed)];
  },
  examples: [
    {
      says: "a locale that the host has holds, however its character set is spelled",
      with: {},
      facts: { ...oracle, locales: ["C", "en_US.utf8"], variables: [exported("LANG", "en_US.UTF-8")] },
      fails: [],
    },
    { says: "no locale holds", with: {}, facts: { ...oracle, locales: ["C"], variables: [] }, fails: [] },
    {
      says: "a locale that the host lacks fails",
      with: {},
      facts: { ...oracle, locales: ["C", "en_US.utf8"], variables: [exported("LC_ALL", "xx_XX.UTF-8")] },
      fails: [subject],
    },
    {
      says: "LC_ALL hides what is wrong with LANG",
      with: {},
      facts: {
        ...oracle,
        locales: ["C", "C.utf8"],
        variables: [exported("LANG", "xx_XX.UTF-8"), exported("LC_ALL", "C.UTF-8")],
      },
      fails: [],
    },
    {
      says: "another language fails where the rule allows but one",
      with: { allowed: ["C.UTF-8", "en_*"] },
      facts: { ...oracle, locales: ["C", "de_DE.utf8"], variables: [exported("LANG", "de_DE.UTF-8")] },
      fails: [subject],
    },
    {
      says: "with locales of its own it is undecided",
      with: {},
      facts: { ...oracle, locales: ["C"], variables: [exported("LANG", "de_DE"), exported("LOCPATH", "/opt/locale")] },
      fails: [],
      unknown: [subject],
    },
  ],
});

function exported(name: string, value: string): VariableFact {
  return { name, exported: true, value, where: cshrc(4) };
}
