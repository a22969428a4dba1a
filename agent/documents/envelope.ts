/** What every document has around its `spec`: which version and kind it is. Decides before anything else is looked at. */
import { anyOf, closest } from "./closest.ts";
import { type AnyDocumentKind, entry, type Tier } from "./document-kind.ts";
import type { Problem } from "./kinds.ts";
import { foundWords, quoted } from "./problems.ts";
import { documentKinds } from "./registry.ts";
import type { RawDocument } from "./source.ts";

export const apiVersion = "rcwarden/v1";

const keys = ["apiVersion", "kind", "metadata", "spec"];

export type Envelope =
  | { readonly kind: "value"; readonly value: { readonly kind: AnyDocumentKind }; readonly others: readonly Problem[] }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Whether a document of this kind may lie there: what says how to look after accounts may lie with the owner's, too. */
function mayLie(kind: AnyDocumentKind, tier: Tier): boolean {
  return tier === "host" || kind.tier === "policies";
}

function misplaced({ kind, livesIn }: AnyDocumentKind): string {
  const article = /^[AEIO]/.test(kind) ? "an" : "a";
  return `${article} ${kind} is the host owner's and never stands among policies: it lies in ${livesIn}`;
}

/** The name of a kind as the document has it, whatever else is wrong with it; null where it says none. */
export function writtenKind({ value }: RawDocument): string | null {
  const written = entry(value, "kind");
  return typeof written === "string" ? written : null;
}

/** Whether a document says that it is of a kind that is certainly not this one. */
export function isOtherKind(document: RawDocument, kind: AnyDocumentKind["kind"]): boolean {
  const written = writtenKind(document);
  return written !== null && written !== kind && documentKinds.some((each) => each.kind === written);
}

/** The kind, and problems that leave it known; or problems that leave nothing else to be said. */
export function envelopeOf(document: RawDocument, tier: Tier): Envelope {
  const { value } = document;
  const problem = (code: string, expected: string, rest: Partial<Problem>): Problem => ({
    file: document.file,
    code,
    expected,
    found: "none",
    suggestion: null,
    change: "",
    ...document.valueAt([]),
    ...rest,
  });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const expected = `a map with the keys ${keys.join(", ")}`;
    return { kind: "problems", problems: [problem("document-no-map", expected, { found: foundWords(value) })] };
  }
  const found = (key: string) => ({ found: foundWords(entry(value, key)), ...document.valueAt([key]) });
  const missing = keys.filter((key) => entry(value, key) === undefined);
  const decisive: Problem[] = [];
  const version = entry(value, "apiVersion");
  if (version !== undefined && version !== apiVersion) {
    const suggestion = typeof version === "string" ? closest(version, [apiVersion]) : null;
    decisive.push(problem("api-version-unknown", apiVersion, { ...found("apiVersion"), suggestion }));
  }
  const named = entry(value, "kind");
  const names = documentKinds.filter((each) => mayLie(each, tier)).map((each) => each.kind);
  const known = documentKinds.find((each) => each.kind === named);
  const kind = known !== undefined && mayLie(known, tier) ? known : undefined;
  if (named === undefined) decisive.push(...missing.map((key) => problem("key-missing", `the key ${quoted(key)}`, {})));
  else if (kind === undefined) {
    const suggestion = typeof named === "string" && known === undefined ? closest(named, names) : null;
    const rest = { ...found("kind"), suggestion, change: known === undefined ? "" : misplaced(known) };
    decisive.push(problem(known === undefined ? "kind-unknown" : "kind-not-here", anyOf(names), rest));
  }
  if (kind === undefined || decisive.length > 0) return { kind: "problems", problems: decisive };
  const others = [
    ...Object.keys(value)
      .filter((key) => !keys.includes(key))
      .map((key) =>
        problem("key-unknown", `one of the keys ${keys.join(", ")}`, {
          found: quoted(key),
          suggestion: closest(key, keys),
          ...document.keyAt([], key),
        }),
      ),
    ...missing.map((key) => problem("key-missing", `the key ${quoted(key)}`, {})),
  ];
  return { kind: "value", value: { kind }, others };
}
