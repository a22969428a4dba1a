/** zod's issues in words, each at the exact place. */
import * as z from "zod";
import { anyOf, closest } from "./closest.ts";
import type { Problem } from "./kinds.ts";
import { foundWords, quoted } from "./problems.ts";
import type { Path, Position, RawDocument } from "./source.ts";

type Issue = z.core.$ZodIssue;

export interface Where {
  readonly document: RawDocument;
  readonly base: Path;
  readonly value: unknown;
  readonly schema: z.ZodType;
}

/**
 * What a schema's own refinement may say in `params` of a `custom` issue; whatever is missing is filled in. `at` is the
 * offset in the text where it goes wrong.
 */
export interface Said {
  readonly code?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly suggestion?: string | null;
  readonly change?: string;
  readonly at?: number;
}

type Saying = Pick<Problem, "code" | "expected"> & Partial<Told>;

export function problemsOf(issues: readonly Issue[], where: Where): readonly Problem[] {
  return unrepeated(issues.flatMap((issue) => problemsOfIssue(issue, [], where)));
}

/** A problem with a map's keys knows which map, for as long as problems are compared. */
interface Told extends Problem {
  readonly map?: string;
}

/** A key that is missing because it was mistyped is told once, at the mistyped one. */
function unrepeated(told: readonly Told[]): readonly Problem[] {
  const mistyped = new Set(
    told.map(({ code, map, suggestion }) => (code === "key-unknown" ? `${map} ${keyWords(suggestion ?? "")}` : "")),
  );
  return told
    .filter(({ code, map, expected }) => code !== "key-missing" || !mistyped.has(`${map} ${expected}`))
    .map(({ map, ...problem }) => problem);
}

function keyWords(key: string): string {
  return `the key ${quoted(key)}`;
}

function problemsOfIssue(issue: Issue, outer: Path, where: Where): readonly Told[] {
  const path: Path = [...outer, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  const value = valueAt(where.value, path);
  const { document, base, schema } = where;
  const full = [...base, ...path];
  const said = (problem: Saying, position?: Position): Told => ({
    file: document.file,
    found: foundWords(value),
    suggestion: null,
    change: "",
    ...(position ?? document.valueAt(full)),
    ...problem,
  });
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      said(
        { ...unknownKey(key, value, keysOf(schema, path, where.value)), map: full.join("/") },
        document.keyAt(full, key),
      ),
    );
  }
  if (value === undefined && path.length > 0) {
    const expected = keyWords(String(path[path.length - 1]));
    const map = full.slice(0, -1);
    return [said({ code: "key-missing", expected, found: "none", map: map.join("/") }, document.valueAt(map))];
  }
  if (issue.code === "invalid_union") return unionProblems(issue, path, value, where, said);
  if (issue.code === "custom") {
    const { at, ...rest }: Said = issue.params ?? {};
    const position = at === undefined || typeof value !== "string" ? undefined : document.textAt(full, value, at);
    return [said({ code: "value-refused", expected: issue.message, ...rest }, position)];
  }
  return [said(plainProblem(issue, value))];
}

function plainProblem(issue: Issue, value: unknown): Saying {
  if (issue.code === "invalid_type") return { code: "value-type", expected: typeWords(issue.expected) };
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const suggestion = typeof value === "string" ? closest(value, values) : null;
    return { code: "value-not-listed", expected: anyOf(values), suggestion };
  }
  if (issue.code === "invalid_format") {
    // The schemas of this folder say in words what they want; a pattern is the last resort.
    const inWords = !issue.message.startsWith("Invalid");
    return { code: "value-format", expected: inWords ? issue.message : `text like ${issue.pattern ?? issue.format}` };
  }
  if (issue.code === "too_small" || issue.code === "too_big") {
    return { code: "value-range", expected: rangeWords(issue) };
  }
  return { code: "value-refused", expected: issue.message };
}

function rangeWords(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [bound, side] = issue.code === "too_small" ? [issue.minimum, "at least"] : [issue.maximum, "at most"];
  if (issue.origin === "array") return bound === 1n || bound === 1 ? `${side} one entry` : `${side} ${bound} entries`;
  if (issue.origin === "string") return bound === 1 ? `${side} one character` : `${side} ${bound} characters`;
  return `${side} ${bound}`;
}

function typeWords(expected: string): string {
  const words: Record<string, string> = {
    array: "a list",
    object: "a map",
    record: "a map",
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return words[expected] ?? expected;
}

function unknownKey(key: string, map: unknown, known: readonly string[]) {
  // None of our keys has a space: such a one is the beginning of a text that holds ": ", or of a command in braces.
  const isText = /\s/.test(key);
  const braces = valueAt(map, [key]) === "" && Object.keys(Object(map)).length === 1;
  const change = isText
    ? '": " makes a key of what stands before it: put the whole text in quotes'
    : braces
      ? "a text that begins with { needs quotes"
      : "";
  const suggestion = isText || braces ? null : closest(key, known);
  const expected =
    known.length === 0
      ? "no key"
      : known.length === 1
        ? keyWords(known[0] ?? "")
        : `one of the keys ${known.join(", ")}`;
  return { code: "key-unknown", expected, found: quoted(key), suggestion, change };
}

/**
 * Of a union's branches the one that fits the value's type speaks. Where none does, the union says what it takes in its
 * own words (`error:`), or else each branch does.
 */
function unionProblems(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  value: unknown,
  where: Where,
  said: (problem: Saying) => Told,
): readonly Told[] {
  const fits = issue.errors.find((branch) =>
    branch.every((inner) => inner.path.length > 0 || !["invalid_type", "invalid_value"].includes(inner.code)),
  );
  if (fits !== undefined && fits.length > 0) {
    const problems = fits.flatMap((inner) => problemsOfIssue(inner, path, where));
    // Help about a text that became a map says it all: that the map lacks a key follows from it.
    const helps = problems.filter((problem) => problem.code === "key-unknown" && problem.change !== "");
    return helps.length > 0 ? helps : problems;
  }
  // Told apart by a key (`kind`), and this is no word that it has.
  if ("options" in issue && Array.isArray(issue.options)) {
    const words = issue.options.map(String);
    const suggestion = typeof value === "string" ? closest(value, words) : null;
    return [said({ code: "value-not-listed", expected: anyOf(words), suggestion })];
  }
  const heads = issue.errors.flatMap((branch) => branch.filter((inner) => inner.path.length === 0));
  const literals = heads.flatMap((head) => (head.code === "invalid_value" ? head.values.map(String) : []));
  const words = [...new Set(heads.map((head) => plainProblem(head, value).expected))];
  const expected = issue.message.startsWith("Invalid") ? anyOf(words) : issue.message;
  const suggestion = typeof value === "string" ? closest(value, literals) : null;
  return [said({ code: "value-type", expected, suggestion })];
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Object.getOwnPropertyDescriptor(found, step)?.value;
  }
  return found;
}

/** The keys that the schema knows at `path` of `value`, in the order in which it lists them. */
export function keysOf(schema: unknown, path: Path, value: unknown): readonly string[] {
  const [step, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    return step === undefined ? Object.keys(schema.shape) : keysOf(schema.shape[step], rest, valueAt(value, [step]));
  }
  if (schema instanceof z.ZodArray) {
    return step === undefined ? [] : keysOf(schema.element, rest, valueAt(value, [step]));
  }
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return keysOf(schema.unwrap(), path, value);
  }
  if (schema instanceof z.ZodPipe) return keysOf(schema.in, path, value);
  if (schema instanceof z.ZodUnion) {
    return (
      optionsFor(schema, value)
        .map((option) => keysOf(option, path, value))
        .find((keys) => keys.length > 0) ?? []
    );
  }
  return [];
}

/** Of a union whose options are told apart by a key, the one that the value names; of any other all. */
function optionsFor(union: z.ZodUnion, value: unknown): readonly unknown[] {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return union.options;
  const key = union.def.discriminator;
  return union.options.filter(
    (option) => option instanceof z.ZodObject && option.shape[key]?.safeParse(valueAt(value, [key])).success === true,
  );
}
