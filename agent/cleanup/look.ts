/** Looks below a root by a child with the account's identity: what a plan is made of. Removes and changes nothing. */
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { runBareChild, type Took } from "../host/bare-child.ts";
import { builtPart } from "../host/beside.ts";
import { hostMounts, mountOf } from "../host/mounts.ts";
import { addonPath } from "../host/native.ts";
import type { Seen } from "./plan.ts";
import type { LookRequest } from "./root.ts";
import { mostLineBytes } from "./said.ts";
import { heardOf } from "./said-door.ts";

/** Of a Retention what a look needs. */
export interface ToLookAt {
  readonly root: string;
  /** 1 to 16: how deep; 1 is what lies directly in the root. */
  readonly depth: number;
  readonly match: readonly string[];
}

export interface Looking {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Path of the sweeper's own text, a bundle without imports; `sweeper.cjs` beside the program if not said. */
  readonly script?: string;
  /** At most 256 entries, folders before what is in them. No more is read, and soon no more is looked at, until it is done. */
  take(batch: readonly Seen[]): void | Promise<void>;
}

/** Only after `looked` what was taken is all there is, and only if `unseen` is empty. `message` is one clause. */
export type Looked =
  | {
      readonly kind: "looked";
      readonly message: string;
      /** What the root was when it was opened. */
      readonly root: { readonly dev: string; readonly ino: string };
      /** Says of how many folders and files nothing is known, and why; empty where there are none. */
      readonly unseen: string;
    }
  /** `refused`: this root is not looked into. `failed`: there was no answer to take, for example when it was called off. */
  | { readonly kind: "refused" | "timed-out" | "failed"; readonly message: string };

/** Rejects only with what `take` rejects with. */
export async function lookBelow(toLookAt: ToLookAt, account: Account, looking: Looking): Promise<Looked> {
  const { root, depth, match } = toLookAt;
  const request: LookRequest = { root, depth, match, uid: account.uid, home: account.home };
  let text: string;
  try {
    text = readFileSync(looking.script ?? builtPart("sweeper.cjs"), "utf8");
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : "the sweeper could not be read" };
  }
  const addon = openedAddon();
  try {
    return await ask(request, account, looking, { text, ...addon });
  } finally {
    if (addon.descriptor !== undefined) closeSync(addon.descriptor);
  }
}

type Program = { readonly text: string; readonly descriptor?: number };

async function ask(request: LookRequest, account: Account, looking: Looking, program: Program): Promise<Looked> {
  let looked: Looked | null = null;
  const take = async (line: Buffer): Promise<Took> => {
    const heard = heardOf(line, request.depth);
    if (heard.kind === "odd") return heard.message;
    if (heard.kind === "seen") {
      await looking.take(heard.batch);
      return "more";
    }
    looked = heard.kind === "refused" ? heard : { ...heard, message: heard.unseen };
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
    deadlineMs: looking.deadlineMs,
    signal: looking.signal,
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
