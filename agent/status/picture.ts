/**
 * What status shows beyond counts, so that a page or a command line needs nothing else: every way in, the finding that leads
 * with its line, the last day, and what is not measured. Text of the host is raw; whoever shows it escapes it. Times are
 * RFC 3339 in UTC.
 */
import type { SessionsFacts } from "../facts/index.ts";
import type { MaskedFinding } from "../store/index.ts";
import type { CleanupRow } from "./agent-view.ts";

/** Between two moments. `unseen`: nobody looked. */
export interface Span {
  readonly from: string;
  readonly to: string;
  readonly state: "holds" | "fails" | "unknown" | "unseen";
}

/** A finding as status shows it. */
export interface ShownFinding extends MaskedFinding {
  /** The last 30 days, oldest first, without holes. */
  readonly past: readonly Span[];
}

/** One cell of the matrix. */
export interface Way {
  readonly mode: string;
  /** An engine of the account's policies comes in by it. */
  readonly isEngines: boolean;
  /** `none`: it does not apply, or nothing is judged there. */
  readonly state: "holds" | "fails" | "unknown" | "waived" | "none";
  /** One word or two for the cell: `waits`, `not done`, `exits 1`, `noisy`, `unknown`, `fails`; "" where it holds. */
  readonly word: string;
  /** The fingerprint of the worst finding there; null where there is none. */
  readonly finding: string | null;
}

export interface AccountWays {
  readonly account: string;
  readonly shell: string;
  /** In the order of the modes. */
  readonly ways: readonly Way[];
}

/** The finding that leads: fails before unknown, then severity, then an engine's own way in, then the oldest. */
export interface Lead {
  readonly fingerprint: string;
  /** Processes and files from sshd to the line, outermost first: `sshd`, `/bin/tcsh -c`, `/etc/csh.cshrc`, `~/.cshrc`. */
  readonly chain: readonly { readonly what: string; readonly does: string }[];
  /** The guilty line with two before and two after, and the line that the remedy names; null where they may not be seen. */
  readonly lines:
    | readonly { readonly number: number; readonly text: string; readonly isGuilty: boolean; readonly note: string }[]
    | null;
  /** Why there is no line, or why its text is kept; "" where there is one. */
  readonly says: string;
  /** What becomes of the command; null where it is about none, or may not be seen. */
  readonly sent: string | null;
  readonly runs: string | null;
  readonly waitsAt: string | null;
  /** Who may have changed it, as a hint; null where nothing is known. */
  readonly hint: {
    readonly savedAt: string | null;
    /** Milliseconds from the save to the moment in which it was seen. */
    readonly seenAfterMs: number | null;
    readonly ownerUid: number | null;
    /** Who was logged in then; null where that may not be seen or is not known. */
    readonly loggedIn: readonly string[] | null;
  } | null;
}

/** The last 24 hours. */
export interface Day {
  readonly from: string;
  readonly to: string;
  readonly accounts: readonly { readonly account: string; readonly spans: readonly Span[] }[];
  /** How many sessions were stuck, whenever that number changed. */
  readonly stuck: readonly { readonly at: string; readonly count: number }[];
  readonly saves: readonly { readonly account: string; readonly path: string; readonly at: string }[];
  /** Who had a terminal; `to` null while they have. Null where that may not be seen, or is not known. */
  readonly logins: readonly { readonly user: string; readonly from: string; readonly to: string | null }[] | null;
}

/** What could not be measured, and why. */
export interface Unmeasured {
  readonly account: string;
  /** `-` where it is about the account in all modes. */
  readonly mode: string;
  /** A gap's, an account's state (`not-granted`), `no-plan` of a Retention, `sessions`, one of watching's, or `more` of all these. */
  readonly code: string;
  readonly message: string;
  /** What to do; "" where nothing is to be done. */
  readonly change: string;
}

export interface Picture {
  /** Until when all of it holds: the earliest of the measured accounts; null where nothing is measured. */
  readonly validUntil: string | null;
  /** The one that leads first, waived ones last; at most 1,000: counts of all of them stand with the accounts. */
  readonly findings: readonly ShownFinding[];
  readonly ways: readonly AccountWays[];
  /** Null where nothing fails or is undecided. */
  readonly lead: Lead | null;
  readonly day: Day;
  readonly sessions: SessionsFacts;
  readonly cleanup: readonly CleanupRow[];
  readonly unmeasured: readonly Unmeasured[];
}
