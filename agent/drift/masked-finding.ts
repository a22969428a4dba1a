/**
 * What of a finding may be seen by others than its owner. `names`: which rule, which file and line, and codes; no text
 * that the host's files or programs wrote, and not who was logged in. `values`: what was seen, but not the guilty line's
 * text. `lines`: all of it. What was masked is said by name, so that nobody takes it for empty.
 */
import type { Share } from "../facts/index.ts";
import type { FindingData, KeptFinding } from "./event.ts";

export interface MaskedFinding extends KeptFinding {
  /** Names of the fields that hold less than what is known; empty where nothing was masked. */
  readonly masked: readonly string[];
}

export interface MaskedFindingData extends FindingData {
  readonly finding: MaskedFinding;
  /** The same for what stands beside the finding: `hint.sessions`. */
  readonly masked: readonly string[];
}

export function maskedFinding(finding: KeptFinding, share: Share): MaskedFinding {
  if (share === "lines") return { ...finding, masked: [] };
  const shown = share === "names" ? namesOf(finding) : withoutLine(finding);
  const masked = (["message", "line", "change", "evidence", "gaps"] as const).filter(
    (field) => JSON.stringify(shown[field]) !== JSON.stringify(finding[field]),
  );
  return { ...shown, masked };
}

export function maskedData(data: FindingData, share: Share): MaskedFindingData {
  const masksHint = share === "names" && data.hint !== null && data.hint.sessions !== null;
  return {
    ...data,
    finding: maskedFinding(data.finding, share),
    ...(masksHint && data.hint !== null ? { hint: { ...data.hint, sessions: null } } : {}),
    masked: masksHint ? ["hint.sessions"] : [],
  };
}

/** Checks whose failures are told in numbers, and in words of the program and of the documents alone. */
const inOwnWords: readonly string[] = ["log-backlog"];

function namesOf(finding: KeptFinding): KeptFinding {
  const { gaps, evidence, check, status } = finding;
  if (status === "fail" && inOwnWords.includes(check)) return { ...finding, line: null };
  const codes = Object.entries(evidence).filter(([name, value]) => isCode(name, value));
  return {
    ...finding,
    message: messageOf(finding),
    line: null,
    change: changeOf(finding),
    evidence: Object.fromEntries(codes),
    ...(gaps && { gaps: gaps.map(({ code }) => ({ code, message: gapWords[code], change: "" })) }),
  };
}

/** Evidence that the program's own words and numbers make up; `sent` and `name` stand in the documents. */
const codes: readonly string[] = [
  "outcome",
  "exit",
  "bytes",
  "stream",
  "lost",
  "ended",
  "seconds",
  "waitsFor",
  "is",
  "effective",
  "writes",
  "changesStatus",
  "atEndOutcome",
  "atEndExit",
  "atEndConsequence",
  "state",
  "until",
  "count",
  "limit",
  "paths",
  "byEvents",
  "blind",
  "latencyMs",
  "lastSweep",
  "watches",
  "watchLimit",
];

function isCode(name: string, value: KeptFinding["evidence"][string]): boolean {
  if (name === "sent" || name === "name") return true;
  if (!codes.includes(name)) return false;
  return typeof value !== "string" || /^[\w:., -]{0,60}$/.test(value);
}

/** How an engine suffers, where the words of the host may not be said. */
const suffers: Readonly<Record<KeptFinding["consequence"], string>> = {
  hang: "would make an engine wait for ever",
  "silent-success": "would tell an engine that something is done that is not",
  "failed-command": "would fail an engine's commands",
  "corrupted-stream": "would spoil what an engine reads",
  "wrong-target": "would run something else than an engine sends",
  slow: "would slow an engine down",
  leak: "would leak what an engine sends",
  "lock-out": "would lock an engine out",
  security: "would endanger the host",
};

/** What a gap's code says by itself. */
export const gapWords: Readonly<Record<NonNullable<KeptFinding["gaps"]>[number]["code"], string>> = {
  "probe-limited": "the sandbox may answer otherwise than a real session",
  "not-reached": "startup did not come to an end, so that no command ran",
  unreadable: "a file could not be read",
  "timed-out": "the time was over",
  "over-ceiling": "a limit was reached",
  "sandbox-forbidden": "the host forbids the sandbox",
  "unknown-shell": "the shell is not known",
  "unknown-mode": "this way of coming in was not measured",
  "no-frames": "the shell did not answer whole",
  "changed-meanwhile": "files changed while it was measured",
  "not-granted": "the host's owner did not grant it",
  "no-account": "there is no such account",
  "account-unavailable": "the account could not be looked up",
};

function messageOf({ status, subject, mode, check, consequence, was }: KeptFinding): string {
  const fails = mode === "-" ? `${check} does not hold` : suffers[consequence];
  if (status === "fail") return `${subject}: ${fails}`;
  return `${subject}: could not be decided${was === undefined ? "" : `; before, it failed: ${fails}`}`;
}

function changeOf({ where }: KeptFinding): string {
  return where === null ? "" : `look at line ${where.line} of ${where.file}`;
}

/** Everything but the line's text, also where a message, a change or a piece of evidence quotes it. */
function withoutLine(finding: KeptFinding): KeptFinding {
  const { line } = finding;
  const bare = { ...finding, line: null };
  if (line === null || line.trim() === "") return bare;
  const quotes = (text: string) => text.includes(line);
  return {
    ...bare,
    message: quotes(finding.message) ? messageOf(finding) : finding.message,
    change: quotes(finding.change) ? changeOf(finding) : finding.change,
    evidence: Object.fromEntries(
      Object.entries(finding.evidence).filter(([, value]) => typeof value !== "string" || !quotes(value)),
    ),
    ...(finding.gaps && {
      gaps: finding.gaps.map((gap) => (quotes(gap.message) ? { ...gap, message: gapWords[gap.code] } : gap)),
    }),
  };
}
