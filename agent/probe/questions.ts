/** The questions beside the commands: is startup over, what is defined, what does the shell's own trace say. */
import { randomBytes } from "node:crypto";
import type { Account, Output, Startup, Stream } from "../facts/index.ts";
import type { Dumped, Shell, Traced } from "../shells/index.ts";
import type { Asker, Change } from "./asker.ts";
import type { Guilty } from "./guilty.ts";
import type { Captured, Run } from "./session.ts";
import { lineShown } from "./typing.ts";

export interface Marked {
  readonly run: Run;
  readonly terminal: boolean;
  readonly isMarked: boolean;
  /** Startup was over, the command ran, and the shell ended by itself. */
  readonly isReady: boolean;
}

/** A session of nothing but `: >MARK`: commands run only if the mark is there. */
export async function mark(questions: Asker, change: Change = {}): Promise<Marked> {
  // Who takes the first key for an answer must not leave a command that makes the mark.
  const making = (path: string) => (questions.isTyped ? `: && : >${path}` : `: >${path}`);
  const { run: ended, scratch } = await questions.ask((folder) => making(folder.mark), "empty", {
    second: (folder) => (folder.isMarkedNow() ? null : making(folder.secondMark)),
    ...change,
  });
  const isMarked = scratch.isMarked();
  const wasTaken = !isMarked && (ended.ended === "hang" || scratch.isSecondMarked());
  const run = wasTaken ? asWaiting(ended) : ended;
  return {
    run,
    terminal: questions.terminal,
    isMarked,
    isReady: isMarked && (run.ended === "exited" || run.ended === "held"),
  };
}

/** What was typed went to somebody who waited for it before the shell did: what that one asked is what counts. */
function asWaiting(run: Run): Run {
  if (run.typed === null) return run;
  const { command, pieces } = run.typed;
  const waiting = { for: "input", command, says: "waits for input" } as const;
  return { ...run, ended: "hang", prompt: lineShown(pieces[0]?.line ?? ""), waiting };
}

export interface Told {
  readonly dumped: Dumped | null;
  /** Streams on which the nonce should have come and did not. */
  readonly lost: readonly Stream[];
}

export async function dump(
  questions: Asker,
  shell: Shell,
  names: readonly string[],
  change: Change = {},
): Promise<Told> {
  const nonce = randomBytes(12).toString("hex");
  const { run } = await questions.ask((folder) => shell.dump({ answer: folder.answer, nonce, names }), "empty", {
    isScript: true,
    ...change,
  });
  const dumped = shell.parseDump(run.answer, nonce, names);
  if (dumped === null) return { dumped, lost: [] };
  const streams: readonly Stream[] = questions.terminal ? ["stdout"] : ["stdout", "stderr"];
  return { dumped, lost: streams.filter((stream) => !holds(run[stream], nonce)) };
}

function holds({ head, tail }: Captured, nonce: string): boolean {
  return head.includes(nonce) || tail.includes(nonce);
}

/** The shell's own trace of startup, or null where it has none that works for this account. */
export async function trace(
  questions: Asker,
  shell: Shell,
  account: Account,
  marked: Run,
): Promise<readonly Traced[] | null> {
  const tracing = shell.trace;
  if (tracing === null || !tracing.works(account)) return null;
  const nonce = randomBytes(12).toString("hex");
  const deadlineMs = Math.min(questions.leftMs(), marked.ended === "timed-out" ? 1500 : marked.seconds * 2000 + 1500);
  if (deadlineMs < 100) return null;
  const { run } = await questions.ask((folder) => `: >${folder.mark}`, "empty", {
    switches: tracing.switches,
    env: tracing.env(nonce),
    deadlineMs,
    // What is typed would go to who waits, and the trace would go on beyond that line.
    isTyped: marked.ended !== "hang",
  });
  const { head, tail } = questions.terminal ? run.stdout : run.stderr;
  return tracing.parse(Buffer.concat([head, tail]).toString("utf8"), nonce);
}

export function startupOf({ run, isMarked, isReady }: Marked, told: Told, find: Guilty): Startup {
  const startup: Startup = {
    ended: endedOf(run, isReady),
    seconds: run.seconds,
    prompt: run.prompt,
    waiting: isReady ? null : run.waiting,
    exit: run.exit,
    became: isMarked ? null : run.became,
    lost: isReady ? told.lost : [],
    held: run.held.map((left) => ({ ...left, ...find.held(left.command) })),
    where: null,
  };
  // The command ran: what does not end is what startup left for the shell's end.
  const atEnd = isMarked && !isReady ? find.trap("EXIT") : { where: null };
  return { ...startup, ...(atEnd.where === null ? find.startup(startup) : atEnd) };
}

function endedOf(run: Run, isReady: boolean): Startup["ended"] {
  if (isReady) return "ready";
  if (run.ended === "hang" || run.ended === "stopped" || run.ended === "timed-out") return run.ended;
  if (run.ended === "over-ceiling") return "timed-out";
  return run.became === null ? "exited" : "exec";
}

export function outputs({ run, terminal }: Pick<Marked, "run" | "terminal">, shell: Shell, find: Guilty): Output[] {
  // Between a person's greeting, prompt and echo nobody tells startup's output from what the shell says by itself.
  if (terminal && run.typed !== null) return [];
  const streams: readonly Stream[] = terminal ? ["stdout"] : ["stdout", "stderr"];
  return streams.flatMap((stream) => {
    const written = run[stream].head.toString("utf8");
    const own = (run.typed === null ? undefined : shell.says?.exec(written)?.[0]) ?? "";
    const bytes = run[stream].bytes - Buffer.byteLength(own);
    if (bytes === 0) return [];
    const head = written.slice(own.length, own.length + 200);
    const output = { stream, bytes, head, where: null, guard: shell.guard };
    return [{ ...output, ...find.output(output) }];
  });
}
