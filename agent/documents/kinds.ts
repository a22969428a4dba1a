/**
 * The parsed documents, as the rest of the program sees them; those of the host's owner are in host-kinds.ts. Their schemas
 * stand in engine.ts, policy.ts and retention.ts; the loader checks these shapes against what the schemas give.
 */
import type { Sends, Severity } from "../checks/check-kind.ts";
import type { ModeId } from "../facts/index.ts";
import type { Granted, HostDocuments } from "./host-kinds.ts";

/** Where a document came from. `digest` is sha256 over the file's bytes, `sha256:HEX`. */
export interface Origin {
  readonly file: string;
  readonly digest: string;
  readonly shipped: boolean;
  /** Whether it was asked for: what only lent a name that another document uses is not in force by itself. */
  readonly given: boolean;
}

export interface Engine {
  readonly kind: "Engine";
  readonly name: string;
  readonly description: string;
  readonly enters: readonly ModeId[];
  readonly sends: readonly Sends[];
  readonly origin: Origin;
}

export interface Rule {
  readonly id: string;
  readonly check: string;
  readonly severity: Severity;
  /** Already parsed by the check kind's parameters, defaults filled in. */
  readonly with: unknown;
}

export interface Policy {
  readonly kind: "Policy";
  readonly name: string;
  readonly description: string;
  readonly accounts: "all" | { readonly names: readonly string[] } | { readonly group: string };
  readonly engines: readonly string[];
  readonly includes: readonly string[];
  readonly rules: readonly Rule[];
  readonly origin: Origin;
}

/** Durations in milliseconds, sizes in bytes; defaults filled in. */
export interface Retention {
  readonly kind: "Retention";
  readonly name: string;
  readonly description: string;
  readonly account: string;
  /** An absolute path, at least two deep. */
  readonly root: string;
  /** Patterns for a file's own name (file-pattern.ts), at least one. */
  readonly match: readonly string[];
  /** From 1: files directly in the root. */
  readonly depth: number;
  readonly after: "release" | "age";
  /** Whose release counts; nobody's where the age decides. */
  readonly releasedBy: readonly ("engine" | "account")[];
  /** `newest`: 0 where none is kept for that. `youngerThanMs`: never null where the age decides. */
  readonly keep: { readonly newest: number; readonly youngerThanMs: number | null };
  readonly plan: { readonly everyMs: number | null; readonly whenFreeBelowPercent: number | null };
  readonly apply: "by-hand" | "automatically";
  readonly limits: {
    readonly files: number;
    readonly bytes: number;
    readonly filesPerSecond: number;
    readonly readBytesPerSecond: number;
  };
  readonly mayEmpty: boolean;
  readonly origin: Origin;
}

/** All documents in force, cross-checked: every engine and include that a policy names is here, and no roots overlap. */
export interface DocumentSet {
  readonly engines: readonly Engine[];
  readonly policies: readonly Policy[];
  readonly retentions: readonly Retention[];
}

/** One thing wrong with a document. `text()` of problems.ts renders it `file:line:column: expected ..., found ...; did you mean ...`. */
export interface Problem {
  /** Stable words: `value-not-listed`, `key-unknown`, `file-missing`. */
  readonly code: string;
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly found: string;
  readonly suggestion: string | null;
  /** What to do, where that is not obvious from expected and found; "" otherwise. */
  readonly change: string;
}

/**
 * With problems the documents that were in force before stay, but for a broken Grant: then nobody is measured. So `grant`
 * says how it is with the Grant, and `host` is what could be read of the host owner's documents.
 */
export type Loaded =
  | { readonly kind: "documents"; readonly set: DocumentSet; readonly host: HostDocuments }
  | {
      readonly kind: "problems";
      readonly problems: readonly Problem[];
      readonly documents: number;
      readonly grant: Granted["kind"];
      readonly host: HostDocuments;
    };

/** A file's bytes as the caller read them, or why it could not. */
export type SourceFile =
  | { readonly file: string; readonly shipped: boolean; readonly bytes: Uint8Array }
  | {
      readonly file: string;
      readonly shipped: boolean;
      readonly refused: Pick<Problem, "code" | "expected" | "found" | "change">;
    };
