import { commandOf } from "./command.ts";
import { fieldsOf, firstOf, recordsOf, sectionsOf } from "./frames.ts";
import { utf8, wordsOf } from "./quote.ts";
import type { Dumped, Shell } from "./shell.ts";

/** Variables that differ from run to run, or that belong to the dump itself: no fact about the startup files. */
const passing = new Set(
  (
    "_ BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_EXECUTION_STRING BASH_LINENO BASH_SOURCE " +
    "BASH_SUBSHELL BASH_MONOSECONDS COMP_WORDBREAKS EPOCHREALTIME EPOCHSECONDS FUNCNAME LINENO PIPESTATUS PPID RANDOM SECONDS SRANDOM"
  ).split(" "),
);

export const parseDump: Shell["parseDump"] = (answer, nonce, names) => {
  const sections = sectionsOf(answer, nonce);
  if (sections === null) return null;
  const doubts = ["functions", "alias-names", "alias-values", "options", "exported", "variables", "traps", "commands"]
    .filter((name) => !sections.has(name))
    .map((name) => `bash did not answer about its ${name}`);
  const kept = [...(sections.get("readonly") ?? "").matchAll(/^readonly -f (\S+)$/gm)].map((found) => found[1] ?? "");
  const aliases = zipped(fieldsOf(sections.get("alias-names")), fieldsOf(sections.get("alias-values")));
  const functions = functionsOf(sections.get("functions"), sections.get("hidden"));
  const options = optionsOf(sections.get("options"));
  const commands = commandsOf(recordsOf(sections.get("commands"), nonce, 3), aliases, functions, options);
  if (options.length === 0) doubts.push("bash did not say its options");
  for (const name of kept.filter((name) => standsForBuiltin.has(name)))
    doubts.push(`a readonly function is named ${name}: what bash says by ${name} cannot be trusted`);
  return {
    aliases,
    functions,
    options,
    variables: variablesOf(sections, nonce, options),
    traps: trapsOf(sections.get("traps")),
    commands: names.flatMap((name) => commands.find((command) => command.name === name) ?? []),
    umask: /^([0-7]{3,4})$/m.exec(sections.get("umask") ?? "")?.[1] ?? null,
    cwd: /^(\/[\s\S]*?)\n?$/.exec(utf8(sections.get("cwd") ?? ""))?.[1] ?? null,
    doubts,
  };
};

const standsForBuiltin = new Set([
  "builtin",
  "command",
  "declare",
  "printf",
  "type",
  "shopt",
  "umask",
  "pwd",
  "compgen",
]);

function zipped(names: readonly string[], values: readonly string[]): { name: string; value: string }[] {
  return names.map((name, index) => ({ name, value: values[index] ?? "" }));
}

/** `declare -F` with extdebug: `NAME LINE FILE`. A file's name may hold newlines; the names are known before. */
function functionsOf(section = "", hidden = ""): Dumped["functions"][number][] {
  const [list = "", ...rest] = section.split("\0\n");
  const places = `${rest.join("\0\n")}\n${hidden}`;
  const names = rest.length > 0 ? fieldsOf(`${list}\0`) : bodiesOf(section);
  const found = [...names, "builtin", "command", "enable"].flatMap((name) => {
    const place = placeOf(places, name);
    if (place === null) return names.includes(name) ? [{ name }] : [];
    return [place.file === "environment" || place.file === "main" ? { name } : { name, ...place }];
  });
  return firstOf(found.filter(({ name }) => !name.startsWith("_rcw_") && name !== ""));
}

function placeOf(places: string, name: string): { file: string; line: number } | null {
  const start = `\n${places}`.indexOf(`\n${Buffer.from(name).toString("latin1")} `);
  if (start < 0) return null;
  const found = /^\S+ (\d+) ([\s\S]*?)(?=\n+\S+ \d+ |\n*$)/.exec(places.slice(start));
  if (found === null) return null;
  return { line: Number(found[1]), file: utf8(found[2] ?? "") };
}

/** Where `declare` could not be had, `set` lists the bodies: only names can be taken from that. */
function bodiesOf(section: string): string[] {
  return [...section.matchAll(/^(\S+) \(\) ?$/gm)].map((found) => utf8(found[1] ?? ""));
}

/** First line: $SHELLOPTS:$BASHOPTS as startup left them; then all names, as `shopt -p` lists them under our own guard. */
function optionsOf(section = ""): { name: string; value: string }[] {
  const [first = "", ...lines] = section.split("\n");
  const on = new Set(first.split(":"));
  const names = lines.flatMap((line) => /^(?:shopt -[su]|set [-+]o) (\S+)$/.exec(line)?.[1] ?? []);
  return [...new Set([...names, ...on])]
    .filter((name) => name !== "")
    .sort()
    .map((name) => ({ name, value: on.has(name) ? "on" : "off" }));
}

function variablesOf(sections: ReadonlyMap<string, string>, nonce: string, options: Dumped["options"]) {
  const exported = new Set((sections.get("exported") ?? "").split("\n").map(utf8));
  const on = (name: string) => options.some((option) => option.name === name && option.value === "on");
  const found = recordsOf(sections.get("variables"), nonce, 2).flatMap(([name = "", value = ""]) => {
    if (passing.has(name) || name === "SHELLOPTS" || name === "BASHOPTS") return [];
    if (name === "POSIXLY_CORRECT" && !on("posix")) return [];
    return [{ name, value, exported: exported.has(name) }];
  });
  return firstOf(found);
}

/** `trap -- 'ACTION' SIGNAL`; posix mode lists those that are not set as `-`. */
function trapsOf(section = ""): { signal: string; action: string }[] {
  const found = section.matchAll(/^trap -- ((?:'[^']*'|\\')+) (\S+)$/gm);
  return [...found].map(([, action = "", signal = ""]) => ({
    signal: signal.replace(/^SIG/, ""),
    action: utf8(wordsOf(action)?.[0] ?? ""),
  }));
}

/** bash looks for an alias (where they bite), a keyword, a function, a builtin, a file. The dump asked without the first. */
function commandsOf(
  records: readonly (readonly string[])[],
  aliases: Dumped["aliases"],
  functions: Dumped["functions"],
  options: Dumped["options"],
): Dumped["commands"][number][] {
  const bite = options.some(({ name, value }) => (name === "expand_aliases" || name === "posix") && value === "on");
  return records.map(([name = "", type = "", path = ""]) => {
    const file = path.replace(/\n$/, "") || null;
    return commandOf(name, {
      alias: bite && aliases.some((alias) => alias.name === name),
      keyword: type.trim() === "keyword",
      function: functions.some((known) => known.name === name),
      builtin: type.trim() === "builtin",
      file,
    });
  });
}
