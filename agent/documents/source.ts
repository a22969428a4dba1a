/**
 * A file's bytes to plain values with positions. Every scalar is text (YAML's failsafe schema): what it becomes is for
 * the field's schema to say, so that `true`, `0022` and all-digit names need no quotes.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments, type YAMLError } from "yaml";
import type { Problem, SourceFile } from "./kinds.ts";
import { quoted } from "./problems.ts";
import { brokenText, unknownAlias, yamlProblem } from "./yaml-problems.ts";

export const limits = { bytes: 1024 * 1024, aliases: 100, depth: 32, repeated: 10_000 } as const;

/** A place in the file, and the places of what stands in it. Offsets in UTF-16 code units from the text's begin. */
interface Spot {
  readonly start: number;
  readonly end: number;
  readonly inside: ReadonlyMap<string, Spot>;
  readonly keys: ReadonlyMap<string, number>;
}

export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One YAML document of a file. */
export interface RawDocument {
  readonly file: string;
  readonly shipped: boolean;
  readonly digest: string;
  /** Maps are objects, lists arrays, everything else text. */
  readonly value: unknown;
  /** Where the value at `path` begins; what is not there has the place of the nearest thing around it. */
  valueAt(path: Path): Position;
  /** Where the key `key` of the map at `path` stands. */
  keyAt(path: Path, key: string): Position;
  /** Where the character `offset` of the text at `path` stands; the text's begin, where folding or escapes hide it. */
  textAt(path: Path, text: string, offset: number): Position;
}

export interface Source {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly Problem[];
  /** Documents that were seen, broken ones too. */
  readonly seen: number;
}

/** Never throws, whatever the bytes. A file with a syntax error gives no documents from that error's document. */
export function readSource(source: SourceFile): Source {
  const whole = { file: source.file, line: 0, column: 0, suggestion: null, change: "" };
  const broken = (problem: Pick<Problem, "code" | "expected" | "found"> & Partial<Problem>): Source => ({
    documents: [],
    problems: [{ ...whole, ...problem }],
    seen: 1,
  });
  if ("refused" in source) return broken(source.refused);
  if (source.bytes.length > limits.bytes) {
    return broken({ code: "file-too-big", expected: "at most 1 MiB", found: `${source.bytes.length} bytes` });
  }
  const decoded = decode(source.bytes);
  if (typeof decoded !== "string") return broken({ code: "file-binary", ...decoded });
  return readText(source.file, source.shipped, decoded, `sha256:${digestOf(source.bytes)}`);
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Text of valid UTF-8 without control characters (a byte order mark is taken off), or the first place that is none. */
function decode(bytes: Uint8Array): string | (Position & Pick<Problem, "expected" | "found">) {
  const text = new TextDecoder("utf-8").decode(bytes);
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  const undecoded = isUtf8(bytes) ? -1 : text.indexOf("\ufffd");
  if (control === null && undecoded < 0) return text;
  const expected = "text in UTF-8";
  if (control === null || (undecoded >= 0 && undecoded < control.index)) {
    return { expected, found: "bytes that are none", ...positionIn(text, undecoded) };
  }
  const hex = control[0].charCodeAt(0).toString(16).padStart(2, "0");
  return { expected, found: `the control character 0x${hex}`, ...positionIn(text, control.index) };
}

function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1 };
}

function readText(file: string, shipped: boolean, text: string, digest: string): Source {
  const lineCounter = new LineCounter();
  const parsed = parsedDocuments(text, lineCounter);
  const position = positionsOf(text, lineCounter);
  const documents: RawDocument[] = [];
  const problems: Problem[] = [];
  let seen = 0;
  for (const document of parsed) {
    const broken = [...document.errors, ...document.warnings];
    if (broken.length === 0 && isNothing(document.contents)) continue;
    seen += 1;
    if (broken.length > 0) {
      const told = firstOfEachLine(broken, lineCounter);
      problems.push(...told.map((error) => ({ file, ...yamlProblem(error, text), ...position(error.pos[0]) })));
      continue;
    }
    const walked = walk(document.contents);
    if ("offset" in walked) problems.push({ file, ...walked.problem, ...position(walked.offset) });
    else documents.push({ file, shipped, digest, value: walked.value, ...placesOf(walked.spot, text, position) });
  }
  if (seen === 0) problems.push({ file, ...brokenText("file-empty", "a document", "none"), line: 0, column: 0 });
  return { documents, problems, seen: Math.max(1, seen) };
}

function parsedDocuments(text: string, lineCounter: LineCounter) {
  // `walk` looks for keys that stand twice: the library compares each with each.
  const options = { schema: "failsafe", lineCounter, prettyErrors: false, strict: true, uniqueKeys: false } as const;
  const parsed = parseAllDocuments(text, options);
  return "empty" in parsed ? [] : parsed;
}

function isNothing(contents: ParsedNode | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === "" && contents.type === "PLAIN");
}

/** One mistake makes a parser stumble several times: what follows on the same line is noise. */
function firstOfEachLine(errors: readonly YAMLError[], lineCounter: LineCounter): readonly YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const error of errors) {
    const { line } = lineCounter.linePos(error.pos[0]);
    if (!byLine.has(line)) byLine.set(line, error);
  }
  return [...byLine.values()].slice(0, 20);
}

/** Offset to place. The counter counts UTF-16 code units, people count characters: those of two units count once. */
function positionsOf(text: string, lineCounter: LineCounter): (offset: number) => Position {
  const second = [...text.matchAll(/[\udc00-\udfff]/g)].map((match) => match.index);
  const before = (offset: number) => {
    let [low, high] = [0, second.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((second[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (offset) => {
    const { line } = lineCounter.linePos(offset);
    const start = lineCounter.lineStarts[line - 1] ?? 0;
    return { line, column: offset - start - before(offset) + before(start) + 1 };
  };
}

interface Walked {
  readonly value: unknown;
  readonly spot: Spot;
}
interface Stopped {
  readonly offset: number;
  readonly problem: Omit<Problem, "file" | "line" | "column">;
}

/**
 * Follows the tree by hand instead of the library's `toJS`: aliases are resolved by a table (the library looks through
 * the whole document for each), what they repeat is counted, and no depth or cycle can exhaust the stack.
 */
function walk(root: ParsedNode | null): Walked | Stopped {
  const anchors = new Map<string, ParsedNode>();
  let aliases = 0;
  let repeated = 0;

  function visit(node: ParsedNode | null, depth: number, within: boolean, fallback: number): Walked | Stopped {
    const start = node?.range[0] ?? fallback;
    const leaf: Spot = { start, end: node?.range[1] ?? start, inside: new Map(), keys: new Map() };
    const stop = (code: string, expected: string, found: string): Stopped => ({
      offset: start,
      problem: brokenText(code, expected, found),
    });
    if (node === null) return { value: "", spot: leaf };
    if (within) repeated += 1;
    if (repeated > limits.repeated)
      return stop("aliases-too-many", "aliases that repeat at most 10,000 values", "more");
    if (isAlias(node)) {
      if (!within) aliases += 1;
      if (aliases > limits.aliases) return stop("aliases-too-many", `at most ${limits.aliases} aliases`, "more");
      const target = anchors.get(node.source);
      if (target === undefined) return { offset: start, problem: unknownAlias(node.source) };
      return visit(target, depth, true, start);
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return { value: String(node.value ?? ""), spot: leaf };
    if (depth > limits.depth) return stop("depth-too-great", `at most ${limits.depth} levels`, "more");
    const inside = new Map<string, Spot>();
    if (isSeq(node)) {
      const values: unknown[] = [];
      for (const [index, item] of node.items.entries()) {
        const walked = visit(item, depth + 1, within, start);
        if ("offset" in walked) return walked;
        values.push(walked.value);
        inside.set(String(index), walked.spot);
      }
      return { value: values, spot: { ...leaf, inside } };
    }
    if (!isMap(node)) return stop("yaml-syntax", "text, a list or a map", "something else");
    const keys = new Map<string, number>();
    const value: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (!isScalar(pair.key)) {
        const offset = pair.key?.range[0] ?? start;
        return { offset, problem: brokenText("key-not-text", "text as a key", "a list or a map") };
      }
      const key = String(pair.key.value ?? "");
      if (keys.has(key)) {
        const problem = brokenText("key-duplicate", "each key once", `${quoted(key)} again`);
        return { offset: pair.key.range[0], problem };
      }
      const walked = visit(pair.value, depth + 1, within, pair.key.range[1]);
      if ("offset" in walked) return walked;
      // Not by assignment: a key `__proto__` would change the object instead of standing in it.
      Object.defineProperty(value, key, { value: walked.value, enumerable: true, configurable: true, writable: true });
      inside.set(key, walked.spot);
      keys.set(key, pair.key.range[0]);
    }
    return { value, spot: { ...leaf, inside, keys } };
  }
  return visit(root, 1, false, 0);
}

function placesOf(root: Spot, text: string, position: (offset: number) => Position) {
  function spotAt(path: Path): { spot: Spot; exact: boolean } {
    let spot = root;
    for (const step of path) {
      const next = spot.inside.get(String(step));
      if (next === undefined) return { spot, exact: false };
      spot = next;
    }
    return { spot, exact: true };
  }
  return {
    valueAt: (path: Path) => position(spotAt(path).spot.start),
    keyAt: (path: Path, key: string) => {
      const { spot } = spotAt(path);
      return position(spot.keys.get(key) ?? spot.start);
    },
    textAt: (path: Path, value: string, offset: number) => {
      const { spot, exact } = spotAt(path);
      const written = text.slice(spot.start, spot.end);
      const begin = exact ? written.indexOf(value) : -1;
      return position(begin < 0 ? spot.start : spot.start + begin + offset);
    },
  };
}
