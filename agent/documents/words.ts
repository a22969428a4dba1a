/** A command as words with their offsets, and what may stand before its program. */

/** What stands before the program: `path` is the folder's path with the slash at its end. */
export type Prefix =
  | { readonly kind: "none" | "backslash" | "command" | "env" }
  | { readonly kind: "path"; readonly folder: string };

export interface Refused {
  readonly kind: "refused";
  /** Offset in the text, from 0, in UTF-16 code units. */
  readonly at: number;
  readonly expected: string;
  readonly found: string;
  readonly suggestion: string | null;
  readonly change: string;
}

export interface Word {
  readonly text: string;
  readonly at: number;
}

export const plainPath = /^[A-Za-z0-9/._-]+$/;

export function refused(
  word: Word,
  expected: string,
  found: string,
  suggestion: string | null = null,
  change = "",
): Refused {
  return { kind: "refused", at: word.at, expected, found, suggestion, change };
}

export function quoted(text: string): string {
  return `"${text}"`;
}

/** The words with their offsets, or why the spaces between them are not what an engine would send. */
export function split(text: string): readonly Word[] | Refused {
  const odd = /[\u0000-\u001f\u007f]/.exec(text);
  if (odd !== null)
    return refused({ text, at: odd.index }, "a command on one line, with plain spaces", "a control character");
  if (text.trim() === "") return refused({ text, at: 0 }, "a command", "nothing");
  const gap = /^ | {2}| $/.exec(text);
  if (gap !== null) return refused({ text, at: gap.index }, "one space between words, none around them", "more");
  let at = 0;
  return text.split(" ").map((part) => {
    const word = { text: part, at };
    at += part.length + 1;
    return word;
  });
}

/** Takes the prefix off: the program's own word, and what follows. */
export function unprefixed(words: readonly Word[]): { prefix: Prefix; program: Word; rest: readonly Word[] } | Refused {
  const [first, second] = words;
  if (first === undefined) return refused({ text: "", at: 0 }, "a command", "nothing");
  if (first.text === "command" || first.text === "env") {
    if (second === undefined) return refused(endOf(first), `a program after ${first.text}`, "nothing");
    return { prefix: { kind: first.text }, program: second, rest: words.slice(2) };
  }
  if (first.text.startsWith("\\")) {
    return {
      prefix: { kind: "backslash" },
      program: { text: first.text.slice(1), at: first.at + 1 },
      rest: words.slice(1),
    };
  }
  const slash = first.text.lastIndexOf("/");
  if (first.text.startsWith("/") && plainPath.test(first.text)) {
    return {
      prefix: { kind: "path", folder: first.text.slice(0, slash + 1) },
      program: { text: first.text.slice(slash + 1), at: first.at + slash + 1 },
      rest: words.slice(1),
    };
  }
  return { prefix: { kind: "none" }, program: first, rest: words.slice(1) };
}

export function endOf(word: Word): Word {
  return { text: "", at: word.at + word.text.length };
}
