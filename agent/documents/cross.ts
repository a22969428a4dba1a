/**
 * What can only be seen by looking at all documents together: names that nobody has, or two have, circles, and folders for
 * which two Retentions speak.
 */
import { closest } from "./closest.ts";
import { type AnyDocument, type AnyDocumentKind, entry, type Reference } from "./document-kind.ts";
import { selfPolicyName } from "./force.ts";
import type { Problem } from "./kinds.ts";
import { absolutePath } from "./paths.ts";
import { quoted } from "./problems.ts";
import type { RawDocument } from "./source.ts";

/** A document as far as it could be read. */
export interface Read {
  readonly document: RawDocument;
  /** Null where it could not be told. */
  readonly kind: AnyDocumentKind | null;
  readonly name: string | null;
  readonly problems: readonly Problem[];
  readonly built: AnyDocument | null;
}

/** What tells documents of one kind apart; null has no kind or name that could be told. */
export function nameKey({ kind, name }: Pick<Read, "kind" | "name">): string | null {
  if (kind?.single === true) return kind.kind;
  return kind === null || name === null ? null : `${kind.kind} ${name}`;
}

export function crossProblems(all: readonly Read[]): readonly Problem[] {
  const byName = new Map<string | null, Read>();
  const problems: Problem[] = [];
  for (const each of all) {
    const key = nameKey(each);
    const first = byName.get(key);
    if (key === null) continue;
    if (each.kind?.kind === "Policy" && each.name === selfPolicyName && !each.document.shipped)
      problems.push(reserved(each));
    if (first === undefined) byName.set(key, each);
    else problems.push(each.kind?.single === true ? second(each, first) : namedTwice(each, first));
  }
  const names = {
    Engine: all.flatMap((each) => (each.kind?.kind === "Engine" && each.name !== null ? [each.name] : [])),
    Policy: all.flatMap((each) => (each.kind?.kind === "Policy" && each.name !== null ? [each.name] : [])),
  };
  for (const each of all) {
    for (const reference of referencesOf(each)) {
      // A broken document still has its name: its own problems are told, not those of who names it.
      if (!byName.has(`${reference.kind} ${reference.name}`))
        problems.push(unresolved(each, reference, names[reference.kind]));
    }
  }
  return [...problems, ...circles(all, byName), ...overlaps(all)];
}

function referencesOf(each: Read): readonly Reference[] {
  return each.kind?.references(entry(each.document.value, "spec")) ?? [];
}

function namedTwice(each: Read, first: Read): Problem {
  const { line } = first.document.valueAt(["metadata", "name"]);
  return {
    code: "name-duplicate",
    file: each.document.file,
    ...each.document.valueAt(["metadata", "name"]),
    expected: `a name that no other ${each.kind?.kind} has`,
    found: `${quoted(each.name ?? "")}, as in ${first.document.file}:${line}`,
    suggestion: null,
    change: "",
  };
}

function reserved(each: Read): Problem {
  return {
    code: "name-reserved",
    file: each.document.file,
    ...each.document.valueAt(["metadata", "name"]),
    expected: "a name that rcwarden does not keep for itself",
    found: quoted(selfPolicyName),
    suggestion: null,
    change: "",
  };
}

function second(each: Read, first: Read): Problem {
  const { line } = first.document.valueAt(["kind"]);
  return {
    code: "kind-second",
    file: each.document.file,
    ...each.document.valueAt(["kind"]),
    expected: `one ${each.kind?.kind} for the host`,
    found: `a second; the first is in ${first.document.file}:${line}`,
    suggestion: null,
    change: "",
  };
}

function unresolved(each: Read, reference: Reference, names: readonly string[]): Problem {
  const suggestion = closest(reference.name, names);
  const known = [...new Set(names)].sort();
  const list = suggestion === null && known.length > 0 && known.length <= 12 ? ` (${known.join(", ")})` : "";
  return {
    code: "name-unknown",
    file: each.document.file,
    ...each.document.valueAt(["spec", ...reference.path]),
    expected: `the name of ${reference.kind === "Engine" ? "an Engine" : "a Policy"} that is given or shipped${list}`,
    found: quoted(reference.name),
    suggestion,
    change: "",
  };
}

/**
 * One problem for each circle of documents that name each other, at the name by which it is entered again. With a stack
 * of its own: a chain of includes may be longer than the engine's.
 */
function circles(all: readonly Read[], byName: ReadonlyMap<string | null, Read>): readonly Problem[] {
  const problems: Problem[] = [];
  const done = new Set<Read>();
  for (const begin of all) {
    const through: { readonly each: Read; readonly rest: Reference[] }[] = [];
    const enter = (each: Read) => through.push({ each, rest: [...referencesOf(each)] });
    if (!done.has(begin)) enter(begin);
    for (let top = through.at(-1); top !== undefined; top = through.at(-1)) {
      const reference = top.rest.shift();
      const next = reference && byName.get(`${reference.kind} ${reference.name}`);
      if (reference === undefined) {
        done.add(top.each);
        through.pop();
      } else if (next !== undefined && !done.has(next)) {
        const entered = through.findIndex(({ each }) => each === next);
        if (entered < 0) enter(next);
        else
          problems.push(
            circle(
              top.each,
              reference,
              through.slice(entered).map(({ each }) => each),
            ),
          );
      }
    }
  }
  return problems;
}

function circle(each: Read, reference: Reference, members: readonly Read[]): Problem {
  const names = [...members.map((member) => member.name), reference.name];
  const shown = names.length > 12 ? [...names.slice(0, 6), "...", ...names.slice(-5)] : names;
  return {
    code: "include-circle",
    file: each.document.file,
    ...each.document.valueAt(["spec", ...reference.path]),
    expected: "includes that come to an end",
    found: `a circle: ${shown.join(" -> ")}`,
    suggestion: null,
    change: "",
  };
}

/** For one folder one Retention speaks: of two, each would remove what the other keeps. */
function overlaps(all: readonly Read[]): readonly Problem[] {
  const roots = new Map<string, Read>();
  /** Every folder above a root seen so far, to one that has it. */
  const above = new Map<string, Read>();
  return all.flatMap((each) => {
    const root = writtenRoot(each);
    if (root === null) return [];
    const parents = foldersAbove(root);
    const other = [root, ...parents].map((folder) => roots.get(folder)).find((found) => found !== undefined);
    const first = other ?? above.get(root);
    if (!roots.has(root)) roots.set(root, each);
    for (const folder of parents) if (!above.has(folder)) above.set(folder, each);
    return first === undefined ? [] : [overlap(each, root, first)];
  });
}

/** The root of a Retention that counts, however broken the rest of it is; null where there is none. */
function writtenRoot({ kind, document, built }: Read): string | null {
  if (kind?.kind !== "Retention" || built?.origin.given === false) return null;
  const root = absolutePath.safeParse(entry(entry(document.value, "spec"), "root"));
  return root.success ? root.data : null;
}

function foldersAbove(path: string): readonly string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}

function overlap(each: Read, root: string, first: Read): Problem {
  const { line } = first.document.valueAt(["spec", "root"]);
  return {
    code: "root-overlaps",
    file: each.document.file,
    ...each.document.valueAt(["spec", "root"]),
    expected: "a folder that is no other Retention's root, nor above or below one",
    found: `${quoted(root)}, and ${quoted(writtenRoot(first) ?? "")} in ${first.document.file}:${line}`,
    suggestion: null,
    change: "",
  };
}
