/** The journal of clean-up, for a person and for a program: each file with what became of it. */
import type { JournalEntry, OutcomeCode, OutcomeWord, Settled, Verified } from "../../cleanup/index.ts";
import { folded, pad, padStart, pageColumns, paragraph, row, spread } from "../../facts/layout.ts";
import { localMinute, localSecond } from "../../facts/moment.ts";
import { pathText, sizeText } from "./cleanup.ts";
import { type Line, span } from "./printable.ts";

/** Minutes that the host's local time is ahead of UTC at that moment. */
type Offset = (at: Date) => number;

/** Of a run; those of its groups stand below one heading. */
export function headingText(entry: JournalEntry, offset: Offset, isFollowing: boolean): Line[] {
  const { retention, root, account, run, because, plan } = entry.intended;
  const at = new Date(entry.at);
  const left = [span(retention, "bold"), `   ${root}   as ${account}`];
  return [
    ...(isFollowing ? [[""]] : []),
    ...spread(left, [localMinute(at, offset(at))], pageColumns),
    ...folded([`  run ${run}, ${becauseWords[because]}, plan ${plan.slice(0, 12)}`]),
  ];
}

export function fileText(entry: JournalEntry, file: Settled, offset: Offset): Line[] {
  const at = new Date(entry.settledAt ?? entry.at);
  const why = whyText(file);
  const start = `  ${localSecond(at, offset(at))}  ${pad(file.outcome, 17)}${padStart(sizeText(BigInt(file.identity.size)), 10)}`;
  return [[`${start}  ${pathText(file.path)}${why === "" ? "" : `  (${why})`}`]];
}

/** The files of an intent are not told before somebody knows what became of them. */
export function openText({ at, intent }: JournalEntry, offset: Offset): Line[] {
  const time = new Date(at);
  const says = `what became of group ${intent} is not known yet: the agent looks when it starts`;
  return [[`  ${localSecond(time, offset(time))}  ${pad("open", 17)}${padStart("", 10)}  ${says}`]];
}

export function sumsText(sums: ReadonlyMap<string, { readonly files: number; readonly bytes: bigint }>): Line[] {
  if (sums.size === 0) return [["Nothing in the journal fits."]];
  const lines = [...sums].map(([outcome, { files, bytes }]): Line => {
    const counted = files === 1 ? "1 file " : `${files.toLocaleString("en-US")} files`;
    return [`${pad(outcome, 17)}${padStart(counted, 16)}${padStart(sizeText(bytes), 12)}`];
  });
  return [[""], ...lines];
}

export function verifiedText(folder: string, verified: Verified): Line[] {
  if (verified.kind === "broken")
    return [
      [span("broken", "red"), `   ${folder}`],
      ...row("Where", verified.where),
      ...row("What", verified.message),
      ...paragraph(advice, 2),
    ];
  const { records, head, notices } = verified;
  return [
    [span("whole", "green"), `   ${folder}`],
    ...row("Records", records.toLocaleString("en-US")),
    ...row("Last record", `${head.seq}`),
    ...row("Its hash", head.hash),
    ...notices.flatMap((notice) => row("Notice", notice)),
  ];
}

const advice =
  "What stands before it is whole and is still shown. While it is broken nothing is removed; once it was looked at, move the folder away, and a new journal begins.";

export function brokenText({
  where,
  message,
}: {
  readonly where: string;
  readonly message: string;
}): readonly string[] {
  return [`${where}: ${message}; what stands behind it is not shown (rcwarden cleanup journal --verify)`];
}

export function verifiedJson(folder: string, verified: Verified | { readonly kind: "absent" }) {
  const about = { apiVersion: "rcwarden/v1", kind: "CleanupJournal", folder, state: verified.kind };
  if (verified.kind === "absent") return { ...about, records: 0, head: null, where: null, message: "", notices: [] };
  if (verified.kind === "broken")
    return { ...about, records: null, head: null, where: verified.where, message: verified.message, notices: [] };
  const { records, head, notices } = verified;
  return { ...about, records, head, where: null, message: "", notices };
}

/** `hex` is the path as it is: `path` is text, and a name need not be any. */
export function fileJson(entry: JournalEntry, { path, identity, outcome, code, detail, sha256 }: Settled) {
  const { size, mtimeNs } = identity;
  const of = { path: pathText(path), hex: path.join("2f"), bytes: Number(size), mtimeNs };
  return { ...aboutJson("CleanedFile", entry), at: entry.settledAt, outcome, code, detail, ...of, sha256 };
}

export function openJson(entry: JournalEntry) {
  return { ...aboutJson("OpenIntent", entry), at: entry.at };
}

function aboutJson(kind: string, { intent, intended }: JournalEntry) {
  const { retention, account, root, run, because, plan } = intended;
  return { apiVersion: "rcwarden/v1", kind, retention, account, root, run, because, plan, intent };
}

function whyText({ outcome, code, detail }: Settled): string {
  const why = code === null || outcome === "gone-unconfirmed" ? outcomeWords[outcome] : codeWords[code];
  return [why, detail].filter((part) => part !== "").join(": ");
}

const becauseWords: Readonly<Record<JournalEntry["intended"]["because"], string>> = {
  "by-hand": "by hand",
  schedule: "on schedule",
  release: "for a release came",
  pressure: "for the disk fills",
};

/** Where no code says why. */
const outcomeWords: Readonly<Record<OutcomeWord, string>> = {
  removed: "",
  kept: "",
  "put-back": "",
  "in-quarantine": "",
  "gone-unconfirmed": "neither at its name nor in quarantine after a crash",
};

export const codeWords: Readonly<Record<OutcomeCode, string>> = {
  "not-a-regular-file": "no regular file any more",
  "several-links": "of several links",
  "another-owner": "another account's",
  database: "a database's",
  "archived-log": "an archived redo log, not released with its sha256",
  mount: "on another mount",
  "held-open": "a process has it open",
  "open-unknown": "whether a process has it open cannot be told",
  "name-refused": "of a name that no Retention reaches",
  changed: "changed since it was planned",
  "other-content": "its content is none that was released",
  "not-begun": "the run ended before its turn",
  gone: "not there any more",
  moved: "its folder was moved or replaced",
  refused: "the system refused",
};
