/**
 * What an engine sends, as words (design 6.6). The grammar is narrow on purpose: what is accepted is tried in the sandbox
 * and judged by its effect, so that each accepted word must leave no doubt about what has to be true afterwards.
 *
 *     [\ | command | env | /absolute/path/to/] PROGRAM [OPTION ...] [--] [MODE] [PLACEHOLDER ...]
 *     echo [WORD ...]
 */
import { anyOf, closest } from "./closest.ts";
import {
  type Afterwards,
  type Placeholder,
  type Program,
  placeholderNames,
  programNames,
  programs,
  type State,
  type Stdout,
} from "./programs.ts";
import { endOf, type Prefix, plainPath, quoted, type Refused, refused, split, unprefixed, type Word } from "./words.ts";

export type { Afterwards, Placeholder, Prefix, Refused, State, Stdout };

/** A command whose effect can be tried. */
export interface ParsedSends {
  readonly kind: "sends";
  /** As the document has it; the subject of its findings. */
  readonly text: string;
  readonly prefix: Prefix;
  /** Its name in the table, without the prefix. */
  readonly program: string;
  /** As written, in order. */
  readonly options: readonly string[];
  /** In order. */
  readonly takes: readonly Placeholder[];
  /** Literal words of `echo`; empty otherwise. */
  readonly words: readonly string[];
  /** Permission bits that `chmod` sets, or null. */
  readonly mode: number | null;
  readonly afterwards: Afterwards;
}

/** A command of which only the program's name is looked up. */
export interface Resolvable {
  readonly kind: "resolve";
  readonly text: string;
  readonly prefix: Prefix;
  readonly program: string;
}

const literalWord = /^[A-Za-z0-9._][A-Za-z0-9._-]*$/;
// 4000 and above are bits that a probe's no_new_privs, a foreign group or the file system may take away again.
const octal = /^0?[0-7]{3}$/;

/** Reads a command that is to be tried. Never throws; what does not fit the grammar is refused with the place and why. */
export function parseSends(text: string): ParsedSends | Refused {
  const words = split(text);
  if ("kind" in words) return words;
  const start = unprefixed(words);
  if ("kind" in start) return start;
  const program = programs.find((candidate) => candidate.name === start.program.text);
  if (program === undefined) return unknownProgram(text, start.program);
  const optioned = optionsOf(program, start.rest);
  if ("kind" in optioned) return optioned;
  const operands = operandsOf(program, optioned.rest, start.program);
  if ("kind" in operands) return operands;
  const form = program.forms.find(
    ({ takes, needs }) =>
      takes.join() === operands.takes.join() && needs.every((option) => optioned.canonical.includes(option)),
  );
  if (form === undefined) return noForm(program, optioned, start, operands.takes);
  return {
    kind: "sends",
    text,
    prefix: start.prefix,
    program: program.name,
    options: optioned.written,
    takes: operands.takes,
    words: operands.words,
    mode: operands.mode,
    afterwards: form.afterwards,
  };
}

function unknownProgram(text: string, program: Word): Refused {
  return refused(
    program,
    `a program whose effect can be tried (${anyOf(programNames)})`,
    quoted(program.text),
    closest(program.text, programNames),
    `or write { command: ${quoted(text)}, try: resolve } to ask only what the name stands for`,
  );
}

interface Options {
  readonly written: readonly string[];
  /** First names of the table. */
  readonly canonical: readonly string[];
  readonly rest: readonly Word[];
}

function optionsOf(program: Program, words: readonly Word[]): Options | Refused {
  const written: string[] = [];
  const canonical: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word.text === "--" && program.dashes) return { written, canonical, rest: words.slice(index + 1) };
    if (!word.text.startsWith("-") || word.text === "-") return { written, canonical, rest: words.slice(index) };
    if (!program.joins && written.length > 0) {
      return refused(word, `one operator for ${program.name}`, quoted(word.text));
    }
    const letters = program.joins && /^-[A-Za-z0-9]{2,}$/.test(word.text);
    const names = letters ? [...word.text.slice(1)].map((letter) => `-${letter}`) : [word.text];
    for (const name of names) {
      const option = program.options.find((candidates) => candidates.includes(name));
      if (option?.[0] === undefined) return unknownOption(program, word, name);
      canonical.push(option[0]);
    }
    written.push(word.text);
  }
  return { written, canonical, rest: [] };
}

function unknownOption(program: Program, word: Word, name: string): Refused {
  const known = program.options.flat();
  // In joined letters the one that is meant stands behind the `-` and those before it.
  const at = name === word.text ? word.at : word.at + word.text.indexOf(name.slice(1), 1);
  return refused(
    { text: name, at },
    known.length === 0
      ? `no option of ${program.name}`
      : `an option of ${program.name} that leaves no doubt (${anyOf(known)})`,
    quoted(name),
    name.length > 2 ? closest(name, known) : null,
    "or say try: resolve",
  );
}

interface Operands {
  readonly takes: readonly Placeholder[];
  readonly words: readonly string[];
  readonly mode: number | null;
}

function operandsOf(program: Program, words: readonly Word[], after: Word): Operands | Refused {
  if (program.also === "words") return literalWords(words);
  let rest = words;
  let mode: number | null = null;
  if (program.also === "mode") {
    const bits = words[0];
    if (bits === undefined || !octal.test(bits.text)) {
      const found = bits === undefined ? "nothing" : quoted(bits.text);
      return refused(bits ?? endOf(after), "permissions as three octal digits, for example 600", found);
    }
    mode = Number.parseInt(bits.text, 8);
    rest = words.slice(1);
  }
  const takes: Placeholder[] = [];
  for (const word of rest) {
    const placeholder = placeholderNames.find((name) => name === word.text);
    if (placeholder === undefined) return noPlaceholder(word);
    if (takes.includes(placeholder)) return refused(word, "each placeholder once", `${quoted(word.text)} again`);
    takes.push(placeholder);
  }
  return { takes, words: [], mode };
}

function literalWords(words: readonly Word[]): Operands | Refused {
  const odd = words.find((word) => !literalWord.test(word.text));
  if (odd === undefined) return { takes: [], words: words.map((word) => word.text), mode: null };
  return refused(odd, "literal words of A-Z a-z 0-9 . _ - (no option)", quoted(odd.text));
}

function noPlaceholder(word: Word): Refused {
  const expected = `a placeholder (${anyOf(placeholderNames)})`;
  const shell = /[^A-Za-z0-9{}/._=+,:@%-]/.exec(word.text);
  if (shell !== null) {
    const at = { text: word.text, at: word.at + shell.index };
    return refused(at, `${expected}, no shell text`, quoted(word.text), null, "or say try: resolve");
  }
  const inside = placeholderNames.find((name) => word.text.includes(name));
  if (inside !== undefined) return refused(word, `${inside} as a word of its own`, quoted(word.text));
  if (word.text.startsWith("-")) return refused(word, "options before the placeholders", quoted(word.text));
  return refused(word, expected, quoted(word.text), closest(word.text, placeholderNames));
}

function noForm(
  program: Program,
  { rest, canonical }: Options,
  start: { readonly program: Word; readonly rest: readonly Word[] },
  takes: readonly Placeholder[],
): Refused {
  const ways = program.forms.map((form) => [...form.needs, ...form.takes].join(" ")).filter((way) => way !== "");
  const expected = ways.length === 0 ? `nothing after ${program.name}` : `${program.name} with ${anyOf(ways)}`;
  const word = rest[0] ?? endOf(start.rest[start.rest.length - 1] ?? start.program);
  const sent = start.rest.map((each) => each.text).join(" ");
  const found = sent === "" ? "nothing" : quoted(sent);
  const change = program.name === "rmdir" ? "{folder} holds two files; or say try: resolve" : "";
  // The placeholders fit and an option is missing: say the least that helps.
  const missing = program.forms
    .filter((form) => form.takes.join() === takes.join())
    .map((form) => form.needs.filter((option) => !canonical.includes(option)))
    .sort((a, b) => a.length - b.length)[0];
  const suggestion = missing === undefined ? null : [program.name, ...missing, sent].join(" ");
  return refused(word, expected, found, suggestion, change);
}

/**
 * Reads a command that is only to be resolved: any text on one line whose first word, after the prefix (and assignments
 * after `env`), is a plain name. Never throws.
 */
export function parseResolvable(text: string): Resolvable | Refused {
  const odd = /[\u0000-\u001f\u007f]/.exec(text);
  if (odd !== null) return refused({ text, at: odd.index }, "a command on one line", "a control character");
  const words = [...text.matchAll(/[^ ]+/g)].map((match) => ({ text: match[0], at: match.index }));
  const start = unprefixed(words);
  if ("kind" in start) return start;
  const assigned = start.prefix.kind === "env" ? start.rest : [];
  const program = [start.program, ...assigned].find((word) => start.prefix.kind !== "env" || !word.text.includes("="));
  if (program === undefined) return refused(endOf(start.program), "a program after env", "nothing");
  if (!/^[A-Za-z0-9_.+:@%[][A-Za-z0-9_.+:@%/[-]*$/.test(program.text)) {
    return refused(program, "the plain name or absolute path of a program", quoted(program.text));
  }
  return { kind: "resolve", text, prefix: start.prefix, program: program.text };
}

/** What stands for each placeholder: paths of `[A-Za-z0-9/._-]`, so that no shell has anything to say about them. */
export type ScratchPaths = Readonly<Record<Placeholder, string>>;

export interface Expanded {
  /** The exact string that the engine would send. */
  readonly command: string;
  /** What `words` gives on stdout, for `stdout: "words"`. */
  readonly echoes: string;
  readonly afterwards: Afterwards;
  readonly mode: number | null;
}

/** Puts paths in place of placeholders. Throws on a path that a shell could read as more than a word: that is a bug. */
export function expand(parsed: ParsedSends, paths: ScratchPaths): Expanded {
  const command = parsed.text.split(" ").map((word) => {
    const placeholder = placeholderNames.find((name) => name === word);
    if (placeholder === undefined) return word;
    if (!plainPath.test(paths[placeholder])) throw new Error(`no plain scratch path: ${paths[placeholder]}`);
    return paths[placeholder];
  });
  return {
    command: command.join(" "),
    echoes: `${parsed.words.join(" ")}\n`,
    afterwards: parsed.afterwards,
    mode: parsed.mode,
  };
}
