/** Simple commands and redirections of the sh family. */
import type { Tokens } from "./cursor.ts";
import { breakOff, peek, take } from "./cursor.ts";
import type { Assignment, Redirect, Simple, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";

const assignment = /^([A-Za-z_][A-Za-z0-9_]*)(\[[^\]\n]*\])?(\+?)=/;

/** The redirection here, taken, or null. */
export function redirect(tokens: Tokens): Redirect | null {
  const token = peek(tokens);
  if (token.kind !== "op" || !/[<>]/.test(token.op)) return null;
  take(tokens);
  const target = peek(tokens);
  if (target.kind !== "word") {
    breakOff(tokens, target.start, `"${token.op}" without a target`);
    return null;
  }
  take(tokens);
  if (token.op === "<<" || token.op === "<<-")
    tokens.heredocs.push({ delimiter: plain(target.word) ?? "", strip: token.op === "<<-" });
  return { descriptor: token.descriptor, op: token.op, target: target.word };
}

export function redirects(tokens: Tokens): Redirect[] {
  const found: Redirect[] = [];
  for (let one = redirect(tokens); one !== null; one = redirect(tokens)) found.push(one);
  return found;
}

/** `name=value` before the command's word, or null. */
export function assigned(tokens: Tokens, word: Word): Assignment | null {
  const source = tokens.text.slice(word.start, Math.min(word.end, word.start + 256));
  const found = assignment.exec(source);
  const name = found?.[1];
  if (found === null || name === undefined) return null;
  const { start, end } = word;
  const [first, ...rest] = word.parts;
  const prefix = found[0];
  const append = found[3] === "+";
  if (found[2] !== undefined || first?.kind !== "text" || first.quoted || !first.text.startsWith(prefix))
    return { name, append, value: null, start, end };
  const text = first.text.slice(prefix.length);
  const parts = text === "" ? rest : [{ ...first, text }, ...rest];
  return { name, append, value: { start: start + prefix.length, end, parts }, start, end };
}

/** Words, assignments before them, redirections anywhere. Null, and nothing taken, where there is nothing of this. */
export function words(tokens: Tokens): Simple | null {
  const { start } = peek(tokens);
  const found: { assignments: Assignment[]; words: Word[]; redirects: Redirect[] } = {
    assignments: [],
    words: [],
    redirects: [],
  };
  for (;;) {
    const token = peek(tokens);
    if (token.kind === "word") {
      // zsh lets a brace end the command before it.
      if (
        tokens.zsh &&
        tokens.braces > 0 &&
        found.words.length > 0 &&
        tokens.text.slice(token.start, token.end) === "}"
      )
        break;
      take(tokens);
      const set = found.words.length === 0 ? assigned(tokens, token.word) : null;
      if (set !== null) found.assignments.push(set);
      else found.words.push(token.word);
      if (found.words.length === 1 && peek(tokens).kind === "op" && opensParameters(tokens)) break;
      continue;
    }
    const one = redirect(tokens);
    if (one === null) break;
    found.redirects.push(one);
  }
  if (found.assignments.length + found.words.length + found.redirects.length === 0) return null;
  return { kind: "simple", start, end: tokens.taken, ...found };
}

function opensParameters(tokens: Tokens): boolean {
  const token = peek(tokens);
  return token.kind === "op" && token.op === "(";
}
