import type * as z from "zod";
import type {
  Account,
  AccountUseFacts,
  ExceptionFacts,
  FactName,
  ModeFacts,
  Place,
  RetentionFacts,
  ReviewedFacts,
  SeenSessions,
  SshServerFacts,
  Standings,
  StdinFact,
  SudoFacts,
  WatchingFacts,
} from "../facts/index.ts";

export const severities = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof severities)[number];

export const consequences = [
  "hang",
  "silent-success",
  "failed-command",
  "corrupted-stream",
  "wrong-target",
  "slow",
  "leak",
  "lock-out",
  "security",
] as const;
export type Consequence = (typeof consequences)[number];

/** What an engine of the policy sends, as its documents say. */
export interface Sends {
  readonly command: string;
  readonly try: "effect" | "resolve";
}

/**
 * The facts of one mode, the account they are of, what the policy's engines send in this mode, and what a running agent
 * knows besides. The last are null where nobody knows them, and so is what was not asked for.
 */
export interface CheckFacts extends ModeFacts {
  readonly account: Account;
  readonly sends: readonly Sends[];
  readonly watching: WatchingFacts | null;
  readonly exceptions: readonly ExceptionFacts[] | null;
  readonly backlog: readonly RetentionFacts[] | null;
  readonly sessions: SeenSessions | null;
  readonly reviewed: ReviewedFacts | null;
  readonly stdin: StdinFact | null;
  readonly standings: Standings | null;
  readonly sudo: SudoFacts | null;
  readonly locales: readonly string[] | null;
  readonly sshServer: SshServerFacts | null;
  readonly accountUse: AccountUseFacts | null;
}

/** A need is a fact that a gap can take away; the rest of `CheckFacts` is always there. */
type Always =
  | "mode"
  | "shell"
  | "home"
  | "homeReal"
  | "cwdFrom"
  | "umaskFrom"
  | "limitsFrom"
  | "complaints"
  | "account"
  | "sends";
export type Needed<Need extends FactName> = Pick<CheckFacts, Always | Need>;

export type Evidence = Readonly<Record<string, string | number | boolean | null>>;

/** One subject of a rule, judged. The wording is one clause; evaluate/ and the outputs put the rest around it. */
export interface Judgement {
  /** What the finding is about: the command as sent, the name, the stream. Part of the fingerprint. */
  readonly subject: string;
  readonly status: "pass" | "fail" | "unknown";
  readonly consequence?: Consequence;
  /** What happens, in plain words. For `unknown`, why it could not be told. */
  readonly message: string;
  readonly where?: Place | null;
  /** The text of that line, trimmed. */
  readonly line?: string | null;
  /** The smallest change that helps, in plain words; "" where nothing is to be done. */
  readonly change?: string;
  /** What was seen, for JSON and for the text's "What happens" lines. Only plain values. */
  readonly evidence?: Evidence;
  /** It only follows from another judgement of the same rule: counted, but no finding of its own. */
  readonly follows?: boolean;
}

export interface Example<P, Need extends FactName> {
  readonly says: string;
  readonly with: Partial<P>;
  readonly facts: Needed<Need>;
  /** Subjects that fail, and subjects that are unknown. Everything else that is judged passes. */
  readonly fails: readonly string[];
  readonly unknown?: readonly string[];
}

/**
 * A check kind is a value: what it says, what it needs, what it takes, how it judges, with worked examples that are its
 * documentation and its first tests. `judge` is pure. It never sees a gap: where one of `needs` has one, evaluate/ says
 * `unknown` for what the kind's `subjects` names.
 */
export interface CheckKind<P = unknown, Need extends FactName = FactName> {
  readonly id: string;
  /** One sentence that is true when the rule holds. */
  readonly summary: string;
  /** Why an engine suffers where it does not hold. */
  readonly why: string;
  /** The default consequence; a judgement may say another. */
  readonly consequence: Consequence;
  /** `transfer`: a derived mode (design 2), decided from the facts of `ssh-command`; nothing else is judged there. */
  readonly asksAbout: "mode" | "transfer" | "account" | "host";
  readonly needs: readonly Need[];
  /**
   * Whether facts of a run whose startup never finished are meaningless to it: then the rule is `unknown` (`not-reached`)
   * and is no finding of its own, because `startup-finishes` says what is wrong.
   */
  readonly afterStartup: boolean;
  readonly parameters: z.ZodType<P>;
  /** The subjects that this rule will judge, known before anything was measured; used where a gap leaves it undecided. */
  subjects(
    parameters: P,
    facts: Pick<CheckFacts, "sends" | "mode" | "exceptions" | "backlog" | "sessions">,
  ): readonly string[];
  /**
   * Where subjects stand on facts of their own: those that this subject stands on. Then a gap in another subject's facts
   * leaves it alone, and what was determined before time or a ceiling ended the measuring stays determined.
   */
  needsOf?(
    subject: string,
    facts: Pick<CheckFacts, "sends" | "mode" | "shell" | "sshServer" | "startup" | "output">,
  ): readonly Need[];
  /** Names whose meaning it judges: the probe is to ask the shell for each. */
  names?(parameters: P, facts: Pick<CheckFacts, "sends" | "mode">): readonly string[];
  judge(parameters: P, facts: Needed<Need>): readonly Judgement[];
  readonly examples: readonly Example<P, Need>[];
}

/** Ties the parameter type and the declared needs together, so that an undeclared fact does not compile. */
export function checkKind<P, const Need extends FactName>(kind: CheckKind<P, Need>): CheckKind<P, Need> {
  return kind;
}

/** A check kind whose parameters and needs are forgotten, as the registry and evaluate/ hold it. */
export interface AnyCheckKind extends Omit<CheckKind, "examples"> {
  readonly examples: readonly Example<unknown, never>[];
}
