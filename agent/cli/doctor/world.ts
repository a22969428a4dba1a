/** What the self-checks need of the world; real-world.ts gives the real one. */
import type { EngineSinkDocument } from "../../documents/host-kinds.ts";
import type { WatchLimits } from "../../host/watch-limits.ts";
import type { Parts } from "../parts.ts";
import type { Heard } from "../status-heard.ts";

export type Found =
  | {
      readonly kind: "there";
      readonly type: "file" | "folder" | "other";
      readonly uid: number;
      readonly gid: number;
      /** Permission bits. */
      readonly mode: number;
      readonly changedMs: number;
    }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly code: string };

export interface DoctorWorld
  extends Pick<
    Parts,
    "account" | "accountOfUid" | "automated" | "callerUid" | "configuration" | "hostFolder" | "measure" | "now"
  > {
  /** Of a clock that does not jump. */
  monotonicMs(): number;
  readonly version: string;
  readonly nodeVersion: string;
  /** Of the instance that this caller would start, or the one that is named. */
  readonly stateFolder: string;
  readonly sockets: readonly string[];
  /** What the agent says; asked once. */
  status(): Promise<Heard>;
  /** Whether an agent answers there. */
  answers(socket: string): Promise<boolean>;
  /** What it says of the caller where he asks for what only the owner may see: `its owner`, `a watched account`. */
  principal(socket: string): Promise<string>;
  /** What a link leads to. */
  find(path: string): Promise<Found>;
  /** The same by a process of its own: what an account owns may lie on a mount that does not answer. */
  findFar(path: string): Promise<Found>;
  /** Names in a folder; none where it is not there or may not be read. */
  names(folder: string): Promise<readonly string[]>;
  /** Text of a file that the system's owner keeps; null where there is none. */
  text(path: string): string | null;
  /** For who may not be root; null where that cannot be said. */
  freeBytes(path: string): Promise<number | null>;
  /** A file is written and looked at: whether its event arrives, and what time the file system says it is. */
  writeAndWatch(): Promise<Written>;
  watchLimits(): WatchLimits;
  /** Watches of inotify that processes of the caller hold; null where they cannot be counted. */
  watchesUsed(): Promise<number | null>;
  /** Whether the shell of an account is one that rcwarden knows. */
  knowsShell(path: string): Promise<boolean>;
  knownShells(): string;
  /** sshd's own word on its configuration. */
  sshd(
    account: string,
  ): Promise<
    { readonly kind: "read" } | { readonly kind: "none" } | { readonly kind: "unavailable"; readonly why: string }
  >;
  /** Why the files that an engine's sink names cannot be used; null where they can. */
  keyFilesProblem(sink: EngineSinkDocument): Promise<string | null>;
  /** When a certificate ends, epoch milliseconds; null where that cannot be read. */
  certificateEnds(file: string): Promise<number | null>;
  /** The setting that keeps the caller from user namespaces; null where none does. */
  forbidding(): { readonly setting: string; readonly found: string; readonly change: string } | null;
  /** Capabilities that root lacks. */
  missingCapabilities(): readonly string[];
  /** The programs that a start needs. */
  readonly programs: readonly { readonly name: string; readonly path: string; readonly runs: boolean }[];
  /** Why the addon cannot be used; null where it can. */
  addonProblem(): string | null;
}

export interface Written {
  /** Where it was written. */
  readonly folder: string;
  /** Milliseconds until the event came; `late` where none came within two seconds; else why there is no telling. */
  readonly event:
    | { readonly kind: "seen"; readonly ms: number }
    | { readonly kind: "late" }
    | { readonly kind: "failed"; readonly code: string };
  /** What the file system's clock is ahead of the host's, in milliseconds; null where nothing could be written. */
  readonly aheadMs: number | null;
}
