/**
 * The door for one release, the same for an engine's answer, the endpoint and a manifest. Imports nothing but zod: what says
 * what an engine may answer (sinks/protocol.ts) shows this shape, too.
 */
import * as z from "zod";
import type { AskedRelease, StoredRelease } from "./releases.ts";

/** What is written down for whoever sends one; `parseRelease` is stricter, and says what is wrong in our words. */
export const releaseShape = z
  .object({
    retention: z.string().describe("Name of the Retention whose files these are."),
    path: z.string().optional().describe("Of the file, below the Retention's root: no / before it, no . or .. in it."),
    pathHex: z
      .string()
      .regex(/^[0-9a-f]{2}(\/?[0-9a-f]{2})*$/)
      .optional()
      .describe("Instead of path, where it is no UTF-8: its bytes in hex, names joined by 2f or by /."),
    size: z
      .union([z.int().min(0), z.string().regex(/^\d{1,19}$/)])
      .describe("Bytes; above 2^53 as a text of decimal digits."),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe("Of the content, in hex. Either this or mtime."),
    mtime: z
      .union([z.int(), z.string()])
      .optional()
      .describe(
        "When the content was last written, as the copy's maker read it: RFC 3339 with up to 9 digits behind the second, or seconds since 1970. Less certain than sha256.",
      ),
    precision: z
      .string()
      .regex(/^\d{1,9}(ns|us|ms|s)$/)
      .optional()
      .describe("How exactly mtime is known, 1ns to 60s. Left out: by as many digits as it has."),
  })
  .describe("The word of whoever holds a safe copy of exactly this content: the file may go.");

export type ParsedRelease = { readonly kind: "asked"; readonly asked: AskedRelease } | WrongRelease;

export interface WrongRelease {
  readonly kind: "wrong";
  /** Begins with the name of what was parsed: `releases[3].path`. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  /** All of it, in one clause. */
  readonly message: string;
}

/** `where` says which one it is, for messages: `releases[3]`. `retention` holds where the value names none. */
export function parseRelease(value: unknown, where: string, retention: string | null = null): ParsedRelease {
  const parsed = parsedFields(value, where);
  if (isWrong(parsed)) return parsed;
  const name = parsed.retention ?? retention;
  if (name === null) return wrong(`${where}.retention`, kinds.retention, "nothing");
  const path = pathOf(parsed, where);
  if (isWrong(path)) return path;
  const size = sizeOf(parsed.size);
  if (size === null) return wrong(`${where}.size`, "a number of bytes from 0 to 2^63 - 1", shown(parsed.size));
  const content = contentOf(parsed, where);
  if (isWrong(content)) return content;
  return { kind: "asked", asked: { retention: name, path, size, content } };
}

const fields = z.strictObject({
  retention: z.string().min(1).max(200).optional(),
  path: z.string().optional(),
  pathHex: z.string().optional(),
  size: z.union([z.number(), z.string()]),
  sha256: z.string().optional(),
  mtime: z.union([z.number(), z.string()]).optional(),
  precision: z.string().optional(),
});
type Fields = z.infer<typeof fields>;

const kinds = {
  retention: "the name of a Retention",
  path: "a path below the root",
  pathHex: "a path below the root, in hex",
  size: "a number of bytes",
  sha256: "64 digits of 0 to 9 and a to f",
  mtime: "RFC 3339, or seconds since 1970",
  precision: "a precision such as 1s or 1ms",
} as const;

function parsedFields(value: unknown, where: string): Fields | WrongRelease {
  const parsed = fields.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const given: Readonly<Record<string, unknown>> = isObject(value) ? value : {};
  if (issue?.code === "unrecognized_keys")
    return wrong(where, Object.keys(kinds).join(", "), issue.keys.map(shown).join(", "));
  const field = String(issue?.path[0] ?? "");
  const kind = Object.entries(kinds).find(([name]) => name === field)?.[1];
  if (kind === undefined) return wrong(where, "an object with path, size, and sha256 or mtime", shown(value));
  return wrong(`${where}.${field}`, kind, shown(given[field]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const deepest = 16;
const longestName = 255;

function pathOf({ path, pathHex }: Fields, where: string): readonly string[] | WrongRelease {
  if ((path === undefined) === (pathHex === undefined)) {
    return wrong(where, "either path or pathHex", path === undefined ? "neither" : "both");
  }
  if (path !== undefined && !path.isWellFormed())
    return wrong(`${where}.path`, "characters that UTF-8 has; else use pathHex", shown(path));
  const at = path === undefined ? `${where}.pathHex` : `${where}.path`;
  const hex = path === undefined ? bytesIn(pathHex ?? "") : Buffer.from(path, "utf8").toString("hex");
  if (hex === null) return wrong(at, "pairs of 0 to 9 and a to f, names joined by 2f or /", shown(pathHex));
  const names = namesIn(hex);
  const refused = refusedNames(names);
  return refused === null ? names : wrong(at, refused, shown(path ?? pathHex));
}

function bytesIn(pathHex: string): string | null {
  const hex = pathHex.replaceAll("/", "2f");
  return /^([0-9a-f]{2})*$/.test(hex) ? hex : null;
}

/** Split at each byte 2f. */
function namesIn(hex: string): readonly string[] {
  const names: string[] = [];
  let name = "";
  for (let at = 0; at < hex.length; at += 2) {
    const byte = hex.slice(at, at + 2);
    if (byte === "2f") {
      names.push(name);
      name = "";
    } else name += byte;
  }
  return [...names, name];
}

function refusedNames(names: readonly string[]): string | null {
  if (names.length === 1 && names[0] === "") return "a path below the root";
  if (names[0] === "") return "a path below the root, with no / before it";
  if (names.includes("")) return "a name between two /, and none at the end";
  if (names.includes("2e") || names.includes("2e2e")) return "no . and no .. in it";
  if (names.some((name) => /^(..)*00/.test(name))) return "no byte 0 in it";
  if (names.some((name) => name.length > longestName * 2)) return `names of at most ${longestName} bytes`;
  return names.length > deepest ? `at most ${deepest} names` : null;
}

const greatest = 2n ** 63n - 1n;

function sizeOf(size: Fields["size"]): string | null {
  if (typeof size === "number") return Number.isSafeInteger(size) && size >= 0 ? String(size) : null;
  if (!/^\d{1,19}$/.test(size)) return null;
  const bytes = BigInt(size);
  return bytes <= greatest ? String(bytes) : null;
}

function contentOf({ sha256, mtime, precision }: Fields, where: string): StoredRelease["content"] | WrongRelease {
  if ((sha256 === undefined) === (mtime === undefined)) {
    return wrong(where, "either sha256 or mtime", sha256 === undefined ? "neither" : "both");
  }
  if (sha256 !== undefined) {
    if (precision !== undefined) return wrong(`${where}.precision`, "it beside mtime only", "it beside sha256");
    const digest = sha256.toLowerCase();
    if (/^[0-9a-f]{64}$/.test(digest)) return { kind: "sha256", digest };
    return wrong(`${where}.sha256`, kinds.sha256, shown(sha256));
  }
  const time = timeOf(mtime ?? "");
  if (time === null)
    return wrong(`${where}.mtime`, `${kinds.mtime} (a fraction, of at most 9 digits, as text)`, shown(mtime));
  const precisionNs = precision === undefined ? time.precisionNs : precisionOf(precision);
  if (precisionNs === null) return wrong(`${where}.precision`, "1ns to 60s, such as 1s or 1ms", shown(precision));
  return { kind: "mtime", ns: String(floored(time.ns, precisionNs)), precisionNs: String(precisionNs) };
}

const second = 1_000_000_000n;
/** The first second of the year 10000. */
const lastSecond = 253_402_300_800n;

function timeOf(mtime: string | number): { readonly ns: bigint; readonly precisionNs: bigint } | null {
  if (typeof mtime === "number" && !Number.isSafeInteger(mtime)) return null;
  const text = String(mtime);
  const [, sign, whole, digits = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole !== undefined) return timeFrom(BigInt(`${sign}${whole}`), digits, sign === "-");
  const [, date, part = "", zone] =
    /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (date === undefined || zone === undefined) return null;
  const ms = Date.parse(`${date.toUpperCase()}${zone.toUpperCase()}`);
  return Number.isNaN(ms) || !isDay(date) ? null : timeFrom(BigInt(ms / 1000), part, false);
}

/** Date.parse takes February 30 for March 2. */
function isDay(date: string): boolean {
  const [year, month, day] = date.slice(0, 10).split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day ?? 0)).getUTCDate() === day;
}

function timeFrom(seconds: bigint, digits: string, isBefore: boolean) {
  if (seconds >= lastSecond || seconds <= -lastSecond) return null;
  const part = BigInt(digits.padEnd(9, "0"));
  const ns = seconds * second + (isBefore ? -part : part);
  return { ns, precisionNs: 10n ** BigInt(9 - digits.length) };
}

const units: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: second };

function precisionOf(text: string): bigint | null {
  const [, count, unit = ""] = /^(\d{1,9})(ns|us|ms|s)$/.exec(text) ?? [];
  const ns = BigInt(count ?? 0) * (units[unit] ?? 0n);
  return ns >= 1n && ns <= 60n * second ? ns : null;
}

/** Downwards before 1970, too. */
function floored(ns: bigint, precision: bigint): bigint {
  const over = ns % precision;
  return ns - (over < 0n ? over + precision : over);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A path as it is written into a release: as text where it is UTF-8, else in hex. */
export function shownPath(path: readonly string[]): { readonly path: string } | { readonly pathHex: string } {
  const hex = path.join("2f");
  try {
    return { path: utf8.decode(Buffer.from(hex, "hex")) };
  } catch {
    return { pathHex: hex };
  }
}

/** Its content as it is written into a release; what comes of it is the same release. */
export function shownContent(
  content: StoredRelease["content"],
): { readonly sha256: string } | { readonly mtime: string; readonly precision: string } {
  if (content.kind === "sha256") return { sha256: content.digest };
  const ns = BigInt(content.ns);
  const [whole, part] = [ns / second, (ns < 0n ? -ns : ns) % second];
  const sign = ns < 0n && whole === 0n ? "-" : "";
  return {
    mtime: `${sign}${whole}.${String(part).padStart(9, "0")}`,
    precision: `${precisionText(content.precisionNs)}`,
  };
}

function precisionText(precisionNs: string): string {
  const ns = BigInt(precisionNs);
  const [unit, of] = Object.entries(units).findLast(([, each]) => ns % each === 0n) ?? ["ns", 1n];
  return `${ns / of}${unit}`;
}

function wrong(where: string, expected: string, found: string): WrongRelease {
  return { kind: "wrong", where, expected, found, message: `${where}: expected ${expected}, found ${found}` };
}

function isWrong(value: object): value is WrongRelease {
  return "kind" in value && value.kind === "wrong";
}

/** What came from elsewhere, cut short, on one line. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 81) : value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}...`;
}
