/** Files to checked documents: every problem of all of them at once, or a set in which every name resolves. */
import { crossProblems, nameKey, type Read } from "./cross.ts";
import { entry, type KnownCheck, metadata } from "./document-kind.ts";
import { envelopeOf } from "./envelope.ts";
import type { Engine, Loaded, Policy, Problem, SourceFile } from "./kinds.ts";
import { parseWith } from "./parse.ts";
import { type RawDocument, readSource, type Source } from "./source.ts";

export interface LoadContext {
  readonly checks: readonly KnownCheck[];
  /** The documents that come with the program; a given one of the same kind and name takes a shipped one's place. */
  readonly shipped: readonly SourceFile[];
  /**
   * The host's own documents, where others were asked for by path: names are looked up among them before the shipped
   * ones. A broken one is as if it were not there, for nobody asked for it.
   */
  readonly installed?: readonly SourceFile[];
}

/** Never throws, whatever the bytes. `files` are those given; their order decides the order of problems and of policies. */
export function loadDocuments(files: readonly SourceFile[], context: LoadContext): Loaded {
  const given = files.map(readSource);
  const shipped = context.shipped.map(readSource);
  const documentsOf = (sources: readonly Source[], isGiven: boolean) =>
    sources.flatMap(({ documents }) => documents.map((each) => readDocument(each, context.checks, isGiven)));
  const asked = documentsOf(given, true);
  const aside = documentsOf((context.installed ?? []).map(readSource), false).filter(({ built }) => built !== null);
  const own = documentsOf(shipped, false);
  const read = [...asked, ...own];
  const inPlace: Read[] = [];
  for (const tier of [asked, aside, own]) {
    const nearer = new Set(inPlace.map(nameKey));
    inPlace.push(...tier.filter((each) => !nearer.has(nameKey(each))));
  }
  const problems = limited(
    [
      ...[...given, ...shipped].flatMap((source) => source.problems),
      ...read.flatMap((each) => each.problems),
      ...crossProblems(inPlace),
    ],
    [...files, ...context.shipped],
  );
  if (problems.length > 0) {
    return {
      kind: "problems",
      problems,
      documents: seen(given, shipped),
    };
  }
  const built = inPlace.flatMap((each) => (each.built === null ? [] : [each.built]));
  return {
    kind: "documents",
    set: {
      engines: built.filter((each): each is Engine => each.kind === "Engine"),
      policies: built.filter((each): each is Policy => each.kind === "Policy"),
    },
  };
}

function readDocument(document: RawDocument, checks: readonly KnownCheck[], given: boolean): Read {
  const envelope = envelopeOf(document);
  if (envelope.kind === "problems")
    return { document, kind: null, name: null, problems: envelope.problems, built: null };
  const { kind } = envelope.value;
  const [about, written] = ["metadata", "spec"].map((key) => entry(document.value, key));
  // That a key is missing is told once, by the envelope.
  const named = about === undefined ? missing : parseWith(metadata, document, ["metadata"], about);
  const problems: Problem[] = [...envelope.others, ...(named.kind === "problems" ? named.problems : [])];
  let spec = written;
  for (const { path, value, schema } of kind.nested(spec, checks)) {
    const parsed = parseWith(schema, document, ["spec", ...path], value);
    if (parsed.kind === "problems") problems.push(...parsed.problems);
    else spec = put(spec, path, parsed.value);
  }
  const body = spec === undefined ? missing : kind.read(document, spec, checks);
  if (body.kind === "problems") problems.push(...body.problems);
  const name = entry(about, "name");
  const origin = { file: document.file, digest: document.digest, shipped: document.shipped, given };
  const sound = problems.length === 0 && named.kind === "value" && body.kind === "value";
  return {
    document,
    kind,
    name: typeof name === "string" ? name : null,
    problems,
    built: sound ? body.value({ ...named.value, origin }) : null,
  };
}

const missing = { kind: "problems", problems: [] } as const;

/** A copy of `value` with `inner` at `path`. */
function put(value: unknown, path: readonly (string | number)[], inner: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return inner;
  if (Array.isArray(value)) return value.with(Number(step), put(value[Number(step)], rest, inner));
  return { ...Object(value), [step]: put(entry(value, String(step)), rest, inner) };
}

function seen(given: readonly Source[], shipped: readonly Source[]): number {
  const count = (sources: readonly Source[]) => sources.reduce((sum, source) => sum + source.seen, 0);
  return count(given) + count(shipped.filter((source) => source.problems.length > 0)) || count(shipped);
}

/** In the order of files and places; of one file at most so many that a person reads. */
function limited(problems: readonly Problem[], files: readonly SourceFile[]): readonly Problem[] {
  const most = 100;
  return [...new Set(files.map((source) => source.file))].flatMap((file) => {
    const own = problems
      .filter((problem) => problem.file === file)
      .sort((a, b) => a.line - b.line || a.column - b.column);
    if (own.length <= most) return own;
    const found = `${own.length}; these are the first`;
    const expected = `at most ${most} problems in a file`;
    const more = { code: "problems-too-many", file, line: 0, column: 0, expected, found, suggestion: null, change: "" };
    return [...own.slice(0, most), more];
  });
}
