/** Tokens of fish: fish(1), "The fish language". Words are made of parts as in the other families. */
import type { Token, Tokens } from "./cursor.ts";
import { breakOff, cursorOn, deeper, shownAt } from "./cursor.ts";
import type { Part } from "./syntax.ts";

const operators = /(\d?)(>>|>\?|>&|>\||<&|<\?|[<>])|&>>|&>\?|&>|&\||&&|\|\||[&|;()]/y;
const blankRun = /(?:[ \t]|\\\n)*/y;

export function fishNext(tokens: Tokens): Token {
  const { text, limit } = tokens;
  blankRun.lastIndex = tokens.at;
  blankRun.exec(text);
  tokens.at = Math.min(blankRun.lastIndex, limit);
  if (text[tokens.at] === "#" && tokens.at < limit) {
    const line = text.indexOf("\n", tokens.at);
    tokens.at = line < 0 ? limit : Math.min(line, limit);
  }
  const start = tokens.at;
  if (start >= limit) return { kind: "end", start, end: start };
  if (text[start] === "\n") {
    tokens.at++;
    return { kind: "newline", start, end: tokens.at };
  }
  operators.lastIndex = start;
  const found = operators.exec(text);
  // A command substitution is a word of its own; a parenthesis that only ends belongs to whoever reads within one.
  if (found !== null && found[0] !== "(") {
    tokens.at = Math.min(start + found[0].length, limit);
    return {
      kind: "op",
      op: found[2] ?? found[0],
      descriptor: found[1] ? Number(found[1]) : null,
      start,
      end: tokens.at,
    };
  }
  const parts = fishParts(tokens, "word");
  if (tokens.at === start) breakOff(tokens, start, `unexpected ${shownAt(tokens, start)}`);
  return { kind: "word", word: { start, end: tokens.at, parts }, start, end: tokens.at };
}

const runs = { word: /[^ \t\n;&|<>()$'"\\]+/y, double: /[^"$\\]+/y };
const variable = /\$+([A-Za-z0-9_]+)/y;
/** `{$name}` is `$name`, told apart from what follows. */
const braced = /\{\$([A-Za-z0-9_]+)\}/y;

function fishParts(tokens: Tokens, ends: "word" | "double"): Part[] {
  const { text, limit } = tokens;
  const quoted = ends === "double";
  const parts: Part[] = [];
  const run = runs[ends];
  while (tokens.at < limit && tokens.broken === null) {
    const c = text[tokens.at];
    if (c === "$") {
      parts.push(dollar(tokens, quoted));
      continue;
    }
    if (c === "\\") {
      const escaped = quoted ? escapedInQuotes(tokens) : escapedBare(tokens);
      if (escaped === null) break;
      parts.push({ kind: "text", text: escaped, quoted: true });
      continue;
    }
    if (!quoted && c === "(") {
      parts.push(substitution(tokens, false));
      continue;
    }
    if (!quoted && c === "'") {
      parts.push(single(tokens));
      continue;
    }
    if (!quoted && c === '"') {
      parts.push(...double(tokens));
      continue;
    }
    run.lastIndex = tokens.at;
    if (!run.test(text)) break;
    const end = Math.min(run.lastIndex, limit);
    if (text[end] === "$" && text[end - 1] === "{" && !quoted && nameInBraces(text, end - 1) !== null) {
      if (end - 1 > tokens.at) parts.push({ kind: "text", text: text.slice(tokens.at, end - 1), quoted });
      parts.push({ kind: "variable", name: nameInBraces(text, end - 1) ?? "", op: "", argument: null, quoted });
      tokens.at = Math.min(braced.lastIndex, limit);
      continue;
    }
    parts.push({ kind: "text", text: text.slice(tokens.at, end), quoted });
    tokens.at = end;
  }
  return parts;
}

function nameInBraces(text: string, at: number): string | null {
  braced.lastIndex = at;
  return braced.exec(text)?.[1] ?? null;
}

const named: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  e: "\x1b",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};
const coded = /\\(?:[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c([\s\S])|([\s\S]))/y;

/** Null for a backslash at the end of the line: the word ends there. */
function escapedBare(tokens: Tokens): string | null {
  coded.lastIndex = tokens.at;
  const found = coded.exec(tokens.text);
  if (found === null || coded.lastIndex > tokens.limit || found[6] === "\n") {
    if (found?.[6] !== "\n") breakOff(tokens, tokens.at, "a backslash with nothing behind it");
    return null;
  }
  tokens.at = coded.lastIndex;
  const [, hex, small, large, octal, control, other = ""] = found;
  const digits = hex ?? small ?? large;
  const code =
    digits === undefined ? (octal === undefined ? null : Number.parseInt(octal, 8)) : Number.parseInt(digits, 16);
  if (code !== null) return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
  return named[other] ?? other;
}

function escapedInQuotes(tokens: Tokens): string | null {
  const next = tokens.at + 1 < tokens.limit ? (tokens.text[tokens.at + 1] ?? "") : "";
  const isEscape = next !== "" && '"$\\\n'.includes(next);
  tokens.at += isEscape ? 2 : 1;
  return isEscape ? (next === "\n" ? "" : next) : "\\";
}

const singleRun = /(?:[^'\\]|\\[\s\S])*/y;
function single(tokens: Tokens): Part {
  const opened = tokens.at;
  singleRun.lastIndex = opened + 1;
  const inner = singleRun.exec(tokens.text)?.[0] ?? "";
  const end = opened + 1 + inner.length;
  if (tokens.text[end] !== "'" || end >= tokens.limit) {
    breakOff(tokens, opened, "a single quote without its end");
    return { kind: "odd", quoted: true };
  }
  tokens.at = end + 1;
  return { kind: "text", text: inner.replaceAll(/\\(['\\])/g, "$1"), quoted: true };
}

function double(tokens: Tokens): Part[] {
  const opened = tokens.at;
  tokens.at++;
  const parts = fishParts(tokens, "double");
  if (tokens.text[tokens.at] !== '"' || tokens.at >= tokens.limit) {
    breakOff(tokens, opened, "a double quote without its end");
    return parts;
  }
  tokens.at++;
  return parts.length > 0 ? parts : [{ kind: "text", text: "", quoted: true }];
}

/** `$name`, `$name[1]`, `$$name`, `$(command)`. */
function dollar(tokens: Tokens, quoted: boolean): Part {
  const start = tokens.at;
  if (tokens.text[start + 1] === "(" && start + 1 < tokens.limit) {
    tokens.at++;
    return substitution(tokens, quoted);
  }
  variable.lastIndex = start;
  const found = variable.exec(tokens.text);
  if (found === null || variable.lastIndex > tokens.limit) {
    breakOff(tokens, start, 'a "$" without a name');
    return { kind: "odd", quoted };
  }
  tokens.at = variable.lastIndex;
  const isIndexed = index(tokens);
  if (found[0].startsWith("$$")) return { kind: "odd", quoted };
  return { kind: "variable", name: found[1] ?? "", op: isIndexed ? "odd" : "", argument: null, quoted };
}

const indexRun = /\[[^\]\n]{0,200}\]/y;
function index(tokens: Tokens): boolean {
  indexRun.lastIndex = tokens.at;
  const found = indexRun.exec(tokens.text);
  if (found === null || indexRun.lastIndex > tokens.limit) return false;
  tokens.at = indexRun.lastIndex;
  return true;
}

/** `( ... )`: read in place, so that quotes and parentheses nest as they do for fish. */
function substitution(tokens: Tokens, quoted: boolean): Part {
  const opened = tokens.at;
  return deeper<Part>(tokens, { kind: "odd", quoted }, () => {
    const inner = cursorOn(tokens.text, false, tokens.grammar, opened + 1, tokens.limit, tokens.deep);
    const body = tokens.grammar.body(inner);
    if (inner.broken !== null) {
      breakOff(tokens, inner.broken.at, inner.broken.says);
      return { kind: "odd", quoted };
    }
    tokens.at = inner.taken;
    const isIndexed = index(tokens);
    return isIndexed ? { kind: "odd", quoted } : { kind: "command", body, quoted };
  });
}
