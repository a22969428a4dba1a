import { join, resolve } from "node:path";
import type { Command } from "commander";
import * as z from "zod";
import { checkKinds } from "../../checks/index.ts";
import {
  closest,
  dayNumber,
  daysAhead,
  type Exception,
  loadDocuments,
  mostDaysAhead,
  problemsSummary,
  problemText,
} from "../../documents/index.ts";
import { fingerprint as fingerprintOf } from "../../evaluate/fingerprint.ts";
import { paragraph } from "../../facts/layout.ts";
import { hear, socketsFor } from "../agents.ts";
import type { Parts } from "../parts.ts";
import { exceptionDocument } from "../text/document.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const except: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      `Waives one finding until a day, at most ${mostDaysAhead} days ahead: it is still told, and decides nothing. Writes a readable Exception to /etc/rcwarden/exceptions.yaml, as the host's owner.`,
    )
    .usage("FINGERPRINT --reason TEXT --until YYYY-MM-DD")
    .argument("[fingerprint]", "the finding's 16 digits, as check prints them at its end")
    .option("--reason <text>", "why it may stand")
    .option("--until <day>", "the last day, YYYY-MM-DD, to its end in UTC")
    .option(
      "--report <file>",
      "look the finding up in what check --json printed (- for stdin) instead of asking the agent",
    )
    .option("--config <folder>", "the host owner's documents, instead of /etc/rcwarden")
    .option("--socket <path>", "ask the agent that listens here")
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      examples([
        [
          'rcwarden except 3f9c2a71d0b4e655 --reason "CHG0012345" --until 2027-01-31',
          "one finding, asked of the agent",
        ],
        ["rcwarden check --json | rcwarden except 3f9c2a71d0b4e655 --report - ...", "without an agent"],
      ]),
    );
}

type Key = Exception["finding"];

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const nowMs = parts.now().getTime();
  const wish = wishOf(flags, words, nowMs);
  if (wish.kind === "refused") return refuse(wish.problems);
  const { fingerprint, reason, until } = wish;
  const text = (flag: unknown) => (typeof flag === "string" ? flag : null);
  const config = text(flags.config) === null ? null : resolve(String(flags.config));
  const folder = config ?? parts.hostFolder;
  if (config === null && parts.callerUid !== 0)
    return refuse([`expected root, whose ${folder} is, found uid ${parts.callerUid}; use sudo`]);

  const report = text(flags.report);
  const found =
    report === null ? await fromAgent(fingerprint, flags.socket, parts) : await fromReport(fingerprint, report, parts);
  if (found.kind === "refused") return refuse([found.problem]);
  if (fingerprintOf(found.key) !== fingerprint)
    return refuse([
      `expected finding ${fingerprint}, found one of another policy, rule, account, mode or subject under it`,
    ]);

  const loaded = await parts.configuration(config);
  if (loaded.kind === "problems") {
    voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
    return refuse([
      "expected documents that are taken, found problems: an Exception beside them would not be; nothing was written",
    ]);
  }
  const { exceptions } = loaded.host;
  const standing = exceptions.find((each) => fingerprintOf(each.finding) === fingerprint && each.until >= until);
  if (standing !== undefined)
    return refuse([
      `${standing.origin.file}: expected no Exception for it, found ${standing.name}, until ${standing.until}; nothing was written`,
    ]);

  const exception = { name: nameOf(found.key, fingerprint, exceptions), finding: found.key, reason, until };
  const file = join(folder, "exceptions.yaml");
  const document = exceptionDocument(exception, parts.now().toISOString().slice(0, 10));
  const written = parts.files.append(file, document, (whole) => problemsOf(file, whole, nowMs));
  if (written.kind === "failed") return refuse([written.problem]);
  if (written.kind !== "written") {
    voice.remark(...(written.kind === "refused" ? written.problems : []));
    return refuse([`${file}: expected text to which an Exception can be added, found the above; nothing was written`]);
  }
  if (flags.json === true) voice.json({ apiVersion: "rcwarden/v1", kind: "Excepted", fingerprint, file, ...exception });
  else {
    const { policy, rule, account, mode, subject } = found.key;
    voice.answer([
      ...paragraph(`${fingerprint} is waived until ${until}, the end of that day, UTC:`),
      ...paragraph(`${policy} / ${rule}, ${account}, ${mode}, ${subject}`, 2),
      ...paragraph(`Exception ${exception.name} written to ${file}; delete it there to end it before`),
    ]);
  }
  return 0;

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden except: ${problem}`));
    return 2;
  }
}

type Wish =
  | { readonly kind: "wish"; readonly fingerprint: string; readonly reason: string; readonly until: string }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

function wishOf(flags: Call["flags"], words: readonly string[], nowMs: number): Wish {
  const [fingerprint, ...strays] = words;
  const { reason, until } = flags;
  const problems: string[] = [];
  if (fingerprint === undefined) problems.push("expected a finding's fingerprint, found nothing; check prints them");
  else if (!/^[0-9a-f]{16}$/.test(fingerprint))
    problems.push(`expected a fingerprint of 16 digits 0 to 9 and a to f, found "${fingerprint}"`);
  if (strays.length > 0)
    problems.push(
      `expected one fingerprint, found "${strays.join(" ")}" as well; a reason of several words needs quotes`,
    );
  if (typeof reason !== "string") problems.push("--reason: expected why it may stand, found nothing");
  else if (reason.trim() === "") problems.push("--reason: expected why it may stand, found blanks");
  const wrongDay = typeof until === "string" ? wrongWith(until, nowMs) : "nothing";
  if (wrongDay !== null)
    problems.push(`--until: expected a day from today to ${mostDaysAhead} days ahead as YYYY-MM-DD, found ${wrongDay}`);
  if (problems.length > 0 || fingerprint === undefined || typeof reason !== "string" || typeof until !== "string")
    return { kind: "refused", problems };
  return { kind: "wish", fingerprint, reason: reason.trim(), until };
}

/** What is wrong with the day, in words; null where nothing is. */
function wrongWith(until: string, nowMs: number): string | null {
  if (dayNumber(until) === null) return `"${until}"`;
  const ahead = daysAhead(until, nowMs);
  if (ahead < 0) return `${until}, which is past`;
  return ahead > mostDaysAhead ? `${until}, ${ahead} days ahead` : null;
}

type Found = { readonly kind: "found"; readonly key: Key } | { readonly kind: "refused"; readonly problem: string };

const row = z.object({
  fingerprint: z.string(),
  policy: z.string(),
  rule: z.string(),
  account: z.string(),
  mode: z.string(),
  subject: z.string(),
});
const reportShape = z.object({ kind: z.literal("Report"), findings: z.array(row) });
const answerShape = z.object({ items: z.array(row) });

async function fromReport(fingerprint: string, file: string, parts: Parts): Promise<Found> {
  const where = file === "-" ? "stdin" : file;
  const input = await parts.input(file);
  if (input.kind === "unreadable")
    return { kind: "refused", problem: `--report: ${where}: expected to read it, found ${input.why}` };
  const report = reportShape.safeParse(jsonOf(input.text));
  if (!report.success)
    return { kind: "refused", problem: `--report: ${where}: expected what check --json prints, found something else` };
  const { findings } = report.data;
  const key = keyOf(findings, fingerprint);
  if (key !== null) return { kind: "found", key };
  const near = closest(
    fingerprint,
    findings.map((each) => each.fingerprint),
  );
  const meant = near === null ? "" : `; did you mean ${near}?`;
  return {
    kind: "refused",
    problem: `${where}: expected finding ${fingerprint}, found ${findings.length === 1 ? "another one" : `${findings.length} others`}${meant}`,
  };
}

async function fromAgent(fingerprint: string, socket: unknown, parts: Parts): Promise<Found> {
  const question = { method: "GET", path: `/v1/findings?most=1${before(fingerprint)}` } as const;
  const heard = await hear(parts, socketsFor(parts, socket), question, answerShape);
  const otherwise = `or give --report FILE with what check --json printed`;
  if (heard.kind !== "answer") return { kind: "refused", problem: `${heard.message}; ${otherwise}` };
  const key = keyOf(heard.value.items, fingerprint);
  if (key !== null) return { kind: "found", key };
  return {
    kind: "refused",
    problem: `${heard.socket}: expected finding ${fingerprint}, found none of this fingerprint; ${otherwise}`,
  };
}

/** The agent lists findings after a given one: after the number before this one, this one is the first. */
function before(fingerprint: string): string {
  const number = BigInt(`0x${fingerprint}`);
  return number === 0n ? "" : `&after=${(number - 1n).toString(16).padStart(16, "0")}`;
}

function keyOf(rows: readonly z.output<typeof row>[], fingerprint: string): Key | null {
  const found = rows.find((each) => each.fingerprint === fingerprint);
  if (found === undefined) return null;
  const { policy, rule, account, mode, subject } = found;
  return { policy, rule, account, mode, subject };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What would be wrong with the file as it would stand. */
function problemsOf(file: string, bytes: Uint8Array, nowMs: number): readonly string[] {
  const loaded = loadDocuments([], { checks: checkKinds, shipped: [], host: [{ file, shipped: false, bytes }], nowMs });
  return loaded.kind === "problems" ? loaded.problems.map(problemText) : [];
}

/** Says what it is about; a number tells it from those that were there before. */
function nameOf({ rule }: Key, fingerprint: string, exceptions: readonly Exception[]): string {
  const name = `${rule.slice(0, 40)}-${fingerprint}`;
  const taken = exceptions.map((each) => each.name);
  const numbered = exceptions.map((_, at) => `${name}-${at + 2}`);
  return [name, ...numbered].find((each) => !taken.includes(each)) ?? name;
}
