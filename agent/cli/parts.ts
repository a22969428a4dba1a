/** What the verbs need of the world, as one value: real-parts.ts makes the real one, tests inject facts. */
import type { Sends } from "../checks/index.ts";
import type { Automation } from "../collectors/automation.ts";
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
  /** The accounts that look automated, and why; with `all` also those that do not. */
  automated(all: boolean): Promise<Automation>;
  /** How many startup files its shell reads by `ssh host CMD`; null where that could not be had. */
  startupFiles(account: Account): Promise<number | null>;
  /** Names in the host's own files, for suggestions only: a name service is never enumerated. */
  localNames(): Promise<readonly string[]>;
  /** The text of a file that `documents` named. */
  read(file: string): Promise<string>;
  measure(request: MeasureRequest): Promise<ModeFacts>;
}
