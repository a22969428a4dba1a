/** Compound commands and functions of the sh family. */
import type { Tokens } from "./cursor.ts";
import { expect, isOp, isWord, peek, skipNewlines, take, unexpected } from "./cursor.ts";
import { redirects, words } from "./sh-simple.ts";
import { takePattern } from "./sh-tokens.ts";
import { closed } from "./sh-words.ts";
import type { Arm, List, Node, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";

/** What a compound command needs of the grammar around it. */
export interface Command {
  listUntil(tokens: Tokens, isEnd: (tokens: Tokens) => boolean): List;
  logic(tokens: Tokens): Node | null;
  command(tokens: Tokens): Node | null;
}
type Reader = (tokens: Tokens, parts: Command, start: number) => Node | null;

const readers: Readonly<Record<string, Reader>> = {
  if: conditional,
  case: selection,
  for: iteration,
  foreach: iteration,
  select: iteration,
  while: repetition,
  until: repetition,
  repeat: counted,
  function: named,
  "{": braces,
  "[[": test,
};
const ofZsh = ["foreach", "repeat"];
/** Words that only end something: no command begins with them. */
const ends = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"];

/** Any command. Null where none begins here; what then stands here is the caller's, or `broken` says what is wrong. */
export function anyCommand(tokens: Tokens, parts: Command): Node | null {
  const token = peek(tokens);
  const { start } = token;
  if (token.kind === "op" && token.op === "(") return parenthesis(tokens, parts, start);
  if (token.kind === "word") {
    const source = token.end - start < 16 ? tokens.text.slice(start, token.end) : "";
    const reader = Object.hasOwn(readers, source) ? readers[source] : undefined;
    if (reader !== undefined && (tokens.zsh || !ofZsh.includes(source))) return reader(tokens, parts, start);
    if (ends.includes(source) && source !== "in") {
      unexpected(tokens);
      return null;
    }
  }
  const simple = words(tokens);
  if (simple === null) {
    unexpected(tokens);
    return null;
  }
  if (!isOp(tokens, "(") || simple.words.length !== 1) return simple;
  take(tokens);
  if (!expect(tokens, ")", { start, word: "(" })) return null;
  const [name] = simple.words;
  return body(tokens, parts, start, [name === undefined ? "" : (plain(name) ?? "")]);
}

function body(tokens: Tokens, parts: Command, start: number, names: readonly string[]): Node | null {
  skipNewlines(tokens);
  const node = parts.command(tokens);
  if (node === null) return null;
  return { kind: "function", start, end: tokens.taken, names, body: node };
}

/** `function name [()] { ... }`; without a name zsh runs it at once. */
function named(tokens: Tokens, parts: Command, start: number): Node | null {
  take(tokens);
  const names: string[] = [];
  for (;;) {
    const token = peek(tokens);
    if (token.kind !== "word" || isWord(tokens, "{")) break;
    take(tokens);
    names.push(plain(token.word) ?? "");
    if (!tokens.zsh) break;
  }
  if (isOp(tokens, "(")) {
    take(tokens);
    if (!expect(tokens, ")", { start, word: "(" })) return null;
  }
  if (names.length > 0) return body(tokens, parts, start, names);
  skipNewlines(tokens);
  return nameless(parts.command(tokens));
}

function nameless(node: Node | null): Node | null {
  return node?.kind === "group" ? { ...node, nameless: true } : node;
}

function parenthesis(tokens: Tokens, parts: Command, start: number): Node | null {
  if (tokens.text[start + 1] === "(" && start + 1 < tokens.limit) {
    const end = closed(tokens, start, "(", ")");
    if (end >= 0 && tokens.text[end - 2] === ")" && tokens.broken === null) {
      tokens.ahead = null;
      tokens.at = end;
      tokens.taken = end;
      return { kind: "arithmetic", start, end, redirects: redirects(tokens) };
    }
  }
  take(tokens);
  if (tokens.zsh && isOp(tokens, ")")) {
    take(tokens);
    return nameless(parts.command(tokens));
  }
  const list = parts.listUntil(tokens, (inner) => isOp(inner, ")"));
  if (!expect(tokens, ")", { start, word: "(" })) return null;
  const found = redirects(tokens);
  return { kind: "group", start, end: tokens.taken, subshell: true, nameless: false, body: list, redirects: found };
}

function braces(tokens: Tokens, parts: Command, start: number): Node | null {
  const list = inBraces(tokens, parts, start);
  if (list === null) return null;
  // zsh: what stands behind `always` runs in any case.
  if (tokens.zsh && isWord(tokens, "always")) {
    take(tokens);
    const last = isWord(tokens, "{") ? inBraces(tokens, parts, start) : null;
    if (last === null) return null;
    list.push(...last);
  }
  const found = redirects(tokens);
  return { kind: "group", start, end: tokens.taken, subshell: false, nameless: false, body: list, redirects: found };
}

function inBraces(tokens: Tokens, parts: Command, start: number): List[number][] | null {
  take(tokens);
  tokens.braces++;
  const list = parts.listUntil(tokens, (inner) => isWord(inner, "}"));
  tokens.braces--;
  return expect(tokens, "}", { start, word: "{" }) ? [...list] : null;
}

function conditional(tokens: Tokens, parts: Command, start: number): Node | null {
  const branches: { start: number; end: number; condition: { kind: "list"; list: List }; body: List }[] = [];
  let braced = false;
  for (;;) {
    const from = take(tokens).start;
    const list = parts.listUntil(tokens, (inner) => isWord(inner, "then") || (inner.zsh && isWord(inner, "{")));
    const condition = { kind: "list", list } as const;
    braced = tokens.zsh && !isWord(tokens, "then");
    const inner = braced ? short(tokens, parts) : null;
    if (!braced && !expect(tokens, "then", { start, word: "if" })) return null;
    const then = inner ?? parts.listUntil(tokens, (at) => isWord(at, "elif") || isWord(at, "else") || isWord(at, "fi"));
    branches.push({ start: from, end: tokens.taken, condition, body: then });
    if (!isWord(tokens, "elif")) break;
  }
  let otherwise: List | null = null;
  if (isWord(tokens, "else")) {
    take(tokens);
    otherwise = braced ? short(tokens, parts) : parts.listUntil(tokens, (inner) => isWord(inner, "fi"));
  }
  if (!braced && !expect(tokens, "fi", { start, word: "if" })) return null;
  return { kind: "if", start, end: tokens.taken, branches, otherwise, redirects: redirects(tokens) };
}

/** zsh's short forms: braces, or one command. */
function short(tokens: Tokens, parts: Command): List {
  if (isWord(tokens, "{")) return inBraces(tokens, parts, peek(tokens).start) ?? [];
  const node = parts.logic(tokens);
  return node === null ? [] : [{ node, background: false }];
}

function selection(tokens: Tokens, parts: Command, start: number): Node | null {
  take(tokens);
  const token = take(tokens);
  if (token.kind !== "word") {
    unexpected(tokens);
    return null;
  }
  skipNewlines(tokens);
  if (!expect(tokens, "in", { start, word: "case" })) return null;
  const arms: Arm[] = [];
  for (;;) {
    skipNewlines(tokens);
    if (isWord(tokens, "esac")) break;
    if (peek(tokens).kind === "end") break;
    const one = arm(tokens, parts, start);
    if (one === null) return null;
    arms.push(one);
  }
  if (!expect(tokens, "esac", { start, word: "case" })) return null;
  return { kind: "case", start, end: tokens.taken, word: token.word, arms, redirects: redirects(tokens) };
}

const armEnds = [";;", ";&", ";;&", ";|"];
function arm(tokens: Tokens, parts: Command, opened: number): Arm | null {
  const { start } = peek(tokens);
  if (isOp(tokens, "(")) take(tokens);
  const patterns: Word[] = [];
  for (;;) {
    const token = takePattern(tokens, "pattern");
    if (token.kind !== "word") return null;
    patterns.push(token.word);
    if (!isOp(tokens, "|")) break;
    take(tokens);
  }
  if (!expect(tokens, ")", { start: opened, word: "case" })) return null;
  const list = parts.listUntil(tokens, (at) => isWord(at, "esac") || armEnds.some((op) => isOp(at, op)));
  const { taken: end } = tokens;
  const op = peek(tokens);
  if (op.kind === "op") take(tokens);
  return { start, end, patterns, body: list, falls: op.kind === "op" && op.op !== ";;" };
}

function iteration(tokens: Tokens, parts: Command, start: number): Node | null {
  const keyword = tokens.text.slice(start, tokens.ahead?.end ?? start);
  take(tokens);
  let name = "";
  let items: Word[] | null = null;
  const token = peek(tokens);
  if (token.kind === "word") {
    take(tokens);
    name = plain(token.word) ?? "";
    // zsh: several names.
    while (tokens.zsh && peek(tokens).kind === "word" && !isWord(tokens, "in") && !isWord(tokens, "do")) take(tokens);
    if (!isOp(tokens, "(")) skipNewlines(tokens);
    if (isWord(tokens, "in")) {
      take(tokens);
      items = [];
      for (let next = peek(tokens); next.kind === "word"; next = peek(tokens)) items.push(taken(tokens, next.word));
    } else if (isOp(tokens, "(")) {
      take(tokens);
      items = [...readArray(tokens)];
    }
  } else if (isOp(tokens, "(") && parenthesis(tokens, parts, token.start)?.kind !== "arithmetic") {
    if (tokens.broken === null) unexpected(tokens);
    return null;
  }
  const list = loopBody(tokens, parts, start, keyword);
  if (list === null) return null;
  const found = redirects(tokens);
  return {
    kind: "for",
    start,
    end: tokens.taken,
    name,
    items,
    select: keyword === "select",
    body: list,
    redirects: found,
  };
}
function taken(tokens: Tokens, word: Word): Word {
  take(tokens);
  return word;
}
function readArray(tokens: Tokens): readonly Word[] {
  return tokens.grammar.array(tokens);
}

function loopBody(tokens: Tokens, parts: Command, start: number, keyword: string): List | null {
  if (isOp(tokens, ";")) take(tokens);
  skipNewlines(tokens);
  if (isWord(tokens, "{")) return inBraces(tokens, parts, start);
  if (keyword === "foreach") {
    const list = parts.listUntil(tokens, (inner) => isWord(inner, "end"));
    return expect(tokens, "end", { start, word: keyword }) ? list : null;
  }
  if (tokens.zsh && !isWord(tokens, "do")) return short(tokens, parts);
  if (!expect(tokens, "do", { start, word: keyword })) return null;
  const list = parts.listUntil(tokens, (inner) => isWord(inner, "done"));
  return expect(tokens, "done", { start, word: keyword }) ? list : null;
}

function repetition(tokens: Tokens, parts: Command, start: number): Node | null {
  const until = isWord(tokens, "until");
  const keyword = until ? "until" : "while";
  take(tokens);
  const list = parts.listUntil(tokens, (inner) => isWord(inner, "do") || (inner.zsh && isWord(inner, "{")));
  const inner = loopBody(tokens, parts, start, keyword);
  if (inner === null) return null;
  const condition = { kind: "list", list } as const;
  return { kind: "while", start, end: tokens.taken, until, condition, body: inner, redirects: redirects(tokens) };
}

/** zsh's `repeat N`: one turn says what all of them say. */
function counted(tokens: Tokens, parts: Command, start: number): Node | null {
  take(tokens);
  const times = take(tokens);
  if (times.kind !== "word") {
    unexpected(tokens);
    return null;
  }
  const list = loopBody(tokens, parts, start, "repeat");
  if (list === null) return null;
  const found = redirects(tokens);
  const items = [times.word];
  return { kind: "for", start, end: tokens.taken, name: "", items, select: false, body: list, redirects: found };
}

function test(tokens: Tokens, _parts: Command, start: number): Node | null {
  take(tokens);
  const items: (Word | string)[] = [];
  for (;;) {
    const token = take(tokens);
    if (token.kind === "end") {
      unexpected(tokens);
      return null;
    }
    if (token.kind === "newline") continue;
    if (token.kind === "op") {
      items.push(token.op);
      continue;
    }
    const source = token.end - token.start < 4 ? tokens.text.slice(token.start, token.end) : "";
    if (source === "]]") return { kind: "test", start, end: tokens.taken, items, redirects: redirects(tokens) };
    items.push(token.word);
    if (!["==", "!=", "=", "=~"].includes(source)) continue;
    const pattern = takePattern(tokens, source === "=~" ? "expression" : "pattern");
    if (pattern.kind === "word") items.push(pattern.word);
  }
}
