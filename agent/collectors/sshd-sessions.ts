/**
 * Which processes are SSH sessions. Known by who started them: sshd runs as root, and of what it forks the process with the
 * account's uid is the session; nobody else can have sshd of root as its parent. Neither a title nor a name that a process
 * gave itself decides. OpenSSH before 9.8 (`sshd` twice) and since (`sshd-session`) alike; root has no second process.
 */
import { type ProcFolder, valueOr } from "../host/proc-folder.ts";
import type { Stat } from "../host/process.ts";

/** One command or shell of a connection, which may have several. */
export interface Channel {
  /** The account's. */
  readonly uid: number;
  /** The process that has the connection, and that process' own start. */
  readonly sshd: number;
  readonly sshdTicks: number;
  /** root's part of it; null where there is none. */
  readonly monitor: number | null;
  /** The command's first process. */
  readonly pid: number;
}

export interface Found {
  readonly channels: readonly Channel[];
  /** Why not all could be found, one clause; "" where they could. */
  readonly problem: string;
}

interface Sshd {
  readonly pid: number;
  readonly stat: Stat;
  readonly uid: number;
}

const names: readonly string[] = ["sshd", "sshd-session", "sshd-auth"];
/** Enough to be found out at once when a pid was given to another process between two looks, and too seldom to cost. */
const trustedForLooks = 20;
/** A host has tens; the story that this is for had 900. */
const mostChannels = 5_000;
const breatheEvery = 64;

export class SshdSessions {
  readonly #proc: ProcFolder;
  readonly #breathe: () => Promise<void>;
  /** Processes that are no sshd: a process is born with sshd's name, or never is one. */
  #others = new Set<number>();
  #looks = 0;

  constructor(proc: ProcFolder, breathe: () => Promise<void>) {
    this.#proc = proc;
    this.#breathe = breathe;
  }

  async find(isWanted: (uid: number) => boolean): Promise<Found> {
    const listed = this.#proc.pids();
    const unseen = whyUnseen(this.#proc, listed.kind);
    if (unseen !== "") return { channels: [], problem: unseen };
    const sshds = await this.#sshds(valueOr(listed, []));
    const parents = new Set([...sshds.values()].map(({ stat }) => stat.parent));
    const channels: Channel[] = [];
    let problem = "";
    for (const sshd of sshds.values()) {
      const monitor = monitorOf(sshd, sshds, parents);
      if (monitor === "none" || !isWanted(sshd.uid)) continue;
      const below = this.#proc.children(sshd.pid);
      if (below.kind !== "had" && this.#isStill(sshd)) problem = noChildren;
      for (const pid of valueOr(below, [])) {
        const { uid, pid: own, stat } = sshd;
        channels.push({ uid, sshd: own, sshdTicks: stat.startedTicks, monitor: monitor?.pid ?? null, pid });
      }
    }
    const kept = channels.slice(0, mostChannels);
    const tooMany = `only ${mostChannels} of ${channels.length} commands of SSH sessions were looked at`;
    return { channels: kept, problem: channels.length > kept.length ? tooMany : problem };
  }

  async #sshds(pids: readonly number[]): Promise<Map<number, Sshd>> {
    if (this.#looks++ % trustedForLooks === 0) this.#others = new Set();
    const found = new Map<number, Sshd>();
    const others = new Set<number>();
    for (const [at, pid] of pids.entries()) {
      if (this.#others.has(pid)) {
        others.add(pid);
        continue;
      }
      if (at % breatheEvery === 0) await this.#breathe();
      const stat = this.#proc.stat(pid);
      if (stat.kind !== "had") continue;
      if (!names.includes(stat.value.command)) others.add(pid);
      else {
        const sshd = this.#verified(pid, stat.value);
        if (sshd !== null) found.set(pid, sshd);
      }
    }
    this.#others = others;
    return found;
  }

  /** By its program too, where that may be seen: of root's processes only by root, and not by root in every container. */
  #verified(pid: number, stat: Stat): Sshd | null {
    const owner = this.#proc.owner(pid);
    const uid = owner?.uids[0];
    if (owner === null || owner.isNested || uid === undefined || owner.uids.some((each) => each !== uid)) return null;
    const program = this.#proc.program(pid);
    if (program.kind === "denied") return { pid, stat, uid };
    const path = valueOr(program, "");
    return names.includes(path.slice(path.lastIndexOf("/") + 1)) ? { pid, stat, uid } : null;
  }

  #isStill({ pid, stat }: Sshd): boolean {
    const now = this.#proc.stat(pid);
    return now.kind === "had" && now.value.startedTicks === stat.startedTicks;
  }
}

/** root's part of this session, null where root's is all there is; `none`: this is no session, but what sessions come from. */
function monitorOf(sshd: Sshd, all: ReadonlyMap<number, Sshd>, parents: ReadonlySet<number>): Sshd | null | "none" {
  if (sshd.uid === 0) return parents.has(sshd.pid) ? "none" : null;
  const parent = all.get(sshd.stat.parent);
  return parent?.uid === 0 ? parent : "none";
}

const noChildren = "the kernel does not say which process started which (CONFIG_PROC_CHILDREN)";

/** Process 1 is there whoever looks. */
function whyUnseen(proc: ProcFolder, listed: string): string {
  if (listed !== "had") return "/proc cannot be listed";
  if (proc.stat(1).kind === "had") return "";
  const how = proc.hides();
  return `processes of others are hidden${how === "" ? "" : ` (/proc is mounted with ${how})`}`;
}
