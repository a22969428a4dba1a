/**
 * Measures one account in one mode: reads its startup files, runs its real shell on a few questions in the sandbox, and
 * says what came of it as facts. Whatever could not be had is a gap; nothing here judges.
 */
import type { Sends } from "../checks/check-kind.ts";
import {
  type Account,
  type AskedFact,
  type BareFacts,
  type Complaint,
  everyFact,
  type ModeFacts,
  type ModeId,
  modeOf,
  type Replacement,
  type Tried,
} from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import { realPath } from "../host/real-path.ts";
import { type Dumped, personalityOf, type Shell } from "../shells/index.ts";
import { mismatches, type Reading, redirecting } from "../startup/index.ts";
import { askMore, bareInSession } from "./asked.ts";
import { type Asker, asker, asksMore } from "./asker.ts";
import { lastResort, tryAll } from "./attempts.ts";
import { askBare, softOf } from "./bare.ts";
import { definitions, trapFacts } from "./definitions.ts";
import { gap, gapsOfRuns, notGranted, ranOutOfRoom, unknownMode, unknownShell } from "./gaps.ts";
import { guilty } from "./guilty.ts";
import { dump, type Marked, mark, outputs, startupOf, type Told, trace } from "./questions.ts";
import { slowLine } from "./slow.ts";
import { firstChanged, identitiesNow, isAsBefore } from "./unchanged.ts";
import { gapsOfSshRc } from "./unlike.ts";
import { gapsOfUnlisted, namesToAsk } from "./unlisted.ts";
import { type Parsed, parsedSends, wordsToResolve } from "./words-sent.ts";

/** What a session is given before its shell starts; gathered by a collector. */
export interface SessionGround {
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  /** A folder in place of the caller's, in which this way leaves the shell; the home if not said. */
  readonly cwd?: string;
  readonly evidence: string;
  readonly doubts: readonly string[];
}

export interface Measurement {
  readonly account: Account;
  readonly mode: ModeId;
  readonly sends: readonly Sends[];
  /** More names to resolve, beside the programs of `sends`. */
  readonly names: readonly string[];
  /** Facts that are to be had only where somebody asks; those of the host are others' to gather. */
  readonly asks?: readonly AskedFact[];
  readonly withinMs: number;
  /** `reading`: nothing of the account's is run; what its startup files tell by being read is all there is. */
  readonly how: "running" | "reading";
  /** Startup files of this mode as far as they are known from before: then the first questions need not wait for a reader. */
  readonly known?: readonly string[];
  /** Whether to ask as well what the shell has without its startup files, and what limits they leave. */
  readonly bare?: boolean;
  readonly replaced?: readonly Replacement[];
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
const mostGuards = 200;

export async function measure(measurement: Measurement, sources: Sources): Promise<ModeFacts> {
  const started = performance.now();
  const until = started + measurement.withinMs;
  const { account, mode } = measurement;
  const program = await realPath(account.shell);
  const empty = emptyFacts(account, mode);
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
  { account, mode, sends, names, how, known, bare: asksBare, asks = [], replaced = [], signal }: Measurement,
  sources: Sources,
  shell: Shell,
  { named, until }: { readonly named: ModeFacts; readonly until: number },
): Promise<{ readonly facts: ModeFacts; readonly changed: string | null }> {
  const askerOn = ({ env, umask, limits, cwd }: SessionGround) => {
    const sandbox = sources.isRoot ? "whole-root" : "own-account";
    const { terminal } = modeOf(mode);
    const ground = { account, shell, mode, terminal, sandbox, env, umask, limits, replaced, until } as const;
    return asker(cwd === undefined ? ground : { ...ground, cwd }, signal);
  };
  const words = wordsToResolve(sends, names);
  const begin = (by: Asker, also: readonly string[] = []) =>
    Promise.all([mark(by), dump(by, shell, [...new Set([...words, ...also])])]);
  const isEarly = known !== undefined && how !== "reading" && shell.tellsFunctions !== "asked";
  const grounded = sources.ground(account, mode, {});
  const [first, plain, homeReal, ofSshRc, early] = await Promise.all([
    sources.read(account, shell, mode, {}),
    grounded,
    realPath(account.home),
    gapsOfSshRc(account, mode, replaced),
    isEarly ? beginEarly(known, async () => begin(askerOn(await grounded))) : null,
  ]);
  const own = first.environmentFiles;
  const isPlain = Object.keys(own).length === 0;
  const ground = isPlain ? plain : await sources.ground(account, mode, own);
  // Few hosts have such variables, and what they are is only known now.
  const moved = redirecting(ground.env);
  const reading = Object.keys(moved).length === 0 ? first : await sources.read(account, shell, mode, moved);
  const questions = askerOn(ground);
  const read: ModeFacts = {
    ...named,
    ...(homeReal === undefined ? {} : { homeReal }),
    evidence: ground.evidence,
    startupFiles: reading.files,
    limits: softOf(ground.limits),
    guards: reading.guards.slice(0, mostGuards).map(({ where, text, form }) => ({ where, text, form })),
    gaps: [
      ...reading.doubts.map((doubt) => gap(doubt.code, doubt.message, ["startupFiles"])),
      ...ofSshRc,
      ...gapsOfUnlisted(shell, reading, [...words, ...namesToAsk(shell, reading)]),
      ...ground.doubts.map((doubt) => gap("probe-limited", doubt, ["limits", "variables", "umask"])),
    ],
  };
  if (how === "reading") {
    return { facts: { ...read, gaps: [...read.gaps, notGranted] }, changed: await firstChanged(reading, account) };
  }
  const parsed = parsedSends(sends);
  const isInTime = early !== null && isPlain && isAsBefore(reading, early.before);
  const unlisted = namesToAsk(shell, reading);
  const cramped = await (isInTime ? early.answers : begin(questions, unlisted));
  const hasRoom = !ranOutOfRoom(cramped[0].run);
  const asking = hasRoom ? questions : questions.roomier();
  const [marked, told] = hasRoom ? cramped : await begin(asking, unlisted);
  const informed = asking.knowing(marked.run.held.map((left) => left.command));
  const beside = asksBare === true && marked.isReady ? await askBare(informed, shell, mode) : null;
  const isRefused = marked.run.ended === "refused";
  const seen = { reading, isReady: marked.isReady, limits: beside?.limits ?? null, warnings: marked.run.warnings };
  const more = await askMore(informed, isRefused ? [] : asks, read.limits, seen);
  const asked: ModeFacts = { ...read, ...more, gaps: [...read.gaps, ...more.gaps] };
  /** Where nothing leads elsewhere it is the caller's, whoever that is. */
  const unlessCallers = (cwd: string | null) => (cwd === ground.cwd ? null : cwd);
  const bareAs = (of: BareFacts): BareFacts => ({
    ...of,
    cwd: unlessCallers(of.cwd),
    limits: bareInSession(of.limits, read.limits, marked.run.warnings),
  });
  const bare = beside?.bare == null ? beside?.bare : bareAs(beside.bare);
  const begun: ModeFacts = bare === undefined ? asked : { ...asked, bare };
  const files = { read: begun, reading, shell, account, replaced };
  const facts = await factsOf({ ...files, parsed, questions: informed, marked, told });
  return { facts: { ...facts, cwd: unlessCallers(facts.cwd) }, changed: await firstChanged(reading, account) };
}

interface Early<T> {
  /** What each of the known paths was before anything was asked. */
  readonly before: ReadonlyMap<string, string>;
  readonly answers: Promise<T>;
}

/** Asks while the reader still reads. The answers count only where it then reads what was there before they began. */
async function beginEarly<T>(known: readonly string[], begin: () => Promise<T>): Promise<Early<T> | null> {
  const before = await identitiesNow(known);
  if (before === null) return null;
  const answers = begin();
  // Where nobody wants them whoever asks again hears of the same failure.
  answers.catch(() => {});
  return { before, answers };
}

interface Answers {
  readonly read: ModeFacts;
  readonly reading: Reading;
  readonly shell: Shell;
  readonly account: Account;
  readonly replaced: readonly Replacement[];
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
  replaced,
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
  const isNotable = !isReady || run.stdout.bytes + run.stderr.bytes > 0 || told.lost.length + run.held.length > 0;
  const tracing = () => trace(questions, shell, account, run);
  // Where it is needed whatever the tries come to, it goes on beside them.
  const [attempts, early] = await Promise.all([
    tryAll(parsed, { questions, marked }, gaps),
    isNotable || (dumped !== null && definesAnything(dumped)) ? tracing() : null,
  ]);
  const isBlamed = attempts.some(({ attempt }) => attempt.outcome !== "done");
  const traced = early === null && isBlamed ? await tracing() : early;
  const evidence = { reading, dumped, traced, home: account.home };
  const find = guilty(evidence, shell.guard);
  const traps = await trapFacts(dumped, questions, marked, find);
  const facts: ModeFacts = {
    ...read,
    sandbox: questions.sandbox,
    startup: { ...startupOf(marked, told, find), slowest: slowLine(reading, run.seconds) },
    output: outputs(traps.quiet ?? marked, shell, find),
    leftRunning: run.leftRunning.map((left) => ({ ...left, ...find.held(left.command) })),
    ...definitions(dumped, shell, find),
    traps: traps.facts,
    mismatches: mismatches(evidence),
    complaints: complaintsOf(shell, marked),
    gaps,
  };
  const tried: Tried[] = [];
  for (const { one, attempt, atEnd } of attempts) {
    const found = attempt.outcome === "done" ? { where: null } : find.tried(one, attempt, facts);
    const cause =
      found.where === null
        ? await lastResort(one, attempt, { questions, marked }, { reading, account, replaced })
        : found;
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

function complaintsOf(shell: Shell, { run }: Marked): Complaint[] {
  const complaint = shell.syntaxComplaint(run.stderr.head.toString("utf8"));
  return complaint === null ? [] : [complaint];
}

/** What a bare shell would not have: only that needs a line. */
function definesAnything({ aliases, functions, traps }: Dumped): boolean {
  return aliases.length + functions.length + traps.length > 0;
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
    mismatches: [],
    gaps: [],
  };
}
