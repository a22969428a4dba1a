/** The grammar of csh and tcsh: lines of commands, and blocks that end with a word at a line's beginning. */

import { cshSimple, takeExpression } from "./csh-simple.ts";
import { cshNext } from "./csh-tokens.ts";
import type { Grammar, Tokens } from "./cursor.ts";
import { breakOff, cursorOn, deeper, expect, isOp, isWord, peek, skipNewlines, take, unexpected } from "./cursor.ts";
import type { Arm, Condition, Item, List, Node, Unit, Word } from "./syntax.ts";

const grammar: Grammar = {
  next: cshNext,
  body: (tokens) => block(tokens, []),
  array: () => [],
};
const freshStarts = 5;

/** As `shUnits`: a unit is what is run as one; csh reads line by line and looks for a block's end only when it must. */
export function* cshUnits(text: string): Generator<Unit> {
  let from = 0;
  for (let starts = 0; from < text.length; starts++) {
    const tokens = cursorOn(text, false, grammar, from);
    for (;;) {
      skipNewlines(tokens);
      const start = peek(tokens).start;
      if (peek(tokens).kind === "end" && tokens.broken === null) return;
      const items: Item[] = [];
      if (!item(tokens, items) && tokens.broken === null) unexpected(tokens);
      yield { list: tokens.broken === null ? items : [], start, broken: tokens.broken };
      if (tokens.broken === null) continue;
      if (starts >= freshStarts) return;
      const line = text.indexOf("\n", start);
      if (line < 0) return;
      from = line + 1;
      break;
    }
  }
}

/** Commands up to one of these words, which stays. */
function block(tokens: Tokens, ends: readonly string[]): List {
  const items: Item[] = [];
  for (;;) {
    skipNewlines(tokens);
    while (isOp(tokens, ";")) take(tokens);
    if (peek(tokens).kind === "newline") continue;
    if (peek(tokens).kind === "end" || isOp(tokens, ")") || ends.some((word) => isWord(tokens, word))) return items;
    if (!item(tokens, items)) return items;
  }
}

function item(tokens: Tokens, items: Item[]): boolean {
  const node = logic(tokens);
  if (node === null) return false;
  const background = isOp(tokens, "&");
  items.push({ node, background });
  if (background || isOp(tokens, ";")) {
    take(tokens);
    return true;
  }
  const token = peek(tokens);
  return token.kind === "newline" || token.kind === "end";
}

function logic(tokens: Tokens): Node | null {
  const first = pipeline(tokens);
  if (first === null) return null;
  const rest: { op: "&&" | "||"; node: Node }[] = [];
  while (isOp(tokens, "&&") || isOp(tokens, "||")) {
    const op = isOp(tokens, "&&") ? "&&" : "||";
    take(tokens);
    const node = pipeline(tokens);
    if (node === null) return null;
    rest.push({ op, node });
  }
  return rest.length === 0 ? first : { kind: "logic", start: first.start, end: tokens.taken, first, rest };
}

function pipeline(tokens: Tokens): Node | null {
  const { start } = peek(tokens);
  const commands: Node[] = [];
  for (;;) {
    const node = deeper(tokens, null, () => command(tokens));
    if (node === null) return null;
    commands.push(node);
    if (!isOp(tokens, "|") && !isOp(tokens, "|&")) break;
    take(tokens);
  }
  const [only] = commands;
  if (commands.length === 1 && only !== undefined) return only;
  return { kind: "pipeline", start, end: tokens.taken, negated: false, commands };
}

const readers: Readonly<Record<string, (tokens: Tokens, start: number) => Node | null>> = {
  if: conditional,
  while: repetition,
  foreach: iteration,
  switch: selection,
};
const strays = ["endif", "end", "endsw", "else"];

function command(tokens: Tokens): Node | null {
  const token = peek(tokens);
  const { start } = token;
  if (token.kind === "op" && token.op === "(") {
    take(tokens);
    const body = block(tokens, []);
    if (!expect(tokens, ")", { start, word: "(" })) return null;
    const { redirects, words } = cshSimple(tokens) ?? { redirects: [], words: [] };
    if (words.length > 0) return null;
    return { kind: "group", start, end: tokens.taken, subshell: true, nameless: false, body, redirects };
  }
  const source = token.kind === "word" && token.end - start < 16 ? tokens.text.slice(start, token.end) : "";
  const reader = Object.hasOwn(readers, source) ? readers[source] : undefined;
  if (reader !== undefined) {
    take(tokens);
    return reader(tokens, start);
  }
  // A stray `endif` is nothing to csh; a block's own end never comes here.
  if (strays.includes(source)) take(tokens);
  const simple = cshSimple(tokens);
  if (simple !== null) return simple;
  if (strays.includes(source)) return blank(start, tokens.taken);
  unexpected(tokens);
  return null;
}

function blank(start: number, end: number): Node {
  return { kind: "simple", start, end, assignments: [], words: [], redirects: [] };
}

function conditional(tokens: Tokens, start: number): Node | null {
  const branches: { start: number; end: number; condition: Condition; body: List }[] = [];
  let otherwise: List | null = null;
  for (let from = start; ; ) {
    const items = takeExpression(tokens);
    if (items === null) return null;
    const condition: Condition = { kind: "expression", items };
    if (!isWord(tokens, "then")) {
      const node = logic(tokens);
      if (node === null) return null;
      branches.push({ start: from, end: tokens.taken, condition, body: [{ node, background: false }] });
      return { kind: "if", start, end: tokens.taken, branches, otherwise, redirects: [] };
    }
    take(tokens);
    const body = block(tokens, ["else", "endif"]);
    branches.push({ start: from, end: tokens.taken, condition, body });
    if (!isWord(tokens, "else")) break;
    from = take(tokens).start;
    if (isWord(tokens, "if")) {
      take(tokens);
      continue;
    }
    otherwise = block(tokens, ["endif"]);
    break;
  }
  if (!expect(tokens, "endif", { start, word: "if" })) return null;
  return { kind: "if", start, end: tokens.taken, branches, otherwise, redirects: [] };
}

function repetition(tokens: Tokens, start: number): Node | null {
  const items = takeExpression(tokens);
  if (items === null) return null;
  const body = block(tokens, ["end"]);
  if (!expect(tokens, "end", { start, word: "while" })) return null;
  const condition: Condition = { kind: "expression", items };
  return { kind: "while", start, end: tokens.taken, until: false, condition, body, redirects: [] };
}

function iteration(tokens: Tokens, start: number): Node | null {
  const token = take(tokens);
  const name = token.kind === "word" ? tokens.text.slice(token.start, token.end) : "";
  const items = takeExpression(tokens)?.filter((one): one is Word => typeof one !== "string");
  if (items === undefined) return null;
  const body = block(tokens, ["end"]);
  if (!expect(tokens, "end", { start, word: "foreach" })) return null;
  return { kind: "for", start, end: tokens.taken, name, items, select: false, body, redirects: [] };
}

function selection(tokens: Tokens, start: number): Node | null {
  const [word] = takeExpression(tokens)?.filter((one): one is Word => typeof one !== "string") ?? [];
  if (word === undefined) {
    breakOff(tokens, start, '"switch" without its word');
    return null;
  }
  const arms: Arm[] = [];
  // What stands before the first case is never run.
  block(tokens, ["case", "default:", "default", "endsw"]);
  for (;;) {
    if (!isWord(tokens, "case") && !isWord(tokens, "default:") && !isWord(tokens, "default")) break;
    arms.push(arm(tokens));
  }
  if (!expect(tokens, "endsw", { start, word: "switch" })) return null;
  return { kind: "case", start, end: tokens.taken, word, arms, redirects: [] };
}

function arm(tokens: Tokens): Arm {
  const { start } = peek(tokens);
  const isCase = isWord(tokens, "case");
  take(tokens);
  const patterns: Word[] = [];
  for (let token = peek(tokens); isCase && token.kind === "word"; token = peek(tokens)) {
    take(tokens);
    patterns.push(withoutColon(token.word));
  }
  if (!isCase) patterns.push({ start, end: tokens.taken, parts: [{ kind: "text", text: "*", quoted: false }] });
  const body = block(tokens, ["case", "default:", "default", "endsw"]);
  const falls = !body.some(({ node }) => node.kind === "simple" && tokens.text.startsWith("breaksw", node.start));
  return { start, end: tokens.taken, patterns, body, falls };
}

function withoutColon(word: Word): Word {
  const last = word.parts.at(-1);
  if (last?.kind !== "text" || !last.text.endsWith(":")) return word;
  return { ...word, parts: [...word.parts.slice(0, -1), { ...last, text: last.text.slice(0, -1) }] };
}
