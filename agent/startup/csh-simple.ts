/** Simple commands and parenthesised expressions of csh and tcsh. */
import type { Tokens } from "./cursor.ts";
import { breakOff, isOp, peek, take } from "./cursor.ts";
import type { Redirect, Simple, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";

/** Words and redirections; a parenthesis behind the first word is a list of words. Null where nothing stands here. */
export function cshSimple(tokens: Tokens): Simple | null {
  const { start } = peek(tokens);
  const words: Word[] = [];
  const redirects: Redirect[] = [];
  for (;;) {
    const token = peek(tokens);
    // In `@ x = (a > b)` nothing is redirected.
    const computes = words.length > 0 && tokens.text[start] === "@";
    if (token.kind === "word") {
      take(tokens);
      words.push(token.word);
    } else if (token.kind !== "op") break;
    else if (token.op === "(" && words.length > 0) list(tokens, words);
    else if (computes && !["(", ")", ";"].includes(token.op)) take(tokens);
    else if (/[<>]/.test(token.op)) {
      take(tokens);
      const target = peek(tokens);
      if (target.kind !== "word") {
        breakOff(tokens, target.start, `"${token.op}" without a target`);
        return null;
      }
      take(tokens);
      const delimiter = plain(target.word) ?? "";
      if (token.op === "<<") tokens.heredocs.push({ delimiter, strip: false });
      redirects.push({ descriptor: null, op: token.op, target: target.word });
    } else break;
  }
  if (words.length + redirects.length === 0) return null;
  return { kind: "simple", start, end: tokens.taken, assignments: [], words, redirects };
}

/** `(a b c)` as one word, joined to the word before it where nothing stands between. */
function list(tokens: Tokens, words: Word[]): void {
  const { start } = peek(tokens);
  const items = takeExpression(tokens)?.filter((one): one is Word => typeof one !== "string") ?? [];
  const last = words.at(-1);
  const part = { kind: "array", items } as const;
  if (last?.end === start) words.splice(-1, 1, { start: last.start, end: tokens.taken, parts: [...last.parts, part] });
  else words.push({ start, end: tokens.taken, parts: [part] });
}

/** `( ... )` and what `&&` or `||` adds to it; operators as text. Null where it is not there or has no end. */
export function takeExpression(tokens: Tokens): (Word | string)[] | null {
  const opened = peek(tokens).start;
  if (!isOp(tokens, "(")) {
    breakOff(tokens, opened, 'expected "("');
    return null;
  }
  const items: (Word | string)[] = [];
  for (let depth = 0; ; ) {
    const token = take(tokens);
    if (token.kind === "newline" || token.kind === "end") {
      breakOff(tokens, opened, "a parenthesis without its end on the line");
      return null;
    }
    items.push(token.kind === "word" ? token.word : token.op);
    if (token.kind === "op" && token.op === "(") depth++;
    if (token.kind === "op" && token.op === ")") depth--;
    if (depth > 0) continue;
    if (token.kind === "op" && token.op === ")" && !isOp(tokens, "&&") && !isOp(tokens, "||")) return items;
  }
}
