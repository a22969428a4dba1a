/** A manifest of released files: JSON lines, or one JSON array. Pure. */
import { type AskedRelease, parseRelease } from "../../store/index.ts";

export type Manifest =
  | { readonly kind: "releases"; readonly asked: readonly AskedRelease[] }
  /** Each with its line and column, in their order; at most `mostProblems`, and how many there are in all. */
  | { readonly kind: "wrong"; readonly problems: readonly string[]; readonly count: number };

const mostProblems = 20;

/** `file` is for messages; entries that name no Retention are of `retention`, and none may name another. */
export function parseManifest(text: string, file: string, retention: string): Manifest {
  const asked: AskedRelease[] = [];
  const problems: string[] = [];
  let count = 0;
  const lines = new Lines(text);
  for (const entry of entriesIn(text)) {
    const found = releaseIn(entry, retention);
    if (found.kind === "asked") {
      asked.push(found.asked);
      continue;
    }
    count += 1;
    if (problems.length < mostProblems) problems.push(`${file}:${lines.place(found.at)}: ${found.message}`);
  }
  if (count > 0) return { kind: "wrong", problems, count };
  if (asked.length > 0) return { kind: "releases", asked };
  return { kind: "wrong", problems: [`${file}:1:1: expected at least one release, found none`], count: 1 };
}

/** A piece of the text that is to be one release, and where it begins; or what stands where none can. */
interface Entry {
  readonly text: string;
  readonly at: number;
  readonly problem?: string;
}

function entriesIn(text: string): Iterable<Entry> {
  return /^\ufeff?\s*\[/.test(text) ? elementsIn(text) : linesIn(text);
}

function* linesIn(text: string): Generator<Entry> {
  for (const { 0: line, index } of text.replace(/^\ufeff/, " ").matchAll(/[^\n]+/g)) {
    const trimmed = line.trim();
    if (trimmed !== "") yield { text: trimmed, at: index + line.indexOf(trimmed[0] ?? "") };
  }
}

/** The elements of an array, which JSON.parse would read without saying where each stands. */
function* elementsIn(text: string): Generator<Entry> {
  let depth = 0;
  let isText = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (isText) {
      if (character === "\\") at += 1;
      else if (character === '"') isText = false;
      continue;
    }
    if (character === '"') isText = true;
    else if ("[{".includes(character)) {
      depth += 1;
      if (depth === 1) from = at + 1;
    } else if ("]}".includes(character)) {
      depth -= 1;
      if (depth > 0) continue;
      const last = text.slice(from, at);
      if (last.trim() !== "") yield elementAt(last, from);
      return yield* nothingAfter(text, at + 1);
    } else if (character === "," && depth === 1) {
      yield elementAt(text.slice(from, at), from);
      from = at + 1;
    }
  }
  yield { text: "", at: text.length, problem: "expected ] at the end, found none" };
}

function elementAt(piece: string, from: number): Entry {
  const trimmed = piece.trim();
  return { text: trimmed, at: from + Math.max(0, piece.indexOf(trimmed)) };
}

function* nothingAfter(text: string, at: number): Generator<Entry> {
  const rest = text.slice(at);
  if (rest.trim() === "") return;
  yield { text: "", at: at + rest.search(/\S/), problem: "expected nothing behind ], found more" };
}

type Found = ReturnType<typeof parseRelease> | { readonly kind: "wrong"; readonly message: string };

function releaseIn({ text, at, problem }: Entry, retention: string): Found & { readonly at: number } {
  if (problem !== undefined) return { kind: "wrong", at, message: problem };
  if (/^\\?[0-9a-f]{64} [ *]/.test(text)) return { kind: "wrong", at, message: checksumLine };
  // What is no UTF-8 was read as this character: the name would be another one.
  if (text.includes("\ufffd")) return { kind: "wrong", at, message: noUtf8 };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "wrong", ...brokenAt(error, text, at) };
  }
  const parsed = parseRelease(value, "release", retention);
  if (parsed.kind === "wrong") return { ...parsed, at };
  if (parsed.asked.retention === retention) return { ...parsed, at };
  const found = JSON.stringify(parsed.asked.retention);
  return { kind: "wrong", at, message: `release.retention: expected ${retention} or none, found ${found}` };
}

const checksumLine =
  'expected a release with its size, found a line of sha256sum; write {"path":"NAME","size":BYTES,"sha256":"HEX"}';
const noUtf8 = "expected UTF-8, found other bytes; a name that is no UTF-8 goes into pathHex, its bytes in hex";

/** V8 says the position in its words; where it does not, the text ended too early. */
function brokenAt(error: unknown, text: string, from: number): { readonly at: number; readonly message: string } {
  const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
  const at = position === undefined ? text.length : Number(position);
  const found = at >= text.length ? "the end of it" : JSON.stringify(Array.from(text.slice(at, at + 2))[0]);
  return { at: from + at, message: `expected a release as JSON, found ${found} here` };
}

/** Lines and columns count from 1. */
class Lines {
  readonly #text: string;
  /** Where the line begins that was asked for last, and its number: places come in order. */
  #start = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  place(at: number): string {
    for (;;) {
      const end = this.#text.indexOf("\n", this.#start);
      if (end === -1 || end >= at) break;
      this.#start = end + 1;
      this.#line += 1;
    }
    return `${this.#line}:${at - this.#start + 1}`;
  }
}
