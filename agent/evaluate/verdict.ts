import type { Consequence, Severity } from "../checks/check-kind.ts";
import type { Gap, ModeId, Place } from "../facts/index.ts";

/** What became of one rule for one account, mode and subject. */
export interface Verdict {
  /** First 16 hex digits of sha256 over policy, rule, account, mode, subject, joined by newlines. */
  readonly fingerprint: string;
  readonly status: "pass" | "fail" | "unknown";
  readonly severity: Severity;
  readonly consequence: Consequence;
  readonly policy: string;
  readonly rule: string;
  readonly check: string;
  readonly account: string;
  /** `-` for what is about the account or the host, not a mode. */
  readonly mode: ModeId | "-";
  readonly subject: string;
  readonly message: string;
  readonly where: Place | null;
  /** The text of that line, trimmed, or null. */
  readonly line: string | null;
  readonly change: string;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  /** The gaps that left it undecided; empty for pass and fail. */
  readonly gaps: readonly Gap[];
  /** False for what only follows from another finding (`not-reached`): counted, but no finding of its own. */
  readonly finding: boolean;
  /** The exception of the host's owner under which it stands; it decides no exit code and no pre-flight. */
  readonly waived?: Waived;
}

/** What an Exception says of the finding that it waives. */
export interface Waived {
  /** The document's name. */
  readonly exception: string;
  readonly reason: string;
  /** `YYYY-MM-DD`: the end of that day, UTC. */
  readonly until: string;
}
