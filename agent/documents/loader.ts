/** Files to checked documents: every problem of all of them at once, or a set in which every name resolves. */
import { crossProblems, type Read } from "./cross.ts";
import { entry, type KnownCheck, metadata } from "./document-kind.ts";
import { envelopeOf } from "./envelope.ts";
import type { Engine, Loaded, Policy, Problem, SourceFile } from "./kinds.ts";
import { parseWith } from "./parse.ts";
import { type RawDocument, readSource, type Source } from "./source.ts";

export interface LoadContext {
  readonly checks: readonly KnownCheck[];
  /** The documents that come with the program; a given one of the same kind and name takes a shipped one's place. */
  readonly shipped: readonly SourceFile[];
}

/** Never throws, whatever the bytes. `files` are those given; their order decides the order of problems and of policies. */
export function loadDocuments(files: readonly SourceFile[], context: LoadContext): Loaded {
  const given = files.map(readSource);
  const shipped = context.shipped.map(readSource);
  const read = [...given, ...shipped].flatMap(({ documents }) =>
    documents.map((document) => readDocument(document, context.checks)),
  );
  const inPlace = read.filter((each) => !isReplaced(each, read));
  const problems = [
    ...[...given, ...shipped].flatMap((source) => source.problems),
    ...read.flatMap((each) => each.problems),
    ...crossProblems(inPlace),
  ];
  if (problems.length > 0) {
    return {
      kind: "problems",
      problems: inOrder(problems, [...files, ...context.shipped]),
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

function readDocument(document: RawDocument, checks: readonly KnownCheck[]): Read {
  const envelope = envelopeOf(document);
  if (envelope.kind === "problems")
    return { document, kind: null, name: null, problems: envelope.problems, built: null };
  const { kind } = envelope.value;
  const named = parseWith(metadata, document, ["metadata"], entry(document.value, "metadata"));
  const problems: Problem[] = [...envelope.others, ...(named.kind === "problems" ? named.problems : [])];
  let spec = entry(document.value, "spec");
  for (const { path, value, schema } of kind.nested(spec, checks)) {
    const parsed = parseWith(schema, document, ["spec", ...path], value);
    if (parsed.kind === "problems") problems.push(...parsed.problems);
    else spec = put(spec, path, parsed.value);
  }
  const body = kind.read(document, spec, checks);
  if (body.kind === "problems") problems.push(...body.problems);
  const name = entry(entry(document.value, "metadata"), "name");
  const origin = { file: document.file, digest: document.digest, shipped: document.shipped };
  const sound = problems.length === 0 && named.kind === "value" && body.kind === "value";
  return {
    document,
    kind,
    name: typeof name === "string" ? name : null,
    problems,
    built: sound ? body.value({ ...named.value, origin }) : null,
  };
}

/** A copy of `value` with `inner` at `path`. */
function put(value: unknown, path: readonly (string | number)[], inner: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return inner;
  if (Array.isArray(value)) return value.with(Number(step), put(value[Number(step)], rest, inner));
  return { ...Object(value), [step]: put(entry(value, String(step)), rest, inner) };
}

function isReplaced(each: Read, all: readonly Read[]): boolean {
  if (!each.document.shipped || each.name === null) return false;
  return all.some((other) => !other.document.shipped && other.kind === each.kind && other.name === each.name);
}

function seen(given: readonly Source[], shipped: readonly Source[]): number {
  const count = (sources: readonly Source[]) => sources.reduce((sum, source) => sum + source.seen, 0);
  return count(given) + count(shipped.filter((source) => source.problems.length > 0)) || count(shipped);
}

function inOrder(problems: readonly Problem[], files: readonly SourceFile[]): readonly Problem[] {
  const order = files.map((source) => source.file);
  return [...problems].sort(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
