import * as z from "zod";
import type { CheckKind } from "../checks/check-kind.ts";
import { closest } from "./closest.ts";
import type { HostDocument } from "./host-kinds.ts";
import type { Said } from "./issues.ts";
import type { Engine, Origin, Policy, Retention } from "./kinds.ts";
import { type Parsed, parseWith } from "./parse.ts";
import type { Path, RawDocument } from "./source.ts";

/** What documents know of a check kind: enough to refuse a rule that cannot be judged, and to describe it to an editor. */
export type KnownCheck = Pick<CheckKind, "id" | "summary" | "why" | "parameters" | "asksAbout" | "needs">;

/** An editor is told more than the loader needs, which would cost every start: what each check kind takes. */
export type Purpose = "loading" | "editors";

/** What is known besides the document itself. */
export interface Known {
  readonly checks: readonly KnownCheck[];
  /** Epoch milliseconds; without it nothing is too far ahead. */
  readonly nowMs?: number;
}

/**
 * Where a document lies, which says whose word it is: `host` is the host owner's own folder, `policies` what may come
 * from whoever runs the engine.
 */
export type Tier = "host" | "policies";

export type AnyDocument = Engine | Policy | Retention | HostDocument;

/** One document names another. */
export interface Reference {
  readonly path: Path;
  readonly kind: "Engine" | "Policy";
  readonly name: string;
}

/** A value inside `spec` that another schema than the kind's own parses; what that gives is put in its place. */
export interface Nested {
  readonly path: Path;
  readonly value: unknown;
  readonly schema: z.ZodType;
}

export interface Common {
  readonly name: string;
  readonly description: string;
  readonly origin: Origin;
}

/**
 * A document kind is a value: what it says, whose it is, its schema, its example, its cross-checks. The functions that
 * take `spec: unknown` see it as it was written, perhaps broken elsewhere, so that all problems are told at once.
 */
export interface DocumentKind<Spec, Kind extends AnyDocument> {
  readonly kind: Kind["kind"];
  readonly summary: string;
  readonly why: string;
  readonly owner: string;
  readonly livesIn: string;
  /** `host`: only there, nowhere among the policies. `policies`: there, and as well in the host owner's folder. */
  readonly tier: Tier;
  /** Whether a host has at most one. */
  readonly single: boolean;
  /** A whole document that is accepted. */
  readonly example: string;
  schema(known: Known, purpose: Purpose): z.ZodType<Spec>;
  references(spec: unknown): readonly Reference[];
  nested(spec: unknown, checks: readonly KnownCheck[]): readonly Nested[];
  build(common: Common, spec: Spec): Kind;
}

/** A kind whose spec's type is forgotten: schema and build are one step, `read`. */
export interface AnyDocumentKind extends Omit<DocumentKind<unknown, AnyDocument>, "build"> {
  read(document: RawDocument, spec: unknown, known: Known): Parsed<(common: Common) => AnyDocument>;
}

export function documentKind<Spec, Kind extends AnyDocument>(kind: DocumentKind<Spec, Kind>): AnyDocumentKind {
  return {
    ...kind,
    read(document, spec, known) {
      const parsed = parseWith(kind.schema(known, "loading"), document, ["spec"], spec);
      if (parsed.kind === "problems") return parsed;
      return { kind: "value", value: (common) => kind.build(common, parsed.value) };
    },
  };
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Names of documents and ids of rules: they stand in fingerprints, file names and URLs. */
export const nameText = z
  .string()
  .regex(namePattern, { error: "a name of at most 63 letters, digits, . _ - that begins with a letter or digit" });

/** Names as the host's name service has them: with backslashes, dots, spaces and a dollar at the end, but no colon. */
export const accountName = z.string().regex(/^[^-\s:/,\u0000-\u001f\u007f][^:/,\u0000-\u001f\u007f]{0,255}$/, {
  error: "the name of an account or group",
});

export const metadata = z.strictObject({
  name: nameText.describe("By this name other documents and findings refer to it."),
  description: z.string().default("").describe("One sentence for people."),
});

/** Says in a refinement what is wrong, in the words of a Problem. */
export function say(context: z.core.$RefinementCtx, said: Said, path: (string | number)[] = []): void {
  context.addIssue({ code: "custom", path, params: { ...said } });
}

/** A list in which everything stands once. `key` is what is compared. */
export function listOf<T extends z.ZodType>(item: T, key: (value: z.output<T>) => string) {
  return z.array(item).superRefine((values, context) => {
    const keys = values.map(key);
    for (const [index, each] of keys.entries()) {
      if (keys.indexOf(each) === index) continue;
      say(context, { code: "value-duplicate", expected: "each entry once", found: `"${each}" again` }, [index]);
    }
  });
}

/** Text that must be one of `list`, which is too long to be told whole where one of them was surely meant. */
export function oneOf(list: readonly string[], what: string, code: string) {
  return z
    .string()
    .superRefine((value, context) => {
      if (list.includes(value)) return;
      const suggestion = closest(value, list);
      say(context, { code, expected: suggestion === null ? `${what} (${list.join(", ")})` : what, suggestion });
    })
    .meta({ enum: list });
}

/** The entry `key` of a map as it was written, or undefined. */
export function entry(map: unknown, key: string): unknown {
  if (typeof map !== "object" || map === null || !Object.hasOwn(map, key)) return undefined;
  return Object.getOwnPropertyDescriptor(map, key)?.value;
}

/** The entries of a list as it was written; none if it is no list. */
export function entries(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}
