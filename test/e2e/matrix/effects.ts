/** What is planted in a startup file, what is sent then, and what became of it: in a real session, and by explain's word. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModeDocument } from "../../../agent/evaluate/index.ts";
import type { TestAccount } from "../../support/accounts.ts";
import type { Personality, Way } from "./personalities.ts";

/** `true`: it bites. `null`: the plant has no such thing, or the shell. `ran`: the command that was sent. */
export interface Effects {
  readonly ran: boolean;
  readonly read: boolean | null;
  readonly alias: boolean | null;
  readonly function: boolean | null;
  readonly path: boolean | null;
  readonly noclobber: boolean | null;
  readonly stdout: boolean | null;
}

/** `definitions` leave the session alone otherwise; `exit` ends it, or the file alone. */
export type Plant = "definitions" | "exit";
export const plants: readonly Plant[] = ["definitions", "exit"];

/** One session, and one word of explain. */
export interface Cell {
  readonly personality: Personality;
  readonly way: Way;
  readonly file: string;
  readonly plant: Plant;
}

const word = "planted-word";

const definitions = {
  sh: `/usr/bin/touch ~/saw/read
alias probe_alias='/usr/bin/touch ~/saw/alias' 2>/dev/null
probe_function() { /usr/bin/touch ~/saw/function; }
PATH=$HOME/bin:$PATH
set -C
echo ${word}
`,
  csh: `/usr/bin/touch ~/saw/read
alias probe_alias '/usr/bin/touch ~/saw/alias'
set path = (~/bin $path)
set noclobber
echo ${word}
`,
  fish: `/usr/bin/touch ~/saw/read
alias probe_alias '/usr/bin/touch ~/saw/alias'
function probe_function; /usr/bin/touch ~/saw/function; end
set PATH ~/bin $PATH
echo ${word}
`,
};

export const planted = (language: Personality["language"], plant: Plant) =>
  plant === "exit" ? "exit 0\n" : definitions[language];

/** What is sent, one statement each. The last one writes over a file, which noclobber forbids. */
export const sent: readonly string[] = [
  "/usr/bin/touch ~/saw/ran",
  "probe_alias",
  "probe_function",
  "probe_path",
  "/bin/echo new >~/saw/made",
];

/** An account's home with one startup file, and what the session can leave traces in. */
export function place(account: TestAccount, { personality: { language, name }, file, plant }: Cell): void {
  account.write("saw/made", "old\n");
  account.write("bin/probe_path", "#!/bin/sh\n/usr/bin/touch ~/saw/path\n", 0o755);
  account.write("ask", `${sent.join("\n")}\n`);
  account.write(".hushlogin", "");
  // Or a terminal's zsh asks a person to set it up.
  if (name === "zsh") account.write(".zshrc", "");
  account.write(file, planted(language, plant));
}

/** What a session did, by what it left behind. */
export function seen(account: TestAccount, said: string, cell: Cell): Effects {
  const left = (name: string) => existsSync(join(account.home, "saw", name));
  return comparable(cell, {
    ran: left("ran"),
    read: left("read"),
    alias: left("alias"),
    function: left("function"),
    path: left("path"),
    noclobber: readFileSync(join(account.home, "saw/made"), "utf8") === "old\n",
    stdout: said.includes(word),
  });
}

/** What explain says of it, in the same words. */
export function told(mode: ModeDocument, account: TestAccount, cell: Cell): Effects {
  const path = mode.variables.find(({ name }) => name === "PATH")?.value ?? "";
  const bites = ({ name, effective }: { readonly name: string; readonly effective: boolean }) =>
    name === "probe_alias" && effective;
  return comparable(cell, {
    ran: mode.ended !== "exited",
    read: mode.startupFiles.some((one) => one.path === join(account.home, cell.file) && one.state === "read"),
    // fish makes a function of it.
    alias: mode.aliases.some(bites) || mode.functions.some(bites),
    function: mode.functions.some(({ name, effective }) => name === "probe_function" && effective),
    path: path.split(/[: ]/)[0] === join(account.home, "bin"),
    noclobber: mode.options.some(({ name, value }) => name === "noclobber" && value === "on"),
    stdout: mode.output.some(({ stream, head }) => stream === "stdout" && head.includes(word)),
  });
}

function comparable({ personality, way, file, plant }: Cell, effects: Effects): Effects {
  if (plant === "exit") {
    const nothing = { read: null, alias: null, function: null, path: null, noclobber: null, stdout: null };
    return { ...nothing, ran: effects.ran };
  }
  const hasNo = (personality.hasNo ?? []).map((one) => [one, null]);
  // Nobody tells what startup writes from prompt and echo where commands are typed at a terminal; explain says nothing.
  const onTerminal = way === "ssh-login" ? { stdout: null } : {};
  // A file of settings is opened, and runs nothing that could leave a trace.
  const settings = file.endsWith(".conf") ? { read: null } : {};
  return { ...effects, ...Object.fromEntries(hasNo), ...onTerminal, ...settings };
}
