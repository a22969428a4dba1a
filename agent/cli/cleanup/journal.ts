import {
  isOutcomeWord,
  type JournalEntry,
  type JournalFilter,
  journalFolder,
  outcomeWords,
  readJournal,
  verifyJournal,
} from "../../cleanup/index.ts";
import { shapes } from "../../status/index.ts";
import { hear } from "../agents.ts";
import { wordOf } from "../options.ts";
import type { Parts } from "../parts.ts";
import {
  brokenText,
  fileJson,
  fileText,
  headingText,
  openJson,
  openText,
  sumsText,
  verifiedJson,
  verifiedText,
} from "../text/cleanup-journal.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";
import { type Action, refuse } from "./action.ts";
import { cleanupPlaces, socketOption, stateOption } from "./places.ts";

export const journal: Action = {
  name: "journal",
  summary: "show what was removed, and what became of what was to go",
  usage: "[--since WHEN] [--outcome WORD] [--verify] [--json]",
  options: [
    { flags: "--retention <name>", says: "only this Retention" },
    { flags: "--account <name>", says: "only files of this account" },
    { flags: "--outcome <word>", says: `only files of this outcome: ${outcomeWords.join(", ")}` },
    {
      flags: "--since <when>",
      says: "only what was written since: 90m, 6h, 2d ago, or a time such as 2027-01-31T06:00Z",
    },
    { flags: "--verify", says: "say whether the chain of records is whole, and where it ends" },
    { flags: "--json", says: "print it as JSON; files as JSON lines" },
    stateOption,
    socketOption,
  ],
  examples: [
    ["rcwarden cleanup journal --since 6h", "each file with its outcome, oldest first"],
    ["rcwarden cleanup journal --outcome in-quarantine", "what was taken and could not be put back"],
    ["rcwarden cleanup journal --verify", "whether the journal is whole, and its last record's hash"],
  ],
  run,
};

/** Reads the files of the state folder: whether an agent runs makes no difference, but for where they are. */
async function run(call: Call, surroundings: Surroundings): Promise<ExitCode> {
  const { voice, parts } = surroundings;
  const { flags } = call;
  const place = await folderOf(call, parts);
  if (place.kind === "unknown") {
    voice.remark(`rcwarden cleanup: ${place.message}`);
    return 3;
  }
  const { folder } = place;
  const filter = filterOf(flags, parts.now().getTime());
  if (typeof filter === "string") return refuse(voice, filter);
  if (flags.verify === true && Object.keys(filter).length > 0)
    return refuse(voice, "expected --verify alone: it is about the whole journal");
  try {
    return flags.verify === true
      ? verify(folder, flags.json === true, surroundings)
      : show(folder, filter, call, surroundings);
  } catch (error) {
    voice.remark(`rcwarden cleanup: ${error instanceof Error ? error.message : String(error)}`);
    return 3;
  }
}

type FolderOf =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "unknown"; readonly message: string };

/** Whoever names an agent means that one's journal, wherever it keeps it. */
async function folderOf(call: Call, parts: Parts): Promise<FolderOf> {
  const { state, sockets } = cleanupPlaces(call, parts);
  if (typeof call.flags.socket !== "string") return { kind: "folder", folder: journalFolder(state) };
  const heard = await hear(parts, sockets, { method: "GET", path: "/v1/cleanup" }, shapes().Cleanup);
  if (heard.kind !== "answer") return { kind: "unknown", message: heard.message };
  const { journal } = heard.value;
  if (journal !== null) return { kind: "folder", folder: journal.folder };
  const message = `${heard.socket}: expected an agent with a journal that you may see, found none; ask as root, or once something may go`;
  return { kind: "unknown", message };
}

function verify(folder: string, isJson: boolean, { voice }: Surroundings): ExitCode {
  const verified = verifyJournal(folder);
  if (verified.kind === "refused") return refuse(voice, verified.message);
  if (verified.kind === "absent") return absent(folder, isJson, 3);
  if (isJson) voice.json(verifiedJson(folder, verified));
  else voice.answer(verifiedText(folder, verified));
  return verified.kind === "whole" ? 0 : 1;

  function absent(where: string, asJson: boolean, exit: ExitCode): ExitCode {
    if (asJson) voice.json(verifiedJson(where, { kind: "absent" }));
    else voice.answer(noJournal(where));
    return exit;
  }
}

function show(folder: string, filter: JournalFilter, { flags }: Call, { voice, parts }: Surroundings): ExitCode {
  const read = readJournal(folder, filter);
  if (read.kind === "refused") return refuse(voice, read.message);
  if (read.kind === "absent") {
    if (flags.json !== true) voice.answer(noJournal(folder));
    return 0;
  }
  const isJson = flags.json === true;
  const offset = (at: Date) => parts.offsetMinutes(at);
  const sums = new Map<string, { files: number; bytes: bigint }>();
  let before: JournalEntry | null = null;
  for (const entry of read.entries) {
    if (!voice.isHeard()) return 0;
    if (isJson) tellJson(entry);
    else tellText(entry, before);
    before = entry;
  }
  if (!isJson) voice.answer(sumsText(sums));
  const verified = verifyJournal(folder);
  if (verified.kind !== "broken") return 0;
  voice.remark(...brokenText(verified));
  return 1;

  function tellJson(entry: JournalEntry): void {
    if (entry.settledAt === null) voice.jsonLine(openJson(entry));
    for (const file of entry.files) voice.jsonLine(fileJson(entry, file));
  }

  function tellText(entry: JournalEntry, last: JournalEntry | null): void {
    if (last?.intended.run !== entry.intended.run) voice.answer(headingText(entry, offset, last !== null));
    if (entry.settledAt === null) voice.answer(openText(entry, offset));
    for (const file of entry.files) {
      voice.answer(fileText(entry, file, offset));
      const sum = sums.get(file.outcome) ?? { files: 0, bytes: 0n };
      sums.set(file.outcome, { files: sum.files + 1, bytes: sum.bytes + BigInt(file.identity.size) });
    }
  }
}

function noJournal(folder: string) {
  return [[`There is no journal in ${folder}: clean-up has removed nothing here.`]];
}

/** Or what is wrong with the flags. */
function filterOf(flags: Call["flags"], nowMs: number): JournalFilter | string {
  const { retention, account, outcome, since } = flags;
  const sinceMs = typeof since === "string" ? momentOf(since, nowMs) : undefined;
  if (sinceMs === null)
    return `--since: expected a duration such as 90m, 6h or 2d, or a time such as 2027-01-31T06:00Z, found "${String(since)}"`;
  if (typeof outcome === "string" && !isOutcomeWord(outcome))
    return wordOf("--outcome", outcome, outcomeWords).problem ?? "--outcome";
  return {
    ...(typeof retention === "string" && { retention }),
    ...(typeof account === "string" && { account }),
    ...(isOutcomeWord(outcome) && { outcome }),
    ...(sinceMs !== undefined && { sinceMs }),
  };
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Epoch milliseconds; null where it is neither a duration nor a time of ISO 8601. */
function momentOf(text: string, nowMs: number): number | null {
  const [, count, unit = ""] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (units[unit] ?? 0);
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = isTime ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
