import { commandOf } from "./command.ts";
import { askable } from "./csh-dump.ts";
import { fieldsOf, firstOf, sectionsOf } from "./frames.ts";
import { utf8 } from "./quote.ts";
import type { Dumped, Shell } from "./shell.ts";

/** Shell variables that differ from run to run, or that belong to the dump itself: no fact about the startup files. */
const passing = new Set(["_", "anyerror", "command", "status"]);

/** csh has no options of another kind: a variable that is set is one that is on. */
const switches =
  "autologout backslash_quote csubstnonl echo filec ignoreeof implicitcd listjobs noclobber noglob nonomatch notify printexitvalue verbose".split(
    " ",
  );

/** Whose answer it is; `builtins` where the program does not list them itself. */
interface Program {
  readonly name: string;
  readonly builtins: string | null;
}

export function parseCshDump(
  { name: program, builtins }: Program,
  [answer, nonce, names]: Parameters<Shell["parseDump"]>,
): Dumped | null {
  const sections = sectionsOf(answer, nonce);
  if (sections === null) return null;
  const doubts = ["shell-variables", "env", ...(builtins === null ? ["builtins"] : []), "commands"]
    .filter((name) => !sections.has(name))
    .map((name) => `${program} did not answer about its ${name.replace("-", " ")}`);
  for (const name of names.filter((name) => !askable(name)))
    doubts.push(`${program} was not asked about ${JSON.stringify(name)}: it needs quoting that csh has not`);
  const bytes = answer.toString("latin1");
  const aliases = tabled(bytes.slice(0, bytes.indexOf(`\n${nonce}:begin\n`)), /^([^\t\n]+)\t(.*)$/);
  const own = tabled(sections.get("shell-variables") ?? "", /^([A-Za-z_]\w*)\t(.*)$/);
  if (own.length === 0) doubts.push(`${program} did not say its variables`);
  const exported = exportedOf(sections.get("env"), sections.get("setenv"), doubts);
  return {
    aliases,
    functions: [],
    options: switches.map((name) => ({ name, value: own.some((known) => known.name === name) ? "on" : "off" })),
    variables: firstOf([
      ...exported.map((variable) => ({ ...variable, exported: true })),
      ...own.filter(({ name }) => !passing.has(name)).map((variable) => ({ ...variable, exported: false })),
    ]),
    traps: [],
    commands: commandsOf(sections, { nonce, names, aliases, builtins: builtins ?? sections.get("builtins") ?? "" }),
    umask: umaskOf(sections.get("umask")),
    cwd:
      /^(\/.*)$/m.exec(utf8(sections.get("cwd") ?? ""))?.[1] ?? own.find(({ name }) => name === "cwd")?.value ?? null,
    doubts,
  };
}

/**
 * `NAME tab VALUE` lines, sorted by name. csh quotes nothing, so a line of a value could look like one of these: it is
 * taken for one only where its name comes after the name before. Lists stand as csh shows them: `(/usr/bin /bin)`;
 * control characters, too: `^X`.
 */
function tabled(section: string, row: RegExp): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = [];
  for (const line of section.replace(/\n$/, "").split("\n")) {
    const [, name, value = ""] = row.exec(line) ?? [];
    const last = found.at(-1);
    if (name !== undefined && (last === undefined || name > last.name)) found.push({ name, value });
    else if (last !== undefined) last.value += `\n${line}`;
  }
  return found.map(({ name, value }) => ({ name: utf8(name), value: utf8(shownBytes(value)) }));
}

/** csh shows bytes that its locale has no letter for in octal: undone where they make letters of UTF-8. */
function shownBytes(value: string): string {
  return value.replace(/(?:\\[23][0-7]{2})+/g, (octal) => {
    const bytes = octal.replace(/\\(...)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
    return utf8(bytes).includes("\ufffd") ? octal : bytes;
  });
}

function exportedOf(env = "", setenv = "", doubts: string[]): { name: string; value: string }[] {
  const lines = fieldsOf(env);
  if (lines.length === 0 && setenv.trim() !== "")
    doubts.push("env(1) did not answer: values of several lines may be wrong");
  const entries =
    lines.length > 0
      ? lines
      : utf8(setenv)
          .replace(/\n$/, "")
          .split(/\n(?=[A-Za-z_]\w*=)/);
  return entries.flatMap((entry) => {
    const [, name, value] = /^([^=\n]+)=([\s\S]*)$/.exec(entry) ?? [];
    return name === undefined || value === undefined || name === "_" ? [] : [{ name, value }];
  });
}

/** tcsh shows 22 for 0022. */
function umaskOf(section = ""): string | null {
  const digits = /^([0-7]{1,4})$/m.exec(section)?.[1];
  return digits === undefined ? null : digits.padStart(4, "0");
}

/** What `which` said, under each name. Its words may be translated, so a builtin is one that `builtins` lists. */
function commandsOf(
  sections: ReadonlyMap<string, string>,
  known: {
    readonly nonce: string;
    readonly names: readonly string[];
    readonly aliases: Dumped["aliases"];
    readonly builtins: string;
  },
): Dumped["commands"][number][] {
  const { nonce, names, aliases } = known;
  const builtins = new Set(known.builtins.split(/\s+/));
  const said = (sections.get("commands") ?? "").split(`${nonce}\n`).map((part) => part.split("\n"));
  return names.flatMap((name): Dumped["commands"][number][] => {
    const answer = said.find(([first]) => first === name);
    if (answer === undefined) return [];
    const path = utf8(answer[1] ?? "");
    const file = path.endsWith(`/${name.slice(name.lastIndexOf("/") + 1)}`) ? path : null;
    return [
      commandOf(name, { alias: aliases.some((alias) => alias.name === name), builtin: builtins.has(name), file }),
    ];
  });
}
