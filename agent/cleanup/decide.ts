/**
 * What of the files that were seen would go, and what stays and why. Pure: it opens nothing and knows no clock. Entries
 * stream through; of a million of them only those that could go (`limits.files`) and the newest (`keep.newest`) are held.
 */
import { createHash } from "node:crypto";
import { type FilePattern, matchesName, parseFilePattern, type Retention } from "../documents/index.ts";
import { Least } from "./least.ts";
import { Ledger } from "./ledger.ts";
import type { Candidate, FileIdentity, GuardCode, KeepCode, Release, Seen } from "./plan.ts";
import { type Aged, olderFirst, Tally } from "./tally.ts";

export type StayCode = GuardCode | KeepCode;

export interface Moment {
  /** Epoch milliseconds, from before the look: a file may be as new as the look took. */
  readonly nowMs: number;
  /** Whether whoever watches the clock saw it jump. A clock behind the newest file is noticed here. */
  readonly clock: "trusted" | "not-trusted";
}

/** What the root was when it was opened; decimal. */
export interface RootIdentity {
  readonly dev: string;
  readonly ino: string;
}

export interface Sum {
  readonly files: number;
  readonly bytes: bigint;
}

export interface Decision {
  /** What would go, the oldest first. */
  readonly remove: readonly Candidate[];
  readonly removed: Sum;
  /** How many stay, by reason; only reasons that there are. */
  readonly stays: ReadonlyMap<StayCode, Sum>;
  readonly matched: Matched;
  /** `ahead`: below the root there is a file newer than now, by its path. Then no age is believed. */
  readonly clock:
    | { readonly kind: "trusted" }
    | { readonly kind: "not-trusted" }
    | { readonly kind: "ahead"; readonly path: readonly string[] };
  /**
   * sha256 in hex over what the Retention says, over the root and over each candidate's path and identity: equal for the same decision,
   * whenever it is made.
   */
  readonly hash: string;
}

/** What matches by name and depth, whatever keeps it. Of links, folders and names that no Retention reaches nothing does. */
export interface Matched extends Sum {
  /** Of the newer of its two times, as all ages are; null where there is none. */
  readonly oldestNs: bigint | null;
  /** The oldest that does not go by this plan. */
  readonly oldestStayingNs: bigint | null;
  /** What does not go by this plan, and neither is kept as young or newest, nor is it a database's; and why. */
  readonly waits: Sum & { readonly oldestNs: bigint | null; readonly stays: ReadonlyMap<StayCode, Sum> };
}

/** One file of a list: `code` null where it would go. */
export interface Listed {
  readonly path: readonly string[];
  readonly bytes: bigint;
  readonly code: StayCode | null;
  /** What the guard says of this very file; "" where the code says it all. */
  readonly message: string;
}

export interface Deciding {
  take(seen: Seen): void;
  /** Once, after the last entry of a look that saw everything: of half a folder nobody knows the newest. */
  end(root: RootIdentity): Decision;
}

/** A file written during the look is newer than `nowMs`, and clocks of two hosts on one file system differ a little. */
const slackNs = 300_000_000_000n;

export function decide(
  retention: Retention,
  seen: Iterable<Seen>,
  releases: readonly Release[],
  moment: Moment,
  root: RootIdentity,
): Decision {
  const deciding = decidingOn(retention, releases, moment);
  for (const each of seen) deciding.take(each);
  return deciding.end(root);
}

export function decidingOn(retention: Retention, releases: readonly Release[], moment: Moment): Deciding {
  return new Run(retention, releases, moment, null);
}

/** As `decidingOn`; `list` gives every entry with its reason, in the order of the look, once the end was called. */
export function listingOn(
  retention: Retention,
  releases: readonly Release[],
  moment: Moment,
): Deciding & { list(): Iterable<Listed> } {
  return new Run(retention, releases, moment, new Ledger<Standing>());
}

/** Matched, nothing guards it, and it is released where that is asked for: age, number and size decide. */
type Standing = StayCode | "may-go";

interface Held extends Aged {
  readonly identity: FileIdentity;
  readonly content: Candidate["content"];
}

interface Young extends Aged {
  readonly identity: FileIdentity;
  readonly bytes: bigint;
  readonly standing: Standing;
}

/** What the end of a look says about those that may go. */
interface Ending {
  readonly isClockTrusted: boolean;
  /** The oldest of those that stay as the newest. */
  readonly newestFrom: Aged | undefined;
  /** The newest of those within limits. */
  readonly lastWithin: Aged | undefined;
  readonly isEmptying: boolean;
}

class Run implements Deciding {
  readonly #retention: Retention;
  readonly #patterns: readonly FilePattern[];
  readonly #releases: ReadonlyMap<string, readonly Release[]>;
  readonly #moment: Moment;
  /** Whoever was last changed after it is too young; null where no age is asked for. */
  readonly #youngFromNs: bigint | null;
  readonly #ledger: Ledger<Standing> | null;
  readonly #sums = new Map<Standing, Sum>();
  readonly #oldest: Least<Held>;
  readonly #newest: Least<Young>;
  #latest: Aged | undefined;
  /** Files that match and that nothing guards. */
  #unguarded = 0;
  /** What matches, guarded or not; of it what may go, and what stays. */
  readonly #matched = new Tally();
  readonly #mayGo = new Tally();
  readonly #kept = new Tally();
  /** Of what stays what its age does not keep, nor a database; the newest are still among them. */
  readonly #waits = new Map<StayCode, Sum>();
  readonly #guardedWaits = new Tally();
  readonly #unguardedWaits = new Tally();
  #ending: Ending | undefined;

  constructor(retention: Retention, releases: readonly Release[], moment: Moment, ledger: Ledger<Standing> | null) {
    this.#retention = retention;
    this.#patterns = retention.match.map(patternOf);
    this.#releases = Map.groupBy(releases, ({ path }) => path.join("/"));
    this.#moment = moment;
    const { youngerThanMs } = retention.keep;
    this.#youngFromNs = youngerThanMs === null ? null : BigInt(moment.nowMs - youngerThanMs) * 1_000_000n;
    this.#ledger = ledger;
    this.#oldest = new Least<Held>(retention.limits.files, olderFirst);
    this.#newest = new Least<Young>(retention.keep.newest, (a, b) => olderFirst(b, a));
  }

  take(seen: Seen): void {
    const agedNs = agedOf(seen.identity);
    const size = BigInt(seen.identity.size);
    const aged = { agedNs, key: seen.path.join("/") };
    const standing = this.#standing(seen, aged, size);
    const bytes = seen.type === "file" ? size : 0n;
    add(this.#sums, standing, { files: 1, bytes });
    const { path, guard } = seen;
    this.#ledger?.add({ path, word: standing, message: guard?.message ?? "", size: bytes, agedNs });
  }

  end(root: RootIdentity): Decision {
    const { keep, limits, mayEmpty } = this.#retention;
    const clock = this.#clock();
    const isClockTrusted = keep.youngerThanMs === null || clock.kind === "trusted";
    const newestFrom = this.#newest.greatest();
    const notNewest = this.#oldest.sorted().filter((each) => !isAmong(each, newestFrom));
    const within = isClockTrusted ? firstWithin(without(this.#newest.sorted(), notNewest), limits.bytes) : [];
    const isEmptying = within.length > 0 && within.length === this.#unguarded && !mayEmpty;
    this.#ending = { isClockTrusted, newestFrom, lastWithin: within.at(-1), isEmptying };
    const remove = isEmptying ? [] : within.map(candidateOf);
    const removed = { files: remove.length, bytes: sizeOf(remove) };
    const stays = this.#stays(within);
    const matched = this.#whatMatches(removed, notNewest);
    return { remove, removed, stays, matched, clock, hash: hashOf(this.#retention, root, remove) };
  }

  *list(): Generator<Listed> {
    if (this.#ending === undefined || this.#ledger === null) throw new Error("a list is there after the end of a look");
    for (const { path, word, message, size, agedNs } of this.#ledger.entries()) {
      const code = codeAtEnd(word, { agedNs, key: path.join("/") }, this.#ending);
      yield { path, bytes: size, code, message };
    }
  }

  #standing(seen: Seen, aged: Aged, size: bigint): Standing {
    // The one guard that a release can lift is asked about where releases are.
    if (seen.guard !== null && seen.guard.code !== "archived-log") return this.#guardedBy(seen.guard.code, seen, aged);
    if (seen.type !== "file") return "not-a-regular-file";
    if (!this.#isMatched(seen.path)) return "not-matched";
    this.#unguarded += 1;
    if (this.#latest === undefined || olderFirst(this.#latest, aged) < 0) this.#latest = aged;
    const content = this.#contentOf(seen);
    const standing = typeof content === "string" ? content : this.#byAgeAndSize(aged, size);
    this.#newest.offer({ ...aged, identity: seen.identity, bytes: size, standing });
    this.#matched.count(aged, size);
    if (standing !== "may-go") this.#staying(this.#unguardedWaits, aged, size, standing);
    else if (typeof content !== "string") {
      this.#oldest.offer({ ...aged, identity: seen.identity, content });
      this.#mayGo.count(aged, size);
    }
    return standing;
  }

  #guardedBy(code: GuardCode, { type, path, identity }: Seen, aged: Aged): GuardCode {
    if (type !== "file" || unreached.has(code) || !this.#isMatched(path)) return code;
    const size = BigInt(identity.size);
    this.#matched.count(aged, size);
    this.#staying(this.#guardedWaits, aged, size, code);
    return code;
  }

  #staying(waits: Tally, aged: Aged, size: bigint, code: StayCode): void {
    this.#kept.count(aged, size);
    if (code === "database" || this.#isYoung(aged)) return;
    waits.count(aged, size);
    add(this.#waits, code, { files: 1, bytes: size });
  }

  #isYoung({ agedNs }: Aged): boolean {
    return this.#youngFromNs !== null && agedNs > this.#youngFromNs;
  }

  #isMatched(path: readonly string[]): boolean {
    const name = Buffer.from(path.at(-1) ?? "", "hex");
    return path.length <= this.#retention.depth && this.#patterns.some((pattern) => matchesName(pattern, name));
  }

  #contentOf({ path, identity, guard }: Seen): Candidate["content"] | StayCode {
    if (this.#retention.after === "age") return guard?.code ?? { kind: "as-seen" };
    const released = this.#releases.get(path.join("/"));
    if (released === undefined) return guard?.code ?? "not-released";
    const fitting = released.filter((each) => fits(each, identity));
    if (fitting.length === 0) return "released-other-content";
    if (guard === null && fitting.some(({ content }) => content.kind === "mtime")) return { kind: "as-seen" };
    if (fitting.every(({ content }) => content.kind === "mtime")) return "archived-log";
    const digests = fitting.flatMap(({ content }) => (content.kind === "sha256" ? [content.digest] : []));
    return { kind: "digest", anyOf: [...new Set(digests)].sort() };
  }

  #byAgeAndSize(aged: Aged, size: bigint): Standing {
    if (this.#isYoung(aged)) return "too-young";
    // Who was written by a clock that had not been set is of no known age.
    if (this.#youngFromNs !== null && aged.agedNs < believedFromNs) return "clock-not-trusted";
    // One that alone is too much is left out, lest it stand before all others for ever.
    return size > BigInt(this.#retention.limits.bytes) ? "over-limit" : "may-go";
  }

  #clock(): Decision["clock"] {
    if (this.#moment.clock === "not-trusted") return { kind: "not-trusted" };
    const latest = this.#latest;
    if (latest === undefined || latest.agedNs <= BigInt(this.#moment.nowMs) * 1_000_000n + slackNs)
      return { kind: "trusted" };
    return { kind: "ahead", path: latest.key.split("/") };
  }

  /** Of those that may go, what the end says of them, in sums: most of them are not held. */
  #stays(within: readonly Held[]): ReadonlyMap<StayCode, Sum> {
    const { isClockTrusted, isEmptying } = this.#ending ?? {};
    const stays = new Map<StayCode, Sum>();
    let mayGo: Sum = none;
    for (const [standing, sum] of this.#sums) {
      if (standing === "may-go") mayGo = sum;
      else add(stays, isClockTrusted === false && byAge.has(standing) ? "clock-not-trusted" : standing, sum);
    }
    if (isClockTrusted === false) {
      add(stays, "clock-not-trusted", mayGo);
      return stays;
    }
    const newestSum = sumOf(this.#newest.sorted().filter(({ standing }) => standing === "may-go"));
    const withinSum = { files: within.length, bytes: sizeOf(within) };
    add(stays, "newest", newestSum);
    add(stays, "over-limit", less(mayGo, newestSum, withinSum));
    if (isEmptying === true) add(stays, "would-empty", withinSum);
    return stays;
  }

  #whatMatches(removed: Sum, notNewest: readonly Held[]): Matched {
    const newest = this.#newest.sorted();
    const newestThatMayGo = newest.filter(({ standing }) => standing === "may-go");
    const left = less(this.#mayGo, sumOf(newestThatMayGo), removed);
    // Of those beyond what is held nobody knows the oldest; it is no older than the last that is held.
    const oldestLeft = left.files === 0 ? null : (notNewest[removed.files] ?? notNewest.at(-1) ?? null);
    const oldestKept = oldest(this.#kept.oldest, oldestLeft, newestThatMayGo.at(-1) ?? null);
    return {
      files: this.#matched.files,
      bytes: this.#matched.bytes,
      oldestNs: this.#matched.oldest?.agedNs ?? null,
      oldestStayingNs: oldestKept?.agedNs ?? null,
      waits: this.#whatWaits(newest, left, oldestLeft),
    };
  }

  #whatWaits(newest: readonly Young[], left: Sum, oldestLeft: Aged | null): Matched["waits"] {
    const stays = new Map(this.#waits);
    for (const each of newest) {
      if (each.standing !== "may-go" && !this.#isYoung(each)) subtract(stays, each.standing, sumOf([each]));
    }
    const { isClockTrusted, isEmptying } = this.#ending ?? {};
    add(stays, isClockTrusted === false ? "clock-not-trusted" : isEmptying ? "would-empty" : "over-limit", left);
    const { oldest: kept } = this.#unguardedWaits;
    const unkept = kept !== null && isAmong(kept, this.#newest.greatest()) ? null : kept;
    return {
      ...[...stays.values()].reduce(plus, none),
      oldestNs: oldest(this.#guardedWaits.oldest, unkept, oldestLeft)?.agedNs ?? null,
      stays,
    };
  }
}

/** What an age decided, or would have: where no clock is trusted, that is the reason. */
const byAge: ReadonlySet<Standing> = new Set<Standing>(["may-go", "too-young", "over-limit"]);
const none: Sum = { files: 0, bytes: 0n };
/** Of these nothing is a Retention's, whatever it matches. */
const unreached: ReadonlySet<StayCode> = new Set<StayCode>(["not-a-regular-file", "name-refused", "mount"]);
/** 2001 in nanoseconds: a clock that was not set yet begins in 1970, 1980 or 2000. */
const believedFromNs = 978_307_200_000_000_000n;

/**
 * Renamed while its folder was read, a file is seen by both names and takes two places among the newest: for each such one
 * another file stays.
 */
function without(newest: readonly Young[], notNewest: readonly Held[]): readonly Held[] {
  const fileOf = ({ identity: { dev, ino, size, mtimeNs } }: Young | Held) => `${dev} ${ino} ${size} ${mtimeNs}`;
  const kept = new Set(newest.map(fileOf));
  const last = notNewest.findLastIndex((each) => {
    if (kept.size === newest.length && !kept.has(fileOf(each))) return true;
    kept.add(fileOf(each));
    return false;
  });
  return notNewest.slice(0, last + 1);
}

function codeAtEnd(standing: Standing, aged: Aged, ending: Ending): StayCode | null {
  if (!ending.isClockTrusted && byAge.has(standing)) return "clock-not-trusted";
  if (standing !== "may-go") return standing;
  if (isAmong(aged, ending.newestFrom)) return "newest";
  if (ending.lastWithin === undefined || olderFirst(aged, ending.lastWithin) > 0) return "over-limit";
  return ending.isEmptying ? "would-empty" : null;
}

function isAmong(aged: Aged, newestFrom: Aged | undefined): boolean {
  return newestFrom !== undefined && olderFirst(aged, newestFrom) >= 0;
}

function add<Code>(sums: Map<Code, Sum>, code: Code, sum: Sum): void {
  if (sum.files > 0) sums.set(code, plus(sums.get(code) ?? none, sum));
}

function subtract<Code>(sums: Map<Code, Sum>, code: Code, sum: Sum): void {
  const left = less(sums.get(code) ?? none, sum);
  if (left.files === 0) sums.delete(code);
  else sums.set(code, left);
}

function plus(a: Sum, b: Sum): Sum {
  return { files: a.files + b.files, bytes: a.bytes + b.bytes };
}

function less(sum: Sum, ...others: readonly Sum[]): Sum {
  return others.reduce(({ files, bytes }, other) => ({ files: files - other.files, bytes: bytes - other.bytes }), sum);
}

/** From the first on, as many as fit: what comes after one that does not fit waits for the next plan. */
function firstWithin(held: readonly Held[], mostBytes: number): readonly Held[] {
  let bytes = 0n;
  const end = held.findIndex(({ identity }) => {
    bytes += BigInt(identity.size);
    return bytes > BigInt(mostBytes);
  });
  return end < 0 ? held : held.slice(0, end);
}

function sumOf(files: readonly { readonly bytes: bigint }[]): Sum {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0n) };
}

function oldest(...each: readonly (Aged | null)[]): Aged | null {
  return each.filter((one) => one !== null).reduce<Aged | null>(older, null);
}

function older(a: Aged | null, b: Aged): Aged {
  return a !== null && olderFirst(a, b) < 0 ? a : b;
}

function sizeOf(files: readonly { readonly identity: FileIdentity }[]): bigint {
  return files.reduce((sum, { identity }) => sum + BigInt(identity.size), 0n);
}

/** The newer of the two times of a file: an unpacked one carries the old time of its content. */
export function agedOf({ mtimeNs, ctimeNs }: FileIdentity): bigint {
  const [written, changed] = [BigInt(mtimeNs), BigInt(ctimeNs)];
  return written > changed ? written : changed;
}

function fits({ size, content }: Release, identity: FileIdentity): boolean {
  if (BigInt(size) !== BigInt(identity.size)) return false;
  if (content.kind === "sha256") return true;
  const precision = BigInt(content.precisionNs);
  return floored(BigInt(content.ns), precision) === floored(BigInt(identity.mtimeNs), precision);
}

/** Downwards before 1970, too. */
function floored(ns: bigint, precision: bigint): bigint {
  const over = ns % precision;
  return ns - (over < 0n ? over + precision : over);
}

function candidateOf({ key, identity, content }: Held): Candidate {
  return { path: key.split("/"), identity, content };
}

/** The loader took it. */
function patternOf(text: string): FilePattern {
  const parsed = parseFilePattern(text);
  if (parsed.kind === "refused") throw new Error(`${text}: expected ${parsed.expected}`);
  return parsed.pattern;
}

function hashOf(
  { origin: _, description: __, ...says }: Retention,
  root: RootIdentity,
  remove: readonly Candidate[],
): string {
  const hash = createHash("sha256");
  hash.update(`rcwarden plan 1\n${JSON.stringify(says)}\n${root.dev} ${root.ino}\n`);
  for (const { path, identity, content } of remove) {
    const { dev, ino, size, mtimeNs, ctimeNs, uid, links } = identity;
    const digests = content.kind === "digest" ? content.anyOf : [];
    hash.update(`${JSON.stringify([path, dev, ino, size, mtimeNs, ctimeNs, uid, links, digests])}\n`);
  }
  return hash.digest("hex");
}
