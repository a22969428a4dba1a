/**
 * Measures one account in one mode: reads its startup files, runs its real shell on a few questions in the sandbox, and
 * says what came of it as facts. Whatever could not be had is a gap; nothing here judges.
 */
import type { Sends } from "../checks/check-kind.ts";
import {
  type Account,
  type Attempt,
  type Cause,
  everyFact,
  type FactName,
  type Gap,
  type GapCode,
  type ModeFacts,
  type ModeId,
  modeOf,
  type Tried,
} from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import { realPath } from "../host/real-path.ts";
import { type Dumped, knownNames, personalityOf, type Shell } from "../shells/index.ts";
import type { Reading } from "../startup/index.ts";
import { type Asker, asker, asksMore } from "./asker.ts";
import { bisect } from "./bisect.ts";
import { limitedClause, notTried, tryCommand, attempt as tryOnce } from "./canary.ts";
import { definitions, trapFacts } from "./definitions.ts";
import { guilty } from "./guilty.ts";
import { dump, type Marked, mark, outputs, startupOf, type Told, trace } from "./questions.ts";
import type { PlacedFile, Run } from "./session.ts";
import { firstChanged } from "./unchanged.ts";
import { gapsOfQuestions, gapsOfSshRc } from "./unlike.ts";
import { gapsOfWarnings } from "./warnings.ts";
import { type Parsed, parsedSends, wordsToResolve } from "./words-sent.ts";

/** What sshd and PAM hand to a session; gathered by a collector. */
export interface SessionGround {
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  readonly evidence: string;
  readonly doubts: readonly string[];
}

export interface Measurement {
  readonly account: Account;
  readonly mode: ModeId;
  readonly sends: readonly Sends[];
  /** More names to resolve, beside the programs of `sends`. */
  readonly names: readonly string[];
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

/** What a measurement needs of others; the CLI and the agent put it together. */
export interface Sources {
  /** By the reader child, with the account's identity. */
  read(account: Account, shell: Shell, mode: ModeId, env: Readonly<Record<string, string>>): Promise<Reading>;
  ground(account: Account, mode: ModeId, environmentFiles: Readonly<Record<string, string>>): Promise<SessionGround>;
  /** Whether this process can become any account (root). */
  readonly isRoot: boolean;
}

const mostRounds = 3;

export async function measure(measurement: Measurement, sources: Sources): Promise<ModeFacts> {
  const started = performance.now();
  const until = started + measurement.withinMs;
  const { account, mode } = measurement;
  const [program, homeReal] = await Promise.all([realPath(account.shell), realPath(account.home)]);
  const empty: ModeFacts = { ...emptyFacts(account, mode), ...(homeReal === undefined ? {} : { homeReal }) };
  const seconds = () => (performance.now() - started) / 1000;

  const shell = personalityOf({ path: account.shell, resolved: program ?? account.shell });
  if (shell === null) return { ...empty, gaps: [unknownShell(account)], seconds: seconds() };
  const named: ModeFacts = { ...empty, shell: { path: account.shell, personality: shell.name } };
  if (shell.starts[mode] === undefined) return { ...named, gaps: [unknownMode(shell, mode)], seconds: seconds() };

  for (let round = 1; ; round++) {
    const { facts, changed } = await once(measurement, sources, shell, { named, until });
    if (changed === null) return { ...facts, seconds: seconds() };
    if (round === mostRounds || performance.now() > until) {
      const unsteady = gap("changed-meanwhile", `${changed} changed while it was measured, ${round} times`, everyFact);
      return { ...facts, gaps: [...facts.gaps, unsteady], seconds: seconds() };
    }
  }
}

async function once(
  { account, mode, sends, names, signal }: Measurement,
  sources: Sources,
  shell: Shell,
  { named, until }: { readonly named: ModeFacts; readonly until: number },
): Promise<{ readonly facts: ModeFacts; readonly changed: string | null }> {
  const [reading, plain] = await Promise.all([
    sources.read(account, shell, mode, {}),
    sources.ground(account, mode, {}),
  ]);
  const own = reading.environmentFiles;
  const ground = Object.keys(own).length === 0 ? plain : await sources.ground(account, mode, own);
  const questions = asker(
    {
      account,
      shell,
      mode,
      terminal: modeOf(mode).terminal,
      sandbox: sources.isRoot ? "whole-root" : "own-account",
      env: ground.env,
      umask: ground.umask,
      limits: ground.limits,
      until,
    },
    signal,
  );
  const read: ModeFacts = {
    ...named,
    evidence: ground.evidence,
    startupFiles: reading.files,
    limits: Object.fromEntries(ground.limits.map((limit) => [limit.name, limit.soft])),
    gaps: [
      ...reading.doubts.map((doubt) => gap(doubt.code, doubt.message, ["startupFiles"])),
      ...(await gapsOfSshRc(account, mode)),
      ...ground.doubts.map((doubt) => gap("probe-limited", doubt, ["limits", "variables", "umask"])),
    ],
  };
  const parsed = parsedSends(sends);
  const words = wordsToResolve(sends, names);
  const begin = (by: Asker) => Promise.all([mark(by), dump(by, shell, words)]);
  const cramped = await begin(questions);
  const hasRoom = !ranOutOfRoom(cramped[0].run);
  const asking = hasRoom ? questions : questions.roomier();
  const [marked, told] = hasRoom ? cramped : await begin(asking);
  const informed = asking.knowing(marked.run.held.map((left) => left.command));
  const facts = await factsOf({ read, reading, shell, account, parsed, questions: informed, marked, told });
  return { facts, changed: await firstChanged(reading.identities) };
}

interface Answers {
  readonly read: ModeFacts;
  readonly reading: Reading;
  readonly shell: Shell;
  readonly account: Account;
  readonly parsed: readonly Parsed[];
  readonly questions: Asker;
  readonly marked: Marked;
  readonly told: Told;
}

async function factsOf({
  read,
  reading,
  shell,
  account,
  parsed,
  questions,
  marked,
  told,
}: Answers): Promise<ModeFacts> {
  const { run, isReady } = marked;
  if (run.ended === "refused") {
    const { step, reason, change } = run.refusal ?? { step: "enter", reason: "no reason given", change: "" };
    const refused = gap(
      "sandbox-forbidden",
      `the sandbox could not be made, so nothing was run (${step}: ${reason})`,
      everyFact,
      change,
    );
    return { ...read, gaps: [...read.gaps, refused] };
  }
  const dumped = isReady ? told.dumped : null;
  const gaps = [...read.gaps, ...gapsOfRuns(marked, told, { shell, reading })];
  const attempts = await tryAll({ parsed, questions, marked }, gaps);
  const isNotable = !isReady || run.stdout.bytes + run.stderr.bytes > 0 || told.lost.length + run.held.length > 0;
  const isBlamed = attempts.some(({ attempt }) => attempt.outcome !== "done");
  const needsTrace = isNotable || isBlamed || (dumped !== null && definesAnything(dumped));
  const traced = needsTrace ? await trace(questions, shell, account, run) : null;
  const find = guilty({ reading, dumped, traced, home: account.home }, shell.guard);
  const traps = await trapFacts(dumped, questions, marked, find);
  const facts: ModeFacts = {
    ...read,
    sandbox: questions.sandbox,
    startup: startupOf(marked, told, find),
    output: outputs(traps.quiet ?? marked, shell, find),
    leftRunning: run.leftRunning.map((left) => ({ ...left, ...find.held(left.command) })),
    ...definitions(dumped, shell, find),
    traps: traps.facts,
    gaps,
  };
  const tried: Tried[] = [];
  for (const { one, attempt, atEnd } of attempts) {
    const found = attempt.outcome === "done" ? { where: null } : find.tried(one, attempt, facts);
    const cause =
      found.where === null ? await lastResort(one, attempt, { questions, marked, reading, account }) : found;
    tried.push({ line: null, ...attempt, ...cause, command: one.text, atEnd });
  }
  if (asksMore(questions)) return { ...facts, tried };
  const late = gap(
    "timed-out",
    "the time for this account and mode was over before everything was asked",
    ["tried"],
    "give it more with --within",
  );
  return { ...facts, tried, gaps: [...facts.gaps, late] };
}

/** Where nothing names the line of a command that does not do what it says: the files are cut until it does. */
async function lastResort(
  one: Parsed,
  attempt: Attempt,
  { questions, marked, reading, account }: Pick<Answers, "questions" | "marked" | "reading" | "account">,
): Promise<Cause> {
  if (attempt.outcome === "done" || attempt.outcome === "unknown" || marked.run.seconds > 1) return { where: null };
  const knowing = questions.knowing(attempt.held.map(({ command }) => command));
  let isSure = true;
  const happensWith = async (swapped: PlacedFile) => {
    const { outcome } = await tryOnce(one, knowing, marked.run, { places: [swapped] });
    // What could not be told, for the time is over, points to no line.
    isSure &&= outcome !== "unknown";
    return outcome === attempt.outcome;
  };
  const found = await bisect({ reading, account, happensWith });
  if (!isSure) return { where: null };
  return found === null ? { where: null } : { where: found.place, line: found.line };
}

/** What a bare shell would not have: only that needs a line. */
function definesAnything({ aliases, functions, traps }: Dumped): boolean {
  return aliases.length + functions.length + traps.length > 0;
}

interface Tries {
  readonly one: Parsed;
  readonly attempt: Attempt;
  readonly atEnd: Attempt | null;
}

async function tryAll(
  { parsed, questions, marked }: Pick<Answers, "parsed" | "questions" | "marked">,
  gaps: readonly Gap[],
): Promise<readonly Tries[]> {
  if (!marked.isReady) return [];
  const untold = gaps.find(({ code, of }) => code === "probe-limited" && of.includes("tried"));
  if (untold !== undefined) return parsed.map((one) => ({ one, attempt: notTried(untold.message), atEnd: null }));
  // A slow startup mostly sleeps: more at once costs nothing then and keeps the whole within its time.
  const atOnce = marked.run.seconds > 0.5 ? 6 : 2;
  return pool(parsed, atOnce, async (one) => ({ one, ...(await tryCommand(one, questions, marked.run)) }));
}

function gapsOfRuns(
  { run, isReady }: Marked,
  told: Told,
  { shell, reading }: Pick<Answers, "shell" | "reading">,
): Gap[] {
  const gaps = run.limited.map((limit) => gap("probe-limited", `a startup file ${limitedClause(limit)}`, everyFact));
  gaps.push(...gapsOfWarnings(run.warnings, reading), ...gapsOfQuestions(reading));
  if (ranOutOfRoom(run))
    gaps.push(gap("probe-limited", "a startup file writes more than the sandbox holds", everyFact));
  if (run.ended === "over-ceiling") {
    gaps.push(gap("over-ceiling", `startup took more ${run.ceiling ?? ""} than a probe may`, everyFact));
  }
  const complaint = shell.syntaxComplaint(run.stderr.head.toString("utf8"));
  if (complaint !== null) {
    const place = complaint.line === null ? "" : ` at line ${complaint.line}`;
    const says = `${shell.name} gave up on ${complaint.file ?? "a startup file"}${place}: ${complaint.says}`;
    gaps.push(gap("unreadable", says, ["startupFiles"], "mend the file"));
  }
  if (!isReady) return gaps;
  if (told.dumped === null) {
    const missing: FactName[] = [
      "startup",
      "aliases",
      "functions",
      "options",
      "variables",
      "traps",
      "commands",
      "umask",
      "cwd",
    ];
    gaps.push(gap("no-frames", "the shell did not tell its definitions", missing));
  }
  for (const doubt of told.dumped?.doubts ?? [])
    gaps.push(gap("probe-limited", doubt, ["aliases", "functions", "options"]));
  return gaps;
}

/** As strerror(3) has ENOSPC. Where startup hides it, or speaks another language, the small tmpfs is not noticed. */
function ranOutOfRoom({ stdout, stderr }: Run): boolean {
  return [stdout, stderr].some(({ head, tail }) => `${head}${tail}`.includes("No space left on device"));
}

/** At most `atOnce` under way; the answers in the order of the questions. */
async function pool<In, Out>(all: readonly In[], atOnce: number, one: (each: In) => Promise<Out>): Promise<Out[]> {
  const answers = new Map<number, Out>();
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const each = all[at];
      if (each !== undefined) answers.set(at, await one(each));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return [...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer);
}

function gap(code: GapCode, message: string, of: readonly FactName[], change = ""): Gap {
  return { code, message, change, of };
}

function unknownShell({ shell }: Account): Gap {
  return gap(
    "unknown-shell",
    `${shell} is no shell that rcwarden knows (${knownNames().join(", ")})`,
    everyFact,
    "give the account one of them, or remove it from the policy's accounts",
  );
}

function unknownMode(shell: Shell, mode: ModeId): Gap {
  return gap(
    "unknown-mode",
    `how ${shell.name} comes in by ${mode} cannot be measured yet`,
    everyFact,
    "ask for ssh-command or ssh-command-pty",
  );
}

function emptyFacts(account: Account, mode: ModeId): ModeFacts {
  return {
    mode,
    sandbox: "none",
    evidence: "",
    seconds: 0,
    shell: { path: account.shell, personality: null },
    startup: null,
    startupFiles: [],
    aliases: [],
    functions: [],
    options: [],
    variables: [],
    traps: [],
    commands: [],
    umask: null,
    cwd: null,
    home: account.home,
    limits: {},
    output: [],
    leftRunning: [],
    tried: [],
    gaps: [],
  };
}
