/** Tokens of csh and tcsh: csh(1) and tcsh(1), "Lexical structure". Words are made of parts as in the sh family. */
import type { Token, Tokens } from "./cursor.ts";
import { breakOff, cursorOn, shownAt } from "./cursor.ts";
import type { Part } from "./syntax.ts";

const operators = />>&!|>>&|>>!|>&!|>>|>&|>!|<<|&&|\|\||\|&|[<>&|;()]/y;
const blankRun = /(?:[ \t]|\\\n)*/y;

export function cshNext(tokens: Tokens): Token {
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
    for (const { delimiter } of tokens.heredocs.splice(0)) skipHeredoc(tokens, delimiter);
    return { kind: "newline", start, end: tokens.at };
  }
  operators.lastIndex = start;
  const op = operators.exec(text)?.[0];
  if (op !== undefined) {
    tokens.at = Math.min(start + op.length, limit);
    return { kind: "op", op, descriptor: null, start, end: tokens.at };
  }
  const parts = cshParts(tokens, "word");
  if (tokens.at === start) breakOff(tokens, start, `unexpected ${shownAt(tokens, start)}`);
  return { kind: "word", word: { start, end: tokens.at, parts }, start, end: tokens.at };
}

function skipHeredoc(tokens: Tokens, delimiter: string): void {
  while (tokens.at < tokens.limit) {
    const end = tokens.text.indexOf("\n", tokens.at);
    const line = tokens.text.slice(tokens.at, end < 0 ? tokens.limit : end);
    tokens.at = end < 0 ? tokens.limit : Math.min(end + 1, tokens.limit);
    if (line === delimiter) return;
  }
}

const runs = { word: /[^ \t\n;&|<>()$`'"\\]+/y, double: /[^"$`\\\n]+/y };

function cshParts(tokens: Tokens, ends: "word" | "double"): Part[] {
  const { text, limit } = tokens;
  const quoted = ends === "double";
  const parts: Part[] = [];
  const run = runs[ends];
  while (tokens.at < limit && tokens.broken === null) {
    run.lastIndex = tokens.at;
    if (run.test(text)) {
      const end = Math.min(run.lastIndex, limit);
      parts.push({ kind: "text", text: text.slice(tokens.at, end), quoted });
      tokens.at = end;
      continue;
    }
    const c = text[tokens.at];
    if (c === "\\") {
      const escaped = tokens.at + 1 < limit ? (text[tokens.at + 1] ?? "") : "";
      // Within quotes a backslash is one, but before a newline and the history character.
      const kept = quoted && escaped !== "\n" && escaped !== "!";
      if (escaped === "\n" && !quoted) break;
      parts.push({ kind: "text", text: kept ? "\\" : escaped, quoted: true });
      tokens.at += kept ? 1 : 1 + escaped.length;
    } else if (c === "$") parts.push(dollar(tokens, quoted));
    else if (c === "`") parts.push(backquoted(tokens, quoted));
    else if (c === "'" && !quoted) parts.push(single(tokens));
    else if (c === '"' && !quoted) parts.push(...double(tokens));
    else break;
  }
  return parts;
}

/** A backslash keeps a newline in the text, never a quote from ending it. */
const singleRun = /(?:[^'\\\n]|\\\n|\\)*/y;
function single(tokens: Tokens): Part {
  const opened = tokens.at;
  singleRun.lastIndex = opened + 1;
  const inner = singleRun.exec(tokens.text)?.[0] ?? "";
  const end = opened + 1 + inner.length;
  if (tokens.text[end] !== "'" || end >= tokens.limit) {
    breakOff(tokens, opened, "a single quote without its end on the line");
    return { kind: "odd", quoted: true };
  }
  tokens.at = end + 1;
  return { kind: "text", text: inner.replaceAll(/\\([!\n])/g, "$1"), quoted: true };
}

function double(tokens: Tokens): Part[] {
  const opened = tokens.at;
  tokens.at++;
  const parts = cshParts(tokens, "double");
  if (tokens.text[tokens.at] !== '"' || tokens.at >= tokens.limit) {
    breakOff(tokens, opened, "a double quote without its end on the line");
    return parts;
  }
  tokens.at++;
  return parts.length > 0 ? parts : [{ kind: "text", text: "", quoted: true }];
}

function backquoted(tokens: Tokens, quoted: boolean): Part {
  const from = tokens.at + 1;
  const end = tokens.text.indexOf("`", from);
  if (end < 0 || end >= tokens.limit || /(?<!\\)\n/.test(tokens.text.slice(from, end))) {
    breakOff(tokens, tokens.at, "a backquote without its end on the line");
    return { kind: "odd", quoted };
  }
  tokens.at = end + 1;
  const inner = cursorOn(tokens.text, false, tokens.grammar, from, end, tokens.deep + 1);
  const body = tokens.grammar.body(inner);
  return { kind: "command", body: inner.broken === null ? body : null, quoted };
}

const variable =
  /\$(?:(\{)([?#%]?)([A-Za-z_][A-Za-z0-9_]*|[0-9$*])(\[[^\]\n]{0,80}\])?((?::[a-z]+)*)\}|([?#%]?)([A-Za-z_][A-Za-z0-9_]*|[0-9$*])(\[[^\]\n]{0,80}\])?((?::(?:g|a)?[htreqxul])*))/y;

function dollar(tokens: Tokens, quoted: boolean): Part {
  if (tokens.text[tokens.at + 1] === "<" && tokens.at + 1 < tokens.limit) {
    tokens.at += 2;
    return { kind: "variable", name: "<", op: "", argument: null, quoted };
  }
  variable.lastIndex = tokens.at;
  const found = variable.exec(tokens.text);
  if (found === null || variable.lastIndex > tokens.limit) {
    tokens.at++;
    return { kind: "text", text: "$", quoted };
  }
  tokens.at = variable.lastIndex;
  const braced = found[1] !== undefined;
  const [sign, name, index, suffix] = braced ? found.slice(2, 6) : found.slice(6, 10);
  const op = index !== undefined ? "odd" : sign || suffix || "";
  return { kind: "variable", name: name ?? "", op, argument: null, quoted };
}
