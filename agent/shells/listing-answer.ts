import { commandOf } from "./command.ts";
import { firstOf, recordsOf, type Sections, sectionsOf } from "./frames.ts";
import { assignmentsOf, utf8, wordsOf } from "./quote.ts";
import type { Dumped, Shell } from "./shell.ts";

export interface Heard {
  /** The personality, for doubts. */
  readonly name: string;
  /** Variables that differ from run to run: no fact about the startup files. */
  readonly passing: readonly string[];
  readonly hasAliases: boolean;
  /** Keywords of a shell that does not say which words are some. */
  readonly keywords?: readonly string[];
  /** Variables and exported names, where they are listed in a way of their own. */
  variables?(section: string): readonly { readonly name: string; readonly value: string }[];
  exported?(section: string): readonly string[];
  /** The names in a listing of functions; null where the shell lists none, so that only the asked ones are known. */
  functions(section: string): readonly string[] | null;
}

const expected = ["asked", "functions", "left", "aliases", "options", "exported", "traps", "variables", "commands"];

/** Reads what a shell told by `listingDump`. */
export function listingAnswer(heard: Heard): Shell["parseDump"] {
  return (answer, nonce, names) => {
    const sections = sectionsOf(answer, nonce);
    if (sections === null) return null;
    const doubts = expected
      .filter((name) => !sections.has(name))
      .map((name) => `${heard.name} did not answer about its ${name}`);
    const listing = (name: string) => {
      const found = assignmentsOf(sections.get(name) ?? "");
      if (found === null) doubts.push(`${heard.name}'s list of ${name} could not be read`);
      return found ?? [];
    };
    const options = optionsOf(sections.get("options"), sections.get("flags"));
    if (options.length === 0) doubts.push(`${heard.name} did not say its options`);
    for (const [name = "", type = ""] of recordsOf(sections.get("left"), nonce, 2).filter(isFunction))
      doubts.push(
        `a function is named ${name} and could not be put aside (${type.trim()}): what is said by ${name} cannot be trusted`,
      );
    const aliases = heard.hasAliases ? firstOf(listing("aliases")) : [];
    const functions = functionsOf(sections, nonce, heard);
    const exported = new Set(
      heard.exported?.(sections.get("exported") ?? "") ??
        listing("exported").map(({ name }) => name.replace(/^export (?:-\S+ )*/, "")),
    );
    const commands = commandsOf(recordsOf(sections.get("commands"), nonce, 3), aliases, functions, heard);
    return {
      aliases,
      functions,
      options,
      variables: firstOf(
        (heard.variables?.(sections.get("variables") ?? "") ?? listing("variables")).filter(({ name }) =>
          isOwn(name, heard),
        ),
      ).map((one) => ({
        ...one,
        exported: exported.has(one.name),
      })),
      traps: trapsOf(sections.get("traps")),
      commands: names.flatMap((name) => commands.find((command) => command.name === name) ?? []),
      umask: /^([0-7]{1,4})$/m.exec(sections.get("umask") ?? "")?.[1]?.padStart(4, "0") ?? null,
      cwd: /^(\/[\s\S]*?)\n?$/.exec(utf8(sections.get("cwd") ?? ""))?.[1] ?? null,
      doubts,
    };
  };
}

function isOwn(name: string, { passing }: Heard): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith("_rcw_") && name !== "_" && !passing.includes(name);
}

/** `NAME is a function`, `NAME is a shell function`, `NAME: a function`, `function: NAME`. */
function isFunction([name = "", type = ""]: readonly string[]): boolean {
  const rest = type.trim().startsWith(name) ? type.trim().slice(name.length) : type;
  return /^(?:: | is )?an? (?:[a-z-]+ )*function\b|^function: /.test(rest);
}

/** Those that are asked for are known in any case; those that stood for what we ask by were asked for in another way. */
function functionsOf(sections: Sections, nonce: string, heard: Heard): Dumped["functions"][number][] {
  const asked = recordsOf(sections.get("asked"), nonce, 2)
    .filter(isFunction)
    .map(([name = ""]) => name);
  const hidden = ["type", "printf", "command"].filter((name) =>
    (sections.get("hidden") ?? "").split("\n").some((line) => isFunction([name, line]) && line.includes(name)),
  );
  const listed = heard.functions(sections.get("functions") ?? "") ?? [];
  const all = [...listed, ...asked, ...hidden].map((name) => ({ name }));
  return firstOf(all.filter(({ name }) => name !== "" && !name.startsWith("_rcw_")));
}

/** busybox puts it off in the substitution that tells the options; `$-` was taken before. */
const letters: Readonly<Record<string, string>> = { errexit: "e" };

/** What ksh93 and yash say the other way round than people and the other shells do. */
const positive = ["clobber", "exec", "glob", "unset"];

/** `NAME  on` in one column or in several. */
function optionsOf(section = "", flags = ""): { name: string; value: string }[] {
  const found = [...section.matchAll(/(\S+) +(on|off)\b/g)].map(([, name = "", value = ""]) => {
    const letter = letters[name];
    return { name, value: letter !== undefined && flags.includes(letter) ? "on" : value };
  });
  const turned = found.filter(({ name }) => positive.includes(name));
  const negative = turned.map(({ name, value }) => ({ name: `no${name}`, value: value === "off" ? "on" : "off" }));
  return firstOf([...found, ...negative]).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `trap -- ACTION SIGNAL`, again and again; what an action speaks may stand between, actions may have lines. posh writes none as none. */
function trapsOf(section = ""): { signal: string; action: string }[] {
  const starts = [...section.matchAll(/^trap -- /gm)].map(({ index }) => index);
  const ends = [...starts.slice(1), section.length];
  return starts.flatMap((start) => {
    const [, ignored] = /^trap -- {2}(\S+)$/m.exec(section.slice(start, section.indexOf("\n", start))) ?? [];
    if (ignored !== undefined) return [{ signal: ignored, action: "" }];
    for (const end of ends.filter((one) => one > start)) {
      const words = wordsOf(section.slice(start, end));
      if (words === null || words.length < 4) continue;
      return [{ signal: (words[3] ?? "").replace(/^SIG/, ""), action: utf8(words[2] ?? "") }];
    }
    return [];
  });
}

/** A keyword comes before an alias in these shells, then a function, a builtin, a file. */
function commandsOf(
  records: readonly (readonly string[])[],
  aliases: Dumped["aliases"],
  functions: Dumped["functions"],
  { keywords = [] }: Heard,
): Dumped["commands"][number][] {
  return records.map(([name = "", type = "", path = ""]) => {
    const says = type.trim().startsWith(name) ? type.trim().slice(name.length) : type.trim();
    const keyword = keywords.includes(name) || (/\b(?:keyword|reserved word)\b/.test(says) && !says.includes("/"));
    // yash names the program in whose place the builtin is run.
    const isBuiltin = /\bbuilt-?in\b/.test(says) || (!path.startsWith("/") && path.trim() !== "");
    return commandOf(name, {
      alias: !keyword && aliases.some((alias) => alias.name === name),
      keyword,
      function: functions.some((known) => known.name === name),
      builtin: isBuiltin,
      file: path.startsWith("/") ? path.replace(/\n$/, "") : null,
    });
  });
}
