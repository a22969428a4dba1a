/** What could not be had in the runs of one account and mode, in words, with the facts that it takes away. */
import { type Account, everyFact, type FactName, type Gap, type GapCode, type ModeId } from "../facts/index.ts";
import { knownNames, type Shell } from "../shells/index.ts";
import type { Reading } from "../startup/index.ts";
import { gapsOfLimits } from "./limits.ts";
import type { Marked, Told } from "./questions.ts";
import type { Run } from "./session.ts";
import { gapsOfQuestions } from "./unlike.ts";
import { gapsOfWarnings } from "./warnings.ts";

export function gap(code: GapCode, message: string, of: readonly FactName[], change = ""): Gap {
  return { code, message, change, of };
}

export function gapsOfRuns(
  { run, isReady }: Marked,
  told: Told,
  { shell, reading }: { readonly shell: Shell; readonly reading: Reading },
): Gap[] {
  const gaps = gapsOfLimits(run.limited, reading, shell.guard);
  gaps.push(...gapsOfWarnings(run.warnings, reading), ...gapsOfQuestions(reading));
  if (ranOutOfRoom(run))
    gaps.push(gap("probe-limited", "a startup file writes more than the sandbox holds", everyFact));
  if (run.ended === "over-ceiling") {
    gaps.push(gap("over-ceiling", `startup took more ${run.ceiling ?? ""} than a probe may`, everyFact));
  }
  const complaint = shell.syntaxComplaint(run.stderr.head.toString("utf8"));
  if (complaint !== null) {
    const place = complaint.line === null ? "" : ` at line ${complaint.line}`;
    const says = `${shell.name} gave up on ${complaint.file ?? "a startup file"}${place}: ${complaint.says}`;
    gaps.push(gap("unreadable", says, ["startupFiles"], "mend the file"));
  }
  if (!isReady) return gaps;
  if (told.dumped === null) {
    const missing: FactName[] = [
      "startup",
      "aliases",
      "functions",
      "options",
      "variables",
      "traps",
      "commands",
      "umask",
      "cwd",
    ];
    gaps.push(gap("no-frames", "the shell did not tell its definitions", missing));
  }
  for (const doubt of told.dumped?.doubts ?? [])
    gaps.push(gap("probe-limited", doubt, ["aliases", "functions", "options"]));
  return gaps;
}

/** As strerror(3) has ENOSPC. Where startup hides it, or speaks another language, the small tmpfs is not noticed. */
export function ranOutOfRoom({ stdout, stderr }: Run): boolean {
  return [stdout, stderr].some(({ head, tail }) => `${head}${tail}`.includes("No space left on device"));
}

export function unknownShell({ shell }: Account): Gap {
  return gap(
    "unknown-shell",
    `${shell} is no shell that rcwarden knows (${knownNames().join(", ")})`,
    everyFact,
    "give the account one of them, or remove it from the policy's accounts",
  );
}

export function unknownMode(shell: Shell, mode: ModeId): Gap {
  return gap(
    "unknown-mode",
    `how ${shell.name} is started by ${mode} is not known`,
    everyFact,
    `ask for one of ${Object.keys(shell.starts).join(", ")}`,
  );
}

/** What reading alone cannot tell. */
export const notGranted: Gap = gap(
  "not-granted",
  "the Grant allows reading only, so nothing was run",
  everyFact.filter((fact) => !["shell", "startupFiles", "limits"].includes(fact)),
  "where it may be run in a sandbox, say how: running in the Grant",
);
