/**
 * Releases, by rule: whose word counts for what, for how long, and what each is answered. Pure: what is kept comes in and
 * what is to be kept goes out, so that one transaction holds it with the events that tell of it.
 */
import { createHash } from "node:crypto";
import { matchesName, parseFilePattern, type Removal, type Retention } from "../documents/index.ts";
import {
  type AskedRelease,
  type Change,
  type EventDraft,
  type ReleaseAnswer,
  type ReleaseCount,
  type Released,
  releaseKey,
  type StoredRelease,
  shownContent,
  shownPath,
} from "../store/index.ts";
import { mostPageBytes, type ToldFile } from "./journal-tell.ts";
import type { Release, Seen } from "./plan.ts";

const dayMs = 86_400_000;
/** For so long a release counts. */
export const releaseLivesMs = 30 * dayMs;
/** For so long the last answer to one that no longer counts is kept: to drop repeats, and to be shown. */
const answerLivesMs = dayMs;
/** A clock that was set back makes what came before then come from the future. */
const slackMs = 300_000;

export const mostOfRetention = 100_000;
export const mostOfInstance = 300_000;

/** A Retention, and what the Grant says of it. */
export interface Allowed {
  readonly retention: Retention;
  readonly removal: Removal;
}

type By = StoredRelease["by"];

/** Null where this one's word counts for files of the Retention; else why not: expected, found. */
export function notAllowed({ kind, name }: By, { retention, removal }: Allowed): string | null {
  const { releasedBy, account } = retention;
  if (retention.after !== "release") return "expected a Retention with after: release, found one with after: age";
  if (!releasedBy.includes(kind)) return `expected releasedBy to name ${kind}, found ${releasedBy.join(", ")}`;
  if (kind === "account") return account === name ? null : noRetention; // Nobody learns what there is of others.
  if (removal.kind !== "granted") return "expected a Grant that lets files be removed here, found none";
  if (removal.releasesFrom === name) return null;
  return `expected a release by the sink that the Grant names (${removal.releasesFrom ?? "none"}), found one by ${name}`;
}

/** What counts now of what is kept for a Retention: allowed as the documents stand today, and in its time. */
export function countingReleases(stored: Iterable<StoredRelease>, allowed: Allowed, nowMs: number): Release[] {
  const counting: Release[] = [];
  for (const each of stored) if (counts(each, allowed, nowMs)) counting.push(releaseOf(each));
  return counting;
}

function counts(each: StoredRelease, allowed: Allowed, nowMs: number): boolean {
  const { name, account } = allowed.retention;
  if (each.answer !== "accepted" || each.retention !== name || each.account !== account) return false;
  if (nowMs >= Date.parse(each.expiresAt) || nowMs < Date.parse(each.receivedAt) - slackMs) return false;
  return notAllowed(each.by, allowed) === null;
}

function releaseOf({ path, size, content }: StoredRelease): Release {
  return { path, size, content };
}

/** What releases are taken into: the store, as far as they need it. */
export interface Kept {
  release(key: string): StoredRelease | null;
  releaseCounts(): readonly ReleaseCount[];
  mark(name: string): string | null;
}

/** What is to be kept in one transaction. */
export type ReleaseChange = Required<Pick<Change, "releases" | "removeReleases" | "events" | "marks">>;

export interface Taken {
  /** In the order in which they were asked. */
  readonly answers: Extract<Released, { kind: "released" }>["answers"];
  readonly change: ReleaseChange;
  /** Names of Retentions for which there is something new to look at. */
  readonly due: readonly string[];
}

/**
 * Takes what somebody asks for, each for itself. The same release again is the same row: it counts for 30 days from now, and
 * is told of only where the answer is another one. `find` gives the Retention of a name; null where there is none.
 */
export function takeReleases(
  by: By,
  asked: readonly AskedRelease[],
  find: (retention: string) => Allowed | null,
  kept: Kept,
  nowMs: number,
): Taken {
  const taking = new Taking(by, find, kept, nowMs);
  const answers = asked.map((each) => taking.take(each));
  return { answers, ...taking.end() };
}

interface Refused {
  readonly key: string;
  readonly account: string | null;
  readonly asked: AskedRelease;
  readonly answer: ReleaseAnswer;
  readonly message: string;
}

class Taking {
  readonly #by: By;
  readonly #find: (retention: string) => Allowed | null;
  readonly #kept: Kept;
  readonly #nowMs: number;
  readonly #rows = new Map<string, StoredRelease>();
  readonly #refused = new Map<string, Refused>();
  /** By Retention. */
  readonly #patterns = new Map<string, readonly ReturnType<typeof parseFilePattern>[]>();
  /** How many of each Retention wait, and how many are kept in all, counted once and then kept along. */
  #counts: Map<string, number> | null = null;
  #inAll = 0;

  constructor(by: By, find: (retention: string) => Allowed | null, kept: Kept, nowMs: number) {
    this.#by = by;
    this.#find = find;
    this.#kept = kept;
    this.#nowMs = nowMs;
  }

  take(asked: AskedRelease): Taken["answers"][number] {
    const key = releaseKey(asked);
    const allowed = this.#find(asked.retention);
    const refusal = allowed === null ? noRetention : notAllowed(this.#by, allowed);
    if (allowed === null || refusal !== null) {
      return this.#refuse({ key, account: this.#ownAccount(), asked, answer: "not-allowed", message: refusal ?? "" });
    }
    const { account } = allowed.retention;
    const outside = this.#outside(asked.path, allowed.retention);
    if (outside !== null) return this.#refuse({ key, account, asked, answer: "not-allowed", message: outside });
    const before = this.#rows.get(key) ?? this.#kept.release(key);
    if (before?.answer !== "accepted" && !this.#hasRoom(asked.retention, before !== null)) {
      const message = `expected at most ${mostOfRetention} releases of a Retention and ${mostOfInstance} in all, found as many; release it again when files went`;
      return this.#refuse({ key, account, asked, answer: "too-many", message });
    }
    return this.#accept(asked, key, account, before);
  }

  end(): Pick<Taken, "change" | "due"> {
    const rows = [...this.#rows.values()];
    const { events, releases } = told(rows, this.#nowMs);
    const refused = this.#refusedEvents();
    const due = [...new Set(rows.filter(({ answer }) => answer === "accepted").map(({ retention }) => retention))];
    return {
      change: { releases, removeReleases: [], events: [...events, ...refused.events], marks: refused.marks },
      due,
    };
  }

  #accept(asked: AskedRelease, key: string, account: string, before: StoredRelease | null): Taken["answers"][number] {
    // What it named by size and time is gone: a new file of the same size and time may hold something else.
    if (before?.answer === "removed" && asked.content.kind === "mtime") {
      return { answer: "removed", message: "the file that this release named was removed" };
    }
    const { retention, path, size, content } = asked;
    const receivedAt = new Date(this.#nowMs).toISOString();
    const expiresAt = new Date(this.#nowMs + releaseLivesMs).toISOString();
    if (before?.answer !== "accepted") this.#counted(retention, before !== null);
    this.#rows.set(key, {
      ...{ key, retention, account, by: this.#by, path, size, content, receivedAt, expiresAt, answer: "accepted" },
      ...(before?.told !== undefined && { told: before.told }),
    });
    return { answer: "accepted", message: "" };
  }

  #refuse(refused: Refused): Taken["answers"][number] {
    this.#refused.set(refused.key, refused);
    return { answer: refused.answer, message: refused.message };
  }

  /** Whose event a refusal is: an account's own; an engine's is the host's, for it may mean anybody's files. */
  #ownAccount(): string | null {
    return this.#by.kind === "account" ? this.#by.name : null;
  }

  /** Why nothing of this path is the Retention's, whatever lies there; null where it may be. */
  #outside(path: readonly string[], { name, match, depth }: Retention): string | null {
    if (path.length > depth)
      return `expected a path of at most ${depth} names (the Retention's depth), found ${path.length}`;
    const patterns = this.#patterns.get(name) ?? match.map(parseFilePattern);
    this.#patterns.set(name, patterns);
    const own = Buffer.from(path.at(-1) ?? "", "hex");
    if (patterns.some((each) => each.kind === "pattern" && matchesName(each.pattern, own))) return null;
    return `expected a name that the Retention matches (${match.join(", ")}), found another`;
  }

  #hasRoom(retention: string, isKept: boolean): boolean {
    const counts = this.#known();
    return (counts.get(retention) ?? 0) < mostOfRetention && (isKept || this.#inAll < mostOfInstance);
  }

  #counted(retention: string, isKept: boolean): void {
    const counts = this.#known();
    counts.set(retention, (counts.get(retention) ?? 0) + 1);
    if (!isKept) this.#inAll += 1;
  }

  #known(): Map<string, number> {
    if (this.#counts !== null) return this.#counts;
    this.#counts = new Map();
    for (const { retention, answer, rows } of this.#kept.releaseCounts()) {
      if (answer === "accepted") this.#counts.set(retention, (this.#counts.get(retention) ?? 0) + rows);
      this.#inAll += rows;
    }
    return this.#counts;
  }

  /** The same refusals again are not told again: whoever is told would only repeat them. */
  #refusedEvents(): Pick<ReleaseChange, "events" | "marks"> {
    const refused = [...this.#refused.values()];
    if (refused.length === 0) return { events: [], marks: {} };
    const mark = `releases refused ${this.#by.kind} ${this.#by.name}`;
    const lines = refused.map(({ key, answer }) => `${key} ${answer}\n`).sort();
    const digest = createHash("sha256").update(lines.join("")).digest("hex");
    if (this.#kept.mark(mark) === digest) return { events: [], marks: {} };
    const rows = refused.map(({ asked, account, answer, message }) => ({
      ...{ ...asked, account, by: this.#by, answer, message },
    }));
    return { events: answeredEvents(rows, this.#nowMs), marks: { [mark]: digest } };
  }
}

const noRetention = "expected the name of a Retention in force, found none of this name";

/** The part of an outcome that a release is compared with; as the journal's pages have it. */
type Outcome = Pick<ToldFile, "path" | "pathHex" | "size" | "mtime" | "outcome" | "code" | "sha256">;

/**
 * What becomes of the accepted releases of one Retention while its files are looked at and removed. What is answered is the
 * state of the file, and never that of a release which came meanwhile: `stored` are those from before the look.
 */
export interface Following {
  look(batch: readonly Seen[]): void;
  /** As told from the journal. */
  settled(outcomes: readonly Outcome[]): void;
  /**
   * Those that are answered otherwise now, each once. `isWhole`: the look saw all that there is; else none is absent. Where
   * the store has another word by now (it was released again), its own stands.
   */
  changed(isWhole: boolean, kept: Pick<Kept, "release">, nowMs: number): ReleaseChange;
}

export function followReleases(stored: readonly StoredRelease[], depth = Number.POSITIVE_INFINITY): Following {
  return new Follow(stored, depth);
}

class Follow implements Following {
  /** By path in hex with `/` between names. */
  readonly #standing: Map<string, StoredRelease[]>;
  readonly #depth: number;
  readonly #answers = new Map<string, ReleaseAnswer>();
  readonly #seen = new Set<string>();
  /** Folders that nobody may look into: what lies in them is not known to be absent. */
  readonly #closed = new Set<string>();

  constructor(stored: readonly StoredRelease[], depth: number) {
    this.#depth = depth;
    const accepted = stored.filter(({ answer }) => answer === "accepted");
    this.#standing = Map.groupBy(accepted, ({ path }) => path.join("/"));
  }

  look(batch: readonly Seen[]): void {
    for (const seen of batch) {
      const path = seen.path.join("/");
      if (isClosed(seen)) this.#closed.add(path);
      const standing = this.#standing.get(path);
      if (standing === undefined) continue;
      this.#seen.add(path);
      for (const each of standing) if (!fitsSeen(each, seen)) this.#answers.set(each.key, "changed");
    }
  }

  settled(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      for (const each of this.#standing.get(hexOf(outcome)) ?? []) {
        const answer = answerOf(each, outcome);
        if (answer !== null) this.#answers.set(each.key, answer);
      }
    }
  }

  changed(isWhole: boolean, kept: Pick<Kept, "release">, nowMs: number): ReleaseChange {
    if (isWhole) this.#findAbsent();
    const rows: StoredRelease[] = [];
    for (const each of [...this.#standing.values()].flat()) {
      const answer = this.#answers.get(each.key);
      const now = answer === undefined ? null : kept.release(each.key);
      if (answer === undefined || now?.answer !== "accepted") continue;
      // It was released again since: that is about the file as it is now, unless we removed it.
      if (now.receivedAt !== each.receivedAt && answer !== "removed") continue;
      rows.push({ ...now, answer, expiresAt: sooner(now.expiresAt, nowMs + answerLivesMs) });
    }
    this.#answers.clear();
    return { ...told(rows, nowMs), removeReleases: [], marks: {} };
  }

  #findAbsent(): void {
    for (const [path, standing] of this.#standing) {
      if (this.#seen.has(path) || this.#isClosed(path)) continue;
      for (const { key } of standing) if (!this.#answers.has(key)) this.#answers.set(key, "absent");
    }
  }

  #isClosed(path: string): boolean {
    const names = path.split("/");
    return names.length > this.#depth || names.some((_, at) => this.#closed.has(names.slice(0, at).join("/")));
  }
}

/** A folder is said to be none that goes also where it was looked into. */
function isClosed({ type, guard }: Seen): boolean {
  return type !== "file" && guard !== null && !(type === "folder" && guard.code === "not-a-regular-file");
}

function fitsSeen({ size, content }: StoredRelease, { type, identity }: Seen): boolean {
  if (type !== "file" || BigInt(size) !== BigInt(identity.size)) return false;
  return content.kind === "sha256" || isWithin(content, identity.mtimeNs);
}

/** Null where the next look says more. */
function answerOf({ size, content }: StoredRelease, outcome: Outcome): ReleaseAnswer | null {
  if (outcome.outcome === "removed") {
    if (BigInt(size) !== BigInt(outcome.size)) return null;
    if (content.kind === "mtime") return isWithin(content, outcome.mtime) ? "removed" : null;
    return outcome.sha256 === content.digest ? "removed" : null;
  }
  const isOther = outcome.sha256 !== null && content.kind === "sha256" && outcome.sha256 !== content.digest;
  return outcome.code === "other-content" && isOther ? "changed" : null;
}

function isWithin(
  { ns, precisionNs }: Extract<StoredRelease["content"], { readonly kind: "mtime" }>,
  mtimeNs: string,
): boolean {
  const over = BigInt(mtimeNs) - BigInt(ns);
  // What is kept is floored at its precision already.
  return over >= 0n && over < BigInt(precisionNs);
}

function hexOf({ path, pathHex }: Pick<Outcome, "path" | "pathHex">): string {
  const hex = pathHex ?? Buffer.from(path ?? "", "utf8").toString("hex");
  return (
    hex
      .match(/../g)
      ?.map((byte) => (byte === "2f" ? "/" : byte))
      .join("") ?? ""
  );
}

function sooner(time: string, ms: number): string {
  return Date.parse(time) <= ms ? time : new Date(ms).toISOString();
}

/**
 * Those whose time is over, as `Store.releasesEnded` gives them: what counted until now is told to be expired, and all of
 * them go. Only to be asked while the clock is trusted.
 */
export function endReleases(ended: readonly StoredRelease[], nowMs: number): ReleaseChange {
  const over = ended.filter(({ expiresAt }) => Date.parse(expiresAt) <= nowMs);
  const counted = over.filter(({ answer }) => answer === "accepted");
  const { events } = told(
    counted.map((each) => ({ ...each, answer: "expired" })),
    nowMs,
  );
  return { releases: [], removeReleases: over.map(({ key }) => key), events, marks: {} };
}

/** One answer as an event tells it. */
export interface Answered extends AskedRelease {
  readonly by: By;
  /** Whose event it is; null for the host's. */
  readonly account: string | null;
  readonly answer: ReleaseAnswer;
  /** Why; left out where the word says it. */
  readonly message?: string;
}

/** The rows as they are to be kept, and the events that tell what is news among them. */
function told(rows: readonly StoredRelease[], nowMs: number): Pick<ReleaseChange, "releases" | "events"> {
  const news = rows.filter((row) => row.answer !== row.told && !isSecondTry(row));
  const releases = rows.map((row) => (isSecondTry(row) ? row : { ...row, told: row.answer }));
  return { releases, events: answeredEvents(news, nowMs) };
}

/** It was answered for good and is asked again: what comes of it is told only if that is another answer. */
function isSecondTry({ answer, told: before }: StoredRelease): boolean {
  return answer === "accepted" && before !== undefined && before !== "accepted";
}

/** Events `release.answered`, one a Retention, account and releaser, in pages whose data is at most 64 KiB. */
export function answeredEvents(answered: readonly Answered[], nowMs: number): EventDraft[] {
  const bySubject = Map.groupBy(answered, ({ retention, account, by }) =>
    JSON.stringify([retention, account, by.kind, by.name]),
  );
  return [...bySubject.values()].flatMap((group) => pagesOf(group, new Date(nowMs).toISOString()));
}

function pagesOf(group: readonly Answered[], at: string): EventDraft[] {
  const [first] = group;
  if (first === undefined) return [];
  const { retention, account, by } = first;
  const about = { retention, account, by, at };
  const room = mostPageBytes - sizeOf({ ...about, answers: [] });
  const pages: object[][] = [];
  let left = 0;
  for (const each of group) {
    const { path, size, content, answer, message = "" } = each;
    const says = { ...shownPath(path), size, ...shownContent(content), answer, ...(message !== "" && { message }) };
    const bytes = sizeOf(says) + 1;
    if (bytes > left) {
      pages.push([]);
      left = room;
    }
    pages.at(-1)?.push(says);
    left -= bytes;
  }
  return pages.map((answers) => ({
    type: "release.answered",
    subject: retention,
    account,
    data: { ...about, answers },
  }));
}

function sizeOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
