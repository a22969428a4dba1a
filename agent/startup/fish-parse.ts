/** The grammar of fish: statements of words, and blocks that end with `end`. The whole text makes sense, or none of it runs. */
import type { Grammar, Tokens } from "./cursor.ts";
import { breakOff, cursorOn, deeper, isOp, isWord, peek, take, unexpected } from "./cursor.ts";
import { fishNext } from "./fish-tokens.ts";
import type { Arm, Assignment, Condition, Item, List, Node, Redirect, Simple, Unit, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";

const grammar: Grammar = {
  next: fishNext,
  body(tokens) {
    const list = block(tokens, []);
    if (isOp(tokens, ")")) take(tokens);
    else if (tokens.broken === null) breakOff(tokens, tokens.at, "a parenthesis without its end");
    return list;
  },
  array: () => [],
};

/** One unit: fish parses a file as a whole. */
export function* fishUnits(text: string): Generator<Unit> {
  const tokens = cursorOn(text, false, grammar);
  const list = block(tokens, []);
  if (tokens.broken === null && peek(tokens).kind !== "end") unexpected(tokens);
  yield { list: tokens.broken === null ? list : [], start: 0, broken: tokens.broken };
}

/** Statements up to one of these words, which stays; `and` and `or` go on with the statement before them. */
function block(tokens: Tokens, ends: readonly string[]): List {
  const items: Item[] = [];
  for (;;) {
    separators(tokens);
    if (peek(tokens).kind === "end" || isOp(tokens, ")") || ends.some((word) => isWord(tokens, word))) return items;
    const before = items.at(-1);
    const joins = isWord(tokens, "and") ? "&&" : isWord(tokens, "or") ? "||" : null;
    if (joins !== null) take(tokens);
    const node = statement(tokens);
    if (node === null) {
      if (tokens.broken === null) unexpected(tokens);
      return items;
    }
    const background = isOp(tokens, "&");
    if (background) take(tokens);
    if (joins !== null && before !== undefined && !before.background) {
      items.splice(-1, 1, { node: joined(before.node, joins, node), background });
    } else items.push({ node, background });
    const token = peek(tokens);
    if (!background && !isOp(tokens, ";") && token.kind !== "newline" && token.kind !== "end" && !isOp(tokens, ")")) {
      unexpected(tokens);
      return items;
    }
  }
}

function joined(first: Node, op: "&&" | "||", node: Node): Node {
  if (first.kind === "logic") return { ...first, end: node.end, rest: [...first.rest, { op, node }] };
  return { kind: "logic", start: first.start, end: node.end, first, rest: [{ op, node }] };
}

function separators(tokens: Tokens): void {
  while (peek(tokens).kind === "newline" || isOp(tokens, ";")) take(tokens);
}

/** Pipelines with `&&` and `||` between them. */
function statement(tokens: Tokens): Node | null {
  let node = pipeline(tokens);
  while (node !== null && (isOp(tokens, "&&") || isOp(tokens, "||"))) {
    const op = isOp(tokens, "&&") ? "&&" : "||";
    take(tokens);
    while (peek(tokens).kind === "newline") take(tokens);
    const next = pipeline(tokens);
    if (next === null) return null;
    node = joined(node, op, next);
  }
  return node;
}

function pipeline(tokens: Tokens): Node | null {
  const { start } = peek(tokens);
  let negated = false;
  while (isWord(tokens, "not") || isWord(tokens, "!") || isWord(tokens, "time")) {
    if (!isWord(tokens, "time")) negated = !negated;
    take(tokens);
  }
  const commands: Node[] = [];
  for (;;) {
    const node = deeper(tokens, null, () => command(tokens));
    if (node === null) return null;
    commands.push(node);
    if (!isOp(tokens, "|") && !isOp(tokens, "&|") && !isOp(tokens, ">|")) break;
    take(tokens);
    while (peek(tokens).kind === "newline") take(tokens);
  }
  const [only] = commands;
  if (commands.length === 1 && only !== undefined && !negated) return only;
  return { kind: "pipeline", start, end: tokens.taken, negated, commands };
}

const readers: Readonly<Record<string, (tokens: Tokens, start: number) => Node | null>> = {
  if: conditional,
  while: repetition,
  for: iteration,
  switch: selection,
  begin: group,
  function: definition,
};

function command(tokens: Tokens): Node | null {
  const token = peek(tokens);
  const { start } = token;
  const source = token.kind === "word" && token.end - start < 16 ? tokens.text.slice(start, token.end) : "";
  const reader = Object.hasOwn(readers, source) ? readers[source] : undefined;
  if (reader !== undefined) {
    take(tokens);
    return reader(tokens, start);
  }
  if (source === "end" || source === "else" || source === "case") return null;
  return simple(tokens);
}

/** `end` of a block that began at `start`. */
function ended(tokens: Tokens, start: number, word: string): boolean {
  if (isWord(tokens, "end")) {
    take(tokens);
    return true;
  }
  if (peek(tokens).kind === "end") breakOff(tokens, start, `"${word}" without its "end"`);
  else unexpected(tokens);
  return false;
}

function redirect(tokens: Tokens): Redirect | null {
  const token = peek(tokens);
  if (token.kind !== "op" || !/[<>]/.test(token.op) || token.op === ">|") return null;
  take(tokens);
  const target = peek(tokens);
  if (target.kind !== "word") {
    breakOff(tokens, target.start, `"${token.op}" without a target`);
    return null;
  }
  take(tokens);
  return { descriptor: token.descriptor, op: token.op, target: target.word };
}

function redirects(tokens: Tokens): Redirect[] {
  const found: Redirect[] = [];
  for (let one = redirect(tokens); one !== null; one = redirect(tokens)) found.push(one);
  return found;
}

function assigned(word: Word): Assignment | null {
  const [first, ...rest] = word.parts;
  const found = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(first?.kind === "text" && !first.quoted ? first.text : "");
  const name = found?.[1];
  if (name === undefined || first?.kind !== "text") return null;
  const tail = first.text.slice(name.length + 1);
  const parts = tail === "" ? rest : [{ ...first, text: tail }, ...rest];
  return { name, append: false, value: { ...word, parts }, start: word.start, end: word.end };
}

function simple(tokens: Tokens): Simple | null {
  const { start } = peek(tokens);
  const words: Word[] = [];
  const assignments: Assignment[] = [];
  const led: Redirect[] = [];
  for (;;) {
    const token = peek(tokens);
    if (token.kind === "word") {
      take(tokens);
      const set = words.length === 0 ? assigned(token.word) : null;
      if (set === null) words.push(token.word);
      else assignments.push(set);
      continue;
    }
    const one = redirect(tokens);
    if (one === null) break;
    led.push(one);
  }
  if (words.length + assignments.length === 0) return null;
  return { kind: "simple", start, end: tokens.taken, assignments, words, redirects: led };
}

/** The first statement behind `if` or `while`, with the `and` and `or` that follow it. */
function condition(tokens: Tokens): Condition | null {
  let node = statement(tokens);
  if (node === null) return null;
  for (;;) {
    separators(tokens);
    const op = isWord(tokens, "and") ? "&&" : isWord(tokens, "or") ? "||" : null;
    if (op === null) return { kind: "list", list: [{ node, background: false }] };
    take(tokens);
    const next = statement(tokens);
    if (next === null) return null;
    node = joined(node, op, next);
  }
}

function conditional(tokens: Tokens, start: number): Node | null {
  const branches: { start: number; end: number; condition: Condition; body: List }[] = [];
  let otherwise: List | null = null;
  for (let from = start; ; ) {
    const asked = condition(tokens);
    if (asked === null) return null;
    const body = block(tokens, ["else", "end"]);
    branches.push({ start: from, end: tokens.taken, condition: asked, body });
    if (!isWord(tokens, "else")) break;
    from = take(tokens).start;
    if (isWord(tokens, "if")) {
      take(tokens);
      continue;
    }
    otherwise = block(tokens, ["end"]);
    break;
  }
  if (!ended(tokens, start, "if")) return null;
  return { kind: "if", start, branches, otherwise, redirects: redirects(tokens), end: tokens.taken };
}

function repetition(tokens: Tokens, start: number): Node | null {
  const asked = condition(tokens);
  if (asked === null) return null;
  const body = block(tokens, ["end"]);
  if (!ended(tokens, start, "while")) return null;
  return {
    kind: "while",
    start,
    until: false,
    condition: asked,
    body,
    redirects: redirects(tokens),
    end: tokens.taken,
  };
}

function iteration(tokens: Tokens, start: number): Node | null {
  const token = take(tokens);
  const name = token.kind === "word" ? (plain(token.word) ?? "") : "";
  if (!isWord(tokens, "in")) {
    unexpected(tokens);
    return null;
  }
  take(tokens);
  const items = wordsOfLine(tokens);
  const body = block(tokens, ["end"]);
  if (!ended(tokens, start, "for")) return null;
  return { kind: "for", start, name, items, select: false, body, redirects: redirects(tokens), end: tokens.taken };
}

function wordsOfLine(tokens: Tokens): Word[] {
  const words: Word[] = [];
  for (let token = peek(tokens); token.kind === "word"; token = peek(tokens)) {
    take(tokens);
    words.push(token.word);
  }
  return words;
}

function selection(tokens: Tokens, start: number): Node | null {
  const [word, ...more] = wordsOfLine(tokens);
  if (word === undefined || more.length > 0) {
    breakOff(tokens, start, '"switch" without its one word');
    return null;
  }
  separators(tokens);
  const arms: Arm[] = [];
  while (isWord(tokens, "case")) {
    const from = take(tokens).start;
    const patterns = wordsOfLine(tokens);
    const body = block(tokens, ["case", "end"]);
    arms.push({ start: from, end: tokens.taken, patterns, body, falls: false });
  }
  if (!ended(tokens, start, "switch")) return null;
  return { kind: "case", start, word, arms, redirects: redirects(tokens), end: tokens.taken };
}

function group(tokens: Tokens, start: number): Node | null {
  const body = block(tokens, ["end"]);
  if (!ended(tokens, start, "begin")) return null;
  return {
    kind: "group",
    start,
    subshell: false,
    nameless: false,
    body,
    redirects: redirects(tokens),
    end: tokens.taken,
  };
}

/** A name that only a run knows is "": nothing is told of it. */
function definition(tokens: Tokens, start: number): Node | null {
  const [word] = wordsOfLine(tokens);
  const from = tokens.taken;
  const body = block(tokens, ["end"]);
  if (!ended(tokens, start, "function")) return null;
  const name = word === undefined ? "" : (plain(word) ?? "");
  const whole: Node = {
    kind: "group",
    start: from,
    end: tokens.taken,
    subshell: false,
    nameless: false,
    body,
    redirects: redirects(tokens),
  };
  return { kind: "function", start, end: tokens.taken, names: [name], body: whole };
}
