/** What the YAML parser says, in words of the person who wrote the file, with help for what everybody stumbles over. */
import type { YAMLError } from "yaml";
import type { Problem } from "./kinds.ts";
import { quoted } from "./problems.ts";

type Unplaced = Omit<Problem, "file" | "line" | "column">;

export function brokenText(code: string, expected: string, found: string, change = ""): Unplaced {
  return { code, expected, found, suggestion: null, change };
}

/** `*` begins an alias in YAML; who writes `*.arc` means the text. */
export function unknownAlias(name: string): Unplaced {
  return brokenText("alias-unknown", "a text that begins with * in quotes", `*${name}`, `write "*${name}"`);
}

export function yamlProblem(error: YAMLError, text: string): Unplaced {
  const offset = error.pos[0];
  const brace = commandWithBrace(text, offset);
  if (brace !== null) {
    const expected = "a command with { } in quotes, or on a line of its own";
    return brokenText("brace-in-flow", expected, `${quoted(brace)} inside [ ] or { }`, `write "${brace}"`);
  }
  if (error.code === "RESOURCE_EXHAUSTION") return brokenText("depth-too-great", "at most 32 levels", "more");
  if (error.code === "TAG_RESOLVE_FAILED") {
    const tag = /^[^\s,\]}]*/.exec(text.slice(offset))?.[0] ?? "";
    return brokenText("tag-unknown", "no tag", quoted(tag), "a text that begins with ! needs quotes");
  }
  if (error.code === "BAD_ALIAS" && text[offset] === "*") return unknownAlias(restOfWord(text, offset + 1));
  if (error.code === "BAD_SCALAR_START") {
    const word = restOfWord(text, offset);
    return brokenText("quotes-missing", `a text that begins with ${word.slice(0, 1)} in quotes`, quoted(word));
  }
  if (error.code === "BLOCK_AS_IMPLICIT_KEY") {
    const line = text.slice(offset).split("\n", 1)[0] ?? "";
    const change = '": " makes a key of what stands before it: put the text in quotes, or check the indentation';
    return brokenText("colon-in-text", "one key and one value", quoted(line.trim()), change);
  }
  if (error.code === "TAB_AS_INDENT") return brokenText("yaml-syntax", "spaces as indentation", "a tab");
  const message = error.message.replaceAll("\n", " ");
  return brokenText("yaml-syntax", "YAML", `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`);
}

function restOfWord(text: string, offset: number): string {
  return /^[^\s,\]}]*/.exec(text.slice(offset, offset + 200))?.[0] ?? "";
}

/** The command around a `{` that follows a word on its line (`[rm -f {file}]`), or null where `offset` is no such brace. */
function commandWithBrace(text: string, offset: number): string | null {
  if (text[offset] !== "{") return null;
  const before = text.slice(Math.max(text.lastIndexOf("\n", offset - 1) + 1, offset - 200), offset);
  const words = /[^[\]{},\s:][ ]+$/.test(before) ? (before.split(/[[\]{},]|: |^ *- /).at(-1) ?? "") : "";
  const after = /^(?:\{[a-z]*\}|[^[\]{},\n]){1,200}/.exec(text.slice(offset, offset + 200))?.[0] ?? "";
  return words.trim() === "" || after === "" ? null : `${words}${after}`.trim();
}
