/** What a finding says, made fit to be kept: redacted, bounded, and with a digest that is equal where the host is equal. */
import { createHash } from "node:crypto";
import type { Verdict } from "../evaluate/index.ts";
import type { KeptFinding } from "./event.ts";
import { redacted } from "./redact.ts";

/** What a finding says, without its key and without when it was said. */
export type Content = Pick<
  KeptFinding,
  "status" | "severity" | "consequence" | "message" | "where" | "line" | "change" | "evidence" | "gaps"
>;

/** Most characters that are kept of a text, and most entries of a list. */
const most = { line: 200, message: 2000, clause: 1000, path: 4096, entries: 40 } as const;

/** Redacted before it is cut, for half a secret may no longer look like one; and whole characters only. */
export function fitting(text: string, characters: number): string {
  const kept = redacted(text).toWellFormed();
  if (kept.length <= characters) return kept;
  return `${kept.slice(0, characters - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

export function contentOf(verdict: Verdict): Content & { readonly status: "fail" | "unknown" } {
  const { status, severity, consequence, where, line } = verdict;
  return {
    status: status === "fail" ? "fail" : "unknown",
    severity,
    consequence,
    message: fitting(verdict.message, most.message),
    where: where === null ? null : { ...where, file: path(where.file), through: first(where.through).map(path) },
    line: line === null ? null : fitting(line, most.line),
    change: fitting(verdict.change, most.clause),
    evidence: evidenceOf(verdict.evidence),
    ...(status === "fail" ? {} : { gaps: first(verdict.gaps).map(gapOf) }),
  };
}

/** A finding that failed and is undecided now: it stands where it stood, and says both. */
export function undecided(now: Content, before: KeptFinding): Content {
  const failed = before.status === "fail" ? before.message : String(before.evidence.before ?? "");
  const { consequence, where, line, change } = before;
  const message = fitting(`${cut(now.message, most.clause)}; before, it failed: ${failed}`, most.message);
  return { ...now, consequence, where, line, change, message, evidence: { ...before.evidence, before: failed } };
}

/** `sha256:HEX` over what a finding says, without what differs from one run to the next on a host that did not change. */
export function contentDigest(content: Content): string {
  const { status, severity, consequence, message, where, line, change, evidence, gaps = [] } = content;
  const says = [
    [status, severity, consequence, steady(message), line, steady(change)],
    where === null ? null : [where.file, where.line, where.column, where.through],
    sorted(evidence).flatMap(([name, value]) => {
      if (measuredAnew.includes(name)) return [];
      return [[name, typeof value === "string" && asSeen.includes(name) ? steady(value) : value]];
    }),
    gaps.map((gap) => [gap.code, steady(gap.message), steady(gap.change)]),
  ];
  return `sha256:${createHash("sha256").update(JSON.stringify(says)).digest("hex")}`;
}

/** Evidence that is a measurement of this one run. */
const measuredAnew: readonly string[] = [
  "seconds",
  "bytes",
  "latencyMs",
  "lastSweep",
  "files",
  "waitingFiles",
  "waitingBytes",
  "waitingSeconds",
  "mayGo",
  "growthBytesPerHour",
  "freeBytes",
  "fullInSeconds",
  "nothingReclaimedHours",
  "lookedAt",
];
/** Evidence that quotes what was seen while it ran, with whatever times and numbers stood there. */
const asSeen: readonly string[] = [
  "prompt",
  "stdout",
  "stderr",
  "head",
  "missing",
  "waiting",
  "held",
  "atEnd",
  "before",
  "degraded",
  "stays",
];

const names = "Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/** Times, process ids, durations, names of scratch files are left out; numbers of lines stay. */
function steady(text: string): string {
  return text
    .replace(new RegExp(String.raw`\b(?:${names})\b`, "g"), "#")
    .replace(/(\/(?:tmp|var\/tmp|dev\/shm|run)\/)[^\s'":,;)]+/g, "$1#")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b/gi, "#")
    .replace(/(?<!\bline )(?<!\d)\d+(?:,\d{3})*/g, "#");
}

function evidenceOf(evidence: Verdict["evidence"]): KeptFinding["evidence"] {
  const kept = Object.entries(evidence).slice(0, most.entries);
  return Object.fromEntries(kept.map(([name, value]) => [name, plain(value)]));
}

/** By name, so that the digest does not hang on the order in which a check names them. */
function sorted(evidence: Verdict["evidence"]): [string, Verdict["evidence"][string]][] {
  return Object.entries(evidence).sort(([a], [b]) => (a < b ? -1 : 1));
}

function plain(value: Verdict["evidence"][string]): Verdict["evidence"][string] {
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  return typeof value === "string" ? fitting(value, most.clause) : value;
}

function gapOf({ code, message, change }: Verdict["gaps"][number]) {
  return { code, message: fitting(message, most.clause), change: fitting(change, most.clause) };
}

function path(text: string): string {
  return cut(text.toWellFormed(), most.path);
}

function first<T>(list: readonly T[]): readonly T[] {
  return list.slice(0, most.entries);
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : text.slice(0, characters).replace(/[\ud800-\udbff]$/, "");
}
