/** What an output format of `check` is, and what it is given. */
import { type Severity, severities } from "../../checks/index.ts";
import type { Report, Verdict } from "../../evaluate/index.ts";
import type { Missing } from "../../runs/whom.ts";
import type { ExitCode } from "../verb.ts";

/** What came of a call that measured something. Text from the host is raw here: each format makes it harmless its own way. */
export interface Outcome {
  readonly report: Report;
  /** Accounts that are meant and were not measured. */
  readonly missing: readonly Missing[];
  /** Also those that pass, for formats that count what was tested. */
  readonly verdicts: readonly Verdict[];
  /** The least severity that decides. */
  readonly failOn: Severity;
  /** Of design 10. */
  readonly code: ExitCode;
}

/** A call or a document that is wrong: nothing was evaluated, and no format may let that look like nothing found. */
export interface Refusal {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly host: Report["host"];
  readonly version: string;
  readonly problems: readonly Trouble[];
}

export interface Trouble {
  /** Stable words: `value-not-listed`, `call`. */
  readonly code: string;
  /** The whole sentence, its place included. */
  readonly message: string;
  /** Line and column count from 1; 0 where the whole file is meant. Null where no document is to blame. */
  readonly where: { readonly file: string; readonly line: number; readonly column: number } | null;
}

export interface Format {
  readonly id: string;
  /** A clause for the help. */
  readonly summary: string;
  /** All that is written to stdout, its last newline included. */
  answer(outcome: Outcome): string;
  refusal(refusal: Refusal): string;
  /** Only where whoever reads the format has exit codes of its own. */
  readonly exits?: {
    answer(outcome: Outcome): ExitCode;
    readonly refusal: ExitCode;
  };
}

type Weighed = Pick<Verdict, "status" | "severity" | "waived">;

/** Whether it failed, and is severe enough to decide. */
export function decides({ status, severity, waived }: Weighed, { failOn }: Pick<Outcome, "failOn">): boolean {
  return status === "fail" && waived === undefined && severities.indexOf(severity) <= severities.indexOf(failOn);
}

/** A gap, and where it is. */
export interface Gap {
  readonly account: string;
  readonly mode: string;
  readonly code: string;
  readonly message: string;
  readonly change: string;
}

/** The gaps that leave something undetermined: all but those that left only waived findings undecided. */
export function gapsOf({ report, verdicts }: Outcome): Gap[] {
  const key = ({ code, message }: { code: string; message: string }) => `${code} ${message}`;
  const waived = new Set(verdicts.filter((each) => each.waived).flatMap(({ gaps }) => gaps.map(key)));
  return report.accounts.flatMap(({ name, modes }) =>
    modes.flatMap(({ mode, gaps }) =>
      gaps.filter((gap) => !waived.has(key(gap))).map((gap) => ({ account: name, mode, ...gap })),
    ),
  );
}
