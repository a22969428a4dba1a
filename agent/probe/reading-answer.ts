/** The door for what the reader says: it runs as the account, which may make it say anything. */
import * as z from "zod";
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
  form: z.enum(["block", "return"]),
  lastLine: count,
});

const doubt = z.strictObject({ code: z.enum(["unreadable", "over-ceiling"]), message: z.string().max(65_536) });

const readingSchema = z.strictObject({
  files: z.array(file).max(1_000),
  identities: z.array(z.strictObject({ path, identity: short })).max(10_000),
  statements: z.array(statement).max(100_000),
  guards: z.array(guard).max(100_000),
  lines: z.record(path, z.record(z.string().regex(/^\d{1,9}$/), short)),
  environmentFiles: z.record(path, z.string().max(65_536)),
  doubts: z.array(doubt).max(2_000),
});

/** The Reading, or in words why it is none. */
export function readingAnswer(bytes: Buffer): Reading | string {
  const claimed = json(bytes);
  if (claimed === undefined) return "the reader's answer is no JSON";
  const found = readingSchema.safeParse(claimed);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  return `the reader's answer has another shape than expected at "${issue?.path.join(".") ?? ""}": ${issue?.message ?? ""}`;
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
