import type { ModeId } from "../facts/index.ts";
import type { ReadShell } from "./read.ts";

/** What the agent asks of the reader child. */
export type ReaderRequest = StartupRequest | IdentitiesRequest | LinesRequest | StandingsRequest;

/** Answered by `{ mode, reading }` for each mode. */
export interface StartupRequest {
  readonly kind: "startup";
  readonly shell: ReadShell;
  readonly modes: readonly ModeId[];
  /** Somebody waits for so many of them, the first ones. */
  readonly urgent: number;
  readonly account: { readonly home: string; readonly uid: number };
  readonly env: Readonly<Record<string, string>>;
  /** Base64 of what files hold instead, by real path; also of files that are not there. */
  readonly replaced: Readonly<Record<string, string>>;
}

/** Answered by `[place in paths, identity]` for each path, as each is known. */
export interface IdentitiesRequest {
  readonly kind: "identities";
  readonly paths: readonly string[];
  readonly byMount: readonly SameMount[];
}

export interface SameMount {
  /** Places in `paths`. */
  readonly places: readonly number[];
  /**
   * Then one path is looked at after the other, so that a dead mount holds one thread. Elsewhere a look that takes long
   * followed a link to such a mount, and the next one does not wait for it.
   */
  readonly mayNotAnswer: boolean;
}

/** Answered by `{ digest, lines }`: of the whole file, `sha256:HEX`, and `[number, text]` of those that are there; or by null. */
export interface LinesRequest {
  readonly kind: "lines";
  readonly path: string;
  /** From 1. */
  readonly numbers: readonly number[];
  /** Characters of a line that are sent. */
  readonly longest: number;
}

/** Answered by `[place in paths, standing]` for each path, in their order. */
export interface StandingsRequest {
  readonly kind: "standings";
  /** Absolute. */
  readonly paths: readonly string[];
  /** As in `StartupRequest`. */
  readonly replaced: Readonly<Record<string, string>>;
}
