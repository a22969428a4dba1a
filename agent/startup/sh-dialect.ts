/**
 * What shells of the sh family do not know of the language that is read here, which is bash's and zsh's. Measured: what
 * makes dash and busybox ash leave a login is a line of no meaning to them, and no command.
 */
import type { List, Node, Redirect, Simple, Unit, Word } from "./syntax.ts";

/** Told when a line is parsed: where one of these stands the line makes no sense. */
type Form = "array" | "function" | "here-string" | "name" | "[[";
/** Told when a command is run: these are words like others. */
type Command = "source" | "[[" | "+=";

interface Dialect {
  readonly senseless: readonly Form[];
  readonly unknown: readonly Command[];
}

const all: Dialect = { senseless: [], unknown: [] };
const dialects: Readonly<Record<string, Dialect>> = {
  dash: { senseless: ["array", "function", "here-string", "name"], unknown: ["source", "[[", "+="] },
  posh: { senseless: ["array", "function", "here-string", "name"], unknown: ["source", "[[", "+="] },
  ash: { senseless: ["array", "here-string", "name"], unknown: ["+="] },
  ksh93: { senseless: ["name"], unknown: [] },
  yash: { senseless: ["name"], unknown: ["source", "+="] },
  yashsh: { senseless: ["array", "function", "here-string", "name", "[["], unknown: ["source", "+="] },
};

const dialectOf = (shell: string) => (Object.hasOwn(dialects, shell) ? (dialects[shell] ?? all) : all);

/** Under all of its names it parses as zsh does, and looks for compiled files. */
export const isZsh = (shell: string) => ["zsh", "zshsh", "zshksh"].includes(shell);

export const isBash = (shell: string) => shell === "bash" || shell === "bashsh";

export const isYash = (shell: string) => ["yash", "yashsh"].includes(shell);

export function knows(shell: string, command: Command): boolean {
  return !dialectOf(shell).unknown.includes(command);
}

/** The same units; one with something that this shell cannot parse is broken there. */
export function* understood(units: Iterable<Unit>, shell: string, text: string): Generator<Unit> {
  const { senseless } = dialectOf(shell);
  for (const unit of units) {
    const found =
      senseless.length === 0 || unit.broken !== null ? undefined : first(formsOf(unit.list, text), senseless);
    yield found === undefined ? unit : { ...unit, list: [], broken: { at: found.at, says: says[found.form] } };
  }
}

const says: Readonly<Record<Form, string>> = {
  array: "an array, which this shell does not have",
  function: 'the word "function", which this shell does not know',
  "here-string": '"<<<", which this shell does not know',
  name: "a function's name that this shell refuses",
  "[[": '"[[", which this shell refuses',
};

interface Found {
  readonly form: Form;
  readonly at: number;
}

function first(forms: Iterable<Found>, senseless: readonly Form[]): Found | undefined {
  for (const found of forms) if (senseless.includes(found.form)) return found;
  return undefined;
}

function* formsOf(list: List, text: string): Generator<Found> {
  for (const { node } of list) yield* ofNode(node, text);
}

function* ofNode(node: Node, text: string): Generator<Found> {
  if (node.kind !== "pipeline" && node.kind !== "logic" && node.kind !== "function")
    yield* ofRedirects(node.redirects, node.start);
  switch (node.kind) {
    case "simple":
      return yield* ofSimple(node);
    case "pipeline":
      for (const one of node.commands) yield* ofNode(one, text);
      return;
    case "logic":
      for (const one of [node.first, ...node.rest.map((rest) => rest.node)]) yield* ofNode(one, text);
      return;
    case "function":
      if (text.startsWith("function", node.start)) yield { form: "function", at: node.start };
      if (node.names.some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))) yield { form: "name", at: node.start };
      return yield* ofNode(node.body, text);
    case "if":
      for (const { condition, body } of node.branches) {
        if (condition.kind === "list") yield* formsOf(condition.list, text);
        yield* formsOf(body, text);
      }
      return yield* formsOf(node.otherwise ?? [], text);
    case "case":
      for (const { body } of node.arms) yield* formsOf(body, text);
      return;
    case "while":
      if (node.condition.kind === "list") yield* formsOf(node.condition.list, text);
      return yield* formsOf(node.body, text);
    case "group":
    case "for":
      return yield* formsOf(node.body, text);
    case "test":
      return yield { form: "[[", at: node.start };
    case "arithmetic":
      return;
  }
}

function* ofRedirects(redirects: readonly Redirect[], at: number): Generator<Found> {
  if (redirects.some(({ op }) => op === "<<<")) yield { form: "here-string", at };
}

function* ofSimple({ assignments, words }: Simple): Generator<Found> {
  const values: Word[] = assignments.flatMap(({ value }) => value ?? []);
  for (const { start, parts } of [...values, ...words])
    if (parts.some(({ kind }) => kind === "array")) yield { form: "array", at: start };
}
