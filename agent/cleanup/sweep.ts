/**
 * Looks below a root, and, where it is asked to, removes what was decided on: one child with the account's identity does
 * both, so that what was looked at and what is removed are below the same held folder. Without `apply` it is a dry run: the
 * same code, and nothing is taken.
 */

import { closeSync, openSync, readFileSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { runBareChild, type Took } from "../host/bare-child.ts";
import { builtPart } from "../host/beside.ts";
import { hostMounts, mountOf } from "../host/mounts.ts";
import { addonPath } from "../host/native.ts";
import type { Looked, Looking, ToLookAt } from "./look.ts";
import type { FileOutcome } from "./outcome.ts";
import type { Candidate } from "./plan.ts";
import type { LookRequest } from "./root.ts";
import { mostLineBytes } from "./said.ts";
import { heardOf } from "./said-door.ts";

export interface Sweeping extends Looking {
  /** Makes the quarantine folder below the root if it is missing: later the disk may be too full for it. */
  readonly prepare?: boolean;
  readonly apply?: Applying;
}

/** Whatever one of these throws ends the child, and is what the promise rejects with. */
export interface Applying {
  /** Once, after all was seen: what goes. Nothing is touched where it is empty. */
  decide(root: { readonly dev: string; readonly ino: string }): readonly Candidate[];
  /** Before anything of a group (at most `mostOfGroup`) is touched: its number once the intent is durable; null ends it. */
  intend(files: readonly Candidate[]): number | null;
  /** What became of a group, all of it; a group whose intent was told and that is not settled is left to `recoverBelow`. */
  settle(intent: number, outcomes: readonly FileOutcome[]): void;
  readonly limits: { readonly filesPerSecond: number; readonly readBytesPerSecond: number };
}

/** As `Looked`; `applied` only where everything that was decided on was settled. */
export type Swept =
  | (Looked & { readonly kind: "looked"; readonly applied: boolean })
  | Exclude<Looked, { kind: "looked" }>;

/** Rejects only with what a function of `sweeping` throws or rejects with. */
export async function sweepBelow(toLookAt: ToLookAt, account: Account, sweeping: Sweeping): Promise<Swept> {
  const { root, depth, match } = toLookAt;
  const request: LookRequest = { root, depth, match, uid: account.uid, home: account.home };
  let text: string;
  try {
    text = readFileSync(sweeping.script ?? builtPart("sweeper.cjs"), "utf8");
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : "the sweeper could not be read" };
  }
  const addon = openedAddon();
  try {
    return await ask(request, account, sweeping, { text, ...addon });
  } finally {
    if (addon.descriptor !== undefined) closeSync(addon.descriptor);
  }
}

type Program = { readonly text: string; readonly descriptor?: number };

async function ask(request: LookRequest, account: Account, sweeping: Sweeping, program: Program): Promise<Swept> {
  let looked: Swept | null = null;
  const take = async (line: Buffer): Promise<Took> => {
    const heard = heardOf(line, request.depth);
    if (heard.kind === "odd") return heard.message;
    if (heard.kind === "seen") {
      await sweeping.take(heard.batch);
      return "more";
    }
    looked = heard.kind === "refused" ? heard : { ...heard, message: heard.unseen, applied: false };
    return "enough";
  };
  const end = await runBareChild({
    is: "sweeper",
    account,
    text: `globalThis.toLook = ${JSON.stringify(request)};\n${program.text}`,
    ...(program.descriptor === undefined ? {} : { descriptor: program.descriptor }),
    options: ["--max-old-space-size=64", "--max-semi-space-size=1"],
    env: { UV_THREADPOOL_SIZE: "1", MALLOC_ARENA_MAX: "1" },
    stays: true,
    deadlineMs: sweeping.deadlineMs,
    signal: sweeping.signal,
    mostBytes: Number.POSITIVE_INFINITY,
    mostLineBytes,
    holds: () => [`mount ${mountOf(request.root, hostMounts())?.id ?? 0}`],
    take,
  });
  if (end.kind === "enough" && looked !== null) return looked;
  if (end.kind === "late") return { kind: "timed-out", message: end.why };
  return { kind: "failed", message: end.kind === "failed" ? end.why : "the sweeper said nothing" };
}

/** Before the identity changes: the account may not enter the folder in which it lies. Without it a look still answers. */
function openedAddon(): { readonly descriptor?: number } {
  try {
    return { descriptor: openSync(addonPath(), "r") };
  } catch {
    return {};
  }
}
