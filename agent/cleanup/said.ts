/** What the sweeper says, one JSON document a line. Types and words only: the child has no parser of its own. */
import type { FileOutcome } from "./outcome.ts";
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

/** Index in the group; alone where the file was removed and nobody asked for its content. */
export type SaidOutcome =
  | number
  | readonly [
      at: number,
      outcome: FileOutcome["outcome"],
      code: FileOutcome["code"],
      detail: string,
      sha256: string | null,
    ];

export type Said =
  /** Entries of one folder; `in` is its path below the root. */
  | { readonly in: readonly string[]; readonly entries: readonly SaidEntry[] }
  | { readonly refused: string }
  /** `unseen`: how many could not be looked at, and why the first of them. */
  | { readonly looked: { readonly dev: string; readonly ino: string; readonly unseen: number; readonly why: string } }
  /** What became of a group: of each of its files once. */
  | { readonly done: number; readonly outcomes: readonly SaidOutcome[] }
  /** Ready to put back what intents left. */
  | { readonly opened: { readonly dev: string; readonly ino: string } }
  /** Names in quarantine that belong to no intent, in hex, and how many there are in all. */
  | { readonly strangers: readonly string[]; readonly count: number }
  /** Something takes long, and goes on. */
  | { readonly alive: true };

/** Entries in one line. */
export const mostEntries = 256;
export const mostLineBytes = 1_048_576;
/** How often at most it says that it goes on. */
export const aliveEveryMs = 1_000;
/** How many strangers are named. */
export const mostStrangers = 1_000;
