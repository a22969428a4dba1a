/** What words become without running anything: POSIX 2.6, as far as files, names and guards need it. */

import type { Syntax } from "../shells/shell.ts";
import type { Files } from "./files.ts";
import { matches, pathsOf } from "./glob.ts";
import type { Session } from "./session.ts";
import { ansi } from "./sh-ansi.ts";
import type { List, Part, Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { some, type Truth, textValue, unknown, unset, type Value, type Variables } from "./values.ts";

export interface Ground {
  readonly syntax: Syntax;
  readonly zsh: boolean;
  readonly session: Session;
  readonly variables: Variables;
  readonly files: Files;
  readonly home: string;
  readonly uid: number;
  /** What may still be spent on cutting values by patterns. */
  readonly patience: { left: number };
}

/** One argument: its text, or null; then `full` says whether it surely is not empty. */
export interface Field {
  readonly text: string | null;
  readonly full: boolean;
  /** As a pattern, quoted characters behind backslashes; null where nothing in it is one. */
  readonly pattern: string | null;
}

/** The word as one value: in assignments, `case`, `[[`, redirections. */
export function valueOfWord(word: Word, ground: Ground): Value {
  const [only] = word.parts;
  if (word.parts.length === 1 && only?.kind === "array")
    return { kind: "list", items: only.items.map((one) => valueOfWord(one, ground)) };
  let text = tilde(word, ground) ?? "";
  let isText = true;
  let full = false;
  for (const [at, part] of word.parts.entries()) {
    const value = at === 0 && text !== "" ? withoutTilde(part) : partValue(part, ground);
    if (value.kind === "text") {
      text += value.text;
      full ||= value.text !== "";
    } else if (value.kind !== "unset") {
      isText = false;
      full ||= value.kind === "some";
    }
  }
  if (isText) return textValue(text);
  return full || text !== "" ? some : unknown;
}

function tilde(word: Word, ground: Ground): string | null {
  const [first] = word.parts;
  if (first?.kind !== "text" || first.quoted || !/^~(\/|$)/.test(first.text)) return null;
  // `~"x"` is no home.
  if (first.text === "~" && word.parts.length > 1) return null;
  const home = ground.variables.get("HOME");
  return home.kind === "text" ? home.text : ground.home;
}
function withoutTilde(part: Part): Value {
  return textValue(part.kind === "text" ? part.text.slice(1) : "");
}

function partValue(part: Part, ground: Ground): Value {
  if (part.kind === "text") return /^~[^/]/.test(part.text) && !part.quoted ? some : textValue(part.text);
  if (part.kind === "variable") return variableOf[ground.syntax](part, ground);
  if (part.kind === "command") return commandValue(part.body, ground);
  return unknown;
}

type Variable = Extract<Part, { kind: "variable" }>;

function shVariable({ name, op, argument }: Variable, ground: Ground): Value {
  const known = ground.variables.get(name);
  const isSource = name === "BASH_SOURCE" && known.kind === "list";
  // The file that is being read stands first; by another number hardly anybody asks.
  const value = isSource ? first(known.items) : known;
  if (isSource && op === "odd") return value;
  if (op === "") return value.kind === "unset" ? textValue("") : value.kind === "list" ? first(value.items) : value;
  const otherwise = () => (argument === null ? textValue("") : valueOfWord(argument, ground));
  const isSet = value.kind === "unknown" ? null : value.kind !== "unset";
  const isFull = value.kind === "text" ? value.text !== "" : value.kind === "unknown" ? null : value.kind !== "unset";
  if (op === ":-" || op === ":=") return isFull === null ? unknown : isFull ? value : otherwise();
  if (op === "-" || op === "=") return isSet === null ? unknown : isSet ? value : otherwise();
  if (op === ":+") return isFull === null ? unknown : isFull ? otherwise() : textValue("");
  if (op === "+") return isSet === null ? unknown : isSet ? otherwise() : textValue("");
  if (value.kind !== "text") return unknown;
  if (op.startsWith(":") && op !== ":?") return modified(value.text, op);
  const cut = argument === null ? null : valueOfWord(argument, ground);
  if (cut?.kind !== "text" || value.text.length > longestCut) return unknown;
  ground.patience.left -= value.text.length;
  if (ground.patience.left < 0) return unknown;
  if (op === "%" || op === "%%") return ended(value.text, cut.text, op === "%%");
  if (op === "#" || op === "##") return begun(value.text, cut.text, op === "##");
  return unknown;
}

function first(items: readonly Value[]): Value {
  return items[0] ?? textValue("");
}

/** Cutting tries every length; longer values are not worth it. */
const longestCut = 256;
function ended(text: string, pattern: string, longest: boolean): Value {
  const lengths = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? lengths : lengths.reverse()).find((at) => matches(pattern, text.slice(at)) === true);
  return textValue(found === undefined ? text : text.slice(0, found));
}
function begun(text: string, pattern: string, longest: boolean): Value {
  const lengths = Array.from({ length: text.length + 1 }, (_, at) => at);
  const found = (longest ? lengths.reverse() : lengths).find((at) => matches(pattern, text.slice(0, at)) === true);
  return textValue(found === undefined ? text : text.slice(found));
}

function cshVariable({ name, op }: Variable, ground: Ground): Value {
  if (name === "<") return unknown;
  const value = ground.variables.get(name);
  if (op === "?") return value.kind === "unknown" ? unknown : textValue(value.kind === "unset" ? "0" : "1");
  // An undefined variable ends the file; the value does not matter then.
  if (value.kind === "unset") return unknown;
  if (op === "") return value;
  return value.kind === "text" && op.startsWith(":") ? modified(value.text, op) : unknown;
}

/** A list is as many words, between quotes one. */
function fishVariable({ name, op, quoted }: Variable, ground: Ground): Value {
  const value = ground.variables.get(name);
  if (op !== "") return unknown;
  if (value.kind === "unset") return quoted ? textValue("") : unset;
  if (value.kind !== "list" || !quoted) return value;
  const texts = value.items.map((item) => (item.kind === "text" ? item.text : null));
  return texts.every((text) => text !== null) ? textValue(texts.join(name.endsWith("PATH") ? ":" : " ")) : unknown;
}

const variableOf: Readonly<Record<Syntax, (part: Variable, ground: Ground) => Value>> = {
  sh: shVariable,
  csh: cshVariable,
  fish: fishVariable,
};

/** The modifiers that csh and zsh share: head, tail, root, extension. */
function modified(text: string, op: string): Value {
  let made = text;
  for (const letter of op.replaceAll(":", "")) {
    if (letter === "h") made = made.includes("/") ? made.replace(/\/[^/]*$/, "") || "/" : ".";
    else if (letter === "t") made = made.slice(made.lastIndexOf("/") + 1);
    else if (letter === "r") made = made.replace(/\.[^./]*$/, "");
    else if (letter === "e") made = /\.([^./]*)$/.exec(made)?.[1] ?? "";
    else if (letter === "a") made = made.startsWith("/") ? made : "";
    else return unknown;
    if (made === "" && letter === "a") return unknown;
  }
  return textValue(made);
}

function commandValue(body: List | null, ground: Ground): Value {
  const node = body?.length === 1 ? body[0]?.node : undefined;
  if (node?.kind !== "simple") return unknown;
  const words = node.words.map((word) => plain(word)).join(" ");
  if (/^(\/usr\/bin\/|\/bin\/)?id (-u|--user)$/.test(words)) return textValue(String(ground.uid));
  if (/^(\/bin\/)?uname( -s)?$/.test(words)) return textValue("Linux");
  const [name, ...rest] = fieldsOf(node.words, ground).map(({ text }) => text);
  const [only] = rest[0] === "--" ? rest.slice(1) : rest;
  if (rest.length > 2 || typeof only !== "string" || only.startsWith("-")) return unknown;
  if (name === "echo" && rest.length === 1 && !only.includes("\\")) return textValue(only);
  return name === "dirname" && (rest.length === 1 || rest[0] === "--") ? textValue(folderOf(only)) : unknown;
}

/** As dirname(1). */
function folderOf(path: string): string {
  const bare = path.replace(/(?<=.)\/+$/, "");
  const at = bare.lastIndexOf("/");
  return at < 0 ? "." : bare.slice(0, at).replace(/\/+$/, "") || "/";
}

/** The words of a command's line as the command would get them. */
export function fieldsOf(words: readonly Word[], ground: Ground): Field[] {
  return words.flatMap((word) => braced(word)).flatMap((word) => fieldsOfOne(word, ground));
}

function fieldsOfOne(word: Word, ground: Ground): Field[] {
  const [array] = word.parts;
  if (word.parts.length === 1 && array?.kind === "array") return fieldsOf(array.items, ground);
  if (word.parts.length === 1 && array?.kind === "variable") {
    const value = ground.variables.get(array.name);
    const isOneWord = ground.syntax === "fish" && array.quoted;
    if (value.kind === "list" && !isOneWord && (array.op === "" || array.op === "odd"))
      return value.items.map((one) => field(one, null));
  }
  let text = tilde(word, ground) ?? "";
  const home = text;
  let pattern = escaped(text);
  let isPattern = false;
  let isText = true;
  let full = false;
  let isQuoted = false;
  const before: Field[] = [];
  for (const [at, part] of word.parts.entries()) {
    const value = at === 0 && home !== "" ? withoutTilde(part) : partValue(part, ground);
    const quoted = part.kind !== "array" && part.quoted;
    isQuoted ||= quoted;
    if (value.kind !== "text") {
      if (value.kind !== "unset") isText = false;
      full ||= value.kind === "some";
      continue;
    }
    const splits = part.kind === "variable" && !quoted && splitsValues(ground) && /[ \t\n]/.test(value.text);
    const pieces = splits ? value.text.split(/[ \t\n]+/) : [value.text];
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) {
        if (text !== "" || isQuoted) before.push({ text: isText ? text : null, full: text !== "", pattern: null });
        text = "";
        pattern = "";
      }
      text += piece;
      const bare = !quoted && (part.kind === "text" || splitsValues(ground));
      isPattern ||= bare && /[*?[]/.test(piece);
      pattern += bare ? piece : escaped(piece);
    }
    full ||= value.text !== "";
  }
  // An unquoted word that becomes nothing is no argument.
  if (isText && text === "" && !isQuoted) return before;
  return [...before, { text: isText ? text : null, full: full || text !== "", pattern: isPattern ? pattern : null }];
}

/** Whether the value of an unquoted variable is taken apart at blanks and may be a pattern. */
function splitsValues({ syntax, zsh }: Ground): boolean {
  return syntax !== "fish" && !zsh;
}

function field(value: Value, pattern: string | null): Field {
  if (value.kind === "text") return { text: value.text, full: value.text !== "", pattern };
  return { text: null, full: value.kind === "some", pattern: null };
}

function escaped(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, "\\$&");
}

/** The word with what is quoted in it behind backslashes: what `case` and `[[ x == ... ]]` match. Null if unknown. */
export function patternOf(word: Word, ground: Ground): string | null {
  let pattern = escaped(tilde(word, ground) ?? "");
  const home = pattern;
  for (const [at, part] of word.parts.entries()) {
    const value = at === 0 && home !== "" ? withoutTilde(part) : partValue(part, ground);
    if (value.kind === "unset") continue;
    if (value.kind !== "text") return null;
    // fish matches with what is left of the word: there quotes keep a pattern from naming files, no more.
    const bare =
      ground.syntax === "fish" ||
      (part.kind !== "array" && !part.quoted && (part.kind === "text" || splitsValues(ground)));
    pattern += bare ? value.text : escaped(value.text);
  }
  return pattern;
}

const mostBraces = 100;

/** `{a,b}` in unquoted text; `{1..9}` and braces around other quoting stay as they are. */
function braced(word: Word): Word[] {
  const at = word.parts.findIndex(
    (part) => part.kind === "text" && !part.quoted && /\{[^{}]*,[^{}]*\}/.test(part.text),
  );
  const part = word.parts[at];
  if (part?.kind !== "text") return [word];
  const found = /\{([^{}]*,[^{}]*)\}/.exec(part.text);
  if (found === null) return [word];
  const head = part.text.slice(0, found.index);
  const tail = part.text.slice(found.index + found[0].length);
  const made: Word[] = [];
  for (const choice of (found[1] ?? "").split(",").slice(0, mostBraces)) {
    const one = { ...part, text: `${head}${choice}${tail}` };
    made.push(...(made.length < mostBraces ? braced({ ...word, parts: word.parts.with(at, one) }) : []));
  }
  return made.slice(0, mostBraces);
}

/** The words of a `for` with the files that patterns name; null within for what only a run can tell. */
export function itemsOf(words: readonly Word[], ground: Ground, cwd: string | null): (string | null)[] {
  const made: (string | null)[] = [];
  for (const { text, pattern } of fieldsOf(words, ground)) {
    if (pattern === null) {
      made.push(text);
      continue;
    }
    const bare = ground.zsh ? pattern.replace(/\([^()]*\)$/, "") : pattern;
    const absolute = bare.startsWith("/") ? bare : cwd === null ? null : `${cwd}/${bare}`;
    const paths = text === null || absolute === null ? null : pathsOf(absolute, ground.files);
    if (paths === null) made.push(null);
    else if (paths.length > 0) made.push(...paths);
    // bash leaves a pattern that names nothing as it is; zsh's (N) and csh give nothing.
    else if (!ground.zsh && ground.syntax === "sh") made.push(text);
  }
  return made;
}

/** What a command prints for sure with these arguments, or null. */
export function printed(name: string, fields: readonly Field[]): string | null {
  const texts = fields.map(({ text }) => text);
  if (texts.some((text) => text === null)) return null;
  const words = texts.filter((text) => text !== null);
  if (name === "printf") {
    const [format = ""] = words;
    return words.length === 1 && !format.includes("%") ? ansi(format) : null;
  }
  if (name !== "echo" && name !== "print") return null;
  const options = words.findIndex((word) => !/^-[neErP]+$/.test(word));
  const flagged = words.slice(0, options < 0 ? words.length : options).join("");
  const text = words.slice(options < 0 ? words.length : options).join(" ");
  const made = flagged.includes("e") || name === "print" ? ansi(text) : text;
  return flagged.includes("n") ? made : `${made}\n`;
}

/** Whether the word is empty, for `-z`. */
export function isEmpty({ text, full }: Field): Truth {
  if (text !== null) return text === "" ? "yes" : "no";
  return full ? "no" : "maybe";
}
