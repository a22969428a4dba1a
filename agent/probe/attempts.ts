/** Everything that the engine sends, tried; and the line of what does not do what it says, where nothing else names one. */
import type { Attempt, Cause, Gap } from "../facts/index.ts";
import type { Asker } from "./asker.ts";
import { type Bisection, bisect } from "./bisect.ts";
import { notTried, tryCommand, attempt as tryOnce } from "./canary.ts";
import { inTurns } from "./in-turns.ts";
import type { Marked } from "./questions.ts";
import type { PlacedFile } from "./session.ts";
import type { Parsed } from "./words-sent.ts";

/** Who is asked, and what is known of the session before. */
export interface Trying {
  readonly questions: Asker;
  readonly marked: Marked;
}

export interface Tries {
  readonly one: Parsed;
  readonly attempt: Attempt;
  readonly atEnd: Attempt | null;
}

export async function tryAll(
  parsed: readonly Parsed[],
  { questions, marked }: Trying,
  gaps: readonly Gap[],
): Promise<readonly Tries[]> {
  if (!marked.isReady) return [];
  const untold = gaps.find(({ code, of }) => code === "probe-limited" && of.includes("tried"));
  if (untold !== undefined) return parsed.map((one) => ({ one, attempt: notTried(untold.message), atEnd: null }));
  // A slow startup mostly sleeps: more at once costs nothing then and keeps the whole within its time.
  const together = marked.run.seconds > 0.5 ? 6 : 2;
  return inTurns(together, parsed, async (one) => ({ one, ...(await tryCommand(one, questions, marked.run)) }));
}

/** Where nothing names the line of a command that does not do what it says: the files are cut until it does. */
export async function lastResort(
  one: Parsed,
  attempt: Attempt,
  { questions, marked }: Trying,
  files: Omit<Bisection, "happensWith">,
): Promise<Cause> {
  if (attempt.outcome === "done" || attempt.outcome === "unknown" || marked.run.seconds > 1) return { where: null };
  const knowing = questions.knowing(attempt.held.map(({ command }) => command));
  let isSure = true;
  const happensWith = async (swapped: PlacedFile) => {
    const { outcome } = await tryOnce(one, knowing, marked.run, { places: [swapped] });
    // What could not be told, for the time is over, points to no line.
    isSure &&= outcome !== "unknown";
    return outcome === attempt.outcome;
  };
  const found = await bisect({ ...files, happensWith });
  if (!isSure) return { where: null };
  return found === null ? { where: null } : { where: found.place, line: found.line };
}
