/**
 * Where a reader of a startup file stands in its text. Nothing throws, whatever the bytes, and no text is read more than
 * `deepest` times: where a construct has no end, `broken` says so, and every later token is the end.
 */
import type { List, Word } from "./syntax.ts";

export type Token =
  | { readonly kind: "word"; readonly word: Word; readonly start: number; readonly end: number }
  | {
      readonly kind: "op";
      readonly op: string;
      readonly descriptor: number | null;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "newline"; readonly start: number; readonly end: number }
  | { readonly kind: "end"; readonly start: number; readonly end: number };

export interface Tokens {
  readonly text: string;
  readonly zsh: boolean;
  at: number;
  /** Where this text ends for this reader: a backquoted command ends before its file does. */
  readonly limit: number;
  broken: { at: number; says: string } | null;
  deep: number;
  /** Characters looked at more than once so far. */
  looked: number;
  /** Open brace groups: zsh lets `}` end a command within one. */
  braces: number;
  /** The end of the last token taken. */
  taken: number;
  ahead: Token | null;
  readonly heredocs: { readonly delimiter: string; readonly strip: boolean }[];
  readonly grammar: Grammar;
}

/** What a family's grammar gives: its tokens, and what words need, read in place up to and with the closing parenthesis. */
export interface Grammar {
  next(tokens: Tokens): Token;
  body(tokens: Tokens): List;
  array(tokens: Tokens): readonly Word[];
}

/** No person nests deeper, and the call stack holds it. */
const deepest = 50;

export function cursorOn(
  text: string,
  zsh: boolean,
  grammar: Grammar,
  from = 0,
  limit = text.length,
  deep = 0,
): Tokens {
  return {
    text,
    zsh,
    at: from,
    limit,
    broken: null,
    deep,
    looked: 0,
    braces: 0,
    taken: from,
    ahead: null,
    heredocs: [],
    grammar,
  };
}

/** Gives up on the text: the first reason stays. */
export function breakOff(tokens: Tokens, at: number, says: string): void {
  tokens.broken ??= { at, says };
  tokens.ahead = null;
}

/** Runs `inner` one level deeper, or gives up on the text where it nests too deep. */
export function deeper<T>(tokens: Tokens, otherwise: T, inner: () => T): T {
  if (tokens.deep >= deepest) {
    breakOff(tokens, tokens.at, "nested too deep");
    return otherwise;
  }
  tokens.deep++;
  const made = inner();
  tokens.deep--;
  return made;
}

/** What stands at the offset, for a message. */
export function shownAt(tokens: Tokens, at: number): string {
  if (at >= tokens.limit) return "end of file";
  if (tokens.text[at] === "\n") return "end of line";
  return `"${/^[\w]+|^[\s\S]/u.exec(tokens.text.slice(at, at + 40))?.[0] ?? ""}"`;
}

export function peek(tokens: Tokens): Token {
  if (tokens.broken !== null) return { kind: "end", start: tokens.broken.at, end: tokens.broken.at };
  tokens.ahead ??= tokens.grammar.next(tokens);
  return tokens.broken === null ? tokens.ahead : peek(tokens);
}

export function take(tokens: Tokens): Token {
  const token = peek(tokens);
  tokens.ahead = null;
  if (tokens.broken === null) tokens.taken = token.end;
  return token;
}

export function isOp(tokens: Tokens, op: string): boolean {
  const token = peek(tokens);
  return token.kind === "op" && token.op === op;
}

/** Whether the next token is this word as it stands, no quotes: a reserved word where the grammar asks. */
export function isWord(tokens: Tokens, text: string): boolean {
  const token = peek(tokens);
  return token.kind === "word" && token.end - token.start === text.length && tokens.text.startsWith(text, token.start);
}

export function skipNewlines(tokens: Tokens): void {
  while (peek(tokens).kind === "newline") take(tokens);
}

/** Gives up where the next token has no place. */
export function unexpected(tokens: Tokens): void {
  const { start } = peek(tokens);
  breakOff(tokens, start, `unexpected ${shownAt(tokens, start)}`);
}

/** Takes the word or operator, or gives up: `opened` says of what this is the missing end. */
export function expect(tokens: Tokens, text: string, opened: { start: number; word: string }): boolean {
  if (isWord(tokens, text) || isOp(tokens, text)) {
    take(tokens);
    return true;
  }
  // At the end of the file the place that helps is where it began.
  if (peek(tokens).kind === "end") breakOff(tokens, opened.start, `"${opened.word}" without its "${text}"`);
  else unexpected(tokens);
  return false;
}
