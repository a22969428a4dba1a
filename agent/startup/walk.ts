/**
 * The state of a walk over startup files: what the shell would come to, in order, as far as it can be told without
 * running anything. What is not known is "maybe", never a guess; effects of what is surely not reached are left out.
 */
import type { Place, StartupFile, Stream } from "../facts/index.ts";
import type { Ground } from "./expand.ts";
import type { Guard, Identity, Reading, Statement, StatementKind } from "./reading.ts";
import type { Define, List, Node, Simple, Word } from "./syntax.ts";
import { columnAt, type Lines, lineAt, lineText, shortened } from "./text.ts";
import { joined, type Truth } from "./values.ts";

/** Whether control has left: this turn of a loop, the loop, the file or function, the file whatever function, the shell. */
export interface Flow {
  turn: Truth;
  loop: Truth;
  frame: Truth;
  file: Truth;
  process: Truth;
}

/** A text that is being walked: a file, or what `eval` makes of a text that stands in one. */
export interface Frame {
  readonly path: string;
  readonly lines: Lines;
  readonly through: readonly string[];
  /** Where everything in it is said to stand, for `eval`. */
  readonly place: Place | null;
  /** Index of what was noted already, by place, kind and name: a loop's second turn is no second statement. */
  readonly noted: Map<string, number>;
}

/** Where the session's descriptors lead: to the engine, as one of its streams, or somewhere else (null). */
export interface Streams {
  readonly in: "engine" | null;
  readonly out: Stream | null;
  readonly err: Stream | null;
}

type Noted = { -readonly [Key in keyof Statement]: Statement[Key] };

export interface Walk {
  readonly ground: Ground;
  readonly shell: string;
  readonly statements: Noted[];
  readonly guards: Guard[];
  readonly files: Map<string, StartupFile>;
  readonly identities: Map<string, Identity>;
  readonly lines: Record<string, Record<number, string>>;
  readonly doubts: Map<string, Reading["doubts"][number]>;
  readonly functions: Map<string, { readonly node: Define; readonly frame: Frame }>;
  /** Names of functions that are being called, outermost first. */
  calls: readonly string[];
  frame: Frame;
  flow: Flow;
  /** Whether the conditions around this place hold. */
  base: Truth;
  streams: Streams;
  subshell: boolean;
  inFunction: string | null;
  cwd: string | null;
  /** Nodes that may still be looked at, and characters of answer that may still be given. */
  steps: number;
  room: number;
  /** Characters of files that may still be followed. */
  text: number;
  /** What the commands need of the walk itself; given by nodes.ts. */
  readonly does: {
    list(walk: Walk, list: List): Truth;
    node(walk: Walk, node: Node): Truth;
    include(walk: Walk, path: string): Truth;
    evaluate(walk: Walk, text: string, node: Simple): void;
  };
}

/** A simple command as its recogniser sees it. */
export interface Call {
  readonly node: Simple;
  readonly name: string;
  /** Without the command's own word and what stood before it (`command`, `builtin`). */
  readonly words: readonly Word[];
}

export const freshFlow = (): Flow => ({ turn: "no", loop: "no", frame: "no", file: "no", process: "no" });

export function reached(walk: Walk): Truth {
  const { turn, loop, frame, file, process } = walk.flow;
  const left = [turn, loop, frame, file, process];
  if (walk.base === "no" || left.includes("yes")) return "no";
  return walk.base === "yes" && !left.includes("maybe") ? "yes" : "maybe";
}

export function isLive(walk: Walk): boolean {
  return reached(walk) !== "no";
}

export function placeOf(walk: Walk, offset: number): Place {
  const { path: file, lines, through, place } = walk.frame;
  return place ?? { file, line: lineAt(lines, offset), column: columnAt(lines, offset), through };
}

export function sourceOf(walk: Walk, { start, end }: { readonly start: number; readonly end: number }): string {
  return walk.frame.lines.text.slice(start, Math.min(end, start + 1_000));
}

/** What changes only the shell itself: in a subshell it is gone when that ends. */
const ofTheShell: readonly StatementKind[] = [
  "alias",
  "unalias",
  "function",
  "option",
  "variable",
  "path",
  "exec",
  "exit",
  "redirect",
  "cd",
  "trap",
  "umask",
  "limit",
];
const longestValue = 4_096;

/** Notes a statement, or that one noted before is reached after all. */
export function note(
  walk: Walk,
  spot: { readonly start: number; readonly end: number },
  statement: { kind: StatementKind; name: string | null; value: string | null; stream?: Stream },
): void {
  const state = reached(walk);
  const kind = walk.subshell && ofTheShell.includes(statement.kind) ? "command" : statement.kind;
  // What nobody comes to and nobody can call is of no use to anybody.
  if ((kind === "command" || kind === "test") && state === "no" && walk.inFunction === null) return;
  const key = `${spot.start} ${kind} ${statement.name}`;
  const before = walk.frame.noted.get(key);
  if (before !== undefined) {
    const noted = walk.statements[before];
    if (noted !== undefined && (state === "yes" || (state === "maybe" && noted.reached === "no")))
      noted.reached = state;
    return;
  }
  if (walk.room < 0) return;
  const { name, value } = statement;
  const made: Noted = {
    ...statement,
    kind,
    name: name !== null && name.length > longestValue ? null : name,
    value: value !== null && value.length > longestValue ? null : value,
    text: shortened(sourceOf(walk, spot)),
    where: placeOf(walk, spot.start),
    reached: state,
    inFunction: walk.inFunction,
  };
  walk.room -= JSON.stringify(made).length + 220;
  if (walk.room < 0) {
    doubt(walk, "over-ceiling", "the startup files have more statements than are kept");
    return;
  }
  walk.frame.noted.set(key, walk.statements.length);
  walk.statements.push(made);
  noteLine(walk, made.where);
}

export function noteLine(walk: Walk, { file, line }: Place): void {
  if (walk.frame.place !== null) return;
  walk.lines[file] ??= {};
  const lines = walk.lines[file];
  if (lines === undefined || lines[line] !== undefined || walk.frame.path !== file) return;
  lines[line] = lineText(walk.frame.lines, line);
}

export function doubt(walk: Walk, code: "unreadable" | "over-ceiling", message: string): void {
  walk.doubts.set(message, { code, message });
}

type Inner = Partial<Pick<Walk, "base" | "streams" | "subshell" | "inFunction" | "frame" | "calls" | "flow">>;

/** Runs `inner` with these fields, then puts the old ones back. */
export function within<T>(walk: Walk, changes: Inner, inner: () => T): T {
  const { base, streams, subshell, inFunction, frame, calls, flow } = walk;
  const before: Inner = { base, streams, subshell, inFunction, frame, calls, flow };
  Object.assign(walk, changes);
  const made = inner();
  for (const key of Object.keys(before)) if (!(key in changes)) Reflect.deleteProperty(before, key);
  Object.assign(walk, before);
  return made;
}

/** Walks what is surely not run, to note it. */
export function unreached(walk: Walk, inner: () => void): void {
  within(walk, { base: "no" }, inner);
}

/** Walks what may or may not be run. */
export function perhaps<T>(walk: Walk, inner: () => T): T | null {
  return oneOf(walk, [inner], true)[0] ?? null;
}

/** Walks ways of which one is taken, nobody knows which; `orNone`: or none of them. What holds in all of them, holds. */
export function oneOf<T>(walk: Walk, ways: readonly (() => T)[], orNone: boolean): T[] {
  const base = walk.base === "no" ? "no" : "maybe";
  const before = { ...walk.flow };
  const { variables } = walk.ground;
  const { cwd, streams } = walk;
  const results: T[] = [];
  const flows: Flow[] = orNone ? [before] : [];
  const changes: ReadonlyMap<string, ReturnType<typeof variables.get>>[] = [];
  const cwds: (string | null)[] = orNone ? [cwd] : [];
  for (const way of ways) {
    walk.flow = { ...before };
    walk.cwd = cwd;
    const changed = variables.aside(() => {
      results.push(within(walk, { base }, way));
    });
    flows.push(walk.flow);
    changes.push(changed);
    cwds.push(walk.cwd);
  }
  walk.flow = flows.reduce(mixed, flows[0] ?? before);
  walk.cwd = cwds.every((one) => one === cwds[0]) ? (cwds[0] ?? null) : null;
  walk.streams = streams;
  for (const name of new Set(changes.flatMap((changed) => [...changed.keys()]))) {
    const old = variables.get(name);
    const values = changes.map((changed) => changed.get(name) ?? old);
    variables.set(name, [...(orNone ? [old] : []), ...values].reduce(joined));
  }
  return results;
}

const levels = ["turn", "loop", "frame", "file", "process"] as const;

/** Where both ways leave, they leave at least as far as the one that goes less far. */
function mixed(one: Flow, other: Flow): Flow {
  const made = freshFlow();
  for (const level of levels) made[level] = one[level] === other[level] ? one[level] : "maybe";
  const farthest = (flow: Flow) => levels.findLastIndex((level) => flow[level] === "yes");
  const common = levels[Math.min(farthest(one), farthest(other))];
  if (common !== undefined) made[common] = "yes";
  return made;
}

/** Walks a subshell: what it sets and where it ends concerns only itself. */
export function aside<T>(walk: Walk, streams: Streams, inner: () => T): T | null {
  let made: T | null = null;
  const { cwd } = walk;
  walk.ground.variables.aside(() => {
    made = within(walk, { base: reached(walk), flow: freshFlow(), subshell: true, streams }, inner);
  });
  walk.cwd = cwd;
  return made;
}

/** From here control leaves: for sure on this way, if this way is taken at all. */
export function leave(walk: Walk, from: keyof Flow): void {
  if (isLive(walk)) walk.flow[from] = "yes";
}
