/** From a shell's list of startup files to a Reading. */
import type { ModeId, StartupFile } from "../facts/index.ts";
import type { ReadsRow, Shell } from "../shells/shell.ts";
import { families } from "./families.ts";
import type { Files } from "./files.ts";
import { universalVariables } from "./fish-universal.ts";
import { pathsOf } from "./glob.ts";
import { walkList, walkNode } from "./nodes.ts";
import type { Reading, Statement } from "./reading.ts";
import { type Reader, sessionOf } from "./session.ts";
import { isBash, isZsh } from "./sh-dialect.ts";
import type { Simple } from "./syntax.ts";
import { linesOf } from "./text.ts";
import { type Truth, textValue, unset, variables } from "./values.ts";
import { doubt, type Frame, freshFlow, note, placeOf, reached, type Walk, within } from "./walk.ts";

export type ReadShell = Pick<Shell, "name" | "syntax" | "reads">;

const mostFiles = 200;
const deepestInclude = 20;
/** Commands that are followed: some twenty times what a home with a large framework has. */
const mostSteps = 200_000;
/** Characters of statements that are kept: what comes back over a pipe stays small. */
const room = 5 * 1_048_576;
/** Characters over which values may be cut by patterns, which costs their square. */
const mostPatience = 100_000;
/** Characters of startup files in all. */
const mostText = 8 * 1_048_576;
const environmentNames = [".pam_environment", ".ssh/environment"];
const longestEnvironment = 65_536;

const mostDependencies = 1_000;
/** bash's own, which says what files are being read, the innermost first. */
const sourceName = "BASH_SOURCE";

/** Never throws, whatever the files hold; what could not be read or followed is a doubt. */
export function read(
  shell: ReadShell,
  mode: ModeId,
  account: Reader,
  env: Readonly<Record<string, string>>,
  given: Files,
): Reading {
  const { files, noted } = noting(given);
  const session = sessionOf(shell, mode, account, env);
  const zsh = shell.name === "zsh";
  const empty: Frame = { path: "", lines: linesOf(""), through: [], place: null, noted: new Map() };
  const ground = {
    syntax: shell.syntax,
    zsh,
    session,
    variables: variables(session.initially),
    files,
    patience: { left: mostPatience },
    ...account,
  };
  const walk: Walk = {
    ground,
    shell: shell.name,
    statements: [],
    guards: [],
    files: new Map(),
    identities: new Map(),
    lines: {},
    doubts: new Map(),
    functions: new Map(),
    calls: [],
    frame: empty,
    flow: freshFlow(),
    base: "yes",
    streams: { in: "engine", out: "stdout", err: "stderr" },
    subshell: false,
    inFunction: null,
    cwd: account.home,
    steps: mostSteps,
    room,
    text: mostText,
    does: { list: walkList, node: walkNode, include, evaluate },
  };
  startupFiles(walk, shell, mode);
  const environmentFiles = environmentOf(walk, account.home);
  return {
    files: [...walk.files.values()],
    identities: [...walk.identities.values()],
    dependsOn: dependencies(walk, noted),
    statements: walk.statements,
    guards: walk.guards,
    lines: walk.lines,
    environmentFiles,
    doubts: [...walk.doubts.values()],
  };
}

/** Looks at the rows that the mode has, in order: of each the first file that is there. */
function startupFiles(walk: Walk, shell: ReadShell, mode: ModeId): void {
  const seen = new Set<string>();
  for (const row of shell.reads.filter(({ modes }) => modes.includes(mode))) {
    if (row.file.includes("*")) {
      filesThatFit(walk, row, seen);
      continue;
    }
    if (row.followed !== undefined) {
      besideStartup(walk, row);
      continue;
    }
    for (const file of [row.file, ...(row.orElse ?? [])]) {
      const path = pathOf(walk, file, row);
      if (path === null) continue;
      const state = walk.flow.process === "yes" ? unread(walk, path) : startupFile(walk, path);
      const isPassedOver = row.orElseIf === "cannot-be-opened" && state === "unreadable";
      if (state !== "absent" && !isPassedOver) break;
    }
  }
}

function startupFile(walk: Walk, path: string): StartupFile["state"] {
  Object.assign(walk.flow, { frame: "no", file: "no" });
  return visit(walk, path, []);
}

/** The files that a pattern names, but for those whose name came before; what is no readable file hides others all the same. */
function filesThatFit(walk: Walk, row: ReadsRow, seen: Set<string>): void {
  const pattern = pathOf(walk, row.file, row);
  if (pattern === null) return;
  identify(walk, folderOf(pattern));
  const { files } = walk.ground;
  const found = (pathsOf(pattern, files) ?? []).sort(asFishSorts);
  for (const path of found) {
    const name = `${row.followed ?? ""} ${path.slice(path.lastIndexOf("/"))}`;
    if (seen.has(name)) continue;
    seen.add(name);
    identify(walk, path);
    if (files.ask("f", path) !== true || files.ask("r", path) !== true) continue;
    if (walk.flow.process === "yes") unread(walk, path);
    else if (row.followed === undefined) startupFile(walk, path);
    else onceCalled(walk, path);
  }
}

/** Numbers in names count as numbers, and letters are the same in both cases. */
function asFishSorts(one: string, other: string): number {
  const pieces = (path: string) => path.toLowerCase().match(/\d+|\D+/g) ?? [];
  const [left, right] = [pieces(one), pieces(other)];
  for (const [at, piece] of left.entries()) {
    const against = right[at];
    if (against === undefined) return 1;
    if (piece === against) continue;
    const isNumber = /^\d/.test(piece) && /^\d/.test(against);
    if (isNumber && Number(piece) !== Number(against)) return Number(piece) - Number(against);
    if (!isNumber) return piece < against ? -1 : 1;
  }
  return left.length - right.length;
}

/** Builtins that the set-up which fish ships calls, in every mode: a file of this name is loaded then. */
const calledBySetUp = ["source", "echo", "contains", "count"];

/** A file that is loaded when its name is called: by startup itself it may have been. */
function onceCalled(walk: Walk, path: string): void {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  const isCall = (one: Statement) => (one.kind === "command" || one.kind === "output") && one.name === name;
  const isCalled = calledBySetUp.includes(name) || walk.statements.some((one) => one.reached !== "no" && isCall(one));
  const { flow } = walk;
  walk.flow = freshFlow();
  within(walk, { base: isCalled ? "maybe" : "no" }, () => visit(walk, path, []));
  walk.flow = flow;
  const file = walk.files.get(path);
  const reason = `it is read when ${name} is called`;
  if (!isCalled && file?.state === "read") walk.files.set(path, { ...file, state: "skipped", reason });
}

/** What is opened, and holds no commands. */
function besideStartup(walk: Walk, row: ReadsRow): void {
  const path = pathOf(walk, row.file, row);
  if (path === null) return;
  identify(walk, path);
  const look = walk.ground.files.look(path);
  if (look.state === "absent") return;
  const state = look.state === "text" ? "read" : look.state;
  const digest = look.state === "text" ? { digest: look.digest } : { reason: look.reason };
  walk.files.set(path, { path, state, ...digest, through: [] });
  if (look.state !== "text" && row.followed === "universal")
    doubt(walk, "unreadable", `${path} was not read, and fish keeps variables there: ${look.reason}`);
  if (look.state === "text" && row.followed === "universal") {
    const frame: Frame = { path, lines: linesOf(look.text), through: [], place: null, noted: new Map() };
    within(walk, { frame }, () => universalVariables(walk));
  }
}

function unread(walk: Walk, path: string): StartupFile["state"] {
  const { state } = walk.ground.files.look(path);
  const reason = "startup ended before it";
  if (!walk.files.has(path) && state !== "absent")
    walk.files.set(path, { path, state: "skipped", reason, through: [] });
  return state === "text" ? "read" : state;
}

/**
 * `~/` is the home, `$NAME` what the session has there; zsh looks for its own files in ZDOTDIR, whatever set that, and others
 * go by what the session had from the start.
 */
function pathOf(walk: Walk, file: string, { movedBy }: ReadsRow): string | null {
  const { variables: known, home, zsh } = walk.ground;
  if (file.startsWith("$")) return namedBy(walk, file.slice(1));
  if (!file.startsWith("~/")) return file;
  if (movedBy !== undefined && movedBy.from === file && known.get(movedBy.variable).kind !== "unset")
    return namedBy(walk, movedBy.variable);
  const instead = movedBy === undefined ? unset : walk.ground.session.initially(movedBy.variable);
  if (movedBy !== undefined && instead.kind === "text" && instead.text !== "")
    return `${instead.text}${file.slice(movedBy.from.length)}`;
  const folder = zsh && file.startsWith("~/.z") ? known.get("ZDOTDIR") : { kind: "unset" as const };
  if (folder.kind === "text" && folder.text !== "") return `${folder.text}${file.slice(1)}`;
  if (folder.kind === "some" || folder.kind === "unknown")
    doubt(walk, "unreadable", `where zsh looks for ${file} is only known when it runs (ZDOTDIR)`);
  return `${home === "/" ? "" : home}${file.slice(1)}`;
}

/** The file that a variable names as it stands then: these shells expand parameters and a tilde in it (mksh only a tilde). */
function namedBy(walk: Walk, name: string): string | null {
  const { variables: known, home } = walk.ground;
  const value = known.get(name);
  if (value.kind === "unset" || (value.kind === "text" && value.text === "")) return null;
  const path =
    value.kind === "text" ? value.text.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/, home === "/" ? "" : home) : "";
  if (path.startsWith("/") && !/[$`]/.test(path)) return path;
  doubt(
    walk,
    "unreadable",
    `${walk.shell} reads the file that ${name} names, and which that is is only known when it runs`,
  );
  return null;
}

/** A file that another one sources. */
function include(walk: Walk, path: string): Truth {
  const through = [...walk.frame.through, walk.frame.path];
  // A file that sources itself, over others or not, ends somewhere: its second turn says nothing new.
  if (through.includes(path)) return "maybe";
  if (through.length > deepestInclude) {
    doubt(
      walk,
      "over-ceiling",
      `${walk.frame.path} is more than ${deepestInclude} files deep; ${path} is not followed`,
    );
    return "maybe";
  }
  const { frame, file } = walk.flow;
  const base = reached(walk);
  const state = within(walk, { base }, () => {
    Object.assign(walk.flow, { frame: "no", file: "no" });
    return visit(walk, path, through);
  });
  Object.assign(walk.flow, { frame, file });
  return state === "read" ? "maybe" : "no";
}

function visit(walk: Walk, path: string, through: readonly string[]): StartupFile["state"] {
  const { files } = walk.ground;
  if (!walk.files.has(path) && walk.files.size >= mostFiles) {
    doubt(walk, "over-ceiling", `more than ${mostFiles} startup files; ${path} is not read`);
    return "skipped";
  }
  identify(walk, path);
  const compiled = isZsh(walk.shell) && isCompiled(walk, path);
  const look = files.look(path);
  const reason = "reason" in look ? { reason: look.reason } : {};
  const digest = look.state === "text" ? { digest: look.digest } : {};
  const state = look.state === "text" ? "read" : look.state;
  if (!walk.files.has(path)) walk.files.set(path, { path, state, ...digest, ...reason, through });
  if (look.state === "text" && look.odd !== undefined) doubt(walk, "unreadable", `${path} ${look.odd}`);
  if (look.state === "unreadable") doubt(walk, "unreadable", `${path} could not be read: ${look.reason}`);
  if (look.state === "skipped") doubt(walk, "over-ceiling", `${path} was not read: it ${look.reason}`);
  if (look.state === "not-a-file") doubt(walk, "unreadable", `${path} was not read: it ${look.reason}`);
  if (look.state !== "text") return state;
  walk.text -= look.text.length;
  if (walk.text < 0) {
    doubt(
      walk,
      "over-ceiling",
      `the startup files are longer than ${mostText} characters in all; ${path} is not followed`,
    );
    return state;
  }
  const frame: Frame = { path, lines: linesOf(look.text), through, place: null, noted: new Map() };
  const base = compiled && walk.base === "yes" ? "maybe" : walk.base;
  const { variables: known } = walk.ground;
  const before = known.get(sourceName);
  // What a file does to it is left out: bash makes it anew for each file.
  if (isBash(walk.shell))
    known.set(sourceName, { kind: "list", items: [path, ...through.toReversed()].map(textValue) });
  within(walk, { frame, base, inFunction: null }, () => units(walk));
  if (isBash(walk.shell)) known.set(sourceName, before);
  return state;
}

/** zsh takes FILE.zwc before FILE where it is not older, and what is in it is not text. */
function isCompiled(walk: Walk, path: string): boolean {
  identify(walk, `${path}.zwc`);
  if (walk.ground.files.ask("f", `${path}.zwc`) !== true) return false;
  doubt(walk, "unreadable", `${path}.zwc is compiled: zsh may take it for ${path}, and it cannot be read`);
  return true;
}

function identify(walk: Walk, path: string): void {
  if (walk.identities.has(path)) return;
  const identity = walk.ground.files.identity(path);
  // What the account may not see looks different to whoever compares it later.
  if (/^E[A-Z]+$/.test(identity) && identity !== "ENOENT" && identity !== "ENOTDIR") return;
  walk.identities.set(path, { path, identity });
}

function units(walk: Walk): void {
  const { text } = walk.frame.lines;
  let base = walk.base;
  for (const unit of families[walk.ground.syntax].units(text, walk)) {
    if (unit.broken !== null) {
      const { at, says } = unit.broken;
      const hint = text.includes("\r\n") ? "; the file has CR LF line ends" : "";
      const end = text.indexOf("\n", at);
      within(walk, { base }, () =>
        note(
          walk,
          { start: at, end: end < 0 ? text.length : end },
          { kind: "syntax-error", name: null, value: says + hint },
        ),
      );
      // The shell may have left the file here, or at another place: from here on nothing is sure.
      if (base === "yes") base = "maybe";
      continue;
    }
    within(walk, { base }, () => walkList(walk, unit.list));
    if (walk.steps < 0) return;
  }
}

/** The text that `eval` is given, where it is known: everything in it stands where `eval` stands. */
function evaluate(walk: Walk, text: string, node: Simple): void {
  if (text.length > 10_000 || walk.calls.length >= deepestInclude) return;
  const frame: Frame = {
    ...walk.frame,
    lines: linesOf(text),
    place: placeOf(walk, node.start),
    noted: new Map(),
  };
  within(walk, { frame, calls: [...walk.calls, "eval"] }, () => units(walk));
}

function environmentOf(walk: Walk, home: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of environmentNames) {
    const path = `${home === "/" ? "" : home}/${name}`;
    identify(walk, path);
    const look = walk.ground.files.look(path);
    if (look.state === "text") found[path] = look.text.slice(0, longestEnvironment);
  }
  return found;
}

interface Noted {
  readonly asked: Set<string>;
  readonly listed: Set<string>;
}

/** The same files; what is asked about them is noted. */
function noting(given: Files): { readonly files: Files; readonly noted: Noted } {
  const noted: Noted = { asked: new Set(), listed: new Set() };
  const ask: Files["ask"] = (question, path) => {
    noted.asked.add(path);
    return given.ask(question, path);
  };
  const list: Files["list"] = (path) => {
    noted.listed.add(path);
    return given.list(path);
  };
  return { files: { ...given, ask, list }, noted };
}

/**
 * Folders count where names were looked for in them and a startup file was found there, or would be by their name: others
 * (logs, the home) change all the time. Of what was only asked about, files and what is not there.
 */
function dependencies(walk: Walk, { asked, listed }: Noted): string[] {
  const { files, home } = walk.ground;
  const read = new Set([...walk.identities.keys()].map(folderOf));
  const isFolder = (path: string) => files.ask("d", path) === true;
  const folders = [...listed].filter(
    (path) => path !== home && (read.has(path) || path.endsWith(".d")) && isFolder(path),
  );
  const single = [...asked].filter((path) => !listed.has(folderOf(path)) && !isFolder(path));
  const others = single.filter((path) => !/^\/(dev|proc|sys)\//.test(path));
  const links = [...walk.identities.keys(), ...others].flatMap((path) => files.target(path) ?? []);
  const all = new Set([...folders, ...others, ...links]);
  return [...all].filter((path) => path.startsWith("/") && !walk.identities.has(path)).slice(0, mostDependencies);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
