/** What the stream is told of clean-up, but for outcomes: those come out of the journal. Pure. */
import type { Decision, StayCode } from "../cleanup/index.ts";
import type { Retention } from "../documents/index.ts";
import type { EventDraft } from "../drift/index.ts";

/** Why a Retention was looked at: `look` is the look alone. */
export type CleanupBecause = "by-hand" | "schedule" | "release" | "pressure" | "look";

export interface PlanTold {
  readonly hash: string;
  /** RFC 3339. */
  readonly at: string;
  readonly expiresAt: string;
  readonly files: number;
  readonly bytes: number;
  readonly stays: readonly { readonly code: StayCode; readonly files: number; readonly bytes: number }[];
}

/** Those that hold the most bytes first. */
export function planTold({ hash, removed, stays }: Decision, at: string, expiresAt: string): PlanTold {
  const { files, bytes } = removed;
  const list = [...stays].map(([code, sum]) => ({ code, files: sum.files, bytes: Number(sum.bytes) }));
  list.sort((a, b) => b.bytes - a.bytes || b.files - a.files);
  return { hash, at, expiresAt, files, bytes: Number(bytes), stays: list };
}

type About = Pick<Retention, "name" | "account" | "root">;

export function plannedEvent(
  about: About,
  plan: PlanTold,
  { clock, because, applies }: { clock: Decision["clock"]["kind"]; because: CleanupBecause; applies: string },
): EventDraft {
  return drafted("cleanup.planned", about, { plan, clock, because, applies });
}

/** Why nothing goes, or could be planned. Stable words. */
export type RefusedCode =
  /** The root is none that may be looked into. */
  | "root-refused"
  /** Its file system does not answer. */
  | "stuck"
  /** Not everything below it could be seen. */
  | "unseen"
  /** There is no such account, or the agent may not act as it. */
  | "account"
  | "failed"
  | "journal-full"
  | "journal-read-only"
  | "journal-damaged"
  | "journal-failed"
  /** Files that could be put back nowhere lie in the quarantine folder. */
  | "in-quarantine"
  /** What an earlier run began could not be compared with the file system. */
  | "not-reconciled"
  /** A run ended before everything had its turn, or the system refused that files go. */
  | "unfinished";

export interface Refused {
  readonly code: RefusedCode;
  /** One sentence or clause: where, expected, found, what to do, as far as that is known. */
  readonly message: string;
}

export function refusedEvent(about: About, { code, message }: Refused): EventDraft {
  return drafted("cleanup.refused", about, { code, message });
}

function drafted(
  type: "cleanup.planned" | "cleanup.refused",
  { name: retention, account, root }: About,
  data: Readonly<Record<string, unknown>>,
): EventDraft {
  return { type, subject: retention, account, data: { retention, account, root, ...data } };
}
