/**
 * Plans that may be applied by their hash: of each the hash, and a digest of each candidate's path and identity, for an hour,
 * in one preallocated file of the state folder (kept-plans-file.ts), so that a plan can be kept on a full disk. A plan lies
 * in blocks of its own with a checksum: one that was torn by a crash is none, and makes no other one unreadable.
 */
import { hash } from "node:crypto";
import * as z from "zod";
import { blockBytes, openPlansFile, type PlansFile } from "./kept-plans-file.ts";
import type { Candidate } from "./plan.ts";

export const keptForMs = 3_600_000;
/** Of a hash, in hex: with fewer it names no plan. */
export const leastDigits = 12;
/** A clock that went back further than that made every plan one of no known age. */
const slackMs = 300_000;

export interface PlanToKeep {
  /** Of the decision: 64 hex digits. */
  readonly hash: string;
  readonly retention: string;
  readonly root: string;
  readonly madeAtMs: number;
  readonly candidates: readonly Pick<Candidate, "path" | "identity">[];
}

export type Kept =
  | { readonly kind: "kept"; readonly expiresAtMs: number }
  /** One sentence: where, expected, found, what to do. */
  | { readonly kind: "refused"; readonly message: string };

export interface KeptPlan {
  readonly kind: "plan";
  readonly hash: string;
  readonly retention: string;
  readonly root: string;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  /** How many it would remove. */
  readonly files: number;
  /** `key`: of `candidateKey`. */
  holds(key: string): boolean;
}

export type FoundPlan =
  | KeptPlan
  /** `several`: more digits are needed. `failed`: the file could not be read. `message`: as in `Kept`. */
  | { readonly kind: "unknown" | "expired" | "several" | "failed"; readonly message: string };

const keyBytes = 16;

/** What a kept plan holds of a candidate: 16 bytes of sha256 over path and identity, in hex. */
export function candidateKey({ path, identity }: Pick<Candidate, "path" | "identity">): string {
  const { dev, ino, size, mtimeNs, ctimeNs, uid, links } = identity;
  const tells = [path.join("/"), dev, ino, size, mtimeNs, ctimeNs, uid, links];
  return hash("sha256", tells.join(" "), "hex").slice(0, 2 * keyBytes);
}

/** Makes the file where it is missing, while there is room for it. Null where it is there, else why not. */
export function preparePlans(state: string): string | null {
  const file = openPlansFile(state, true);
  if (file.kind === "refused") return file.message;
  if (file.kind === "file") file[Symbol.dispose]();
  return null;
}

/** `state` is the instance's state folder. The same plan again is kept anew; where there is no room the oldest goes. */
export function keepPlan(state: string, plan: PlanToKeep): Kept {
  const opened = openPlansFile(state, true);
  if (opened.kind !== "file") return refused(opened.kind === "refused" ? opened.message : `${state}: no such folder`);
  using file = opened;
  try {
    const bytes = bytesOf(plan);
    const at = roomFor(file, bytes.length, plan);
    if (at === null) return refused(`${state}: expected room to keep a plan, found none; make room, and plan again`);
    file.write(at, bytes);
    return { kind: "kept", expiresAtMs: plan.madeAtMs + keptForMs };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return refused(`${state}: expected to keep a plan, found "${found}"; plan again`);
  }
}

/** `prefix`: the hash or its first digits. A plan that is kept is one that may be applied now. */
export function keptPlan(state: string, prefix: string, nowMs: number): FoundPlan {
  const unknown = {
    kind: "unknown",
    message: `plan ${prefix}: expected one that is kept in ${state}, found none; make one: rcwarden cleanup plan`,
  } as const;
  if (!/^[0-9a-f]{12,64}$/.test(prefix)) return unknown;
  const opened = openPlansFile(state, false);
  if (opened.kind === "absent") return unknown;
  if (opened.kind === "refused") return { kind: "failed", message: opened.message };
  using file = opened;
  try {
    const named = [...recordsIn(file)].filter(({ hash }) => hash.startsWith(prefix));
    // A plan that was kept anew may lie there twice.
    const newest = [...Map.groupBy(named, ({ hash }) => hash).values()].map((each) => each.reduce(laterOf));
    const [plan, other] = newest.filter((each) => isKept(each, nowMs));
    if (other !== undefined)
      return { kind: "several", message: `plan ${prefix}: expected more digits, found two plans` };
    if (plan !== undefined) return foundPlan(file, plan);
    return newest[0] === undefined ? unknown : { kind: "expired", message: expiredMessage(prefix, newest[0]) };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { kind: "failed", message: `${state}: expected to read its plans, found "${found}"` };
  }
}

function refused(message: string): Kept {
  return { kind: "refused", message };
}

function expiredMessage(prefix: string, { madeAtMs }: Header): string {
  const made = new Date(madeAtMs).toISOString();
  return `plan ${prefix}: expected one of the last 60 minutes, found one of ${made}; make another: rcwarden cleanup plan`;
}

function isKept({ madeAtMs }: Header, nowMs: number): boolean {
  return nowMs >= madeAtMs - slackMs && nowMs < madeAtMs + keptForMs;
}

function laterOf(a: Placed, b: Placed): Placed {
  return b.madeAtMs > a.madeAtMs ? b : a;
}

const headerShape = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  retention: z.string(),
  root: z.string(),
  madeAtMs: z.int(),
  files: z.int().min(0),
});
type Header = z.infer<typeof headerShape>;

/** A plan in the file: where it begins, what it takes, and where its digests are. */
interface Placed extends Header {
  readonly at: number;
  readonly length: number;
  readonly keysAt: number;
}

/*
 * A record: magic, its whole length and that of its header (32 bits each, the lowest byte first), the header as JSON, the
 * digests in ascending order, sha256 over all before. It begins with a block.
 */
const magic = Buffer.from("RCWPLAN1", "latin1");
const frontBytes = magic.length + 8;
const sumBytes = 32;

function bytesOf({ candidates, ...about }: PlanToKeep): Buffer {
  const header: Header = { ...about, files: candidates.length };
  const json = Buffer.from(JSON.stringify(header));
  const keys = Buffer.from(candidates.map(candidateKey).sort().join(""), "hex");
  const front = Buffer.alloc(frontBytes);
  magic.copy(front);
  front.writeUInt32LE(frontBytes + json.length + keys.length + sumBytes, magic.length);
  front.writeUInt32LE(json.length, magic.length + 4);
  const record = Buffer.concat([front, json, keys]);
  return Buffer.concat([record, sumOf(record)]);
}

function sumOf(bytes: Buffer): Buffer {
  return hash("sha256", bytes, "buffer");
}

/** Where there is a whole record, in the order of the file. */
function* recordsIn(file: PlansFile): Generator<Placed> {
  for (let at = 0; at < file.bytes; ) {
    const placed = recordAt(file, at);
    if (placed !== null) yield placed;
    at += placed === null ? blockBytes : inBlocks(placed.length);
  }
}

function recordAt(file: PlansFile, at: number): Placed | null {
  const front = file.read(at, frontBytes);
  if (front.length < frontBytes || !front.subarray(0, magic.length).equals(magic)) return null;
  const length = front.readUInt32LE(magic.length);
  const keysFrom = frontBytes + front.readUInt32LE(magic.length + 4);
  if (length > file.bytes - at || keysFrom + sumBytes > length) return null;
  const record = file.read(at, length);
  const end = record.length - sumBytes;
  if (record.length !== length || !sumOf(record.subarray(0, end)).equals(record.subarray(end))) return null;
  const header = headerShape.safeParse(JSON.parse(record.toString("utf8", frontBytes, keysFrom)));
  if (!header.success || header.data.files * keyBytes !== end - keysFrom) return null;
  return { ...header.data, at, length, keysAt: at + keysFrom };
}

function foundPlan(file: PlansFile, { at: _, length: __, keysAt, files, ...about }: Placed): KeptPlan {
  const keys = file.read(keysAt, files * keyBytes);
  const holds = (key: string) => holdsKey(keys, Buffer.from(key, "hex"));
  return { kind: "plan", ...about, files, expiresAtMs: about.madeAtMs + keptForMs, holds };
}

/** By halves: they ascend. */
function holdsKey(keys: Buffer, key: Buffer): boolean {
  if (key.length !== keyBytes) return false;
  let [from, to] = [0, keys.length / keyBytes];
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = keys.compare(key, 0, keyBytes, middle * keyBytes, (middle + 1) * keyBytes);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

function inBlocks(length: number): number {
  return Math.ceil(length / blockBytes) * blockBytes;
}

/**
 * Where so many bytes may be written: over nothing that is still kept; else at the end of a file that grew; else over the
 * oldest. Null where the file is too small for it and cannot grow.
 */
function roomFor(file: PlansFile, length: number, plan: PlanToKeep): number | null {
  const kept = [...recordsIn(file)].filter((each) => each.hash !== plan.hash && isKept(each, plan.madeAtMs));
  const free = () => gapFor(kept, file.bytes, inBlocks(length));
  let at = free();
  while (at === null && file.grow()) at = free();
  // Less than a step may have been had.
  at ??= free();
  while (at === null && kept.length > 0) {
    kept.splice(kept.indexOf(kept.reduce((a, b) => (b.madeAtMs < a.madeAtMs ? b : a))), 1);
    at = free();
  }
  return at;
}

function gapFor(kept: readonly Placed[], bytes: number, needed: number): number | null {
  let from = 0;
  for (const { at, length } of kept) {
    if (at - from >= needed) return from;
    from = at + inBlocks(length);
  }
  return bytes - from >= needed ? from : null;
}
