/** Variables of the sh family: assignments, `export`, `typeset` and their kin, `unset`. */
import { output, record, textsOf } from "./commands.ts";
import { valueOfWord } from "./expand.ts";
import type { Assignment, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { some, type Truth, textValue, unknown, unset, type Value } from "./values.ts";
import { type Call, isLive, note, type Walk } from "./walk.ts";

export function assign(walk: Walk, { name, append, value, start, end }: Assignment): void {
  const made = value === null ? unknown : expanded(walk, value);
  set(walk, { start, end }, name, append ? appended(walk.ground.variables.get(name), made) : made);
}

/** As `~` is also expanded behind a colon in an assignment. */
function expanded(walk: Walk, word: Word): Value {
  const value = valueOfWord(word, walk.ground);
  if (value.kind !== "text" || word.parts.some((part) => part.kind !== "array" && part.quoted)) return value;
  return textValue(value.text.replaceAll(/(?<=:)~(?=\/|:|$)/g, walk.ground.home));
}

function appended(old: Value, more: Value): Value {
  if (old.kind === "unset") return more;
  if (old.kind === "list" && more.kind === "list")
    return { kind: "list", items: [...old.items, ...more.items].slice(0, 256) };
  if (old.kind === "text" && more.kind === "text") return textValue(old.text + more.text);
  return old.kind === "some" || more.kind === "some" ? some : unknown;
}

function set(walk: Walk, spot: { start: number; end: number }, name: string, value: Value | null): void {
  const kind = name === "PATH" || (name === "path" && walk.ground.zsh) ? "path" : "variable";
  note(walk, spot, { kind, name, value: value?.kind === "text" ? value.text : null });
  if (value !== null && isLive(walk)) walk.ground.variables.set(name, value);
}

const declared = /^([A-Za-z_][A-Za-z0-9_]*)(\[[^\]\n]*\])?(\+?)=/;

/** `export`, `typeset`, `declare`, `readonly`, `local`: each name is a statement at the command's beginning. */
export function declare(walk: Walk, call: Call): Truth {
  let functions = false;
  let named = false;
  for (const word of call.words) {
    const text = plain(word);
    if (text !== null && /^[-+][A-Za-z]+$/.test(text)) {
      functions ||= text.includes("f");
      continue;
    }
    named = true;
    const spot = { start: call.node.start, end: call.node.end };
    const [first, ...rest] = word.parts;
    const found = first?.kind === "text" ? declared.exec(first.text) : null;
    const name = found?.[1];
    if (found === null || name === undefined || first?.kind !== "text") {
      const [bare] = textsOf(walk, [word]);
      if (bare === undefined || bare === null) continue;
      // What is exported of a function travels in a variable of this name.
      if (functions && call.name !== "local") record(walk, call, "variable", `BASH_FUNC_${bare}%%`, null);
      else if (/^\w+$/.test(bare)) set(walk, spot, bare, null);
      continue;
    }
    const tail = first.text.slice(found[0].length);
    const parts = tail === "" ? rest : [{ ...first, text: tail }, ...rest];
    const made = found[2] === undefined ? expanded(walk, { ...word, parts }) : unknown;
    set(walk, spot, name, found[3] === "+" ? appended(walk.ground.variables.get(name), made) : made);
  }
  return named ? "yes" : output(walk, call);
}

export function unsetNames(walk: Walk, call: Call): Truth {
  record(walk, call, "command", call.name, null);
  const texts = textsOf(walk, call.words);
  for (const text of texts) {
    if (text === null || text.startsWith("-") || !isLive(walk)) continue;
    if (texts.includes("-f")) walk.functions.delete(text);
    else walk.ground.variables.set(text, unset);
  }
  return "yes";
}
