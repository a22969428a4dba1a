/** The cells of the matrix account x mode, from the verdicts of a run. Pure. */
import { createHash } from "node:crypto";
import { type InForce, modesFor, type Verdict } from "../evaluate/index.ts";
import { decidedBy, type Gap, type ModeFacts, type ModeId, modeIds } from "../facts/index.ts";
import type { Way } from "../status/index.ts";
import { redacted } from "../store/index.ts";
import type { Others, Ran } from "./account-run.ts";
import type { Watched } from "./watched.ts";

export type Cell = Pick<Way, "state" | "word" | "finding">;

/** What could not be had of one mode. */
export interface ModeGap extends Omit<Gap, "of"> {
  readonly mode: ModeId;
}

/** What is kept of a run in some modes; by a mode that is not in `cells` nobody can come in, or nothing is judged there. */
export interface Seen {
  readonly cells: ReadonlyMap<ModeId, Cell>;
  readonly gaps: readonly ModeGap[];
}

export const nothingSeen: Seen = { cells: new Map(), gaps: [] };

const holds: Cell = { state: "holds", word: "", finding: null };
const notKnown: Cell = { state: "unknown", word: "unknown", finding: null };
const severities = ["info", "low", "medium", "high", "critical"];
const mostGaps = 8;
const longest = 300;

/** `isFound`: whether what fails there is a finding; by a mode that no engine enters it is none. */
export function seenIn(facts: readonly ModeFacts[], verdicts: readonly Verdict[], isFound: boolean): Seen {
  const judged = Map.groupBy(verdicts, ({ mode }) => mode);
  const cells = modeIds.flatMap((mode): [ModeId, Cell][] => {
    const here = judged.get(mode) ?? [];
    return here.length === 0 ? [] : [[mode, cellOf(here, isFound)]];
  });
  // Of a derived mode they are those of the one that decides it.
  const asked = facts.filter(({ mode }) => decidedBy(mode) === mode);
  return { cells: new Map(cells), gaps: asked.flatMap(gapsOf) };
}

/** Keeps what a run saw. `change`: what tells that something of the host changed before it; "" where nothing did. */
export function noteSeen(watched: Watched, ran: Ran, change: string): void {
  const { cells, gaps } = seenIn(ran.measured.modes, ran.verdicts, true);
  watched.seen = { cells: new Map([...cells, ...seenIn([], ran.besides, false).cells]), gaps };
  const outcome = ran.verdicts.map(({ fingerprint, status }) => `${fingerprint} ${status}`).join("\n");
  const before = watched.ground.split(" ")[0];
  const now = createHash("sha256").update(outcome).digest("hex");
  if (now !== before || change !== "") watched.ground = `${now} ${change}`;
  if (ran.others !== null) noteOthers(watched, ran.others, watched.ground);
}

/** `ground`: what held when they began to be measured. */
export function noteOthers(watched: Watched, { modes, verdicts }: Others, ground: string): void {
  watched.others = seenIn(modes, verdicts, false);
  watched.othersGround = ground;
}

/** Who changes its files without end has no more of it than this. */
const othersRestMs = 60_000;

export function areOthersDue({ others, ground, othersGround, othersMs }: Watched, monotonicMs: number): boolean {
  return others.cells.size > 0 && ground !== othersGround && monotonicMs - othersMs >= othersRestMs;
}

/** What was seen before something changed is not known any more. */
export function stale({ cells, gaps }: Seen): Seen {
  return { cells: new Map([...cells].map(([mode]) => [mode, notKnown])), gaps };
}

function cellOf(verdicts: readonly Verdict[], isFound: boolean): Cell {
  const open = verdicts.filter(({ status }) => status !== "pass");
  const worst = open.filter(({ waived }) => waived === undefined).sort(byWeight)[0];
  const finding = (of: Verdict | undefined) => (isFound && of?.finding ? of.fingerprint : null);
  if (worst !== undefined) {
    const state = worst.status === "fail" ? "fails" : "unknown";
    return { state, word: wordOf(worst), finding: finding(worst) };
  }
  const [waived] = open.sort(byWeight);
  return waived === undefined ? holds : { state: "waived", word: wordOf(waived), finding: finding(waived) };
}

/** What fails first, then what is a finding of its own, then the most severe. */
function byWeight(a: Verdict, b: Verdict): number {
  return weight(b) - weight(a);
}

function weight({ status, finding, severity }: Verdict): number {
  return (status === "fail" ? 100 : 0) + (finding ? 10 : 0) + severities.indexOf(severity);
}

function wordOf({ status, evidence }: Verdict): string {
  if (status === "unknown") return "unknown";
  const { outcome, ended, exit } = evidence;
  if (outcome === "hang" || ended === "hang") return "waits";
  if (outcome === "not-done") return "not done";
  if (outcome === "noisy") return "noisy";
  return (outcome === "failed" || ended === "exited") && typeof exit === "number" ? `exits ${exit}` : "fails";
}

function gapsOf({ mode, gaps }: ModeFacts): ModeGap[] {
  const each = new Map(
    gaps.map(({ code, message, change }) => [`${code} ${message}`, { mode, code, message, change }]),
  );
  return [...each.values()]
    .slice(0, mostGaps)
    .map((gap) => ({ ...gap, message: cut(gap.message), change: cut(gap.change) }));
}

function cut(text: string): string {
  return redacted(text).slice(0, longest);
}

/** The modes by which engines of an account's policies come in. */
export function enteredBy({
  name,
  applying,
}: {
  readonly name: string;
  readonly applying: readonly InForce[];
}): ModeId[] {
  return modesFor(applying.filter(({ accounts }) => accounts === "all" || accounts.includes(name)));
}

const interned = new Map<string, Way>();
const none: Cell = { state: "none", word: "", finding: null };

/** All modes of an account in their order. Most cells of a host are alike: those are held once. */
export function waysOf(engines: Seen, others: Seen, entered: readonly ModeId[]): Way[] {
  return modeIds.map((mode) => {
    const isEngines = entered.includes(mode);
    const cell =
      (isEngines ? null : others.cells.get(mode)) ?? engines.cells.get(mode) ?? (isEngines ? notKnown : none);
    const way: Way = { mode, isEngines, ...cell };
    if (way.finding !== null) return way;
    const key = JSON.stringify(way);
    const known = interned.get(key) ?? way;
    // Exit statuses are few; but for them the words are.
    if (interned.size < 1_000) interned.set(key, known);
    return known;
  });
}
