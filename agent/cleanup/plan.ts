/** What a plan is made of. Names are bytes: a file's name need not be UTF-8, and what is removed must be exactly what was seen. */

/** What tells that a file is still the very one that was planned; numbers as decimal text, for they are beyond 2^53. */
export interface FileIdentity {
  readonly dev: string;
  readonly ino: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly uid: number;
  readonly links: number;
}

/** One entry below a root, as the sweeper saw it. */
export interface Seen {
  /** Path below the root as bytes in hex: folders and the file's own name, each without `/`. */
  readonly path: readonly string[];
  readonly type: "file" | "folder" | "link" | "other";
  readonly identity: FileIdentity;
  /** Why the guard keeps it whatever a document says; null where it does not. */
  readonly guard: { readonly code: GuardCode; readonly message: string } | null;
}

/** Stable words. */
export type GuardCode =
  | "not-a-regular-file"
  | "several-links"
  | "another-owner"
  | "database"
  /** A redo log of Oracle's that may be an archived one: it stays unless it is released with its sha256. */
  | "archived-log"
  | "mount"
  | "held-open"
  | "open-unknown"
  | "name-refused"
  | "changed";

/** Why a file stays, where no guard keeps it. */
export type KeepCode =
  | "not-matched"
  | "not-released"
  | "released-other-content"
  | "newest"
  | "too-young"
  | "clock-not-trusted"
  | "over-limit"
  | "would-empty";

/**
 * Somebody's word that a safe copy of exactly this content exists. It is bound to content: a file of the same name that was
 * changed since is another.
 */
export interface Release {
  /** As in `Seen`. */
  readonly path: readonly string[];
  /** Bytes, decimal. */
  readonly size: string;
  /** `mtime` holds at the precision that whoever released it knows: at least 1. Nanoseconds, decimal. */
  readonly content:
    | { readonly kind: "sha256"; readonly digest: string }
    | { readonly kind: "mtime"; readonly ns: string; readonly precisionNs: string };
}

/** One file that a plan would remove. */
export interface Candidate {
  readonly path: readonly string[];
  readonly identity: FileIdentity;
  /** What its content must still be: `as-seen` by its identity, `digest` also one of these sha256 in hex, sorted. */
  readonly content: { readonly kind: "as-seen" } | { readonly kind: "digest"; readonly anyOf: readonly string[] };
}
