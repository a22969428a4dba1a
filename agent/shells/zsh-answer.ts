import { commandOf } from "./command.ts";
import { fieldsOf, firstOf, recordsOf, sectionsOf } from "./frames.ts";
import { latin1, utf8, wordsOf } from "./quote.ts";
import type { Dumped, Shell } from "./shell.ts";

/** Parameters that differ from run to run, or that every zsh has for itself: no fact about the startup files. */
const passing = new Set(
  (
    "_ ARGC EPOCHREALTIME EPOCHSECONDS FUNCNEST HISTCMD LINENO PPID RANDOM SECONDS STATUS TTYIDLE ZSH_EVAL_CONTEXT " +
    "ZSH_EXECUTION_STRING ZSH_SUBSHELL argv epochtime pipestatus signals status zsh_eval_context"
  ).split(" "),
);

const expected = ["options", "aliases", "functions", "traps", "variables", "commands"];

export const parseDump: Shell["parseDump"] = (answer, nonce, names) => {
  const sections = sectionsOf(answer, nonce);
  if (sections === null) return null;
  const pairs = (name: string) => pairsOf(fieldsOf(sections.get(name)));
  const doubts = expected.filter((name) => !sections.has(name)).map((name) => `zsh did not answer about its ${name}`);
  const options = optionsOf(pairs("options"));
  if (options.length === 0) doubts.push("zsh did not say its options");
  for (const name of (sections.get("left") ?? "").split("\n").filter((line) => line !== ""))
    doubts.push(`a function is named ${name} and could not be put aside: what zsh says by ${name} cannot be trusted`);
  const aliases = [...pairs("aliases"), ...pairs("global-aliases")];
  const sources = new Map(pairs("sources").map(({ name, value }) => [name, value]));
  // Those that were put aside before the others could be listed (started as `sh`).
  const before = (sections.get("before") ?? "").split("\n").filter((name) => name !== "" && !name.includes(" "));
  const functions = [...new Set([...fieldsOf(sections.get("functions")), ...before])].map((name) => {
    const file = sources.get(name);
    return file?.includes("/") ? { name, file } : { name };
  });
  const commands = commandsOf(recordsOf(sections.get("commands"), nonce, 5), aliases, functions, options);
  const variables = variablesOf(recordsOf(sections.get("variables"), nonce, 3));
  return {
    aliases,
    functions,
    options,
    variables,
    traps: trapsOf(sections.get("traps"), functions, variables),
    commands: names.flatMap((name) => commands.find((command) => command.name === name) ?? []),
    umask: umaskOf(sections.get("umask")),
    cwd: /^(\/[\s\S]*?)\n?$/.exec(utf8(sections.get("cwd") ?? ""))?.[1] ?? null,
    doubts,
  };
};

function pairsOf(fields: readonly string[]): { name: string; value: string }[] {
  return fields.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: fields[index + 1] ?? "" }] : []));
}

/** zsh's own names, and `noclobber` beside `clobber`: people and other shells know it by that name. */
function optionsOf(
  told: readonly { readonly name: string; readonly value: string }[],
): { name: string; value: string }[] {
  const clobber = told.find(({ name }) => name === "clobber");
  const noclobber = clobber === undefined ? [] : [{ name: "noclobber", value: clobber.value === "off" ? "on" : "off" }];
  return [...told, ...noclobber].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function umaskOf(section = ""): string | null {
  const digits = /^([0-7]{1,4})$/m.exec(section)?.[1];
  return digits === undefined ? null : digits.padStart(4, "0");
}

function variablesOf(records: readonly (readonly string[])[]): Dumped["variables"][number][] {
  const found = records.flatMap(([name = "", type = "", value = ""]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || passing.has(name)) return [];
    return [{ name, value, exported: type.split("-").includes("export") }];
  });
  return firstOf(found);
}

/** `trap -- ACTION SIGNAL`, the action as zsh quotes it; functions named TRAP... are traps as well, and so is `zshexit`. */
function trapsOf(
  section: string | undefined,
  functions: Dumped["functions"],
  variables: Dumped["variables"],
): { signal: string; action: string }[] {
  const found = (section ?? "").matchAll(/^trap -- ((?:\$'(?:[^'\\]|\\[\s\S])*'|'[^']*'|\\[\s\S]|[^\s'\\])+) (\S+)$/gm);
  const written = [...found].map(([, action = "", signal = ""]) => ({
    signal,
    action: utf8(wordsOf(action)?.[0] ?? ""),
  }));
  const named = functions.flatMap(({ name }) => {
    const signal = /^TRAP([A-Z0-9]+)$/.exec(name)?.[1];
    return signal === undefined ? [] : [{ signal, action: name }];
  });
  const hooks = variables.find(({ name }) => name === "zshexit_functions")?.value.split(" ") ?? [];
  const hooked = ["zshexit", ...hooks]
    .filter((hook) => functions.some(({ name }) => name === hook))
    .map((hook) => ({ signal: "EXIT", action: hook }));
  return [...written, ...named, ...hooked];
}

/** zsh looks for an alias, a reserved word, a function, a builtin, a file; a path that `hash` was told wins over PATH. */
function commandsOf(
  records: readonly (readonly string[])[],
  aliases: Dumped["aliases"],
  functions: Dumped["functions"],
  options: Dumped["options"],
): Dumped["commands"][number][] {
  const bite = options.some(({ name, value }) => name === "aliases" && value === "on");
  return records.map(([name = "", reserved = "", builtin = "", path = "", hashed = ""]) => {
    const file = hashedPath(hashed) ?? (path.replace(/\n$/, "") || null);
    return commandOf(name, {
      alias: bite && aliases.some((alias) => alias.name === name),
      keyword: reserved !== "0",
      function: functions.some((known) => known.name === name),
      builtin: builtin !== "0",
      file,
    });
  });
}

function hashedPath(line: string): string | null {
  const path = wordsOf(latin1(line.slice(line.indexOf("=") + 1)))?.[0];
  return line.includes("=") && path !== undefined ? utf8(path) : null;
}
