import type { Exit, LeftRunning, Waiting } from "../facts/index.ts";
import {
  commandOf,
  countBelow,
  memoryFilesKiB,
  memoryOf,
  sharedKiB,
  sleepsIn,
  workingFolder,
} from "../host/process.ts";
import { isQuiet, judge, type Look, type ProcessLook, readersIn } from "../host/waiting.ts";
import { type Ask, describe, inFront, seconds } from "../host/waiting-words.ts";
import { holdsArmedTimerfd, leftIn, leftRunning, look, mostProcesses } from "./look.ts";
import type { Question, Run } from "./question.ts";
import type { SessionStreams } from "./streams.ts";
import type { Terminal } from "./terminal.ts";
import type { Told } from "./told.ts";
import { ownWait, type Typist } from "./typist.ts";

/** What a run came to. */
export type Verdict = Pick<Run, "ended" | "final"> &
  Partial<Pick<Run, "waiting" | "prompt" | "held" | "ceiling" | "refusal">>;

export interface Session {
  readonly question: Question;
  /** Process ids as here. */
  readonly init: number;
  readonly shell: number;
  readonly streams: SessionStreams;
  readonly terminal: Terminal | null;
  /** What the launcher says of it. */
  readonly told: Pick<Told, "timers" | "witnessed">;
  readonly typing: Typist;
}

export interface Watch {
  /** The shell ended. */
  exited(exit: Exit): void;
  /** One of the streams came to its end. */
  streamEnded(): void;
  taken(): void;
  /** The launcher ended everything below it, for there were too many. */
  tooMany(): void;
  stop(): void;
}

/** Of processes at most `mostProcesses`. */
export const ceilings = { memoryKiB: 1024 * 1024, outputBytes: 64 * 1024 * 1024 };

/** Two looks this far apart prove that nothing ran between them. */
const betweenLooksMs = 15;
const firstLookMs = 8;
/** So many are looked at without a thought. */
const fewProcesses = 20;
const lookAnywayMs = 250;

const hostAsk: Ask = { command: commandOf, memory: memoryOf, workingFolder, sleepsIn };

/** Watches a session from its shell's start until `conclude` is called, once. `failed` hears of a fault of our own. */
export function watch(session: Session, conclude: (verdict: Verdict) => void, failed: (error: unknown) => void): Watch {
  const { question, init, shell, streams, terminal, told, typing } = session;
  const startedAt = performance.now();
  const sharedBefore = sharedKiB();
  const onTerminal = terminal !== null;
  let before: Look | null = null;
  let counted = 0;
  let lookedAt = startedAt;
  let exit: Exit | null = null;
  let over = false;
  let next = setTimeout(() => tick().catch(failed), firstLookMs);
  const deadline = setTimeout(() => atDeadline().catch(failed), question.deadlineMs);

  const stop = () => {
    over = true;
    clearTimeout(next);
    clearTimeout(deadline);
  };
  const say = (verdict: Verdict) => {
    if (over) return;
    stop();
    streams.drain();
    const prompt = verdict.ended === "hang" ? streams.lastLine() : null;
    conclude({ prompt, ...verdict });
  };
  const lookSoon = (ms: number) => {
    if (over) return;
    clearTimeout(next);
    next = setTimeout(() => tick().catch(failed), ms);
  };

  async function tick() {
    const count = countBelow(init, mostProcesses);
    if (count > mostProcesses) return say({ ended: "over-ceiling", final: true, ceiling: "processes" });
    // Where many come and go nothing is still, and a look at each of them takes its time. They are looked at all the same
    // from time to time, for what memory they take.
    const turns = count !== counted && count > fewProcesses && performance.now() - lookedAt < lookAnywayMs;
    counted = count;
    if (turns) return lookSoon(betweenLooksMs);
    lookedAt = performance.now();
    const now = look(init, streams.inside, typing.hasMore() ? "always" : "if-quiet");
    if (ownKiB(now) > ceilings.memoryKiB || hidesTooMuch(now))
      return say({ ended: "over-ceiling", final: true, ceiling: "memory" });
    if (exit !== null && areKnown(holders(now))) return say({ ended: "held", final: false, held: holders(now) });
    const wait = ownWait(before, now, shell, onTerminal);
    const isTaken = typing.isTaken(wait);
    if (typing.hasMore() && wait !== null && isTaken && typing.next(commandOf(shell), wait)) {
      before = null;
      return lookSoon(firstLookMs);
    }
    const judgement = isTaken ? judge(before, now, onTerminal) : ({ kind: "moving" } as const);
    const wasQuiet = before !== null && isQuiet(before);
    const grew = before === null || now.processes.length > before.processes.length || ownKiB(now) > ownKiB(before);
    before = now;
    if (judgement.kind === "still") await concludeStill(now, judgement.readers.length > 0, judgement.stopped);
    lookSoon(isQuiet(now) && !wasQuiet ? betweenLooksMs : pace(grew));
  }

  /** Looked for only where the host's shared memory grew by so much since the start. */
  function hidesTooMuch(now: Look): boolean {
    if (sharedKiB() - sharedBefore <= ceilings.memoryKiB) return false;
    return now.processes.reduce((sum, { pid }) => sum + memoryFilesKiB(pid), 0) > ceilings.memoryKiB;
  }

  /** Often at first, when most runs end; then seldom, unless something grows that has a ceiling. */
  function pace(grew: boolean): number {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs < 100) return firstLookMs;
    return elapsedMs < 1000 || grew ? betweenLooksMs : 40;
  }

  async function concludeStill(now: Look, reads: boolean, stopped: boolean) {
    // The witness' notes reach the socket before the task goes on; they must also have been read from it.
    await settle();
    if (over || mayWake(now)) return;
    if (exit !== null) {
      const held = holders(now);
      if (held.length > 0) say({ ended: "held", final: told.witnessed(), held });
      return;
    }
    if (reads) {
      if (!told.witnessed()) return;
      if (terminal !== null && (await terminal.endsReadsByItself())) return;
      const again = look(init, streams.inside);
      if (judge(now, again, onTerminal).kind !== "still") return;
      say({ ended: "hang", final: true, waiting: waitingOf(again, { says: "waits for input" }) });
    } else if (stopped && (told.witnessed() || now.processes.every(({ state }) => "TZ".includes(state)))) {
      say({ ended: "stopped", final: true, waiting: stoppedIn(now) });
    }
  }

  function mayWake(now: Look): boolean {
    const live = new Set(now.processes.filter(({ state }) => state !== "Z").map(({ innerPid }) => innerPid));
    return (
      told.timers.blindness() !== null ||
      told.timers.armed(live, performance.now()).length > 0 ||
      holdsArmedTimerfd(now)
    );
  }

  /** The first reader in its words, or null. `says` in place of its own. */
  function waitingOf(now: Look, said: Pick<Waiting, "says">): Waiting | null {
    const [reader] = readersIn(now, onTerminal);
    return reader === undefined ? null : { for: "input", command: commandOf(reader.pid), ...said };
  }

  function stoppedIn(now: Look): Waiting | null {
    const stopped = now.processes.find(({ state }) => state === "T");
    return stopped === undefined ? null : describe(stopped, hostAsk);
  }

  function holders(now: Look): LeftRunning[] {
    return leftRunning(leftIn(now, shell), streams.links).filter(({ holds }) => holds.length > 0);
  }

  function areKnown(held: readonly LeftRunning[]): boolean {
    return held.length > 0 && held.every(({ command }) => question.knownHolders.includes(command));
  }

  async function atDeadline() {
    clearTimeout(next);
    const first = look(init, streams.inside, "always");
    await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
    if (over) return;
    const now = look(init, streams.inside, "always");
    if (exit !== null) return say({ ended: "held", final: false, held: holders(now) });
    const hang = await hangAtDeadline(first, now);
    if (hang !== null) return say({ ended: "hang", final: false, waiting: hang });
    const front = inFront(now, shell);
    const waiting = front === null ? null : describe(front, hostAsk);
    if (waiting?.for === "input") {
      // It reads, and yet it was no hang: something that was seen may end its wait.
      const says = `waits for input, ${timerWords(now)}`;
      return say({ ended: "timed-out", final: false, waiting: { ...waiting, for: "time", says } });
    }
    say({ ended: waiting?.for === "stopped" ? "stopped" : "timed-out", final: false, waiting });
  }

  function timerWords(now: Look): string {
    const live = new Set(now.processes.map(({ innerPid }) => innerPid));
    const nowMs = performance.now();
    const first = Math.min(...told.timers.armed(live, nowMs).map(({ until }) => until));
    return Number.isFinite(first) ? `at most until a timer in ${seconds(first - nowMs)}` : "for a time";
  }

  /**
   * Somebody waits for input, and nothing of its own ends that: no other thread that moves, no timer of its own or of
   * those that started it. What goes on beside it is said.
   */
  async function hangAtDeadline(first: Look, now: Look): Promise<Waiting | null> {
    const then = readersIn(first, onTerminal);
    const reader = readersIn(now, onTerminal).find((one) =>
      then.some(({ task, line, switches }) => task === one.task && line === one.line && switches === one.switches),
    );
    const process = now.processes.find(({ pid }) => pid === reader?.pid);
    if (process === undefined || !process.tasks.every(({ wait }) => wait?.closed === true)) return null;
    const family = [process, ...ancestorsOf(process, now)];
    const live = new Set(family.map(({ innerPid }) => innerPid));
    if (told.timers.armed(live, performance.now()).length > 0) return null;
    if (terminal !== null && (await terminal.endsReadsByItself())) return null;
    const beside = now.processes.find(
      (one) => one.state !== "Z" && one.state !== "T" && !one.tasks.every(({ wait }) => wait?.closed === true),
    );
    const doubt = beside === undefined ? "a timer cannot be excluded" : `${commandOf(beside.pid)} goes on beside it`;
    return { for: "input", command: commandOf(process.pid), says: `waits for input; ${doubt}` };
  }

  async function afterExit() {
    if (terminal === null) {
      // A background job may hold them, or only the news of their end is late. Where the launcher ended everybody it said
      // so before they came to their end.
      await settle();
      return streams.atEnd() ? say({ ended: "exited", final: true }) : lookSoon(0);
    }
    // What was written last comes through the terminal a little later; sshd(8) reads until then, too.
    for (let quiet = 0; quiet < 2 && !over; quiet++) {
      const had = streams.stdout.bytes();
      await new Promise((resolve) => setTimeout(resolve, 2));
      streams.drain();
      if (streams.stdout.bytes() > had) quiet = -1;
    }
    say({ ended: "exited", final: true });
  }

  return {
    exited(status) {
      exit = status;
      afterExit().catch(failed);
    },
    streamEnded() {
      if (exit !== null && streams.atEnd()) afterExit().catch(failed);
    },
    taken() {
      const bytes = streams.stdout.bytes() + streams.stderr.bytes();
      if (bytes > ceilings.outputBytes) say({ ended: "over-ceiling", final: true, ceiling: "output" });
    },
    tooMany: () => say({ ended: "over-ceiling", final: true, ceiling: "processes" }),
    stop,
  };
}

function ownKiB(now: Look): number {
  return now.processes.reduce((sum, process) => sum + process.ownKiB, 0);
}

function ancestorsOf(process: ProcessLook, now: Look): ProcessLook[] {
  const parent = now.processes.find(({ pid }) => pid === process.parent);
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent, now)];
}

/** After this everything that had come to our sockets before has been read: a whole turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
