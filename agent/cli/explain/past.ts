/** What an agent knows of a line's past: when it came, what was before, and, as a hint, who may have saved it. */
import * as z from "zod";
import type { Place } from "../../facts/index.ts";
import { type Shapes, shapes } from "../../status/index.ts";
import { hear } from "../agents.ts";
import type { Parts } from "../parts.ts";

export type Past =
  | { readonly kind: "no-agent" }
  /** It answered, and knows nothing of this line. */
  | { readonly kind: "nothing" }
  | { readonly kind: "unheard"; readonly message: string }
  | { readonly kind: "past"; readonly opened: Opened | null; readonly reviewed: Reviewed | null };

export interface Opened {
  /** RFC 3339: since when what rests on this line fails. */
  readonly at: string;
  /** It failed when the account was measured for the first time: the line may be older. */
  readonly isFirst: boolean;
  readonly hint: {
    /** RFC 3339. */
    readonly modified: string;
    readonly ownerUid: number;
    readonly sessions: readonly string[] | null;
  } | null;
}

/** Against what was accepted of the account. */
export interface Reviewed {
  readonly acceptedAt: string;
  readonly reason: string;
  readonly change: "added" | "changed" | "removed" | "none";
}

export interface Asked {
  readonly account: string;
  readonly name: string;
  /** The line that decides; null where none does. */
  readonly where: Place | null;
  readonly sockets: readonly string[];
}

/** Pages of events that are looked through; an account's own stream of 30 days is shorter. */
const mostPages = 30;

const openedShape = z.object({
  first: z.boolean(),
  finding: z.object({ fingerprint: z.string() }),
  hint: z.object({ modified: z.string(), ownerUid: z.number(), sessions: z.array(z.string()).nullable() }).nullable(),
});

export async function pastOf(asked: Asked, parts: Pick<Parts, "ask">): Promise<Past> {
  const { account, where, sockets } = asked;
  const of = `account=${encodeURIComponent(account.toWellFormed())}`;
  const get = <T>(path: string, shape: z.ZodType<T>) => hear(parts, sockets, { method: "GET", path }, shape);
  const findings = await get(`/v1/findings?${of}`, shapes().Findings);
  if (findings.kind === "no-agent") return { kind: "no-agent" };
  if (findings.kind !== "answer") return { kind: "unheard", message: findings.message };
  const here = findings.value.items
    .filter((each) => where !== null && each.where?.file === where.file && each.where.line === where.line)
    .sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1));
  const [first] = here;
  const baseline = await get(`/v1/baseline?${of}`, shapes().Baseline);
  const reviewed = baseline.kind === "answer" ? reviewedOf(baseline.value, asked.name) : null;
  if (first === undefined && reviewed === null) return { kind: "nothing" };
  const opened = first === undefined ? null : await openedOf(first);
  return { kind: "past", opened, reviewed };

  async function openedOf({ fingerprint, openedAt }: { fingerprint: string; openedAt: string }): Promise<Opened> {
    let found: Opened = { at: openedAt, isFirst: false, hint: null };
    let after = "";
    for (let page = 0; page < mostPages; page++) {
      const events = await get(`/v1/events?${of}${after}`, shapes().Events);
      if (events.kind !== "answer") return found;
      for (const { type, data } of events.value.items) {
        const parsed = type === "dev.rcwarden.finding.opened" ? openedShape.safeParse(data) : null;
        if (parsed?.success !== true || parsed.data.finding.fingerprint !== fingerprint) continue;
        found = { at: openedAt, isFirst: parsed.data.first, hint: parsed.data.hint };
      }
      if (events.value.items.length === 0) return found;
      after = `&after=${encodeURIComponent(events.value.next)}`;
    }
    return found;
  }
}

function reviewedOf({ baseline, changes }: z.output<Shapes["Baseline"]>, name: string): Reviewed | null {
  if (baseline === null) return null;
  const { acceptedAt, reason } = baseline;
  const found = changes.find(({ item }) => item.name === name && item.kind !== "file");
  return { acceptedAt, reason, change: found?.change ?? "none" };
}
