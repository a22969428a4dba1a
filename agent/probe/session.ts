import type { Question, Run } from "./question.ts";
import { attempt } from "./run.ts";

export type { Captured } from "./capture.ts";
export type { PlacedFile, Question, Run } from "./question.ts";
export type { Refusal } from "./refusal.ts";
export type { Limited } from "./witness.ts";

/**
 * Asks one question: starts the shell in a sandbox of its own, watches it to a verdict, ends everything that it started.
 * Nothing is left behind on the host. A mount that does not answer is left out at a second try, and `warnings` says so.
 * Rejects only if `signal` is aborted (with its reason), if `ready` or `done` throws, or if no terminal can be had.
 */
export async function ask(question: Question, signal?: AbortSignal): Promise<Run> {
  const first = await attempt(question, [], signal);
  if (first.kind === "run") return first.run;
  const second = await attempt(question, [first.mountPoint], signal);
  if (second.kind === "run") {
    return { ...second.run, warnings: [...second.run.warnings, `mount-does-not-answer ${first.mountPoint}`] };
  }
  return {
    ...second.refused,
    refusal: {
      step: "mount",
      reason: `${first.mountPoint} and ${second.mountPoint} do not answer`,
      change: "unmount them, or bring their servers back",
    },
  };
}
