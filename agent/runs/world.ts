/** What deciding whom to measure, and measuring, need of the world. host, collectors and probe give the real one. */
import type { Sends } from "../checks/index.ts";
import type { Automation } from "../collectors/automation.ts";
import type { Account, AskedFact, ModeId, Replacement } from "../facts/index.ts";
import type { AccountAnswer, GroupAnswer } from "../host/accounts.ts";

export interface MeasureRequest {
  readonly account: Account;
  readonly mode: ModeId;
  readonly sends: readonly Sends[];
  /** Names to resolve, besides the programs of what is sent. */
  readonly names: readonly string[];
  /** Facts that are to be had only where somebody asks. */
  readonly asks?: readonly AskedFact[];
  readonly withinMs: number;
  /** As the Grant says: with `reading` nothing of the account is run. */
  readonly how: "running" | "reading";
  /** Startup files of this mode, as far as they are known from before. */
  readonly known?: readonly string[];
  /** Also ask the shell what it has without its startup files, and what limits they leave. */
  readonly bare?: boolean;
  /** Files that hold something else than on the host; nothing there changes. */
  readonly replaced?: readonly Replacement[];
  readonly signal?: AbortSignal;
}

/** The host's accounts, as the name service gives them. */
export interface NameService {
  /** The effective uid of this process. */
  readonly callerUid: number;
  account(name: string): Promise<AccountAnswer>;
  accountOfUid(uid: number): Promise<AccountAnswer>;
  group(name: string): Promise<GroupAnswer>;
  /** The accounts that look automated, and why; with `all` also those that do not. */
  automated(all: boolean): Promise<Automation>;
  /** Names in the host's own files, for suggestions only: a name service is never enumerated. */
  localNames(): Promise<readonly string[]>;
}
