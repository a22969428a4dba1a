/** What came of a command that was tried, as a clause. */
import type { Attempt } from "../facts/index.ts";
import { exitWords, firstLine, stillWords, waitWords } from "./wording.ts";

function heldWords({ held }: Attempt): string {
  const job = held[0];
  if (job === undefined) return "";
  return `is done, but ${job.command} keeps ${job.holds.join(" and ")} open, so that the session never ends`;
}

/** What becomes of a command, in the words of findings. */
export function outcomeWords(each: Attempt): string {
  switch (each.outcome) {
    case "done":
      return "does what it says";
    case "hang":
      return heldWords(each) || waitWords(each.prompt, each.waiting);
    case "not-done":
      return `${exitWords(each.exit)}, and nothing done${each.missing === "" ? "" : `: ${each.missing}`}`;
    case "failed": {
      const says = firstLine(each.stderr) || firstLine(each.stdout) || each.missing;
      return says === "" ? exitWords(each.exit) : `${exitWords(each.exit)}: ${says}`;
    }
    case "noisy":
      return `does what it says, and writes to stdout, where nothing should be: ${firstLine(each.stdout)}`;
    case "unknown":
      return each.reason ?? (each.waiting === null ? "what it does could not be told" : stillWords(each.waiting));
  }
}
