/**
 * Folders that chokidar watches, each for the names in it that matter (decision 0025).
 *
 * chokidar is told of one name in each folder, a name that is never there, 32 folders an instance, and of its events only
 * `raw` counts: a name in a folder, as inotify has it. Measured with 2,001 folders for 6,000 paths in 1,000 homes
 * (chokidar 6.0.0, Node 24.21, MALLOC_ARENA_MAX=1, --max-semi-space-size=1; without these two in brackets):
 *
 *     this way                                   +15 MB [+36 MB]   0.4 s   chmod is seen
 *     each path by its own name, 60 at a time    +27 MB [+57 MB]   1.5 s   chmod, and what a link leads to, are missed
 *     each folder, `depth: 0` and a filter       +42 MB [+55 MB]   1.2 s   lists every folder, and each entry's lstat
 *     one instance a folder                      +44 MB [+68 MB]   0.8 s
 *     bare fs.watch, for comparison              +1.5 MB [+2 MB]   0.05 s
 *
 * A path that is not there makes chokidar list its whole folder at each event of any other name in it, and a folder that
 * appears is listed with all that is below: hence `isUnwatched` and `isIgnored`, which say no to all but the folders here.
 */
import { lstatSync } from "node:fs";
import { basename, join } from "node:path";
import { FSWatcher } from "chokidar";
import { codeOf } from "./identity.ts";
import { anyName, folderIdentity, type Hop } from "./watch-walk.ts";

const neverThere = ".rcwarden-watches-here";
const atOnce = 32;
const readyWithinMs = 10_000;
const attempts = 3;
const timeout = Object.assign(new Error("chokidar is not ready"), { code: "ETIMEDOUT" });
const outOfWatches: readonly string[] = ["ENOSPC", "EMFILE", "ENFILE", "ENOMEM"];

export interface FolderReports<S> {
  /** Something happened to a name that these hold. */
  hinted(subjects: readonly S[]): void;
  /** The folder itself may be another one by now: call `reopen` in due time. */
  moved(folder: string): void;
  /** Events come from now on, or the folder is gone: what happened before is to be looked at. */
  opened(subjects: ReadonlySet<S>): void;
  /** Each event as it arrives, for whoever counts them. */
  arrived(): void;
}

export type FolderState =
  | { readonly kind: "opening" | "live" | "limited" }
  | { readonly kind: "failed"; readonly code: string };

interface Arm<S> {
  readonly path: string;
  /** Who holds a name; twice where a path comes by it twice. */
  readonly names: Map<string, S[]>;
  holds: number;
  needs: number;
  state: FolderState;
  identity: string;
  attempts: number;
  watcher: Hints | null;
}

/** S: who holds a name, and is told of what happens to it. */
export class Folders<S> {
  readonly #arms = new Map<string, Arm<S>>();
  readonly #waiting = new Set<Arm<S>>();
  readonly #closing = new Set<Promise<void>>();
  readonly #reports: FolderReports<S>;
  readonly #most: number;
  #live = 0;
  #opening: Promise<void> | null = null;
  #hasEnded = false;

  constructor(reports: FolderReports<S>, most: number) {
    this.#reports = reports;
    this.#most = most;
  }

  /** inotify watches that are held. */
  get live(): number {
    return this.#live;
  }

  hold(hop: Hop, subject: S): void {
    const arm = this.#arms.get(hop.folder) ?? this.#made(hop.folder);
    const holders = arm.names.get(hop.name);
    if (holders === undefined) arm.names.set(hop.name, [subject]);
    else holders.push(subject);
    arm.holds++;
    if (hop.isNeeded) arm.needs++;
  }

  release(hop: Hop, subject: S): void {
    const arm = this.#arms.get(hop.folder);
    const holders = arm?.names.get(hop.name);
    if (arm === undefined || holders === undefined) return;
    holders.splice(holders.indexOf(subject), 1);
    if (holders.length === 0) arm.names.delete(hop.name);
    if (hop.isNeeded) arm.needs--;
    if (--arm.holds > 0) return;
    this.#arms.delete(arm.path);
    this.#waiting.delete(arm);
    this.#close(arm);
  }

  isLive(folder: string): boolean {
    return this.#arms.get(folder)?.state.kind === "live";
  }

  /** Every folder that somebody holds, and whether what is in it can change without another event. */
  *states(): Generator<{ path: string; isNeeded: boolean; state: FolderState }> {
    for (const { path, needs, state } of this.#arms.values()) yield { path, isNeeded: needs > 0, state };
  }

  /** Resolves when each folder has events, or never will. */
  async settled(): Promise<void> {
    while (this.#opening !== null) await this.#opening;
  }

  /** A folder of this path is that one now: watches it anew where another one is watched. */
  check(folder: string, identity: string): void {
    const arm = this.#arms.get(folder);
    if (arm !== undefined && arm.state.kind === "live" && arm.identity !== identity) this.reopen(folder);
  }

  /** inotify holds on to what was there, wherever it is by now: begins anew with what is there. */
  reopen(folder: string): void {
    const arm = this.#arms.get(folder);
    if (arm === undefined) return;
    this.#close(arm);
    arm.attempts = 0;
    this.#wait(arm);
  }

  /** Tries again those that could not be watched. */
  retry(): void {
    for (const { path, state } of this.#arms.values())
      if (state.kind === "limited" || state.kind === "failed") this.reopen(path);
  }

  /** Everything anew: events may have stopped for all. */
  rearm(): void {
    for (const folder of this.#arms.keys()) this.reopen(folder);
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    for (const arm of this.#arms.values()) this.#close(arm);
    this.#arms.clear();
    this.#waiting.clear();
    await this.settled();
    while (this.#closing.size > 0) await Promise.allSettled(this.#closing);
  }

  #made(path: string): Arm<S> {
    const state = { kind: "opening" } as const;
    const arm = { path, names: new Map(), holds: 0, needs: 0, state, identity: "", attempts: 0, watcher: null };
    this.#arms.set(path, arm);
    this.#wait(arm);
    return arm;
  }

  #wait(arm: Arm<S>): void {
    if (this.#hasEnded) return;
    arm.state = { kind: "opening" };
    this.#waiting.add(arm);
    this.#opening ??= this.#open();
  }

  async #open(): Promise<void> {
    // Whoever holds one name mostly goes on to hold others.
    await Promise.resolve();
    let isFull = false;
    while (this.#waiting.size > 0) {
      const some = this.#next();
      if (isFull) this.#without(some);
      else isFull = await this.#openSome(some);
      this.#reports.opened(holdersOf(some.filter((arm) => arm.state.kind !== "limited")));
    }
    this.#opening = null;
  }

  /** Those without which changes would be missed come first. */
  #next(): Arm<S>[] {
    const waiting = [...this.#waiting];
    const some = [...waiting.filter((arm) => arm.needs > 0), ...waiting.filter((arm) => arm.needs <= 0)].slice(
      0,
      atOnce,
    );
    for (const arm of some) this.#waiting.delete(arm);
    return some;
  }

  #without(arms: readonly Arm<S>[]): void {
    for (const arm of arms) arm.state = { kind: "limited" };
  }

  /** Whether there are no more watches to be had. */
  async #openSome(arms: readonly Arm<S>[]): Promise<boolean> {
    const room = Math.max(0, this.#most - this.#live);
    this.#without(arms.slice(room));
    const possible = arms.slice(0, room).filter((arm) => prepare(arm));
    if (possible.length > 0) await this.#watch(possible);
    for (const arm of possible) this.#judge(arm);
    return arms.some((arm) => arm.state.kind === "limited");
  }

  async #watch(arms: readonly Arm<S>[]): Promise<void> {
    const watcher = new Hints(new Set(arms.map((arm) => arm.path)));
    for (const arm of arms) arm.watcher = watcher;
    watcher.on("error", (error) => this.#failed(watcher, error));
    watcher.on("raw", (event, name, details) => this.#heard(watcher, event, name, details));
    watcher.add(arms.map((arm) => join(arm.path, neverThere)));
    // A file system that stopped answering keeps chokidar waiting.
    const timer = setTimeout(() => this.#failed(watcher, timeout), readyWithinMs);
    await watcher.settled;
    clearTimeout(timer);
  }

  /** What was there before chokidar looked must be there now, else it may watch nothing, or what was there. */
  #judge(arm: Arm<S>): void {
    if (arm.watcher === null || arm.state.kind !== "opening" || this.#arms.get(arm.path) !== arm) return;
    if (identityOf(arm.path) === arm.identity) {
      arm.state = { kind: "live" };
      this.#live++;
      return;
    }
    this.#close(arm);
    if (++arm.attempts < attempts) this.#wait(arm);
    else arm.state = { kind: "failed", code: "EAGAIN" };
  }

  #heard(watcher: Hints, event: string, name: string | null, details: unknown): void {
    this.#reports.arrived();
    const arm = this.#arms.get(watchedPathOf(details));
    if (arm === undefined || arm.watcher !== watcher) return;
    const any = arm.names.get(anyName);
    if (any !== undefined) this.#reports.hinted(any);
    const holders = name === null ? undefined : arm.names.get(name);
    if (holders !== undefined) this.#reports.hinted(holders);
    if (event !== "rename") return;
    // inotify names the folder itself by its last name, so that this may be a file of the same name.
    if (name === null || name === basename(arm.path)) this.#reports.moved(arm.path);
  }

  #failed(watcher: Hints, error: unknown): void {
    const about = error instanceof Error && "path" in error ? error.path : undefined;
    const isWatch = error instanceof Error && "syscall" in error && error.syscall === "watch";
    const arm = isWatch && typeof about === "string" ? this.#arms.get(about) : undefined;
    const arms = arm === undefined ? [...this.#arms.values()] : [arm];
    for (const one of arms) if (one.watcher === watcher) this.#fail(one, watcher, codeOf(error));
  }

  #fail(arm: Arm<S>, watcher: Hints, code: string): void {
    if (arm.watcher !== watcher) return;
    this.#close(arm);
    arm.state = outOfWatches.includes(code) ? { kind: "limited" } : { kind: "failed", code };
  }

  #close(arm: Arm<S>): void {
    if (arm.state.kind === "live") this.#live--;
    arm.state = { kind: "opening" };
    const watcher = arm.watcher;
    arm.watcher = null;
    if (watcher === null) return;
    watcher.leave(arm.path);
    if (!watcher.isIdle) return;
    const closing = watcher.close().catch(() => undefined);
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }
}

/** An instance of chokidar for some folders, which does nothing by itself but hand on what inotify says. */
class Hints extends FSWatcher {
  /** Resolves when each folder is watched or failed, or nobody wants any of them any more. */
  readonly settled: Promise<void>;
  readonly #mine: Set<string>;
  #left: number;
  #settle = (): void => {};

  constructor(folders: ReadonlySet<string>) {
    // chokidar obeys these two before it obeys its caller.
    delete process.env.CHOKIDAR_USEPOLLING;
    delete process.env.CHOKIDAR_INTERVAL;
    super({
      backend: "native",
      usePolling: false,
      persistent: true,
      ignoreInitial: true,
      atomic: false,
      awaitWriteFinish: false,
      followSymlinks: false,
      depth: 0,
    });
    this.#mine = new Set([...folders].flatMap((folder) => [folder, join(folder, neverThere)]));
    this.#left = folders.size;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
      this.once("ready", resolve);
    });
  }

  get isIdle(): boolean {
    return this.#left === 0;
  }

  leave(folder: string): void {
    this.#left--;
    this.#mine.delete(folder);
    this.unwatch(join(folder, neverThere));
    this.#mine.delete(join(folder, neverThere));
    if (this.isIdle) this.#settle();
  }

  override isUnwatched(path: string): boolean {
    return !this.#mine.has(path);
  }

  override isIgnored(path: string): boolean {
    return !this.#mine.has(path);
  }
}

function prepare<S>(arm: Arm<S>): boolean {
  // chokidar takes a backslash for a slash.
  if (arm.path.includes("\\")) {
    arm.state = { kind: "failed", code: "EINVAL" };
    return false;
  }
  arm.identity = identityOf(arm.path);
  if (arm.identity === "") arm.state = { kind: "failed", code: "ENOENT" };
  return arm.state.kind === "opening";
}

/** Empty where no folder is there. */
function identityOf(folder: string): string {
  try {
    const stats = lstatSync(folder, { bigint: true });
    return stats.isDirectory() ? folderIdentity(stats) : "";
  } catch {
    return "";
  }
}

function holdersOf<S>(arms: readonly Arm<S>[]): Set<S> {
  return new Set(arms.flatMap((arm) => [...arm.names.values()].flat()));
}

function watchedPathOf(details: unknown): string {
  if (typeof details !== "object" || details === null || !("watchedPath" in details)) return "";
  return typeof details.watchedPath === "string" ? details.watchedPath : "";
}
