/** The sweeper as a child: started, listened to, and ended, whatever it does. */
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { type BareEnd, runBareChild, type Took } from "../host/bare-child.ts";
import { builtPart } from "../host/beside.ts";
import { hostMounts, mountOf } from "../host/mounts.ts";
import { addonPath } from "../host/native.ts";
import type { SweepRequest } from "./asked.ts";
import { mostLineBytes } from "./said.ts";
import { type Heard, heardOf } from "./said-door.ts";

export interface Sent {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Path of the sweeper's own text, a bundle without imports; `sweeper.cjs` beside the program if not said. */
  readonly script?: string;
}

/** Silence of a child that owes an answer; it says once a second that it goes on. */
const silenceMs = 30_000;
/** Children that nothing ends: one more might be one too many. */
const mostStuck = 4;
/** Of one look, and of all its outcomes: a child that says more is none of ours. */
const mostBytes = 16 * 2 ** 30;

export async function runSweeper(
  request: SweepRequest,
  account: Account,
  { script, deadlineMs, signal }: Sent,
  hear: (heard: Heard, say: (asked: unknown) => void) => Took | Promise<Took>,
): Promise<BareEnd> {
  const text = textOf(script ?? builtPart("sweeper.cjs"));
  if (text instanceof Error) return { kind: "failed", why: text.message };
  const descriptor = openedAddon();
  const depth = request.kind === "sweep" ? request.depth : 0;
  try {
    return await runBareChild({
      ...{ is: "sweeper", account, deadlineMs, signal, silenceMs, mostStuck, mostBytes, mostLineBytes },
      text: `globalThis.toSweep = ${JSON.stringify(request)};\n${text}`,
      ...(descriptor !== null && { descriptor }),
      options: ["--max-old-space-size=64", "--max-semi-space-size=1"],
      env: { UV_THREADPOOL_SIZE: "1", MALLOC_ARENA_MAX: "1" },
      stays: true,
      holds: () => [`mount ${mountOf(request.root, hostMounts())?.id ?? 0}`],
      take: (line, say) => hear(heardOf(line, depth), (asked) => say(`${JSON.stringify(asked)}\n`)),
    });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function textOf(path: string): string | Error {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return error instanceof Error ? error : new Error("the sweeper could not be read");
  }
}

/** Before the identity changes: the account may not enter the folder in which it lies. The sweeper says where it is missing. */
function openedAddon(): number | null {
  try {
    return openSync(addonPath(), "r");
  } catch {
    return null;
  }
}
