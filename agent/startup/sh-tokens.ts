/**
 * Tokens of the sh family (bash, zsh, and what reads like them), pulled one at a time: POSIX shell language 2.3, bash(1)
 * and zshmisc(1). Commands within a word are read in place by the grammar, so that quotes and parentheses nest there as
 * they do for the shell.
 */
import type { Token, Tokens } from "./cursor.ts";
import { breakOff, shownAt, take } from "./cursor.ts";
import type { WordKind } from "./sh-words.ts";
import { shParts } from "./sh-words.ts";

/** Reads the next token as a pattern of `case` or `[[`: parentheses and, for an expression, bars belong to it. */
export function takePattern(tokens: Tokens, kind: "pattern" | "expression"): Token {
  if (tokens.ahead !== null) tokens.at = tokens.ahead.start;
  tokens.ahead = null;
  blanks(tokens);
  tokens.ahead = word(tokens, kind);
  return take(tokens);
}

const blankRun = /(?:[ \t]|\\\r?\n)*/y;
function blanks(tokens: Tokens): void {
  blankRun.lastIndex = tokens.at;
  blankRun.exec(tokens.text);
  // `\` CR LF is no continuation for a shell: the backslash quotes the CR.
  if (tokens.text.slice(tokens.at, blankRun.lastIndex).includes("\r"))
    blankRun.lastIndex = tokens.text.indexOf("\\\r", tokens.at);
  tokens.at = Math.min(blankRun.lastIndex, tokens.limit);
}

const operators =
  /(\d{0,6})(&&|\|\||;;&|;;|;&|\|&|&>>|&>|<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\()|[;&|()])|(\d{0,6})(>\()/y;
const zshOperators =
  /(\d{0,6})(&&|\|\||;;|;&|;\||\|&|&>>[|!]?|&>[|!]?|&[|!]|<<<|<<-|<<|<&|<>|<(?!\()|>>[|!]?|>&[|!]?|>[|!](?!\()|>(?!\()|[;&|()])|(\d{0,6})(>\()/y;

export function shNext(tokens: Tokens): Token {
  blanks(tokens);
  const { text, limit } = tokens;
  if (text[tokens.at] === "#" && tokens.at < limit) {
    const line = text.indexOf("\n", tokens.at);
    tokens.at = line < 0 ? limit : Math.min(line, limit);
  }
  const start = tokens.at;
  if (start >= limit) return { kind: "end", start, end: start };
  if (text[start] === "\n") return newline(tokens);
  const found = tokens.zsh ? zshOperators : operators;
  found.lastIndex = start;
  const op = found.exec(text);
  if (op?.[2] !== undefined && (op[1] === "" || /[<>]/.test(op[2].slice(0, 1)))) {
    tokens.at = Math.min(found.lastIndex, limit);
    return { kind: "op", op: op[2], descriptor: op[1] ? Number(op[1]) : null, start, end: tokens.at };
  }
  return word(tokens, "word");
}

function newline(tokens: Tokens): Token {
  const start = tokens.at;
  tokens.at++;
  for (const { delimiter, strip } of tokens.heredocs.splice(0)) skipHeredoc(tokens, delimiter, strip);
  return { kind: "newline", start, end: tokens.at };
}

/** A here-document without its delimiter goes on to the end of the file, as the shells have it (with a warning). */
function skipHeredoc(tokens: Tokens, delimiter: string, strip: boolean): void {
  while (tokens.at < tokens.limit) {
    const end = tokens.text.indexOf("\n", tokens.at);
    const line = tokens.text.slice(tokens.at, end < 0 ? tokens.limit : end);
    tokens.at = end < 0 ? tokens.limit : Math.min(end + 1, tokens.limit);
    if ((strip ? line.replace(/^\t+/, "") : line) === delimiter) return;
  }
}

function word(tokens: Tokens, kind: WordKind): Token {
  const start = tokens.at;
  const parts = shParts(tokens, kind);
  if (tokens.at === start && tokens.broken === null) breakOff(tokens, start, `unexpected ${shownAt(tokens, start)}`);
  return { kind: "word", word: { start, end: tokens.at, parts }, start, end: tokens.at };
}
