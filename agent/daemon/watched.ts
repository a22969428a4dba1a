/** What the agent knows of one account that it watches, besides what the store keeps. */
import type { InForce, Verdict } from "../evaluate/index.ts";
import type { Account, BaselineChange, BaselineItem, HungCommand, ModeId } from "../facts/index.ts";
import type { AccountView } from "../status/agent-view.ts";
import type { Rests } from "./history.ts";
import type { Hinted, LeadGround } from "./lead.ts";
import type { Meant } from "./watch-list.ts";
import { nothingSeen, type Seen } from "./ways.ts";

export interface Watched {
  readonly name: string;
  account: Account | null;
  because: string;
  /** Why there is no account now; "" where there is one. */
  says: string;
  /** Since when this process knows that the name service does not name it, of a clock that never jumps. */
  unavailableFrom: number | null;
  /** Paths that its shell reads or asks about, in all modes. */
  paths: ReadonlySet<string>;
  /** What was read of it or looked for at its last run, in the modes by which engines come in. */
  startupFiles: ReadonlyMap<ModeId, readonly string[]>;
  /** Something that its shell reads is not watched: there is too much of it, or nobody could read what it is. */
  missesSome: boolean;
  /** Of a clock that never jumps: when it was last measured to the end. */
  measuredAt: number | null;
  /** Runs that came to an end, whatever came of them. */
  attempts: number;
  counts: { pass: number; fail: number; unknown: number };
  undecided: AccountView["undecided"];
  applying: readonly InForce[];
  changes: readonly BaselineChange[];
  /** What waits for ever in the sandbox, as it was last measured. */
  hung: readonly HungCommand[];
  /** What would be accepted now; kept only where a baseline is. */
  items: readonly BaselineItem[];
  /** What the last run saw in the modes by which engines come in, and the last full run in the others. */
  seen: Seen;
  others: Seen;
  /** Tells whether the host was another one when the others were measured; "" before. */
  ground: string;
  othersGround: string;
  /** Of a clock that never jumps: when the others were last measured by themselves. */
  othersMs: number;
  /** When nobody looked at it; null as long as nobody asked for that. */
  rests: Rests | null;
  /** Of the finding that leads here; null where there is none. */
  lead: LeadGround | null;
  /** Who may have changed the file of a finding, by its fingerprint; null where the stream has nothing about it. */
  hints: ReadonlyMap<string, Hinted | null>;
  /** Keys of everything that was judged, so that an exception which matches none is noticed. */
  keys: readonly Key[];
}

export type Key = Pick<Verdict, "policy" | "rule" | "account" | "mode" | "subject">;

export function newlyWatched({ name, account, because, says }: Meant): Watched {
  return {
    name,
    account,
    because,
    says,
    unavailableFrom: null,
    paths: new Set(),
    startupFiles: new Map(),
    missesSome: false,
    measuredAt: null,
    attempts: 0,
    counts: { pass: 0, fail: 0, unknown: 0 },
    undecided: [],
    applying: [],
    changes: [],
    hung: [],
    items: [],
    seen: nothingSeen,
    others: nothingSeen,
    ground: "",
    othersGround: "",
    othersMs: Number.NEGATIVE_INFINITY,
    rests: null,
    lead: null,
    hints: new Map(),
    keys: [],
  };
}
