/** The door for what the sweeper says: it ran as the account, so it may say anything. */
import * as z from "zod";
import type { GuardCode, Seen } from "./plan.ts";
import { mostEntries, typeLetters } from "./said.ts";

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

/** One component of a path in hex: 1 to 255 bytes, none of them / or NUL, and neither `.` nor `..`. */
const component = z.string().regex(/^(?!2e(?:2e)?$)(?:(?!2f|00)[0-9a-f]{2}){1,255}$/);
const decimal = z.string().regex(/^-?\d{1,20}$/);
const whole = z.number().int().nonnegative();

const entry = z.tuple([
  component,
  z.enum(["f", "d", "l", "o"]),
  ...([decimal, decimal, decimal, decimal, decimal] as const),
  whole,
  whole,
  z.tuple([z.enum(guardCodes), z.string().max(200)]).nullable(),
]);

const said = z.union([
  z.strictObject({ in: z.array(component).max(16), entries: z.array(entry).max(mostEntries) }),
  z.strictObject({ refused: z.string().max(16_384) }),
  z.strictObject({ looked: z.strictObject({ dev: decimal, ino: decimal, unseen: whole, why: z.string().max(200) }) }),
]);

export type Heard =
  | { readonly kind: "seen"; readonly batch: readonly Seen[] }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "looked"; readonly root: { readonly dev: string; readonly ino: string }; readonly unseen: string }
  /** `message` says what is wrong with the line. */
  | { readonly kind: "odd"; readonly message: string };

/** One line of the sweeper's that looks `depth` deep. */
export function heardOf(line: Buffer, depth: number): Heard {
  const parsed = said.safeParse(jsonOf(line));
  if (!parsed.success) return { kind: "odd", message: "the sweeper's answer has another shape than expected" };
  const { data } = parsed;
  if ("refused" in data) return { kind: "refused", message: data.refused };
  if ("looked" in data) {
    const { dev, ino } = data.looked;
    return { kind: "looked", root: { dev, ino }, unseen: unseenOf(data.looked) };
  }
  if (data.in.length >= depth) return { kind: "odd", message: "the sweeper's answer is about another depth" };
  return { kind: "seen", batch: data.entries.map((one) => seenOf(data.in, one)) };
}

function seenOf(folder: readonly string[], [name, letter, ...rest]: z.infer<typeof entry>): Seen {
  const [dev, ino, size, mtimeNs, ctimeNs, uid, links, guard] = rest;
  return {
    path: [...folder, name],
    type: typeLetters[letter],
    identity: { dev, ino, size, mtimeNs, ctimeNs, uid, links },
    guard: guard === null ? null : { code: guard[0], message: guard[1] },
  };
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
