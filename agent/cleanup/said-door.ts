/**
 * The door for what the sweeper says: it ran as the account, so it may say anything. A look says a million entries, so what
 * they are is looked at by hand; the rest is seldom.
 */
import * as z from "zod";
import type { FileOutcome, OutcomeCode, OutcomeWord } from "./outcome.ts";
import type { GuardCode, Seen } from "./plan.ts";
import { mostEntries, mostStrangers, type TypeLetter, typeLetters } from "./said.ts";

const guardCodes = [
  ...([
    "not-a-regular-file",
    "several-links",
    "another-owner",
    "database",
    "archived-log",
    "mount",
    "held-open",
  ] as const),
  ...(["open-unknown", "name-refused", "changed"] as const),
] satisfies readonly GuardCode[];

const outcomeWords = [
  "removed",
  "kept",
  "put-back",
  "in-quarantine",
  "gone-unconfirmed",
] satisfies readonly OutcomeWord[];
const outcomeCodes = [
  ...guardCodes,
  ...(["other-content", "not-begun", "gone", "moved", "refused"] as const),
] satisfies readonly OutcomeCode[];

/** One component of a path in hex: 1 to 255 bytes, none of them / or NUL, and neither `.` nor `..`. */
const componentForm = /^(?!2e(?:2e)?$)(?:(?!2f|00)[0-9a-f]{2}){1,255}$/;
const decimalForm = /^-?\d{1,20}$/;
/** Of one entry: five numbers with a space between them. */
const fiveDecimals = /^-?\d{1,20}(?: -?\d{1,20}){4}$/;

const component = z.string().regex(componentForm);
const decimal = z.string().regex(decimalForm);
const whole = z.int().nonnegative();
const root = { dev: decimal, ino: decimal };
const outcome = z.union([
  whole,
  z.tuple([
    whole,
    z.enum(outcomeWords),
    z.enum(outcomeCodes).nullable(),
    // On one line, for it goes where lines are.
    z
      .string()
      .max(200)
      .regex(/^[^\n\r]*$/),
    z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  ]),
]);

const said = z.union([
  z.strictObject({ refused: z.string().max(16_384) }),
  z.strictObject({ looked: z.strictObject({ ...root, unseen: whole, why: z.string().max(200) }) }),
  z.strictObject({ done: whole, outcomes: z.array(outcome).max(mostEntries) }),
  z.strictObject({ opened: z.strictObject(root) }),
  z.strictObject({ strangers: z.array(component).max(mostStrangers), count: whole }),
  z.strictObject({ alive: z.literal(true) }),
]);

interface RootIdentity {
  readonly dev: string;
  readonly ino: string;
}

export type Heard =
  | { readonly kind: "seen"; readonly batch: readonly Seen[] }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "looked"; readonly root: RootIdentity; readonly unseen: string }
  | { readonly kind: "done"; readonly intent: number; readonly outcomes: readonly FileOutcome[] }
  | { readonly kind: "opened"; readonly root: RootIdentity }
  | { readonly kind: "strangers"; readonly strangers: readonly string[]; readonly count: number }
  | { readonly kind: "alive" }
  /** `message` says what is wrong with the line. */
  | { readonly kind: "odd"; readonly message: string };

const odd = { kind: "odd", message: "the sweeper's answer has another shape than expected" } as const;

/** One line of the sweeper's that looks `depth` deep. */
export function heardOf(line: Buffer, depth: number): Heard {
  const document = jsonOf(line);
  const seen = seenOf(document, depth);
  if (seen !== null) return seen;
  const parsed = said.safeParse(document);
  if (!parsed.success) return odd;
  const { data } = parsed;
  if ("refused" in data) return { kind: "refused", message: data.refused };
  if ("alive" in data) return { kind: "alive" };
  if ("opened" in data) return { kind: "opened", root: data.opened };
  if ("strangers" in data) return { kind: "strangers", ...data };
  if ("done" in data) return { kind: "done", intent: data.done, outcomes: data.outcomes.map(outcomeOf) };
  const { dev, ino } = data.looked;
  return { kind: "looked", root: { dev, ino }, unseen: unseenOf(data.looked) };
}

function outcomeOf(each: z.infer<typeof outcome>): FileOutcome {
  if (typeof each === "number") return { at: each, outcome: "removed", code: null, detail: "", sha256: null };
  const [at, word, code, detail, sha256] = each;
  return { at, outcome: word, code, detail, sha256 };
}

/** Null where it is about something else than entries. */
function seenOf(document: unknown, depth: number): Heard | null {
  if (typeof document !== "object" || document === null || !("in" in document) || !("entries" in document)) return null;
  const { in: folder, entries } = document;
  if (Object.keys(document).length !== 2 || !Array.isArray(entries) || entries.length > mostEntries) return odd;
  if (!Array.isArray(folder) || !folder.every(isComponent)) return odd;
  if (folder.length >= depth) return { kind: "odd", message: "the sweeper's answer is about another depth" };
  const batch: Seen[] = [];
  for (const each of entries) {
    const seen = entryOf(folder, each);
    if (seen === null) return odd;
    batch.push(seen);
  }
  return { kind: "seen", batch };
}

function isComponent(word: unknown): word is string {
  return typeof word === "string" && componentForm.test(word);
}

function entryOf(folder: readonly string[], entry: unknown): Seen | null {
  if (!Array.isArray(entry) || entry.length !== 10) return null;
  const [name, letter, dev, ino, size, mtimeNs, ctimeNs, uid, links, kept]: unknown[] = entry;
  if (!isComponent(name) || !isLetter(letter) || !isWhole(uid) || !isWhole(links)) return null;
  if (typeof dev !== "string" || typeof ino !== "string" || typeof size !== "string") return null;
  if (typeof mtimeNs !== "string" || typeof ctimeNs !== "string") return null;
  if (!fiveDecimals.test(`${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`)) return null;
  const guard = guardOf(kept);
  if (guard === undefined) return null;
  const identity = { dev, ino, size, mtimeNs, ctimeNs, uid, links };
  return { path: [...folder, name], type: typeLetters[letter], identity, guard };
}

/** Undefined where it is neither none nor one. */
function guardOf(kept: unknown): Seen["guard"] | undefined {
  if (kept === null) return null;
  if (!Array.isArray(kept) || kept.length !== 2) return undefined;
  const [code, message]: unknown[] = kept;
  const known = guardCodes.find((each) => each === code);
  if (known === undefined || typeof message !== "string" || message.length > 200) return undefined;
  return { code: known, message };
}

function isLetter(word: unknown): word is TypeLetter {
  return typeof word === "string" && Object.hasOwn(typeLetters, word);
}

function isWhole(number: unknown): number is number {
  return Number.isSafeInteger(number) && Number(number) >= 0;
}

function unseenOf({ unseen, why }: { readonly unseen: number; readonly why: string }): string {
  if (unseen === 0) return "";
  return `${unseen} ${unseen === 1 ? "folder or file" : "folders or files"} could not be looked at (first: ${why})`;
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
