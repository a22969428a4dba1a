/** What the verbs need of the world, as one value: real-parts.ts makes the real one, tests inject facts. */
import type { Sends } from "../checks/index.ts";
import type { Loaded } from "../documents/index.ts";
import type { Account, ModeFacts, ModeId } from "../facts/index.ts";
import type { AccountAnswer, GroupAnswer } from "../host/accounts.ts";

export interface MeasureRequest {
  readonly account: Account;
  readonly mode: ModeId;
  readonly sends: readonly Sends[];
  /** Names to resolve, besides the programs of what is sent. */
  readonly names: readonly string[];
  readonly withinMs: number;
}

/** What `accounts` lists. */
export interface Listing {
  readonly accounts: readonly {
    readonly account: Account;
    /** Why it looks automated, one clause each; empty for one that does not. */
    readonly reasons: readonly string[];
    /** Files of its own that its shell would read; null where that could not be had. */
    readonly startupFiles: number | null;
  }[];
  readonly withoutShell: number;
  readonly withoutSign: number;
  /** What could not be looked at, one sentence each. */
  readonly doubts: readonly string[];
}

export interface Parts {
  now(): Date;
  readonly hostName: string;
  /** The effective uid of whoever calls. */
  readonly callerUid: number;
  /** The documents at these paths and what they name; without paths those of the host, else the shipped ones. */
  documents(paths: readonly string[]): Promise<Loaded>;
  account(name: string): Promise<AccountAnswer>;
  accountOfUid(uid: number): Promise<AccountAnswer>;
  group(name: string): Promise<GroupAnswer>;
  /** The accounts that look automated, in the order in which they are listed. */
  automated(): Promise<readonly Account[]>;
  listed(all: boolean): Promise<Listing>;
  /** Names in the host's own files, for suggestions only: a name service is never enumerated. */
  localNames(): Promise<readonly string[]>;
  /** The text of a file that `documents` named. */
  read(file: string): Promise<string>;
  measure(request: MeasureRequest): Promise<ModeFacts>;
}
