/**
 * What goes by the words of the design, worked out in the plainest way that there is, from everything that is known of a tree
 * by whoever made it. It shares no code with what decides or removes.
 */
import { createHash } from "node:crypto";
import type { Release } from "../../agent/cleanup/plan.ts";
import type { Retention } from "../../agent/documents/index.ts";

/** Some entry below a root as whoever made it knows it. */
export interface Made {
  /** Names as latin1 text, a character a byte. */
  readonly path: readonly string[];
  readonly isFile: boolean;
  readonly isOwn: boolean;
  readonly links: number;
  /** Held open by somebody, or such that nobody can tell. */
  readonly isInUse: boolean;
  readonly content: Buffer;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface Clock {
  readonly nowMs: number;
  readonly isTrusted: boolean;
}

/** What a pattern of the tests matches, said once more as what it means. */
export const patterns: Readonly<Record<string, (name: string) => boolean>> = {
  "*": () => true,
  "*.arc": (name) => name.endsWith(".arc"),
  "a*": (name) => name.startsWith("a"),
  "*.log": (name) => name.endsWith(".log"),
  "?.arc": (name) => name.length === 5 && name.endsWith(".arc"),
  "[!a]*.arc": (name) => name.length >= 5 && !name.startsWith("a") && name.endsWith(".arc"),
  "\\**": (name) => name.startsWith("*"),
};

/** Names that stay whatever a document says. */
export const barredNames = ["app.pid", "x.sock", "data.dbf", "x.arc-wal", ".nfs01", "redo1.log", "orapwx", "x.lock"];
/** A file of this name makes a database of its folder and of all below it. */
export const treeMarker = "PG_VERSION";
/** A file of this name makes a database of its folder. */
export const folderMarker = "orders.ibd";

const key = (path: readonly string[]) => path.join("/");
const hexKey = (path: readonly string[]) => path.map((name) => Buffer.from(name, "latin1").toString("hex")).join("/");
const later = (a: bigint, b: bigint) => (a > b ? a : b);

/** Paths (joined by `/`) of what is gone after the Retention was applied once. */
export function goes(
  tree: readonly Made[],
  retention: Retention,
  releases: readonly Release[],
  clock: Clock,
): ReadonlySet<string> {
  const nowNs = BigInt(clock.nowMs) * 1_000_000n;
  const aged = (made: Made) => later(made.mtimeNs, made.ctimeNs);
  const olderFirst = (a: Made, b: Made) => {
    if (aged(a) !== aged(b)) return aged(a) < aged(b) ? -1 : 1;
    return hexKey(a.path) < hexKey(b.path) ? -1 : 1;
  };
  const matching = tree.filter((made) => isMatched(made, retention) && mayEver(made, tree)).sort(olderFirst);
  const kept = new Set<Made>();
  // The newest stay, whoever released them.
  for (const made of matching.slice(Math.max(0, matching.length - retention.keep.newest))) kept.add(made);
  const { youngerThanMs } = retention.keep;
  const isAhead = matching.some((made) => aged(made) > nowNs + 300_000_000_000n);
  if (youngerThanMs !== null) {
    // Where the clock is not believed an age is not, either.
    if (!clock.isTrusted || isAhead) return new Set();
    for (const made of matching) if (nowNs - aged(made) < BigInt(youngerThanMs) * 1_000_000n) kept.add(made);
  }
  if (retention.after === "release")
    for (const made of matching) if (fitting(made, releases).length === 0) kept.add(made);
  const { bytes, files } = retention.limits;
  for (const made of matching) if (made.content.length > bytes) kept.add(made);
  const planned = withinLimits(
    matching.filter((made) => !kept.has(made)),
    files,
    bytes,
  );
  if (planned.length === matching.length && !retention.mayEmpty) return new Set();
  const gone = planned.filter((made) => retention.after === "age" || isReleased(made, releases));
  return new Set(gone.map(({ path }) => key(path)));
}

function isMatched({ path }: Made, { depth, match }: Retention): boolean {
  const name = path.at(-1) ?? "";
  return path.length <= depth && match.some((pattern) => patterns[pattern]?.(name) === true);
}

/** What no document and no release changes. */
function mayEver({ path, isFile, isOwn, links, isInUse }: Made, tree: readonly Made[]): boolean {
  if (!isFile || !isOwn || links !== 1 || isInUse) return false;
  if (barredNames.includes(path.at(-1) ?? "")) return false;
  const folder = path.slice(0, -1);
  const holds = (place: readonly string[], name: string) => tree.some((one) => key(one.path) === key([...place, name]));
  // The root itself is refused where it is below such a folder; here none is.
  const above = folder.map((_, at) => folder.slice(0, at + 1));
  return !above.some((place) => holds(place, treeMarker)) && !holds(folder, folderMarker);
}

/** The releases of this path whose size and, where they know it, whose time is the file's. */
function fitting({ path, content, mtimeNs }: Made, releases: readonly Release[]): readonly Release[] {
  return releases.filter((release) => {
    if (release.path.join("/") !== hexKey(path)) return false;
    if (BigInt(release.size) !== BigInt(content.length)) return false;
    if (release.content.kind === "sha256") return true;
    const precision = BigInt(release.content.precisionNs);
    const floor = (ns: bigint) => ns - (((ns % precision) + precision) % precision);
    return floor(BigInt(release.content.ns)) === floor(mtimeNs);
  });
}

/** Whether somebody said that he has exactly this content. */
function isReleased(made: Made, releases: readonly Release[]): boolean {
  const digest = createHash("sha256").update(made.content).digest("hex");
  return fitting(made, releases).some(({ content }) => content.kind === "mtime" || content.digest === digest);
}

/** The oldest ones, until the next is one too many. */
function withinLimits(oldestFirst: readonly Made[], files: number, bytes: number): readonly Made[] {
  const within: Made[] = [];
  let sum = 0;
  for (const made of oldestFirst) {
    sum += made.content.length;
    if (within.length === files || sum > bytes) break;
    within.push(made);
  }
  return within;
}
