/** What the sweeper says, one JSON document a line. Types and words only: the child has no parser of its own. */
import type { FileIdentity, GuardCode, Seen } from "./plan.ts";

/** Letters for `Seen["type"]`. */
export const typeLetters = { f: "file", d: "folder", l: "link", o: "other" } as const satisfies Record<
  string,
  Seen["type"]
>;

export type TypeLetter = keyof typeof typeLetters;

/** Name in hex, type, then the identity in its order, then what the guard says. */
export type SaidEntry = readonly [
  name: string,
  type: TypeLetter,
  dev: FileIdentity["dev"],
  ino: FileIdentity["ino"],
  size: FileIdentity["size"],
  mtimeNs: FileIdentity["mtimeNs"],
  ctimeNs: FileIdentity["ctimeNs"],
  uid: number,
  links: number,
  guard: readonly [code: GuardCode, message: string] | null,
];

export type Said =
  /** Entries of one folder; `in` is its path below the root. */
  | { readonly in: readonly string[]; readonly entries: readonly SaidEntry[] }
  | { readonly refused: string }
  /** `unseen`: how many could not be looked at, and why the first of them. */
  | { readonly looked: { readonly dev: string; readonly ino: string; readonly unseen: number; readonly why: string } };

/** Entries in one line. */
export const mostEntries = 256;
export const mostLineBytes = 1_048_576;
