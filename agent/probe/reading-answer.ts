/** The door for what the reader says: it runs as the account, which may make it say anything. */
import * as z from "zod";
import { type ModeId, modeIds, type Standing } from "../facts/index.ts";
import type { Reading } from "../startup/index.ts";

const path = z.string().max(16_384);
const short = z.string().max(1_024);
const count = z.number().int().min(1).max(100_000_000);
const place = z.strictObject({ file: path, line: count, column: count, through: z.array(path).max(64) });

const file = z.strictObject({
  path,
  state: z.enum(["read", "absent", "unreadable", "not-a-file", "skipped"]),
  digest: z.exactOptional(z.string().regex(/^sha256:[0-9a-f]{64}$/)),
  reason: z.exactOptional(short),
  through: z.array(path).max(64),
});

const kinds = [
  "alias",
  "unalias",
  "function",
  "option",
  "variable",
  "path",
  "exec",
  "exit",
  "read",
  "output",
  "background",
  "redirect",
  "cd",
  "trap",
  "source",
  "umask",
  "limit",
  "command",
  "test",
  "syntax-error",
] as const;

const statement = z.strictObject({
  kind: z.enum(kinds),
  name: z.string().max(8_192).nullable(),
  value: z.string().max(8_192).nullable(),
  text: short,
  where: place,
  reached: z.enum(["yes", "maybe", "no"]),
  inFunction: z.string().max(8_192).nullable(),
  stream: z.exactOptional(z.enum(["stdout", "stderr"])),
});

const guard = z.strictObject({
  where: place,
  text: short,
  untilLine: count.nullable(),
  form: z.enum(["block", "return", "open"]),
  lastLine: count,
});

const doubt = z.strictObject({ code: z.enum(["unreadable", "over-ceiling"]), message: z.string().max(65_536) });

const readingSchema = z.strictObject({
  files: z.array(file).max(1_000),
  identities: z.array(z.strictObject({ path, identity: short })).max(10_000),
  dependsOn: z.array(path).max(2_000),
  statements: z.array(statement).max(100_000),
  guards: z.array(guard).max(100_000),
  lines: z.record(path, z.record(z.string().regex(/^\d{1,9}$/), short)),
  environmentFiles: z.record(path, z.string().max(65_536)),
  doubts: z.array(doubt).max(2_000),
});

const startupSchema = z.strictObject({ mode: z.enum(modeIds), reading: readingSchema });
const linesSchema = z
  .strictObject({
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    lines: z.array(z.tuple([z.number().int().positive(), z.string().max(65_536)])).max(100),
  })
  .nullable();
const number = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const step = z.strictObject({
  path,
  is: z.enum(["file", "folder", "link", "other"]),
  uid: number,
  gid: number,
  mode: number.max(0o7777),
});
const standing = z.strictObject({
  path,
  is: z.enum(["file", "folder", "other", "absent", "unreadable"]),
  real: path.nullable(),
  steps: z.array(step).max(300),
  text: z
    .strictObject({
      crLf: z.strictObject({ line: count, count }).nullable(),
      byteOrderMark: z.boolean(),
      nul: z.boolean(),
    })
    .nullable(),
  room: z.strictObject({ readOnly: z.boolean(), freeBytes: number, freeInodes: number.nullable() }).nullable(),
});
const standingSchema = z.tuple([number, standing]);
const identitySchema = z.tuple([z.number().int().nonnegative(), short]);

/** One line of the answer about startup files, or in words why it is none. */
export function startupAnswer(line: Buffer): { readonly mode: ModeId; readonly reading: Reading } | string {
  return answerBy(startupSchema, line);
}

/** One line of the answer about identities: its place among the paths, and what was found there. */
export function identityAnswer(line: Buffer): readonly [number, string] | string {
  return answerBy(identitySchema, line);
}

/** One line of the answer about how paths stand: its place among the paths, and what was found there. */
export function standingAnswer(line: Buffer): readonly [number, Standing] | string {
  return answerBy(standingSchema, line);
}

/** Lines of a file and the digest of all of it; null where it could not be read. */
export function linesAnswer(line: Buffer): z.output<typeof linesSchema> | string {
  return answerBy(linesSchema, line);
}

function answerBy<T>(schema: z.ZodType<T>, line: Buffer): T | string {
  const claimed = json(line);
  if (claimed === undefined) return "the reader's answer is no JSON";
  const found = schema.safeParse(claimed);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  return `the reader's answer has another shape than expected at "${issue?.path.join(".") ?? ""}": ${issue?.message ?? ""}`;
}

function json(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
