/**
 * Takes files and destroys them, as the child that it runs in. A file is moved into the quarantine folder first, where
 * nobody else reaches it, and looked at again: only what is still exactly what was planned goes, and everything else is
 * put back where it was, over nothing. No file is opened but in quarantine; none is ever cut, changed or followed.
 */
import { createHash } from "node:crypto";
import { constants } from "node:os";
import { Status } from "../host/at.ts";
import { errnoName } from "../host/native.ts";
import type { AskedGroup, Pace } from "./asked.ts";
import type { Calls } from "./calls.ts";
import { type Entered, Folders } from "./folders.ts";
import { type Guard, guardOfExamined, guardOfFailed, guardOfStatus, head, type Named, namedOf } from "./guarding.ts";
import type { HeldFolder } from "./held.ts";
import { type FileOutcome, type OutcomeCode, quarantinedName } from "./outcome.ts";
import { Paced } from "./pace.ts";
import type { Candidate } from "./plan.ts";
import { madeQuarantine } from "./quarantine.ts";
import type { RootRequest } from "./root.ts";
import type { SaidOutcome } from "./said.ts";

/** A `FileOutcome` of the file at hand. */
type Became = Omit<FileOutcome, "at">;

/** Why a file does not go. */
type Reason = readonly [code: OutcomeCode, detail: string];

const { EAGAIN, EBUSY, ENOENT, EXDEV } = constants.errno;

/** Read at a time for a digest. */
const roomBytes = 262_144;

export class Taking implements Disposable {
  readonly #uid: number;
  readonly #root: HeldFolder;
  readonly #calls: Calls;
  readonly #folders: Folders;
  readonly #paced: Paced;
  readonly #mostOfRun: number;
  #quarantine: HeldFolder | null = null;
  readonly #planned = new Status();
  readonly #now = new Status();
  readonly #opened = new Status();
  #room: Buffer | null = null;

  /** `root` stays the caller's. `alive` is called where something takes long. */
  constructor(request: RootRequest & { readonly pace: Pace }, root: HeldFolder, calls: Calls, alive: () => void) {
    this.#uid = request.uid;
    this.#root = root;
    this.#calls = calls;
    this.#folders = new Folders(calls, root, request.root);
    this.#paced = new Paced(request.pace, calls, alive);
    this.#mostOfRun = Math.max(1, Math.min(mostOfRun, Math.floor(request.pace.filesPerSecond / 10)));
  }

  /** What became of each; of what is said to be removed the folders are on the disk. */
  group({ intent, files }: AskedGroup): SaidOutcome[] {
    const quarantine = this.#heldQuarantine();
    if (typeof quarantine === "string") return files.map((_, at) => saidOf(at, kept("refused", quarantine)));
    this.#folders.ask();
    const outcomes: SaidOutcome[] = [];
    for (const same of foldersOf(files)) {
      const runs = runsOf(same, this.#mostOfRun);
      const became = runs.flatMap((run) => this.#run(run, intent, quarantine));
      const unsure = became.some(({ outcome }) => outcome === "removed") ? this.#sync(same[0]?.file, quarantine) : null;
      for (const [index, { at }] of same.entries()) {
        const each = became[index];
        if (each !== undefined) outcomes.push(saidOf(at, unsure === null ? each : unconfirmed(each, unsure)));
      }
    }
    return outcomes;
  }

  /** All of one folder: first all are taken, then it is asked where the folder is, then they go. */
  #run(run: Run, intent: number, quarantine: HeldFolder): readonly Became[] {
    this.#paced.files(run.length);
    const entered = this.#folders.enter(run[0]?.file.path.slice(0, -1) ?? []);
    if (entered.kind === "failed") return run.map(() => kept(entered.code, entered.detail));
    const taken = run.map(({ file, at }) =>
      this.#take(file, Buffer.from(quarantinedName(intent, at)), quarantine, entered),
    );
    const isThere = this.#calls.pathOf(entered.folder.fd) === entered.path;
    return taken.map((each) => ("outcome" in each ? each : this.#end(each, quarantine, entered, isThere)));
  }

  [Symbol.dispose](): void {
    this.#folders[Symbol.dispose]();
    this.#quarantine?.[Symbol.dispose]();
  }

  #heldQuarantine(): HeldFolder | string {
    if (this.#quarantine !== null) return this.#quarantine;
    const made = madeQuarantine(this.#calls, this.#root, this.#uid);
    if (made.kind === "failed") return made.why;
    if (made.kind === "none") return "the quarantine folder is gone again";
    this.#quarantine = made.folder;
    return made.folder;
  }

  /** The file's folder is still entered: it was the last one. */
  #sync(file: Candidate | undefined, quarantine: HeldFolder): string | null {
    const entered = this.#folders.enter(file?.path.slice(0, -1) ?? []);
    if (entered.kind === "failed") return entered.detail;
    for (const { fd } of [entered.folder, quarantine]) {
      const outcome = this.#calls.syncFolder(fd);
      if (outcome < 0) return `fsync: ${errnoName(outcome)}`;
    }
    return null;
  }

  #take(file: Candidate, quarantined: Buffer, quarantine: HeldFolder, entered: Entered): Became | Taken {
    const name = Buffer.from(file.path.at(-1) ?? "", "hex");
    const named = namedOf(name.toString("latin1"), entered.isOracles);
    const reason = this.#reasonBefore(file, name, named, entered);
    if (reason !== null) return kept(...reason);
    const moved = this.#calls.moveAt(entered.folder.fd, name, quarantine.fd, quarantined);
    if (moved < 0) return kept(codeOf(moved), `rename: ${errnoName(moved)}`);
    return { file, name, named, quarantined };
  }

  #end(taken: Taken, quarantine: HeldFolder, entered: Entered, isThere: boolean): Became {
    const { name, quarantined } = taken;
    const { reason, sha256 } = isThere
      ? this.#judge(taken, quarantine)
      : stays("moved", "its folder is at another place");
    const removed = reason === null ? this.#calls.removeAt(quarantine.fd, quarantined) : 0;
    if (reason === null && removed === 0) return { outcome: "removed", code: null, detail: "", sha256 };
    const [code, detail] = reason ?? (["refused", `unlink: ${errnoName(removed)}`] as const);
    const back = this.#calls.moveAt(quarantine.fd, quarantined, entered.folder.fd, name);
    if (back === 0) return { outcome: "put-back", code, detail, sha256 };
    return { outcome: "in-quarantine", code, detail: `${detail && `${detail}; `}rename: ${errnoName(back)}`, sha256 };
  }

  /** At its own name. */
  #reasonBefore(file: Candidate, name: Buffer, { bar, isArchive }: Named, entered: Entered): Reason | null {
    const { barred, folder } = entered;
    if (barred !== null) return ["database", `it lies in a folder of ${barred.system}'s`];
    if (bar !== null && !isArchive) return bar;
    const mount = this.#root.mountOfFiles;
    this.#planned.expect(file.identity, mount);
    const looked = this.#calls.statAt(folder.fd, name, this.#now.into);
    if (looked < 0) return [codeOf(looked), `stat: ${errnoName(looked)}`];
    const kept = guardOfStatus(this.#now, { uid: this.#uid, mount });
    if (kept !== null) return kept;
    return this.#planned.isSame(this.#now) ? null : ["changed", ""];
  }

  /** In quarantine: no reason where it may go. */
  #judge({ file, named, quarantined: name }: Taken, quarantine: HeldFolder): Judged {
    this.#planned.expect(file.identity, this.#root.mountOfFiles);
    const looked = this.#calls.statAt(quarantine.fd, name, this.#now.into);
    if (looked < 0) return stays("refused", `stat: ${errnoName(looked)}`);
    if (!this.#planned.isSameContent(this.#now)) return stays("changed", "it is another file since");
    const { content } = file;
    const examined = this.#calls.examineAt(quarantine.fd, name, this.#now.into, head, true);
    const isDigest = content.kind === "digest";
    const kept = liftedBy(isDigest, guardOfExamined(examined, named));
    if (kept !== null) return stays(...kept);
    return isDigest ? this.#judgeContent(name, quarantine, content.anyOf) : { reason: null, sha256: null };
  }

  #judgeContent(name: Buffer, quarantine: HeldFolder, anyOf: readonly string[]): Judged {
    const fd = this.#calls.openAt(quarantine.fd, name);
    if (fd < 0) return stays(...guardOfFailed(fd));
    try {
      const sha256 = this.#digestOf(fd);
      return { reason: this.#afterReading(fd, anyOf.includes(sha256)), sha256 };
    } catch (error) {
      return stays("refused", `read: ${error instanceof Error && "code" in error ? error.code : error}`);
    } finally {
      this.#calls.close(fd);
    }
  }

  /** It may have been written, or opened, while it was read. */
  #afterReading(fd: number, isReleased: boolean): Reason | null {
    if (!this.#isStill(fd)) return ["changed", "it changed while it was read"];
    if (!isReleased) return ["other-content", ""];
    const openness = this.#opennessOf(fd);
    if (openness === "idle") return null;
    return openness === "busy" ? ["held-open", "a process has it open"] : ["open-unknown", ""];
  }

  #isStill(fd: number): boolean {
    return this.#calls.statOf(fd, this.#opened.into) === 0 && this.#now.isSame(this.#opened);
  }

  #opennessOf(fd: number): "idle" | "busy" | "unknown" {
    const outcome = this.#calls.lease(fd);
    if (outcome === 0) return "idle";
    return outcome === -EAGAIN ? "busy" : "unknown";
  }

  #digestOf(fd: number): string {
    this.#room ??= Buffer.allocUnsafeSlow(roomBytes);
    const hash = createHash("sha256");
    for (let at = 0; ; ) {
      const bytes = this.#calls.read(fd, this.#room, at);
      if (bytes === 0) return hash.digest("hex");
      hash.update(this.#room.subarray(0, bytes));
      at += bytes;
      this.#paced.read(bytes);
    }
  }
}

/** What lies in quarantine, and is not judged yet. */
interface Taken {
  readonly file: Candidate;
  readonly name: Buffer;
  readonly named: Named;
  readonly quarantined: Buffer;
}

interface Judged {
  readonly reason: Reason | null;
  readonly sha256: string | null;
}

function stays(code: OutcomeCode, detail: string): Judged {
  return { reason: [code, detail], sha256: null };
}

function liftedBy(isDigest: boolean, found: Guard | null): Guard | null {
  return isDigest && found?.[0] === "archived-log" ? null : found;
}

function codeOf(outcome: number): OutcomeCode {
  if (outcome === -ENOENT) return "gone";
  return outcome === -EXDEV || outcome === -EBUSY ? "mount" : "refused";
}

function kept(code: OutcomeCode, detail: string): Became {
  return { outcome: "kept", code, detail, sha256: null };
}

/** It is gone, and after a crash it may be there again. */
function unconfirmed(became: Became, why: string): Became {
  return became.outcome === "removed"
    ? { ...became, outcome: "gone-unconfirmed", code: "refused", detail: why }
    : became;
}

const mostDetail = 200;

function saidOf(at: number, { outcome, code, detail, sha256 }: Became): SaidOutcome {
  if (outcome === "removed" && sha256 === null) return at;
  return [at, outcome, code, detail.slice(0, mostDetail), sha256];
}

/** Files of one folder, with their places in the group. */
type Run = readonly { readonly file: Candidate; readonly at: number }[];

/** A file is nowhere to be found while the others of its run are taken: no longer than that many, or a tenth of a second. */
const mostOfRun = 64;

function foldersOf(files: readonly Candidate[]): readonly Run[] {
  const folders = new Map<string, { readonly file: Candidate; readonly at: number }[]>();
  for (const [at, file] of files.entries()) {
    const key = file.path.slice(0, -1).join("/");
    const same = folders.get(key);
    if (same === undefined) folders.set(key, [{ file, at }]);
    else same.push({ file, at });
  }
  return [...folders.values()];
}

/** In their order. One that has to be read takes long, so that nothing waits with it. */
function runsOf(all: Run, most: number): readonly Run[] {
  const runs: { readonly file: Candidate; readonly at: number }[][] = [];
  for (const each of all) {
    const last = runs.at(-1);
    const isAlone = each.file.content.kind === "digest" || last?.[0]?.file.content.kind === "digest";
    if (last === undefined || isAlone || last.length >= most) runs.push([each]);
    else last.push(each);
  }
  return runs;
}
