/** What can only be seen by looking at all documents together: names that nobody has, or two have, and circles. */
import { closest } from "./closest.ts";
import { type AnyDocumentKind, entry, type Reference } from "./document-kind.ts";
import type { Engine, Policy, Problem } from "./kinds.ts";
import { quoted } from "./problems.ts";
import type { RawDocument } from "./source.ts";

/** A document as far as it could be read. */
export interface Read {
  readonly document: RawDocument;
  /** Null where it could not be told. */
  readonly kind: AnyDocumentKind | null;
  readonly name: string | null;
  readonly problems: readonly Problem[];
  readonly built: Engine | Policy | null;
}

export function crossProblems(all: readonly Read[]): readonly Problem[] {
  return [
    ...all.flatMap((each, index) => namedTwice(each, all.slice(0, index))),
    ...all.flatMap((each) => referencesOf(each).flatMap((reference) => unresolved(each, reference, all))),
    ...circles(all),
  ];
}

function referencesOf(each: Read): readonly Reference[] {
  return each.kind?.references(entry(each.document.value, "spec")) ?? [];
}

function namedTwice(each: Read, before: readonly Read[]): readonly Problem[] {
  const first = before.find((other) => other.kind === each.kind && other.name !== null && other.name === each.name);
  if (each.kind === null || each.name === null || first === undefined) return [];
  const { line } = first.document.valueAt(["metadata", "name"]);
  return [
    {
      code: "name-duplicate",
      file: each.document.file,
      ...each.document.valueAt(["metadata", "name"]),
      expected: `a name that no other ${each.kind.kind} has`,
      found: `${quoted(each.name)}, as in ${first.document.file}:${line}`,
      suggestion: null,
      change: "",
    },
  ];
}

function unresolved(each: Read, reference: Reference, all: readonly Read[]): readonly Problem[] {
  // A broken document still has its name: its own problems are told, not those of who names it.
  const names = all.flatMap((other) =>
    other.kind?.kind === reference.kind && other.name !== null ? [other.name] : [],
  );
  if (names.includes(reference.name)) return [];
  const what = reference.kind === "Engine" ? "an Engine" : "a Policy";
  const suggestion = closest(reference.name, names);
  const list = suggestion === null && names.length > 0 ? ` (${[...new Set(names)].sort().join(", ")})` : "";
  return [
    {
      code: "name-unknown",
      file: each.document.file,
      ...each.document.valueAt(["spec", ...reference.path]),
      expected: `the name of ${what} that is given or shipped${list}`,
      found: quoted(reference.name),
      suggestion,
      change: "",
    },
  ];
}

/** One problem for each circle of documents of one kind that name each other, at the name by which it is entered again. */
function circles(all: readonly Read[]): readonly Problem[] {
  const problems: Problem[] = [];
  const done = new Set<Read>();
  const visit = (each: Read, through: readonly Read[]) => {
    for (const reference of referencesOf(each)) {
      const next = all.find((other) => other.kind?.kind === reference.kind && other.name === reference.name);
      const begin = next === undefined ? -1 : [...through, each].indexOf(next);
      if (begin >= 0) problems.push(circle(each, reference, [...through, each].slice(begin)));
      else if (next !== undefined && !done.has(next)) visit(next, [...through, each]);
    }
    done.add(each);
  };
  for (const each of all) if (!done.has(each)) visit(each, []);
  return problems;
}

function circle(each: Read, reference: Reference, members: readonly Read[]): Problem {
  return {
    code: "include-circle",
    file: each.document.file,
    ...each.document.valueAt(["spec", ...reference.path]),
    expected: "includes that come to an end",
    found: `a circle: ${[...members.map((member) => member.name), reference.name].join(" -> ")}`,
    suggestion: null,
    change: "",
  };
}
