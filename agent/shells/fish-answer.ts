import { commandOf } from "./command.ts";
import { fieldsOf, firstOf, recordsOf, sectionsOf } from "./frames.ts";
import { utf8 } from "./quote.ts";
import type { Dumped, Shell } from "./shell.ts";

/** Variables that differ from run to run, or that every fish has for itself: no fact about the startup files. */
const passing = new Set(
  (
    "CMD_DURATION COLUMNS IFS LINES _ argv fish_bind_mode fish_kill_signal fish_killring fish_pid history pipestatus status " +
    "status_generation"
  ).split(" "),
);

/** What fish says in place of a file of functions that were defined when no file was read any more, as its own set-up for people does. */
const madeLater = "stdin";

interface Known {
  readonly name: string;
  readonly file: string | null;
  readonly line: number | null;
  /** What `alias` wrote as the description. */
  readonly alias: string | null;
}

export const parseDump: Shell["parseDump"] = (answer, nonce, names) => {
  const sections = sectionsOf(answer, nonce);
  if (sections === null) return null;
  const doubts = ["functions", "called", "variables", "commands", "handlers"]
    .filter((name) => !sections.has(name))
    .map((name) => `fish did not answer about its ${name === "called" ? "autoloaded functions" : name}`);
  const [own = ""] = fieldsOf(sections.get("own"));
  const isOwn = ({ name, file }: Known) =>
    file === null
      ? false
      : (own !== "" && file.startsWith(`${own}/`)) || (file === madeLater && /^__(?:fish|init)_/.test(name));
  const there = recordsOf(sections.get("functions"), nonce, 2).map(functionOf);
  const called = recordsOf(sections.get("called"), nonce, 2).flatMap(calledOf);
  const loadable = firstOf(called).filter(({ name }) => !there.some((known) => known.name === name));
  const known = [...there.filter((one) => !isOwn(one)), ...loadable.filter(({ defines }) => defines)];
  const variables = variablesOf(recordsOf(sections.get("variables"), nonce, 3), `_rcw_${nonce}_`);
  if (variables.length === 0) doubts.push("fish did not say its variables");
  const ownNames = new Set(there.filter(isOwn).map(({ name }) => name));
  const commands = recordsOf(sections.get("commands"), nonce, 4).map(
    ([name = "", vendor = "", builtin = "", path = ""]) => {
      const found = known.find((one) => one.name === name);
      const masked = loadable.some((one) => one.name === name && !one.defines);
      return commandOf(name, {
        alias: found?.alias != null,
        function: found !== undefined,
        // What fish ships as a function is its own word, like a builtin.
        builtin: builtin !== "" || ownNames.has(name) || (vendor !== "" && !masked),
        file: path.replace(/\n$/, "") || null,
      });
    },
  );
  return {
    aliases: known.flatMap(({ name, alias }) => (alias === null ? [] : [{ name, value: alias }])),
    functions: known
      .filter(({ alias }) => alias === null)
      .map(({ name, file, line }) => ({
        name,
        ...(file === null || file === madeLater ? {} : { file }),
        ...(line === null ? {} : { line }),
      })),
    options: [],
    variables,
    traps: trapsOf(sections.get("handlers"), new Set(there.filter((one) => !isOwn(one)).map(({ name }) => name))),
    commands: names.flatMap((name) => commands.find((command) => command.name === name) ?? []),
    umask: /^([0-7]{4})$/m.exec(sections.get("umask") ?? "")?.[1] ?? null,
    cwd: /^(\/[\s\S]*?)\n?$/.exec(utf8(sections.get("cwd") ?? ""))?.[1] ?? null,
    doubts,
  };
};

/** `functions --details --verbose`: the file (`-` for none), how it came, the line, scope, description. */
function functionOf([name = "", details = ""]: readonly string[]): Known {
  const [path = "", , line = "", , ...description] = details.split("\n");
  const text = description.join("\n").replace(/\n$/, "");
  const file = path.startsWith("/") || path === madeLater ? path : null;
  // One that `eval` or `source` from a pipe made has a line of that text.
  const number = file?.startsWith("/") && /^\d+$/.test(line) ? Number(line) : null;
  return { name, file, line: number, alias: aliasOf(name, text) };
}

function aliasOf(name: string, description: string): string | null {
  const head = `alias ${name}`;
  const separator = description.charAt(head.length);
  return description.startsWith(head) && /^[ =]$/.test(separator) ? description.slice(head.length + 1) : null;
}

/** A file that is loaded when its name is called; `defines`: it holds words that define that name. */
function calledOf([file = "", says = ""]: readonly string[]): (Known & { readonly defines: boolean })[] {
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.fish$/, "");
  const words = says.split(/[\s'"=;]+/);
  return [{ name, file, line: null, alias: null, defines: words.includes(name) }];
}

function variablesOf(records: readonly (readonly string[])[], ours: string): Dumped["variables"][number][] {
  return records.flatMap(([name = "", exported = "", value = ""]) =>
    passing.has(name) || name.startsWith(ours) ? [] : [{ name, value, exported: exported !== "" }],
  );
}

/**
 * `functions --handlers`: `Event KIND`, then `WHAT FUNCTION` lines. Of the generic ones only that of the shell's end counts;
 * fish's own handlers are not told.
 */
function trapsOf(section: string | undefined, own: ReadonlySet<string>): { signal: string; action: string }[] {
  let kind = "";
  const traps: { signal: string; action: string }[] = [];
  for (const line of utf8(section ?? "").split("\n")) {
    const [first = "", second = ""] = line.split(" ");
    if (first === "Event") kind = second;
    else if (!own.has(second)) continue;
    else if (kind === "signal") traps.push({ signal: first.replace(/^SIG/, ""), action: second });
    else if (kind === "generic" && first === "fish_exit") traps.push({ signal: "EXIT", action: second });
  }
  return traps;
}
