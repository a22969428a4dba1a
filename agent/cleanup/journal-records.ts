/**
 * The journal's records as text, a JSON document a line: `{"hash":H,"seq":N,"durable":N,"kind":...}`. H is sha256 over the hash
 * of the record before and all of the line behind H's comma, so that no record can be changed, left out or put elsewhere
 * unnoticed. `durable` is the last record that was known to be on the disk when this one was made: what broke below that
 * was not torn by the end of a process. Pure.
 */
import { createHash, hash } from "node:crypto";
import * as z from "zod";
import type { FileOutcome, Intended, OpenIntent, OutcomeCode, OutcomeWord, Settled } from "./outcome.ts";
import { mostOfGroup } from "./outcome.ts";

/** A record's number and hash. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first record of all. */
export const noHash = "0".repeat(64);

/** Where the whole line of a record lies. */
export interface Span {
  readonly segment: number;
  readonly at: number;
  readonly length: number;
}

/** What the beginning of a record's line says; enough to know which intents are open. */
export type RecordHead = Head & { readonly durable: number } & (
    | { readonly kind: "segment"; readonly number: number }
    | { readonly kind: "intent"; readonly files: number }
    | { readonly kind: "outcome"; readonly intent: number }
    | { readonly kind: "carried"; readonly intent: number; readonly files: number }
  );

export interface Made {
  readonly line: Buffer;
  readonly head: Head;
}

const sealedFrom = '{"hash":"'.length + noHash.length + '",'.length;

function made(before: Head, durable: number, says: string): Made {
  const seq = before.seq + 1;
  const sealed = `"seq":${seq},"durable":${durable},${says}}`;
  const digest = hash("sha256", before.hash + sealed, "hex");
  return { line: Buffer.from(`{"hash":"${digest}",${sealed}\n`, "utf8"), head: { seq, hash: digest } };
}

/** Each segment begins with one; it holds the anchor of the chain where those before it are gone. */
export function headerRecord(before: Head, durable: number, number: number, at: string): Made {
  const says = { number, format: 1, at, before };
  return made(before, durable, `"kind":"segment",${inner(says)}`);
}

export function intentRecord(before: Head, durable: number, at: string, intended: Intended): Made {
  const { files, rootIdentity, ...about } = intended;
  const group = files.map(({ path, identity, content }) => [
    path.join("/"),
    identity.dev,
    identity.ino,
    identity.size,
    identity.mtimeNs,
    identity.ctimeNs,
    identity.uid,
    identity.links,
    content.kind === "digest" ? content.anyOf : null,
  ]);
  const says = { files: files.length, at, ...about, rootDev: rootIdentity.dev, rootIno: rootIdentity.ino, group };
  return made(before, durable, `"kind":"intent",${inner(says)}`);
}

/** An intent that is open still when the segment with its record (or what was carried of it) goes: the same again. */
export function carriedRecord(before: Head, durable: number, intent: number, line: Buffer): Made {
  const says = line.toString("utf8", line.indexOf('"files":'), line.length - "}\n".length);
  return made(before, durable, `"kind":"carried","intent":${intent},${says}`);
}

/** A file that was simply removed is its index alone. */
export function outcomeRecord(
  before: Head,
  durable: number,
  at: string,
  intent: number,
  where: Span,
  outcomes: readonly FileOutcome[],
): Made {
  const list = outcomes.map(({ at, outcome, code, detail, sha256 }) =>
    outcome === "removed" && code === null && detail === "" && sha256 === null
      ? at
      : [at, outcome, code, shortened(detail), sha256],
  );
  const says = { intent, at, where: [where.segment, where.at, where.length], outcomes: list };
  return made(before, durable, `"kind":"outcome",${inner(says)}`);
}

/** Of a detail in JSON, and of one file's outcome and of a whole record besides the files: what room is kept for. */
const mostDetailBytes = 256;
const mostOutcomeBytes = 448;
const mostOutcomeHead = 512;

/** More than the outcome of so many files can take. */
export function mostOfOutcome(files: number): number {
  return mostOutcomeHead + files * mostOutcomeBytes;
}

function shortened(detail: string): string {
  let text = detail.slice(0, 200);
  while (Buffer.byteLength(JSON.stringify(text)) > mostDetailBytes) text = text.slice(0, -1);
  return text;
}

function inner(says: object): string {
  return JSON.stringify(says).slice(1, -1);
}

const beginning =
  /^\{"hash":"([0-9a-f]{64})","seq":(\d{1,15}),"durable":(\d{1,15}),"kind":"(segment|intent|outcome|carried)","(?:number|files|intent)":(\d{1,15}),(?:"files":(\d{1,15}),)?/;

/** Null where it is no record of the journal. */
export function headOf(line: Buffer): RecordHead | null {
  const [, digest, seq, durable, kind, number, files] = beginning.exec(line.toString("latin1", 0, 256)) ?? [];
  if (digest === undefined) return null;
  const head = { hash: digest, seq: Number(seq), durable: Number(durable) };
  if (kind === "segment") return { ...head, kind, number: Number(number) };
  if (kind === "intent") return { ...head, kind, files: Number(number) };
  if (kind === "carried") return { ...head, kind, intent: Number(number), files: Number(files) };
  return { ...head, kind: "outcome", intent: Number(number) };
}

/** Whether the line's hash is the one that follows on that one. */
export function followsOn(line: Buffer, head: Head, beforeHash: string): boolean {
  const sealed = line.subarray(sealedFrom, -1);
  return createHash("sha256").update(beforeHash).update(sealed).digest("hex") === head.hash;
}

const time = z.string().max(40);
const count = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const header = z.object({
  number: z.int().min(1),
  format: z.literal(1),
  at: time,
  before: z.object({ seq: count, hash: digest }),
});

/** The record before the first of a segment; null where its header is of another shape, or of a newer format. */
export function anchorOf(line: Buffer): Head | null {
  const parsed = header.safeParse(jsonOf(line));
  return parsed.success ? parsed.data.before : null;
}

const decimal = z.string().regex(/^-?\d{1,24}$/);
const path = z.string().regex(/^(?:[0-9a-f]{2})+(?:\/(?:[0-9a-f]{2})+)*$/);
const file = z.tuple([
  path,
  decimal,
  decimal,
  decimal,
  decimal,
  decimal,
  z.int(),
  z.int(),
  z.array(z.string()).nullable(),
]);
const intent = z.object({
  seq: count,
  kind: z.enum(["intent", "carried"]),
  /** Of one that was carried, its own number. */
  intent: count.optional(),
  at: time,
  run: z.string(),
  retention: z.string(),
  account: z.string(),
  root: z.string(),
  rootDev: decimal,
  rootIno: decimal,
  plan: z.string(),
  because: z.enum(["by-hand", "schedule", "release", "pressure"]),
  group: z.array(file).max(mostOfGroup),
});

export interface IntentRecord extends OpenIntent {
  /** RFC 3339. */
  readonly at: string;
}

/** Throws where a whole record says something else: then another program wrote it. */
export function intentOf(line: Buffer): IntentRecord {
  const { seq, intent: number, at, rootDev, rootIno, group, kind: _, ...about } = intent.parse(jsonOf(line));
  const files = group.map(([names, dev, ino, size, mtimeNs, ctimeNs, uid, links, anyOf]) => ({
    path: names.split("/"),
    identity: { dev, ino, size, mtimeNs, ctimeNs, uid, links },
    content: anyOf === null ? ({ kind: "as-seen" } as const) : ({ kind: "digest", anyOf } as const),
  }));
  return { intent: number ?? seq, at, ...about, rootIdentity: { dev: rootDev, ino: rootIno }, files };
}

/** As tables, so that a word that is added cannot be forgotten here. */
const words: Readonly<Record<OutcomeWord, true>> = {
  removed: true,
  kept: true,
  "put-back": true,
  "in-quarantine": true,
  "gone-unconfirmed": true,
};
const codes: Readonly<Record<OutcomeCode, true>> = {
  "not-a-regular-file": true,
  "several-links": true,
  "another-owner": true,
  database: true,
  "archived-log": true,
  mount: true,
  "held-open": true,
  "open-unknown": true,
  "name-refused": true,
  changed: true,
  "other-content": true,
  "not-begun": true,
  gone: true,
  moved: true,
  refused: true,
};

export function isOutcomeWord(word: unknown): word is OutcomeWord {
  return typeof word === "string" && Object.hasOwn(words, word);
}

export const outcomeWords: readonly OutcomeWord[] = Object.keys(words).filter(isOutcomeWord);

const outcomeCode = z.custom<OutcomeCode>((code) => typeof code === "string" && Object.hasOwn(codes, code));
const outcome = z.object({
  seq: count,
  kind: z.literal("outcome"),
  intent: count,
  at: time,
  where: z.tuple([count, count, count]),
  outcomes: z
    .array(
      z.union([
        count,
        z.tuple([count, z.custom<OutcomeWord>(isOutcomeWord), outcomeCode.nullable(), z.string(), digest.nullable()]),
      ]),
    )
    .max(mostOfGroup),
});

export interface OutcomeRecord {
  readonly seq: number;
  readonly intent: number;
  readonly at: string;
  /** Where the intent's own record lies, if its segment is still there. */
  readonly where: Span;
  readonly outcomes: readonly FileOutcome[];
}

/** As `intentOf`. */
export function outcomeOf(line: Buffer): OutcomeRecord {
  const { seq, intent, at, where, outcomes } = outcome.parse(jsonOf(line));
  const [segment, offset, length] = where;
  const list = outcomes.map((each): FileOutcome => {
    if (typeof each === "number") return { at: each, outcome: "removed", code: null, detail: "", sha256: null };
    const [at, outcome, code, detail, sha256] = each;
    return { at, outcome, code, detail, sha256 };
  });
  return { seq, intent, at, where: { segment, at: offset, length }, outcomes: list };
}

/** In the order in which they were intended. */
export function settledOf({ files }: Pick<Intended, "files">, outcomes: readonly FileOutcome[]): readonly Settled[] {
  const settled = outcomes.flatMap((outcome) => {
    const file = files[outcome.at];
    return file === undefined ? [] : [{ ...outcome, path: file.path, identity: file.identity }];
  });
  return settled.sort((a, b) => a.at - b.at);
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
