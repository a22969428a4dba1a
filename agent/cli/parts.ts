/** What the verbs need of the world, as one value: real-parts.ts makes the real one, tests inject facts. */
import type { FoundPlan, Kept, OpenedJournal, PlanToKeep, Settling, sweepBelow } from "../cleanup/index.ts";
import type { SessionsLook } from "../collectors/sessions.ts";
import type { AgentCall, Ended } from "../daemon/index.ts";
import type { Loaded } from "../documents/index.ts";
import type { Account, ModeFacts } from "../facts/index.ts";
import type { FolderLock } from "../host/lock.ts";
import type { Configuration } from "../runs/host-documents.ts";
import type { MeasureRequest, NameService } from "../runs/world.ts";
import type { KeptReleases } from "../store/index.ts";
import type { Question, Told } from "./ask.ts";
import type { BundleWorld } from "./bundle/parts.ts";
import type { DoctorWorld } from "./doctor/world.ts";
import type { Written } from "./except.ts";
import type { InsteadParts } from "./instead.ts";

/** Writes the host owner's documents, whole or not at all (except.ts). */
export interface OwnerFiles {
  create(file: string, text: string): Written;
  append(file: string, text: string, refuse: (whole: Uint8Array) => readonly string[]): Written;
}

/** What somebody gives to read. */
export type Input =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly why: string };

/** What clean-up keeps in a state folder. */
export interface CleanupParts {
  keep(state: string, plan: PlanToKeep): Kept;
  kept(state: string, prefix: string, nowMs: number): FoundPlan;
  releases(state: string): KeptReleases;
  /** Makes the folder where it is missing, and has it for this process alone. */
  lock(state: string): FolderLock;
  /** Only by who has the lock. */
  openJournal(state: string): OpenedJournal;
  recover: Settling["recover"];
  /** A name for one application of a plan, that no other one has. */
  newRun(): string;
}

export interface SupportParts extends Pick<BundleWorld, "host" | "sshd" | "log" | "limits"> {
  /** A file of this caller alone, never over another one. */
  create(path: string, bytes: Uint8Array): Stored;
}

export type Stored = { readonly kind: "written" } | { readonly kind: "refused"; readonly found: string };

export interface FileWatch extends AsyncDisposable {
  /** From now on these and no others; what may be on a mount that does not answer is looked at as its account. */
  cover(paths: readonly string[], accounts: readonly Account[]): Promise<void>;
}

export interface Parts extends NameService, InsteadParts {
  now(): Date;
  /** Minutes that the host's local time is ahead of UTC at that moment. */
  offsetMinutes(at: Date): number;
  /** The caller's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** The documents at these paths and what they name; without paths those of the host, else the shipped ones. */
  documents(paths: readonly string[]): Promise<Loaded>;
  /** Where the documents of the host's owner lie. */
  readonly hostFolder: string;
  /** The documents at this path instead of there, or those there (null), and none besides but the shipped ones. */
  configuration(path: string | null): Promise<Configuration>;
  readonly files: OwnerFiles;
  /** A file that the call names, or stdin (`-`), to its end. */
  input(path: string): Promise<Input>;
  /** How many startup files its shell reads by `ssh host CMD`; null where that could not be had. */
  startupFiles(account: Account): Promise<number | null>;
  /** The text of a file that `documents` named. */
  read(file: string): Promise<string>;
  measure(request: MeasureRequest): Promise<ModeFacts>;
  /** Looks at the SSH sessions of these; only root sees all of others'. */
  sessions(isWanted: (uid: number) => boolean): Promise<SessionsLook>;
  /** Looks at what lies below a root, as the account, and removes there what it is told to. */
  sweepBelow: typeof sweepBelow;
  cleanup(): Promise<CleanupParts>;
  /** Asks the agents at these sockets, in this order, until one knows. */
  ask(sockets: readonly string[], question: Question): Promise<Told>;
  /** What a support bundle has of the host, and where it goes. */
  support(): Promise<SupportParts>;
  /** Tells of changes of the files that it covers, until it is disposed of. */
  watchFiles(changed: (paths: readonly string[]) => void): FileWatch;
  /** Resolves when whoever called wants an end: Ctrl-C, SIGTERM. */
  interrupted(): Promise<void>;
  /** What the self-checks look at. */
  doctor(asked: { readonly version: string; readonly sockets: readonly string[] }): Promise<DoctorWorld>;
  /** Resolves after so many milliseconds. */
  pause(ms: number): Promise<void>;
  /** Runs the agent in this process, until it is told to stop. */
  runAgent(call: AgentCall): Promise<Ended>;
}
