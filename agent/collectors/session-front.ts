/** What a command of an SSH session waits for: the process in front, from the one that sshd started downwards. */

import type { SessionGroup } from "../facts/index.ts";
import { type ProcFolder, valueOr } from "../host/proc-folder.ts";
import { parseSyscall, type Stat } from "../host/process.ts";
import { type Inside, kindOfLink, type ProcessLook, type TaskLook, waitOf } from "../host/waiting.ts";
import { describe } from "../host/waiting-words.ts";
import type { Channel } from "./sshd-sessions.ts";

/**
 * `nobody-gives`: it waits for what does not come by itself. `perhaps-a-person`: somebody may sit at the terminal.
 * `its-work`: waiting is what it is for, or what it waits for comes.
 */
export type Patience = "nobody-gives" | "perhaps-a-person" | "its-work";

export interface Front {
  readonly pid: number;
  readonly startedTicks: number;
  readonly words: readonly string[];
  readonly waitsFor: SessionGroup["waitsFor"];
  /** Without what differs from one process to the next. */
  readonly says: string;
  readonly patience: Patience;
  /** As long as it is the same, nothing moved. */
  readonly mark: string;
  /** The errno's name, where what it waits for may not be read; else "". */
  readonly denied: string;
}

/** From a shell over wrappers like timeout(1) to a pipeline: no command of an engine is more. */
const mostProcesses = 32;
const mostTasks = 64;
/** Of thousands the last ones: the kernel lists them in the order in which they were started. */
const mostChildren = 256;

/** Null where it is gone. */
export async function frontOf(
  proc: ProcFolder,
  channel: Channel,
  { isRoot, memories }: { readonly isRoot: boolean; readonly memories: Memories },
): Promise<Front | null> {
  const first = proc.stat(channel.pid);
  if (first.kind !== "had") return null;
  const streams = streamsOf(proc, channel, isRoot, first.value);
  const walk = { streams, memories, left: mostProcesses };
  const found = await inFront(proc, { pid: channel.pid, stat: first.value }, walk);
  const isFirst = found.look.pid === channel.pid;
  // A person's shell: whatever it started may wait for that person.
  const isPersons = !isFirst && streams.hasTerminal && takesCommands(proc.words(channel.pid));
  return worded(proc, found, { isFirst, isPersons, memories });
}

/** What was read of memory. A task that did not run since left it as it was. */
export class Memories {
  #before: ReadonlyMap<string, Buffer | null> = new Map();
  #now = new Map<string, Buffer | null>();

  /** What is not asked for until the next one is forgotten. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  async of(key: string, read: () => Promise<Buffer | null>): Promise<Buffer | null> {
    const before = this.#now.has(key) ? this.#now : this.#before;
    const known = before.get(key);
    const value = known === undefined ? await read() : known;
    this.#now.set(key, value);
    return value;
  }
}

/** Rounds in which what was read leads to more. */
const mostRounds = 4;

/** What `look` finds when it has all the memory that it asks for, as far as that can be read. */
async function remembering<T>(
  look: (memory: (address: bigint, bytes: number) => Buffer | null) => T,
  read: (address: bigint, bytes: number) => Promise<Buffer | null>,
): Promise<T> {
  const known = new Map<string, Buffer | null>();
  for (let round = 0; ; round++) {
    const wanted: [bigint, number][] = [];
    const found = look((address, bytes) => {
      const had = known.get(`${address} ${bytes}`);
      if (had === undefined) wanted.push([address, bytes]);
      return had ?? null;
    });
    if (wanted.length === 0 || round === mostRounds) return found;
    for (const [address, bytes] of wanted) known.set(`${address} ${bytes}`, await read(address, bytes));
  }
}

interface Looked {
  readonly look: ProcessLook;
  readonly denied: string;
}

function waitsForInput({ look }: Looked): boolean {
  return look.tasks.some(isForInput);
}

/** Nothing else could let it go on. */
function isForInput({ wait }: TaskLook): boolean {
  return wait?.closed === true && wait.on.some(({ kind }) => kind === "stdin" || kind === "terminal");
}

function waitsForChild({ look }: Looked): boolean {
  return look.tasks.some(({ wait }) => wait !== null && ["wait4", "waitid", "rt_sigsuspend"].includes(wait.call));
}

interface Running {
  readonly pid: number;
  readonly stat: Stat;
}

interface Walk {
  readonly streams: Streams;
  readonly memories: Memories;
  /** Processes that may still be looked at. */
  left: number;
}

/** Down through those that wait for a child, to who waits for input; where nobody does, to the youngest. */
async function inFront(proc: ProcFolder, at: Running, walk: Walk): Promise<Looked> {
  walk.left -= 1;
  const found = await lookAt(proc, at, walk);
  if (!waitsForChild(found)) return found;
  let youngest: Looked | null = null;
  for (const child of childrenOf(proc, at.pid)) {
    if (walk.left === 0) break;
    const front = await inFront(proc, child, walk);
    if (waitsForInput(front)) return front;
    youngest ??= front;
  }
  return youngest ?? found;
}

/** The youngest first: of a pipeline the last one, and what was started after the jobs in the background. */
function childrenOf(proc: ProcFolder, pid: number): Running[] {
  return valueOr(proc.children(pid), [])
    .slice(-mostChildren)
    .flatMap((child): Running[] => {
      const stat = proc.stat(child);
      if (stat.kind !== "had" || stat.value.state === "Z" || stat.value.parent !== pid) return [];
      return [{ pid: child, stat: stat.value }];
    })
    .sort((a, b) => b.stat.startedTicks - a.stat.startedTicks || b.pid - a.pid)
    .slice(0, mostProcesses);
}

interface Streams {
  /** What sshd writes to and the command reads: pipes; or sockets, where sshd was built so. */
  readonly input: ReadonlySet<string>;
  readonly hasTerminal: boolean;
}

/** What sshd holds the other end of; where that may not be seen, what the first process was given. */
function streamsOf(proc: ProcFolder, { sshd, pid }: Channel, isRoot: boolean, first: Stat): Streams {
  const [holder, opened] = isRoot ? ([sshd, "writing"] as const) : ([pid, "reading"] as const);
  const input = valueOr(proc.links(holder), []).flatMap(([descriptor, link]) => {
    if (link.startsWith("socket:")) return [link];
    return link.startsWith("pipe:") && proc.openedFor(holder, descriptor) === opened ? [link] : [];
  });
  return { input: new Set(input), hasTerminal: first.terminal !== 0 };
}

async function lookAt(proc: ProcFolder, { pid, stat }: Running, { streams, memories }: Walk): Promise<Looked> {
  let denied = "";
  const inside: Omit<Inside, "memory"> = {
    arch: process.arch,
    link: (descriptor) => proc.link(pid, descriptor),
    epoll: (descriptor) => proc.epoll(pid, descriptor),
    kind(link) {
      if (streams.input.has(link)) return "stdin";
      return streams.hasTerminal && /^\/dev\/(pts\/\d+|tty)$/.test(link) ? "terminal" : kindOfLink(link);
    },
  };
  const tasks: TaskLook[] = [];
  for (const task of proc.tasks(pid).slice(0, mostTasks)) {
    const state = proc.task(pid, task);
    if (state === null) continue;
    const call = "SD".includes(state.state) ? proc.call(pid, task) : null;
    if (call?.kind === "denied") denied = call.code;
    const line = call === null ? "" : valueOr(call, "");
    const parsed = line === "" ? null : parseSyscall(line);
    const wait =
      parsed === null
        ? null
        : await remembering(
            (memory) => waitOf(parsed, { ...inside, memory }),
            (address, bytes) =>
              memories.of(`${pid} ${task} ${state.switches} ${line} ${address} ${bytes}`, () =>
                proc.memory(pid, address, bytes),
              ),
          );
    tasks.push({ pid, task, ...state, line, wait });
  }
  const { command, state, parent, group, foreground, terminal, cpuTicks, startedTicks } = stat;
  const rest = { innerPid: pid, ownKiB: 0, foreign: false };
  const look = {
    pid,
    parent,
    name: command,
    state,
    group,
    foreground,
    terminal,
    cpuTicks,
    startedTicks,
    tasks,
    ...rest,
  };
  return { look, denied };
}

interface Place {
  /** It is the one that sshd started. */
  readonly isFirst: boolean;
  readonly isPersons: boolean;
  readonly memories: Memories;
}

async function worded(proc: ProcFolder, { look, denied }: Looked, place: Place): Promise<Front | null> {
  const { pid, startedTicks, tasks } = look;
  if (look.state === "Z" || tasks.length === 0) return null;
  // Whoever waits in the kernel for ever may hold what is needed to read its memory, and its command line is in there.
  const isReadable = tasks.every(({ state }) => state !== "D");
  const words = isReadable ? proc.words(pid) : [`[${look.name}]`];
  const mark = tasks.map(({ task, switches, line }) => `${task} ${switches} ${line}`).join("\n");
  // sftp-server lets nobody but root look into it, and what it waits for is no question.
  const common = { pid, startedTicks, words, mark, denied: serves(words) ? "" : denied };
  if (denied !== "") return { ...common, waitsFor: "unknown", says: "what cannot be read", patience: "its-work" };
  const said = (memory: (address: bigint, bytes: number) => Buffer | null) =>
    describe(look, {
      command: () => "",
      memory: (_, address, bytes) => memory(address, bytes),
      workingFolder: proc.workingFolder,
      sleepsIn: proc.sleepsIn,
    });
  const short = said(() => null);
  // Durations are not told: of memory the name of a FIFO alone.
  const waiting =
    short.for === "fifo" && isReadable
      ? await remembering(said, (address, bytes) =>
          place.memories.of(`${mark} ${address} ${bytes}`, () => proc.memory(pid, address, bytes)),
        )
      : short;
  if (waiting.for === "input" && proc.is32Bit(pid))
    return { ...common, waitsFor: "unknown", says: "what cannot be read of a 32-bit program", patience: "its-work" };
  const onTerminal = tasks.some(({ wait }) => wait?.on.some(({ kind }) => kind === "terminal") === true);
  return {
    ...common,
    waitsFor: waiting.for,
    says: noun(waiting.for, waiting.says, onTerminal),
    patience: patienceOf(waiting.for, words, { ...place, onTerminal, isClosed: tasks.some(isForInput) }),
  };
}

/** What it waits for as a noun. Durations, CPU times and inodes are left out: they make each process another one. */
function noun(waits: SessionGroup["waitsFor"], says: string, onTerminal: boolean): string {
  if (waits === "input") return onTerminal ? "input at its terminal" : "input on its ssh channel";
  if (waits === "time") return "time to pass";
  if (waits === "cpu") return "nothing, it computes";
  if (waits === "stopped") return "somebody who continues it: it was stopped";
  if (waits === "fifo") return says.replace(/^waits to open (the FIFO )?/, "the other end of the FIFO ");
  return says.replace(/^waits (?:for )?/, "").replace(/:\[\d+\]/g, "");
}

/** Programs whose work is to wait for the next request of whoever started them over the channel, and how they are called. */
const servers: readonly (readonly [program: string, call: RegExp])[] = [
  ["sftp-server", /^/],
  ["rsync", / --server /],
  ["scp", / -[a-zA-Z]*[tf]/],
  ["git", / (?:upload|receive)-pack /],
  ["git-upload-pack", /^/],
  ["git-receive-pack", /^/],
  ["svnserve", / -t/],
  ["borg", / serve/],
  ["docker", / dial-stdio/],
  ["podman", / dial-stdio/],
  ["java", /\b(?:remoting|agent|slave)\.jar/],
  ["ssh", / -W/],
  ["nc", /^/],
  ["ncat", /^/],
  ["socat", /^/],
];

function patienceOf(
  waits: SessionGroup["waitsFor"],
  words: readonly string[],
  { isFirst, isPersons, onTerminal, isClosed }: Place & { readonly onTerminal: boolean; readonly isClosed: boolean },
): Patience {
  if (isPersons) return "its-work";
  if (waits === "fifo" || waits === "stopped") return "nobody-gives";
  if (waits !== "input" || !isClosed) return "its-work";
  if (isFirst && takesCommands(words)) return "its-work";
  if (serves(words)) return "its-work";
  return onTerminal ? "perhaps-a-person" : "nobody-gives";
}

function serves(words: readonly string[]): boolean {
  const program = programOf(words);
  const call = `${words.join(" ")} `;
  return servers.some(([name, how]) => name === program && how.test(call));
}

export function programOf(words: readonly string[]): string {
  const [first = ""] = words;
  return first.slice(first.lastIndexOf("/") + 1);
}

/** A shell without a command: it waits for the next one, and that may come. */
function takesCommands(words: readonly string[]): boolean {
  const isShell = /^-|^(?:ba|z|k|mk|da|a|tc|c|fi)?sh$/.test(programOf(words));
  return isShell && words.slice(1).every((word) => /^-(?!\w*c)/.test(word));
}
