/** Files to checked documents: every problem of all of them at once, or a set in which every name resolves. */
import { crossProblems, nameKey, type Read } from "./cross.ts";
import { entry, type Known, metadata, type Tier } from "./document-kind.ts";
import { envelopeOf, isOtherKind, writtenKind } from "./envelope.ts";
import type { Granted, HostDocuments } from "./host-kinds.ts";
import type { Loaded, Problem, SourceFile } from "./kinds.ts";
import { parseWith } from "./parse.ts";
import { type RawDocument, readSource, type Source } from "./source.ts";

export interface LoadContext extends Known {
  /** The documents that come with the program; a given one of the same kind and name takes a shipped one's place. */
  readonly shipped: readonly SourceFile[];
  /**
   * The policies of the host, where others were asked for by path: names are looked up among them before the shipped
   * ones. A broken one is as if it were not there, for nobody asked for it; a Grant that lies there is told even so.
   */
  readonly installed?: readonly SourceFile[];
  /**
   * The host owner's own documents. An Engine or a Policy among them is like one of the host's policies: given, or
   * looked up by name where others were asked for.
   */
  readonly host?: readonly SourceFile[];
}

/**
 * Never throws, whatever the bytes. `files` are the policies given; their order decides the order of problems and of
 * policies, after those of the host's owner.
 */
export function loadDocuments(files: readonly SourceFile[], context: LoadContext): Loaded {
  const read = (sources: readonly SourceFile[], tier: Tier, given: boolean) =>
    readAll(sources, { ...context, tier, given });
  const host = read(context.host ?? [], "host", context.installed === undefined);
  const asked = read(files, "policies", true);
  const installed = read(context.installed ?? [], "policies", false);
  const shipped = read(context.shipped, "policies", false);
  const aside = installed.documents.filter(({ built }) => built !== null);
  const tiers =
    context.installed === undefined
      ? [[...host.documents, ...asked.documents], shipped.documents]
      : [asked.documents, [...host.documents, ...aside], shipped.documents];
  const inPlace: Read[] = [];
  for (const tier of tiers) {
    const nearer = new Set(inPlace.map(nameKey));
    inPlace.push(...tier.filter((each) => !nearer.has(nameKey(each))));
  }
  const grants = [...host.documents, ...asked.documents, ...installed.documents].filter(isGrant);
  const told = [...host.documents, ...asked.documents, ...shipped.documents, ...installed.documents.filter(isGrant)];
  const problems = limited(
    [
      ...[host, asked, shipped].flatMap(({ sources }) => sources.flatMap((source) => source.problems)),
      ...told.flatMap((each) => each.problems),
      ...crossProblems(inPlace),
    ],
    [...(context.host ?? []), ...files, ...(context.installed ?? []), ...context.shipped],
  );
  const built = inPlace.flatMap((each) => (each.built === null ? [] : [each.built]));
  const hostDocuments: HostDocuments = {
    agent: built.find((each) => each.kind === "Agent") ?? null,
    grant: mayHideGrant(host) ? { kind: "broken" } : grantOf(grants),
    exceptions: built.filter((each) => each.kind === "Exception"),
  };
  if (problems.length > 0) {
    const documents = seen([...host.sources, ...asked.sources], shipped.sources);
    return { kind: "problems", problems, documents, grant: hostDocuments.grant.kind, host: hostDocuments };
  }
  return {
    kind: "documents",
    set: {
      engines: built.filter((each) => each.kind === "Engine"),
      policies: built.filter((each) => each.kind === "Policy"),
      retentions: built.filter((each) => each.kind === "Retention").filter(({ origin }) => origin.given),
    },
    host: hostDocuments,
  };
}

/** Also one that cannot be taken: it says that it is one. */
function isGrant({ document }: Read): boolean {
  return writtenKind(document) === "Grant";
}

/**
 * Whether something of the host owner's is broken in such a way that it may hold the Grant: a file that cannot be read,
 * is no YAML, or is empty as a file is while it is being saved; a document that does not say of which kind it is.
 */
function mayHideGrant({ sources, documents }: ReadTier): boolean {
  const isUntold = ({ kind, document }: Read) => kind === null && !isOtherKind(document, "Grant");
  return sources.some(({ problems }) => problems.length > 0) || documents.some(isUntold);
}

/** One that can be taken, and no other; what lies in the wrong place is not taken, and not overlooked either. */
function grantOf(grants: readonly Read[]): Granted {
  const [only, another] = grants;
  if (only === undefined) return { kind: "none" };
  if (another !== undefined || only.built?.kind !== "Grant") return { kind: "broken" };
  return { kind: "grant", grant: only.built };
}

interface ReadTier {
  readonly sources: readonly Source[];
  readonly documents: readonly Read[];
}

interface Reading extends Known {
  readonly tier: Tier;
  readonly given: boolean;
}

function readAll(files: readonly SourceFile[], reading: Reading): ReadTier {
  const sources = files.map(readSource);
  return {
    sources,
    documents: sources.flatMap(({ documents }) => documents.map((each) => readDocument(each, reading))),
  };
}

function readDocument(document: RawDocument, reading: Reading): Read {
  const envelope = envelopeOf(document, reading.tier);
  if (envelope.kind === "problems")
    return { document, kind: null, name: null, problems: envelope.problems, built: null };
  const { kind } = envelope.value;
  const [about, written] = ["metadata", "spec"].map((key) => entry(document.value, key));
  // That a key is missing is told once, by the envelope.
  const named = about === undefined ? missing : parseWith(metadata, document, ["metadata"], about);
  const problems: Problem[] = [...envelope.others, ...(named.kind === "problems" ? named.problems : [])];
  let spec = written;
  for (const { path, value, schema } of kind.nested(spec, reading.checks)) {
    const parsed = parseWith(schema, document, ["spec", ...path], value);
    if (parsed.kind === "problems") problems.push(...parsed.problems);
    else spec = put(spec, path, parsed.value);
  }
  const body = spec === undefined ? missing : kind.read(document, spec, reading);
  if (body.kind === "problems") problems.push(...body.problems);
  const name = entry(about, "name");
  const given = reading.given || kind.tier === "host";
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
