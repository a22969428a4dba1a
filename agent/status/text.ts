/**
 * Status in text, at most 100 columns: what `rcwarden status` prints and what curl gets. Whose state, whether it holds, what
 * is guilty, and what to do next.
 */
import { counted, countWords, sizeWords } from "../facts/amounts.ts";
import { folded, list, pad, pageColumns, row, rows, shortened, spread, unique, wrapped } from "../facts/layout.ts";
import { type Line, type Style, span } from "../facts/lines.ts";
import { duration, localSecond } from "../facts/moment.ts";
import {
  changesOf,
  earliest,
  type Guilty,
  guiltyOf,
  happensOf,
  modesOf,
  moreAbout,
  placeOf,
  type Reading,
  sinceText,
  suffersOf,
} from "./guilty.ts";
import type { StatusAnswer } from "./shapes.ts";

export type { Reading } from "./guilty.ts";

/** Of a host on which much is wrong the first tell enough. */
const mostBlocks = 10;
const mostUnmeasured = 3;
const indent = 13;

/** `socket`: where it was asked; null where the reader said so himself. */
export function statusText(status: StatusAnswer, reading: Reading, socket: string | null): Line[] {
  const failing = guiltyOf(status.findings, "fail");
  const undecided = guiltyOf(status.findings, "unknown");
  const blocks = [
    ...failing.map((block) => guiltyText(block, status, reading)),
    ...undecided.map((block) => undecidedText(block, status, reading)),
  ];
  const hidden = blocks.length - mostBlocks;
  return [
    ...headText(status, reading),
    [],
    ...sections.flatMap(([label, says]) =>
      says(status, reading).flatMap((text, at) => told(at === 0 ? label : "", text)),
    ),
    ...blocks.slice(0, mostBlocks).flatMap((block) => [[], ...block]),
    ...(hidden > 0 ? [[], [`  and ${countWords(hidden)} more; --json has all`]] : []),
    [],
    ...ageText(status, reading, socket),
  ];
}

function told(label: string, text: string): Line[] {
  return wrapped(text, pageColumns - indent).map(
    (line, at): Line => [at === 0 ? `  ${pad(label, indent - 2)}${line}` : `${" ".repeat(indent)}${line}`],
  );
}

function headText(status: StatusAnswer, { nowMs }: Reading): Line[] {
  const up = `up ${duration(nowMs - Date.parse(status.startedAt))}`;
  const instance = status.instance === "host" ? "" : ` (${status.instance})`;
  const left: Line = [
    span(`rcwarden ${status.rcwarden}`, "bold"),
    ` on ${shortened(status.host.name, 60)}${shortened(instance, 40)}, ${up}`,
  ];
  const sink = status.sinks.find(({ kind }) => kind === "engine") ?? status.sinks[0];
  return sink === undefined ? folded(left) : spread(left, [sinkText(sink, nowMs)], pageColumns);
}

type Sink = StatusAnswer["sinks"][number];

function sinkText({ name, waiting, state, lastTaken, problem }: Sink, nowMs: number) {
  const ago = lastTaken === null ? "" : `, ${duration(nowMs - Date.parse(lastTaken))} ago`;
  const who = shortened(name, 40);
  if (problem !== null || state === "stopped")
    return span(`${who}: ${state}, ${counted(waiting, "event")} wait`, "red");
  if (waiting > 0) return span(`${who}: ${counted(waiting, "event")} on the way`, "yellow");
  return span(`${who}: ${lastTaken === null ? "nothing was sent yet" : "up to date"}${ago}`, "green");
}

/** Each says nothing where there is nothing to say. */
type Section = (status: StatusAnswer, reading: Reading) => readonly string[];

const sections: readonly (readonly [label: string, says: Section])[] = [
  ["accounts", accountsSay],
  ["watching", watchingSays],
  ["reported", reportedSays],
  ["documents", documentsSay],
  ["clean-up", cleanupSays],
  ["sessions", sessionsSay],
  ["unmeasured", unmeasuredSays],
  ["waived", waivedSays],
  ["itself", itselfSays],
];

function accountsSay({ accounts, findings }: StatusAnswer, reading: Reading): string[] {
  if (accounts.length === 0) return ["nobody is watched; rcwarden accounts lists whom a Grant could name"];
  const standing = findings.filter(({ waived }) => waived === undefined);
  const failing = standing.filter(({ status }) => status === "fail");
  const of = (some: readonly { readonly account: string }[]) => new Set(some.map(({ account }) => account));
  const [fails, undecided] = [of(failing), of(standing)];
  const measured = accounts.filter(({ state }) => state === "measured" || state === "measuring");
  const passing = measured.filter(({ name }) => !undecided.has(name)).length;
  const failed = accounts.filter(({ name }) => fails.has(name));
  const unknown = accounts.filter(({ name }) => undecided.has(name) && !fails.has(name)).length;
  const since = earliest(failing.filter(({ account }) => account !== "-"));
  const parts = [
    `${countWords(accounts.length)} watched`,
    ...(passing > 0 ? [`${countWords(passing)} pass`] : []),
    ...(failed.length > 0 && since !== null
      ? [`${counted(failed.length, "fails", "fail")} since ${sinceText(since, reading)}`]
      : []),
    ...(unknown > 0 ? [`${countWords(unknown)} undecided`] : []),
  ];
  const others = accounts.filter((each) => !measured.includes(each));
  return [parts.join(", "), ...others.map(({ name, state, says }) => `${name}: ${says === "" ? state : says}`)];
}

function watchingSays({ watching, day }: StatusAnswer, { nowMs }: Reading): string[] {
  const { paths, absent, latencyMs, lastSweep, blind, degraded } = watching;
  const ago = (at: string) => `${duration(nowMs - Date.parse(at))} ago`;
  const saved = day.saves
    .map(({ at }) => at)
    .toSorted()
    .at(-1);
  const parts = [
    `${counted(paths - absent, "file")}, ${countWords(absent)} not there yet`,
    ...(saved === undefined ? [] : [`last change ${ago(saved)}`]),
    ...(lastSweep === null ? [] : [`all looked at ${ago(lastSweep)}`]),
    ...(latencyMs === null ? [] : [`events come after ${Math.ceil(latencyMs)} ms`]),
  ];
  const blindness = blind ? ["changes could go unseen: nothing is confirmed"] : [];
  return [parts.join("; "), ...blindness, ...degraded.map(({ message }) => message)];
}

function reportedSays({ store, sinks }: StatusAnswer): string[] {
  const sum = (of: (sink: Sink) => number) => sinks.reduce((before, sink) => before + of(sink), 0);
  const sent =
    sinks.length === 0
      ? ""
      : `, ${countWords(sum((s) => s.waiting))} waiting, ${countWords(sum((s) => s.deadLetters))} refused`;
  const lost = store.lost === 0 ? "" : `, ${countWords(store.lost)} lost`;
  const problems = sinks.flatMap(({ name, problem, note }) => [
    ...(problem === null ? [] : [`${name}: ${problem.message}`]),
    ...(note === undefined ? [] : [`${name}: ${note}`]),
  ]);
  return [`${counted(store.events, "event")}${sent}${lost}`, ...problems];
}

function documentsSay({ documents }: StatusAnswer): readonly string[] {
  const broken = documents.grant === "broken" ? ["the Grant is broken: nobody is measured, nothing leaves"] : [];
  return [...broken, ...documents.problems];
}

function cleanupSays({ cleanup }: StatusAnswer): string[] {
  return cleanup.flatMap(({ root, backlog, plan, problem }) => [
    ...(problem === "" ? [] : [`${root}: ${problem}`]),
    ...(backlog === null ? [] : [`${root}: ${backlogText(backlog)}`]),
    ...(plan === null || plan.files === 0
      ? []
      : [
          `${counted(plan.files, "file")} (${sizeWords(plan.bytes)}) may go by plan ${plan.hash.slice(0, 12)}   rcwarden cleanup plan`,
        ]),
  ]);
}

type Backlog = NonNullable<StatusAnswer["cleanup"][number]["backlog"]>;

function backlogText({ waiting, stays, fullInSeconds }: Backlog): string {
  const why = stays[0]?.code === "not-released" ? " for the engine's release" : "";
  const waits =
    waiting.files === 0
      ? "nothing waits"
      : `${counted(waiting.files, "file")} (${sizeWords(waiting.bytes)}) ${waiting.files === 1 ? "waits" : "wait"}${why}`;
  const full =
    fullInSeconds === null ? "" : `; at today's rate the volume is full in ${duration(fullInSeconds * 1000)}`;
  return `${waits}${full}`;
}

function sessionsSay({ sessions }: StatusAnswer, { nowMs }: Reading): string[] {
  const { groups, problem } = sessions;
  const stuck = groups.filter(({ isStuck }) => isStuck);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const unread = problem === "" ? [] : [`could not be read whole: ${problem}`];
  const looked = `looked at ${duration(nowMs - Date.parse(sessions.at))} ago`;
  const moving =
    count === 0 ? `no SSH command runs; ${looked}` : `${counted(count, "SSH command")}, none is stuck; ${looked}`;
  if (stuck.length === 0) return problem === "" ? [moving] : unread;
  return [
    ...stuck.map(
      ({ account, count, says, oldestSeconds }) =>
        `${countWords(count)} of ${account}'s SSH commands ${count === 1 ? "waits" : "wait"} for ${says}, oldest ${duration(oldestSeconds * 1000)}`,
    ),
    "rcwarden sessions",
    ...unread,
  ];
}

function unmeasuredSays({ unmeasured }: StatusAnswer): string[] {
  const groups = [...Map.groupBy(unmeasured, ({ account, message }) => `${account}\0${message}`).values()];
  const says = groups.map((group) => {
    const modes = unique(group.map(({ mode }) => mode).filter((mode) => mode !== "-"));
    const { account = "", message = "", change = "" } = group[0] ?? {};
    const whose = account === "-" ? "all accounts" : account;
    return `${whose}${modes.length === 0 ? "" : ` by ${list(modes)}`}: ${message}${change === "" ? "" : `; ${change}`}`;
  });
  const hidden = says.length - mostUnmeasured;
  return [...says.slice(0, mostUnmeasured), ...(hidden > 0 ? [`and ${countWords(hidden)} more; --json has all`] : [])];
}

function waivedSays({ findings }: StatusAnswer): string[] {
  const waived = findings.filter((finding) => finding.waived !== undefined);
  if (waived.length === 0) return [];
  return [`${counted(waived.length, "finding")} by ${list(waived.map((finding) => finding.waived?.exception ?? ""))}`];
}

function itselfSays({ store, resources, ready }: StatusAnswer): string[] {
  return [
    ...(ready ? [] : ["it just started: not every account was looked at yet"]),
    ...(store.problem === null ? [] : [store.problem.message]),
    ...store.notices,
    ...resources.over,
  ];
}

const styles: Readonly<Record<string, Style>> = { critical: "red", high: "red" };

function guiltyText(block: Guilty, status: StatusAnswer, reading: Reading): Line[] {
  const { first, findings } = block;
  const place = placeOf(first, status);
  const line = findings.find((finding) => finding.line !== null)?.line ?? null;
  const since = earliest(findings);
  const title: Line = [
    "  ",
    span(pad(first.severity.toUpperCase(), 10), styles[first.severity] ?? "yellow"),
    `${whose(first)}  `,
    span(place ?? "the line is not known", "bold"),
    line === null ? "" : `   ${shortened(line, 200)}`,
  ];
  return [
    ...folded(title, 12),
    ...rows("What happens", unique(findings.map(happensOf))),
    ...rows("An engine", [suffersOf(block)]),
    ...rows(
      "Coming in by",
      [modesOf(block)].filter((modes) => modes !== ""),
    ),
    ...(since === null ? [] : row("Since", sinceText(since, reading))),
    ...nextText(block),
  ];
}

function undecidedText(block: Guilty, status: StatusAnswer, reading: Reading): Line[] {
  const { first, findings } = block;
  const place = placeOf(first, status);
  const since = earliest(findings);
  const was = findings.some((finding) => finding.was === "fail") ? row("Before", "it failed") : [];
  return [
    ...folded(["  ", span(pad("UNKNOWN", 10), "yellow"), whose(first), place === null ? "" : `  ${place}`], 12),
    ...rows("Because", becauseOf(findings)),
    ...rows(
      "Coming in by",
      [modesOf(block)].filter((modes) => modes !== ""),
    ),
    ...(since === null ? [] : row("Since", sinceText(since, reading))),
    ...was,
    ...nextText(block),
  ];
}

/** The reasons, where the gaps say them; else what the finding says. */
function becauseOf(findings: Guilty["findings"]): string[] {
  const gaps = unique(findings.flatMap((finding) => finding.gaps?.map(({ message }) => message) ?? []));
  return (gaps.length > 0 ? gaps : unique(findings.map(happensOf))).map((text) => shortened(text));
}

function whose({ account }: Guilty["first"]): string {
  return account === "-" ? "this host" : account;
}

function nextText(block: Guilty): Line[] {
  const gaps = block.findings.flatMap((finding) => finding.gaps?.map(({ change }) => change) ?? []);
  const more = moreAbout(block.first);
  return rows("Change", [
    ...unique([...changesOf(block), ...gaps].filter((change) => change !== "")),
    ...(more === null ? [] : [more]),
  ]);
}

/** How old all of it is, and until when it holds. */
function ageText({ time, validUntil }: StatusAnswer, { nowMs, offsetMinutes }: Reading, socket: string | null): Line[] {
  const at = new Date(time);
  const until = validUntil === null ? null : new Date(validUntil);
  const isOver = until !== null && +until <= nowMs;
  const valid =
    until === null
      ? ", nothing is measured"
      : isOver
        ? `, not known since ${localSecond(until, offsetMinutes(until))}`
        : `, valid until ${localSecond(until, offsetMinutes(until))}`;
  const by = socket === null ? "" : `; the agent at ${socket} says so`;
  const text = `as of ${localSecond(at, offsetMinutes(at))}${valid}${by}`;
  return folded([span(text, isOver ? "yellow" : "dim")], 2);
}
