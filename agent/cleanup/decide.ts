/**
 * What of the files that were seen would go, and what stays and why. Pure: it opens nothing and knows no clock. Entries
 * stream through; of a million of them only those that could go (`limits.files`) and the newest (`keep.newest`) are held.
 */
import { createHash } from "node:crypto";
import { type FilePattern, matchesName, parseFilePattern, type Retention } from "../documents/index.ts";
import { Least } from "./least.ts";
import { Ledger } from "./ledger.ts";
import type { Candidate, FileIdentity, GuardCode, KeepCode, Release, Seen } from "./plan.ts";

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

/** As little as can be held of a file. Its order is that of age, and of the path where the age is the same. */
interface Aged {
  readonly agedNs: bigint;
  /** The path in hex with `/` between names. */
  readonly key: string;
}

interface Held extends Aged {
  readonly identity: FileIdentity;
  readonly content: Candidate["content"];
}

interface Young extends Aged {
  readonly bytes: bigint;
  readonly mayGo: boolean;
}

function olderFirst(a: Aged, b: Aged): number {
  if (a.agedNs !== b.agedNs) return a.agedNs < b.agedNs ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
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
  readonly #ledger: Ledger<Standing> | null;
  readonly #sums = new Map<Standing, Sum>();
  readonly #oldest: Least<Held>;
  readonly #newest: Least<Young>;
  #latest: Aged | undefined;
  /** Files that match and that nothing guards. */
  #matched = 0;
  #ending: Ending | undefined;

  constructor(retention: Retention, releases: readonly Release[], moment: Moment, ledger: Ledger<Standing> | null) {
    this.#retention = retention;
    this.#patterns = retention.match.map(patternOf);
    this.#releases = Map.groupBy(releases, ({ path }) => path.join("/"));
    this.#moment = moment;
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
    const within = isClockTrusted ? firstWithin(notNewest, limits.bytes) : [];
    const isEmptying = within.length > 0 && within.length === this.#matched && !mayEmpty;
    this.#ending = { isClockTrusted, newestFrom, lastWithin: within.at(-1), isEmptying };
    const remove = isEmptying ? [] : within.map(candidateOf);
    const removed = { files: remove.length, bytes: sizeOf(remove) };
    return { remove, removed, stays: this.#stays(within), clock, hash: hashOf(this.#retention, root, remove) };
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
    if (seen.guard !== null && seen.guard.code !== "archived-log") return seen.guard.code;
    if (seen.type !== "file") return "not-a-regular-file";
    if (!this.#isMatched(seen.path)) return "not-matched";
    this.#matched += 1;
    if (this.#latest === undefined || olderFirst(this.#latest, aged) < 0) this.#latest = aged;
    const content = this.#contentOf(seen);
    const standing = typeof content === "string" ? content : this.#byAgeAndSize(aged, size);
    this.#newest.offer({ ...aged, bytes: size, mayGo: standing === "may-go" });
    if (standing === "may-go" && typeof content !== "string") {
      this.#oldest.offer({ ...aged, identity: seen.identity, content });
    }
    return standing;
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

  #byAgeAndSize({ agedNs }: Aged, size: bigint): Standing {
    const { keep, limits } = this.#retention;
    const nowNs = BigInt(this.#moment.nowMs) * 1_000_000n;
    if (keep.youngerThanMs !== null && nowNs - agedNs < BigInt(keep.youngerThanMs) * 1_000_000n) return "too-young";
    // One that alone is too much is left out, lest it stand before all others for ever.
    return size > BigInt(limits.bytes) ? "over-limit" : "may-go";
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
    const newest = this.#newest.sorted().filter((each) => each.mayGo);
    const newestSum = { files: newest.length, bytes: newest.reduce((sum, { bytes }) => sum + bytes, 0n) };
    const withinSum = { files: within.length, bytes: sizeOf(within) };
    add(stays, "newest", newestSum);
    add(stays, "over-limit", less(mayGo, newestSum, withinSum));
    if (isEmptying === true) add(stays, "would-empty", withinSum);
    return stays;
  }
}

/** What an age decided, or would have: where no clock is trusted, that is the reason. */
const byAge: ReadonlySet<Standing> = new Set<Standing>(["may-go", "too-young", "over-limit"]);
const none: Sum = { files: 0, bytes: 0n };

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

function add<Code>(sums: Map<Code, Sum>, code: Code, { files, bytes }: Sum): void {
  if (files === 0) return;
  const before = sums.get(code) ?? none;
  sums.set(code, { files: before.files + files, bytes: before.bytes + bytes });
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

function sizeOf(files: readonly { readonly identity: FileIdentity }[]): bigint {
  return files.reduce((sum, { identity }) => sum + BigInt(identity.size), 0n);
}

function agedOf({ mtimeNs, ctimeNs }: FileIdentity): bigint {
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
