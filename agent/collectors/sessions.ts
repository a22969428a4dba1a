/**
 * What hangs below the accounts' SSH sessions, looked at again and again: where they come from, what they run, what they wait
 * for, and since when they do not move. It only reads; nothing is signalled, traced or ended.
 */
import { type ProcFolder, valueOr } from "../host/proc-folder.ts";
import { type Front, frontOf, Memories } from "./session-front.ts";
import { type Channel, SshdSessions } from "./sshd-sessions.ts";

export interface SeenSession extends Pick<Front, "words" | "waitsFor" | "says" | "patience"> {
  readonly uid: number;
  /** Of the command's first process. */
  readonly pid: number;
  /** The other end of the connection, as the kernel has it; null where only root may see that. */
  readonly from: string | null;
  readonly ageSeconds: number;
  /** Seconds for which it was seen not to move; null where it moved since the last look. */
  readonly stillSeconds: number | null;
}

export interface SessionsLook {
  readonly sessions: readonly SeenSession[];
  /** Why not all was seen, one clause; "" where it was. */
  readonly problem: string;
  /** Milliseconds that it took, without what it waited. */
  readonly workMs: number;
}

export interface SessionsWorld {
  readonly proc: ProcFolder;
  readonly isRoot: boolean;
  /** Of a clock that never jumps. */
  monotonicMs(): number;
  pause(ms: number): Promise<void>;
  /** Lets others have their turn, where this took long enough. */
  breathe(): Promise<void>;
}

/** Whoever reads what somebody sends moves within this time, if anything comes at all. */
const peekMs = 250;
const ticksPerSecond = 100;

interface Still {
  readonly mark: string;
  readonly sinceMs: number;
  readonly moved: boolean;
}

interface Draft {
  readonly channel: Channel;
  readonly ageSeconds: number;
  readonly from: string | null;
  readonly front: Front;
  readonly key: string;
}

export class SessionLooks {
  readonly #world: SessionsWorld;
  readonly #finder: SshdSessions;
  /** By the session's sshd: a connection has one other end all its life. */
  #addresses = new Map<string, string | null>();
  /** By the command's first process and the one in front. */
  #still = new Map<string, Still>();
  readonly #memories = new Memories();
  #workMs = 0;
  #turnMs = 0;

  constructor(world: SessionsWorld) {
    this.#world = world;
    this.#finder = new SshdSessions(world.proc, () => this.#away(() => world.breathe()));
  }

  /** One look; it takes 0.25 s more where something waits that was not seen before. */
  async look(isWanted: (uid: number) => boolean): Promise<SessionsLook> {
    const { proc } = this.#world;
    this.#memories.begin();
    this.#workMs = 0;
    this.#turnMs = this.#world.monotonicMs();
    const { channels, problem } = await this.#finder.find(isWanted);
    const nowTicks = proc.nowTicks();
    const addresses = new Addresses(this.#world, this.#addresses);
    const drafts: Draft[] = [];
    for (const channel of channels) {
      await this.#away(() => this.#world.breathe());
      const stat = proc.stat(channel.pid);
      const front = await this.#front(channel);
      if (stat.kind !== "had" || front === null) continue;
      const { startedTicks } = stat.value;
      const ageSeconds = Math.max(0, ((nowTicks ?? startedTicks) - startedTicks) / ticksPerSecond);
      const key = `${channel.pid} ${startedTicks} ${front.pid} ${front.startedTicks}`;
      drafts.push({ channel, ageSeconds, front, key, from: addresses.of(channel) });
    }
    this.#addresses = addresses.kept;
    await this.#compare(drafts);
    const denied = drafts.find(({ front }) => front.denied !== "")?.front.denied;
    const why = denied === undefined ? "" : whyDenied(this.#world, denied);
    return {
      sessions: drafts.map((draft) => this.#seen(draft)),
      problem: [problem, why].filter((each) => each !== "").join("; "),
      workMs: this.#workMs + this.#world.monotonicMs() - this.#turnMs,
    };
  }

  #front(channel: Channel): Promise<Front | null> {
    const { proc, isRoot } = this.#world;
    return frontOf(proc, channel, { isRoot, memories: this.#memories });
  }

  /** What passes meanwhile is no work of ours. */
  async #away(wait: () => Promise<void>): Promise<void> {
    this.#workMs += this.#world.monotonicMs() - this.#turnMs;
    await wait();
    this.#turnMs = this.#world.monotonicMs();
  }

  /** Those that wait and were not seen before are looked at twice. */
  async #compare(drafts: readonly Draft[]): Promise<void> {
    const before = this.#still;
    const waiting = drafts.filter(({ front }) => front.patience !== "its-work");
    const marks = new Map(waiting.map(({ key, front }) => [key, front.mark]));
    const fresh = waiting.filter(({ key }) => !before.has(key));
    const beganMs = this.#world.monotonicMs();
    if (fresh.length > 0) {
      await this.#away(() => this.#world.pause(peekMs));
      for (const { key, channel } of fresh) {
        await this.#away(() => this.#world.breathe());
        marks.set(key, (await this.#front(channel))?.mark ?? "");
      }
    }
    const nowMs = this.#world.monotonicMs();
    this.#still = new Map(
      waiting.map(({ key, front }) => {
        const last = before.get(key)?.mark ?? front.mark;
        const mark = marks.get(key) ?? "";
        const moved = last !== mark;
        return [key, { mark, moved, sinceMs: moved ? nowMs : (before.get(key)?.sinceMs ?? beganMs) }];
      }),
    );
  }

  #seen({ channel, ageSeconds, from, front, key }: Draft): SeenSession {
    const { words, waitsFor, says, patience } = front;
    const { uid, pid } = channel;
    const still = this.#still.get(key);
    const stillSeconds = still === undefined || still.moved ? null : (this.#world.monotonicMs() - still.sinceMs) / 1000;
    return { uid, pid, from, ageSeconds, stillSeconds, words, waitsFor, says, patience };
  }
}

/** Looks up the other ends of connections that are new, with one look at each network's table. */
class Addresses {
  readonly #world: SessionsWorld;
  readonly #known: ReadonlyMap<string, string | null>;
  readonly #tables = new Map<string, ReadonlyMap<string, string>>();
  readonly kept = new Map<string, string | null>();

  constructor(world: SessionsWorld, known: ReadonlyMap<string, string | null>) {
    this.#world = world;
    this.#known = known;
  }

  of(channel: Channel): string | null {
    const key = `${channel.sshd} ${channel.sshdTicks}`;
    const known = this.kept.get(key) ?? this.#known.get(key);
    const address = known === undefined ? this.#lookedUp(channel) : known;
    this.kept.set(key, address);
    return address;
  }

  /** Of the sockets that both parts of sshd hold the connection is the first: what it forwards came later. */
  #lookedUp({ sshd, monitor }: Channel): string | null {
    const own = this.#sockets(sshd);
    if (own.length === 0) return null;
    const shared = monitor === null ? own : own.filter((inode) => this.#sockets(monitor).includes(inode));
    const table = this.#table(sshd);
    return [...shared, ...own].map((inode) => table.get(inode)).find((address) => address !== undefined) ?? null;
  }

  #sockets(pid: number): readonly string[] {
    const links = valueOr(this.#world.proc.links(pid), []);
    return links.flatMap(([, link]) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
  }

  #table(pid: number): ReadonlyMap<string, string> {
    const network = this.#world.proc.networkOf(pid);
    const known = this.#tables.get(network);
    if (known !== undefined) return known;
    const table = this.#world.proc.remotes(pid);
    this.#tables.set(network, table);
    return table;
  }
}

function whyDenied({ proc, isRoot }: SessionsWorld, code: string): string {
  const says = `what commands wait for cannot be read (/proc/PID/syscall: ${code}`;
  const scope = proc.setting("sys/kernel/yama/ptrace_scope");
  if (isRoot) return `${says}; it takes CAP_SYS_PTRACE)`;
  return scope === "" || scope === "0" ? `${says})` : `${says}, for kernel.yama.ptrace_scope is ${scope}; ask as root)`;
}
