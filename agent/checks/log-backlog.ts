import * as z from "zod";
import { countWords, sizeWords } from "../facts/amounts.ts";
import type { BacklogFacts, RetentionFacts } from "../facts/index.ts";
import { checkKind, type Evidence, type Judgement } from "./check-kind.ts";
import { oracle, staging } from "./example-facts.ts";
import { durationWords } from "./wording.ts";

/** Where nobody knows the Retentions; each that is known is a subject by its name. */
const subject = "clean-up";

const GiB = 2 ** 30;

const parameters = z.strictObject({
  fullHours: z
    .number()
    .int()
    .min(1)
    .max(720)
    .default(24)
    .describe("Fails where the file system is full within so many hours at the present growth."),
  idleHours: z
    .number()
    .int()
    .min(1)
    .max(720)
    .default(24)
    .describe("Fails where files wait and nothing was reclaimed for so many hours."),
  waitingDays: z.number().int().min(1).max(3650).default(7).describe("Fails where a file waits for longer."),
  waitingFiles: z.number().int().min(1).max(10_000_000).default(100_000).describe("Fails where more files wait."),
  waitingPercent: z
    .number()
    .int()
    .min(1)
    .max(99)
    .default(50)
    .describe("Fails where more than this share of the file system waits."),
  waitingGiB: z
    .number()
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .describe("Fails where more than this waits; without it only the share counts."),
});
type Parameters = z.infer<typeof parameters>;

/** Why a file waits (after `412`), and what helps, by its word. */
const reasons: Readonly<Record<string, { readonly why: string; readonly change: string }>> = {
  "not-released": {
    why: "for the engine's release",
    change: "see why the engine does not release them: what it did not release stays",
  },
  "released-other-content": {
    why: "changed since their release",
    change: "see who writes to files that the engine took already, and let it take them again",
  },
  "archived-log": {
    why: "not released with their sha256, which archived redo logs need",
    change: "let the engine release archived redo logs with their sha256",
  },
  "held-open": { why: "held open by a process", change: "see which process holds them open, and end or rotate it" },
  "open-unknown": {
    why: "perhaps held open",
    change: "see in the plan why it cannot be told whether a process has them open",
  },
  changed: { why: "changed while they were looked at", change: "see what writes there all the time" },
  "another-owner": {
    why: "of another owner",
    change: "see who else writes there: only files of the Retention's account go",
  },
  "several-links": { why: "with several links", change: "see what links to them: only files with one link go" },
  "over-limit": { why: "beyond the limits of one plan", change: "plan more often, or raise the Retention's limits" },
  "would-empty": {
    why: "all that matches, while mayEmpty is not true",
    change: "say mayEmpty: true in the Retention, or keep.newest",
  },
  "clock-not-trusted": {
    why: "of no known age",
    change: "see to the clock of this host: while it is not trusted no age counts",
  },
};

/** What would go, by who lets it. */
const couldGo: Readonly<Record<RetentionFacts["applied"], { readonly why: string; readonly change: string }>> = {
  automatically: { why: "for the next plan", change: "see in the journal of clean-up why what was planned did not go" },
  "by-hand": { why: "for somebody to apply the plan", change: "look at rcwarden cleanup plan, and apply it" },
  "plan-only": { why: "for a Grant that lets them go", change: "" },
};

function changeFor({ root, account, applied }: RetentionFacts, { stays, waiting }: BacklogFacts): string {
  if (applied === "plan-only") {
    return `the host's owner may grant it (remove: account ${account}, below ${root}), or remove what is needed no more; rcwarden cleanup plan lists what would go`;
  }
  if (waiting.files === 0) return "let the Retention keep less, or give the file system more room";
  const [first] = stays;
  const staying = stays.reduce((sum, { files }) => sum + files, 0);
  if (first === undefined || waiting.mayGo > staying) return couldGo[applied].change;
  return reasons[first.code]?.change ?? "look at rcwarden cleanup plan for why each stays";
}

/** `412 files (38.0 GiB) below /u01/staging/engine wait for the engine's release`. */
function waitWords({ root, applied }: RetentionFacts, { stays, waiting, files, bytes }: BacklogFacts): string {
  if (waiting.files === 0) {
    return files === 0 ? `nothing matches below ${root}` : `${amount(files, bytes)} below ${root} stay as they should`;
  }
  const head = `${amount(waiting.files, waiting.bytes)} below ${root} ${waiting.files === 1 ? "waits" : "wait"}`;
  const why = stays.map((each) => ({ count: each.files, why: reasons[each.code]?.why ?? each.code }));
  const going = waiting.mayGo > 0 ? [{ count: waiting.mayGo, why: couldGo[applied].why }] : [];
  const [only, ...more] = [...why, ...going];
  if (only !== undefined && more.length === 0) return `${head}${only.why.startsWith("for ") ? "" : ":"} ${only.why}`;
  return `${head}: ${[...why, ...going].map((each) => `${countWords(each.count)} ${each.why}`).join(", ")}`;
}

function amount(files: number, bytes: number): string {
  return `${countWords(files)} ${files === 1 ? "file" : "files"} (${sizeWords(bytes)})`;
}

/** What is too much, a clause each; none where all is within what the rule allows. */
function faults(asked: Parameters, backlog: BacklogFacts): readonly string[] {
  const { waiting, freeBytes, totalBytes, fullInSeconds, nothingReclaimedHours, files } = backlog;
  const isFull = files > 0 && freeBytes <= 0;
  const isFilling = fullInSeconds !== null && fullInSeconds <= asked.fullHours * 3600;
  const isTooOld = (waiting.oldestSeconds ?? 0) > asked.waitingDays * 86_400;
  const share = totalBytes > 0 ? (100 * waiting.bytes) / totalBytes : 0;
  const rows: readonly (readonly [boolean, string])[] = [
    [isFull, "the file system is full"],
    [!isFull && isFilling, `at today's rate the file system is full in ${durationWords(fullInSeconds ?? 0)}`],
    [
      nothingReclaimedHours >= asked.idleHours,
      `nothing was reclaimed for ${durationWords(nothingReclaimedHours * 3600)}`,
    ],
    [isTooOld, `the oldest waits for ${durationWords(waiting.oldestSeconds ?? 0)}`],
    [waiting.files > asked.waitingFiles, `more than ${countWords(asked.waitingFiles)} files`],
    [share > asked.waitingPercent, `more than ${asked.waitingPercent} % of the file system`],
    [
      asked.waitingGiB !== undefined && waiting.bytes > asked.waitingGiB * GiB,
      `more than ${countWords(asked.waitingGiB ?? 0)} GiB`,
    ],
  ];
  return rows.flatMap(([is, clause]) => (is ? [clause] : []));
}

/**
 * How bad it is in steps of two, so that what is kept and told of a finding is not of last week: numbers that differ from look
 * to look are news only when this is another.
 */
function magnitude({ waiting, fullInSeconds, nothingReclaimedHours }: BacklogFacts): string {
  const [hours, days] = [(fullInSeconds ?? 0) / 3600, nothingReclaimedHours / 24];
  const full = hours < 1 ? `${step(hours * 60)} min` : `${step(hours)} h`;
  return [
    ...(waiting.files > 0 ? [`waits: ${amount(step(waiting.files), step(waiting.bytes))} or more`] : []),
    ...(fullInSeconds === null ? [] : [`full: in ${full} or more`]),
    ...(days < 1 ? [] : [`nothing reclaimed: ${step(days)} d or more`]),
  ].join("; ");
}

function step(value: number): number {
  return value < 1 ? 0 : 2 ** Math.floor(Math.log2(value));
}

function evidenceOf({ root, account, applied }: RetentionFacts, backlog: BacklogFacts): Evidence {
  const { files, bytes, waiting, growthBytesPerHour, freeBytes, fullInSeconds, nothingReclaimedHours } = backlog;
  const stays = backlog.stays.map((each) => `${each.code}: ${amount(each.files, each.bytes)}`).join("; ");
  return {
    root,
    account,
    applied,
    magnitude: magnitude(backlog),
    files,
    bytes,
    waitingFiles: waiting.files,
    waitingBytes: waiting.bytes,
    waitingSeconds: waiting.oldestSeconds,
    mayGo: waiting.mayGo,
    growthBytesPerHour,
    freeBytes,
    fullInSeconds,
    nothingReclaimedHours,
    stays,
    lookedAt: backlog.at,
  };
}

/** Twice the time between two looks, and an hour for those that take long. */
function isTooOld({ sinceSeconds, everySeconds }: RetentionFacts): boolean {
  return sinceSeconds > 2 * everySeconds + 3600;
}

/** Why it cannot be told how it stands; null where it can. */
function unknownWords(facts: RetentionFacts): string | null {
  const { root, problem, backlog, sinceSeconds, everySeconds } = facts;
  if (problem !== "") return `what lies below ${root} is not known: ${problem}`;
  if (backlog === null) return `below ${root} nothing was looked at yet`;
  if (!isTooOld(facts)) return null;
  const [since, every] = [durationWords(sinceSeconds), durationWords(everySeconds)];
  return `what lies below ${root} was seen ${since} ago and not since, though a look is due every ${every}`;
}

function judgeOne(asked: Parameters, facts: RetentionFacts): Judgement {
  const { retention, backlog, applied } = facts;
  const common = { subject: retention };
  const unknown = unknownWords(facts);
  if (unknown !== null || backlog === null) return { ...common, status: "unknown", message: unknown ?? "" };
  const evidence = evidenceOf(facts, backlog);
  const found = faults(asked, backlog);
  const story = waitWords(facts, backlog);
  if (found.length === 0) return { ...common, status: "pass", message: story, evidence };
  const barred = applied === "plan-only" ? ["nothing may be removed here, for no Grant lets it go"] : [];
  const message = [story, ...found, ...barred].join("; ");
  return { ...common, status: "fail", message, change: changeFor(facts, backlog), evidence };
}

export const logBacklog = checkKind({
  id: "log-backlog",
  summary: "What a Retention lets go is reclaimed before it fills its file system.",
  why: "Files that nobody removes fill the host while every permission is fine, and the next job fails on a full disk.",
  consequence: "failed-command",
  asksAbout: "host",
  needs: ["backlog"],
  afterStartup: false,
  parameters,
  subjects: (_, facts) => facts.backlog?.map(({ retention }) => retention) ?? [subject],
  judge(asked, { backlog }): Judgement[] {
    if (backlog === null) return [{ subject, status: "unknown", message: "what waits to be removed is not known" }];
    return backlog.map((each) => judgeOne(asked, each));
  },
  examples: [
    { says: "files that wait since an hour hold", with: {}, facts: { ...oracle, backlog: [staging({})] }, fails: [] },
    {
      says: "growth that fills the file system in 9 hours fails",
      with: {},
      facts: {
        ...oracle,
        backlog: [staging({ growthBytesPerHour: 4 * GiB, freeBytes: 36 * GiB, fullInSeconds: 32_400 })],
      },
      fails: ["engine-staging"],
    },
    {
      says: "the same is no failure where the rule asks for less",
      with: { fullHours: 8 },
      facts: {
        ...oracle,
        backlog: [staging({ growthBytesPerHour: 4 * GiB, freeBytes: 36 * GiB, fullInSeconds: 32_400 })],
      },
      fails: [],
    },
    {
      says: "files that wait while nothing was reclaimed for a day fail",
      with: {},
      facts: { ...oracle, backlog: [staging({ nothingReclaimedHours: 26 })] },
      fails: ["engine-staging"],
    },
    {
      says: "so they do where no Grant lets anything go: permissions are fine, and nobody cleans",
      with: {},
      facts: { ...oracle, backlog: [{ ...staging({ nothingReclaimedHours: 26 }), applied: "plan-only" }] },
      fails: ["engine-staging"],
    },
    {
      says: "a folder that could not be looked into is unknown, and so is one before its first look",
      with: {},
      facts: {
        ...oracle,
        backlog: [
          { ...staging({}), problem: "the file system does not answer" },
          { ...staging({}), retention: "traces", backlog: null },
        ],
      },
      fails: [],
      unknown: ["engine-staging", "traces"],
    },
  ],
});
