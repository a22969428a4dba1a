/**
 * What status says of findings in text: one block for each guilty line, however many commands and modes it breaks. Text of
 * the host stays raw here; facts/lines.ts makes it harmless where it is written.
 */
import { shortened, unique } from "../facts/layout.ts";
import { duration, localMinute } from "../facts/moment.ts";
import { shellWord } from "../facts/shell-word.ts";
import type { StatusAnswer } from "./shapes.ts";

export type TextFinding = StatusAnswer["findings"][number];

/** Who reads, and when. */
export interface Reading {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Minutes that local time is ahead of UTC at that moment. */
  offsetMinutes(at: Date): number;
}

/** Everything that one line (or one cause, where no line is known) breaks for one account; never empty. */
export interface Guilty {
  /** The one that leads. */
  readonly first: TextFinding;
  readonly findings: readonly TextFinding[];
}

/** In the order of the findings, where the one that leads comes first. */
export function guiltyOf(findings: readonly TextFinding[], status: TextFinding["status"]): Guilty[] {
  const standing = findings.filter((finding) => finding.status === status && finding.waived === undefined);
  return [...Map.groupBy(standing, causeOf).values()].flatMap((group) =>
    group[0] === undefined ? [] : [{ first: group[0], findings: group }],
  );
}

/** One line of one account; where none is known, or nothing is decided, what was said about it. */
function causeOf({ account, where, status, rule, message, change, gaps }: TextFinding): string {
  const place = where === null ? [] : [where.file, String(where.line)];
  const reasons = gaps?.map((gap) => gap.message) ?? [];
  if (status === "unknown") return [account, ...place, ...(reasons.length === 0 ? [message] : reasons)].join("\0");
  return [account, ...(where === null ? ["", rule, message, change] : place)].join("\0");
}

/** What is sent and what becomes of it; the message alone where it says what it is about. */
export function happensOf({ subject, message, evidence }: TextFinding): string {
  const says = typeof evidence.sent === "string" && !message.startsWith(subject) ? `${subject} ${message}` : message;
  return shortened(says, 300);
}

/** `~/.cshrc:14`; the chain of the finding that leads is what knows the account's home. */
export function placeOf({ where, account }: TextFinding, status: StatusAnswer): string | null {
  if (where === null) return null;
  const home = homeOf(account, status);
  const file = home !== null && where.file.startsWith(home) ? `~/${where.file.slice(home.length)}` : where.file;
  return `${file}:${where.line}`;
}

/** With a slash at its end; null where nobody said it. */
function homeOf(account: string, { lead, findings }: StatusAnswer): string | null {
  const file = findings.find(({ fingerprint }) => fingerprint === lead?.fingerprint && lead !== null);
  const short = lead?.chain.at(-1)?.what.replace(/:\d+$/, "") ?? "";
  const long = file?.where?.file ?? "";
  if (file?.account !== account || !short.startsWith("~/")) return null;
  return long.endsWith(short.slice(1)) ? long.slice(0, long.length - short.length + 2) : null;
}

export function modesOf({ findings }: Guilty): string {
  return unique(findings.map(({ mode }) => mode).filter((mode) => mode !== "-")).join(", ");
}

/** The moment since when the first of them stands so, RFC 3339. */
export function earliest(findings: readonly TextFinding[]): string | null {
  return findings.map(({ since }) => since).toSorted()[0] ?? null;
}

/** `2026-11-23 09:14 +01:00 (41 min)` */
export function sinceText(since: string, { nowMs, offsetMinutes }: Reading): string {
  const at = new Date(since);
  return `${localMinute(at, offsetMinutes(at))} (${duration(nowMs - +at)})`;
}

/** How an engine suffers: each goes on after `an engine`. */
const suffers: Readonly<Record<string, string>> = {
  hang: "waits for ever",
  "silent-success": "is told that something is done that is not",
  "failed-command": "sees its commands fail",
  "corrupted-stream": "reads what is no answer",
  "wrong-target": "runs something else than it sends",
  slow: "is slowed down",
  leak: "leaks what it sends",
  "lock-out": "is locked out",
  security: "enters a host that is not safe",
};

export function suffersOf({ findings }: Guilty): string {
  return unique(findings.map(({ consequence }) => suffers[consequence] ?? consequence)).join("; ");
}

export function changesOf({ findings }: Guilty): string[] {
  return unique(findings.map(({ change }) => change).filter((change) => change !== ""));
}

/** The command that says more; null where it is about the host, which status says whole. */
export function moreAbout({ account, mode, evidence }: TextFinding): string | null {
  if (account === "-" || mode === "-") return null;
  const name = typeof evidence.sent === "string" ? programOf(evidence.sent) : evidence.name;
  const whose = `--account ${shellWord(account)}`;
  return typeof name === "string" && plainName.test(name)
    ? `rcwarden explain ${name} ${whose}`
    : `rcwarden check ${whose}`;
}

const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;

/** What is run of a command that is sent: `cp` of `\\cp -f {file}`, `command cp`, `/usr/bin/cp`. */
function programOf(sent: string): string {
  const [word = ""] = sent.replace(/^(?:command|env) +/, "").split(" ");
  return word.slice(word.lastIndexOf("/") + 1).replace(/^\\/, "");
}

/** Severities that decide: the same as those of `check` without --fail-on. */
const decides: readonly string[] = ["critical", "high", "medium"];

/** Whether everything that is watched is known to hold now. */
export function standingOf(status: StatusAnswer, nowMs: number): "holds" | "fails" | "unknown" {
  const counts = status.findings.filter(({ severity, waived }) => waived === undefined && decides.includes(severity));
  if (counts.some((finding) => finding.status === "fail")) return "fails";
  const isKnown = status.validUntil !== null && Date.parse(status.validUntil) > nowMs;
  const isWhole = isKnown && status.ready && !status.watching.blind && status.documents.grant !== "broken";
  return isWhole && counts.length === 0 ? "holds" : "unknown";
}
