import type { Origin } from "../documents/kinds.ts";
import type { Ended, ModeFacts } from "../facts/index.ts";
import { type Summary, summary } from "./answer.ts";
import type { Measured } from "./evaluate.ts";
import type { Replaced } from "./replaced.ts";
import type { Verdict, Waived } from "./verdict.ts";

/** What `check --json` prints (design 10). Text from the host is raw here; the output escapes it. */
export interface Report {
  readonly apiVersion: "rcwarden/v1";
  readonly kind: "Report";
  /** RFC 3339, UTC. */
  readonly time: string;
  /** `id` is null without a state folder. */
  readonly host: { readonly id: string | null; readonly name: string };
  /** The program's version. */
  readonly rcwarden: string;
  readonly applied: readonly Applied[];
  /** Files that held something else than on the host while it was measured; left out where none did. */
  readonly replaced?: readonly Replaced[];
  readonly accounts: readonly AccountReport[];
  /** What failed or could not be decided; what only follows from another finding is counted in `summary` alone. */
  readonly findings: readonly Finding[];
  readonly summary: Summary;
}

/** A document that had a part in the verdicts. */
export interface Applied {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  /** `sha256:HEX` over the file's bytes. */
  readonly digest: string;
}

export interface AccountReport {
  readonly name: string;
  readonly uid: number;
  readonly shell: ModeFacts["shell"];
  readonly modes: readonly ModeReport[];
}

export interface ModeReport extends Pick<ModeFacts, "mode" | "sandbox" | "evidence" | "seconds"> {
  readonly startupFiles: readonly Pick<ModeFacts["startupFiles"][number], "path" | "state" | "digest" | "reason">[];
  /** Null where startup's end could not be had; `gaps` says why. */
  readonly ended: Ended | null;
  readonly tried: readonly Pick<ModeFacts["tried"][number], "command" | "outcome" | "prompt">[];
  /** Where reading and running disagree; only where they do. */
  readonly mismatches?: readonly string[];
  readonly gaps: readonly GapReport[];
}

export type GapReport = Pick<ModeFacts["gaps"][number], "code" | "message" | "change">;

export interface Finding
  extends Pick<Verdict, "fingerprint" | "severity" | "consequence" | "policy" | "rule" | "check" | "account" | "mode">,
    Pick<Verdict, "subject" | "message" | "where" | "evidence" | "change"> {
  readonly status: "fail" | "unknown";
  /** What left it undecided; only with `unknown`. */
  readonly gaps?: readonly GapReport[];
  /** Only where an exception of the host's owner is in force for it. */
  readonly waived?: Waived;
}

export interface Checked {
  readonly time: string;
  readonly host: Report["host"];
  readonly version: string;
  readonly applied: readonly { readonly kind: string; readonly name: string; readonly origin: Origin }[];
  readonly replaced?: readonly Replaced[];
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
}

export function report({ time, host, version, applied, replaced = [], measured, verdicts }: Checked): Report {
  return {
    apiVersion: "rcwarden/v1",
    kind: "Report",
    time,
    host: { id: host.id, name: host.name },
    rcwarden: version,
    applied: applied.map(({ kind, name, origin }) => ({ kind, name, file: origin.file, digest: origin.digest })),
    ...(replaced.length === 0 ? {} : { replaced }),
    accounts: measured.map(accountReport),
    findings: verdicts.flatMap(findingOf),
    summary: summary(verdicts, measured),
  };
}

function accountReport({ account, modes }: Measured): AccountReport {
  const own = modes.find(({ shell }) => shell.path === account.shell);
  return {
    name: account.name,
    uid: account.uid,
    shell: { path: account.shell, personality: own?.shell.personality ?? null },
    modes: modes.map(modeReport),
  };
}

function modeReport(facts: ModeFacts): ModeReport {
  const { mode, sandbox, evidence, seconds } = facts;
  return {
    mode,
    sandbox,
    evidence,
    startupFiles: facts.startupFiles.map(({ path, state, digest, reason }) => ({
      path,
      state,
      ...(digest === undefined ? {} : { digest }),
      ...(reason === undefined ? {} : { reason }),
    })),
    seconds,
    ended: facts.startup?.ended ?? null,
    tried: facts.tried.map(({ command, outcome, prompt }) => ({ command, outcome, prompt })),
    ...(facts.mismatches.length === 0 ? {} : { mismatches: facts.mismatches }),
    gaps: facts.gaps.map(gapReport),
  };
}

function gapReport({ code, message, change }: GapReport): GapReport {
  return { code, message, change };
}

function findingOf(verdict: Verdict): Finding[] {
  const { status, fingerprint, severity, consequence, policy, rule, check, account, mode } = verdict;
  const { subject, message, where, evidence, change } = verdict;
  if (status === "pass" || !verdict.finding) return [];
  const key = { fingerprint, status, severity, consequence, policy, rule, check, account, mode, subject };
  const waived = verdict.waived === undefined ? {} : { waived: verdict.waived };
  const found = { ...key, message, where, evidence, change, ...waived };
  return [status === "unknown" ? { ...found, gaps: verdict.gaps.map(gapReport) } : found];
}
