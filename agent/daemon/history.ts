/** What was, over time: from the moments in which something turned, and from when anybody looked. Pure. */
import type { Drift, FindingState, KeptFinding } from "../drift/index.ts";
import type { Span } from "../status/index.ts";
import type { Happening } from "../store/index.ts";

/** How a finding, or an account by its worst one, stood. `gone`: nobody asked. */
const stood = ["pass", "unknown", "fail", "gone"] as const;
export type Stood = (typeof stood)[number];

/** `from` and `to` are null where an earlier program did not keep them. */
export interface Turn {
  readonly atMs: number;
  readonly from: Stood | null;
  readonly to: Stood | null;
}

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

const shown: Readonly<Record<Stood, Span["state"]>> = {
  pass: "holds",
  unknown: "unknown",
  fail: "fails",
  gone: "unseen",
};
/** What a bar can show; a finding that turns without end is shown by parts of the time, each by the worst in it. */
const mostSpans = 288;
const worst: readonly Span["state"][] = ["unseen", "holds", "unknown", "fails"];

export interface Past extends Interval {
  /** In the order of their times. */
  readonly turns: readonly Turn[];
  /** How it stands now, and since when. */
  readonly now: Stood;
  readonly sinceMs: number;
  /** When anybody looked, in the order of their times. */
  readonly seen: readonly Interval[];
}

/** The oldest first, without holes, from the first to the last moment. */
export function spansOf({ fromMs, toMs, turns, now, sinceMs, seen }: Past): Span[] {
  if (toMs <= fromMs) return [];
  const pieces =
    turns.length > 0
      ? fromTurns(turns, now)
      : [
          piece(Number.NEGATIVE_INFINITY, sinceMs, unkept(sinceMs, fromMs, now)),
          piece(sinceMs, Number.POSITIVE_INFINITY, shown[now]),
        ];
  const within = pieces.map(({ state, ...interval }) => ({ ...clipped(interval, { fromMs, toMs }), state }));
  const looked = within.filter(({ fromMs: a, toMs: b }) => b > a).flatMap((each) => withUnseen(each, seen));
  const merged = merge(looked);
  return (merged.length > mostSpans ? coarse(merged, { fromMs, toMs }) : merged).map(({ state, ...interval }) => ({
    from: iso(interval.fromMs),
    to: iso(interval.toMs),
    state,
  }));
}

interface Piece extends Interval {
  readonly state: Span["state"];
}

function piece(fromMs: number, toMs: number, state: Span["state"]): Piece {
  return { fromMs, toMs, state };
}

/** Before a turn that was not kept: not known. */
function unkept(sinceMs: number, fromMs: number, now: Stood): Span["state"] {
  return sinceMs > fromMs ? "unseen" : shown[now];
}

function fromTurns(turns: readonly Turn[], now: Stood): Piece[] {
  const pieces: Piece[] = [];
  let fromMs = Number.NEGATIVE_INFINITY;
  let to: Stood | null = null;
  for (const turn of turns) {
    const state = to ?? turn.from;
    pieces.push(piece(fromMs, turn.atMs, state === null ? "unseen" : shown[state]));
    // The machine's clock may have gone back.
    fromMs = Math.max(fromMs, turn.atMs);
    to = turn.to;
  }
  return [...pieces, piece(fromMs, Number.POSITIVE_INFINITY, shown[now])];
}

function clipped({ fromMs, toMs }: Interval, by: Interval): Interval {
  return { fromMs: Math.max(fromMs, by.fromMs), toMs: Math.min(toMs, by.toMs) };
}

function withUnseen(of: Piece, seen: readonly Interval[]): Piece[] {
  const pieces: Piece[] = [];
  let atMs = of.fromMs;
  for (const each of seen) {
    const part = clipped(each, of);
    if (part.toMs <= Math.max(part.fromMs, atMs)) continue;
    const fromMs = Math.max(part.fromMs, atMs);
    if (fromMs > atMs) pieces.push(piece(atMs, fromMs, "unseen"));
    pieces.push(piece(fromMs, part.toMs, of.state));
    atMs = part.toMs;
  }
  return atMs < of.toMs ? [...pieces, piece(atMs, of.toMs, "unseen")] : pieces;
}

function merge(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const each of pieces) {
    const last = merged.at(-1);
    if (last?.state === each.state) merged[merged.length - 1] = { ...last, toMs: each.toMs };
    else merged.push(each);
  }
  return merged;
}

function coarse(pieces: readonly Piece[], { fromMs, toMs }: Interval): Piece[] {
  const stepMs = (toMs - fromMs) / mostSpans;
  const steps = Array.from({ length: mostSpans }, (_, at): Piece => {
    const step = { fromMs: fromMs + at * stepMs, toMs: at + 1 === mostSpans ? toMs : fromMs + (at + 1) * stepMs };
    const states = pieces
      .filter((each) => each.fromMs < step.toMs && each.toMs > step.fromMs)
      .map(({ state }) => state);
    return { ...step, state: worst.findLast((state) => states.includes(state)) ?? "unseen" };
  });
  return merge(steps);
}

/** Turns as they were kept: `NAME FROM TO`, or `NAME` alone. Those of another name that begins alike are left out. */
export function turnsIn(happened: readonly Happening[], name: string): Turn[] {
  return happened.flatMap(({ key, atMs }): Turn[] => {
    if (key === name) return [{ atMs, from: null, to: null }];
    const [from, to, ...more] = key.slice(name.length + 1).split(" ");
    const [was, is] = [stood.find((each) => each === from), stood.find((each) => each === to)];
    return was === undefined || is === undefined || more.length > 0 ? [] : [{ atMs, from: was, to: is }];
  });
}

/** A start, and until when the one before it was seen to live. */
export function startsOf(livedUntilMs: number | null, nowMs: number): Happening[] {
  const started = { kind: "agent", key: "started", atMs: nowMs } as const;
  return livedUntilMs === null ? [started] : [{ kind: "agent", key: "stopped", atMs: livedUntilMs }, started];
}

/** When the agent ran: `happened` are its starts and ends. It runs now. */
export function ranIn(happened: readonly Happening[], nowMs: number): Interval[] {
  const intervals: Interval[] = [];
  // Whoever stopped first ran before; when it had begun is no longer kept.
  let fromMs: number | null = happened[0]?.key === "started" ? null : Number.NEGATIVE_INFINITY;
  for (const { key, atMs } of happened) {
    if (key === "started") fromMs = atMs;
    else if (fromMs !== null) {
      intervals.push({ fromMs, toMs: Math.max(fromMs, atMs) });
      fromMs = null;
    }
  }
  return fromMs === null ? intervals : [...intervals, { fromMs, toMs: nowMs }];
}

/** Of one account: when nobody looked though a run was due, in the order of their times, and when the last run began. */
export interface Rests {
  readonly between: readonly Interval[];
  readonly lastMs: number | null;
}

/** With one more run. Where none followed for longer than two of `everyMs`, nobody looked from the one that was due on. */
export function withRun({ between, lastMs }: Rests, atMs: number, everyMs: number): Rests {
  const rested = lastMs !== null && atMs - lastMs > 2 * everyMs ? [{ fromMs: lastMs + everyMs, toMs: atMs }] : [];
  return { between: rested.length === 0 ? between : [...between, ...rested], lastMs: atMs };
}

export function restsOf(runs: readonly number[], everyMs: number): Rests {
  return runs.reduce<Rests>((rests, atMs) => withRun(rests, atMs, everyMs), { between: [], lastMs: null });
}

/** When anybody looked at an account: from `sinceMs` on, while the agent ran, but for its rests. */
export function lookedIn(
  ran: readonly Interval[],
  { sinceMs, rests, nowMs }: { readonly sinceMs: number; readonly rests: readonly Interval[]; readonly nowMs: number },
): Interval[] {
  let looked = ran.map((each) => clipped(each, { fromMs: sinceMs, toMs: nowMs }));
  for (const rest of rests) {
    looked = looked.flatMap((each) => [
      { fromMs: each.fromMs, toMs: Math.min(each.toMs, rest.fromMs) },
      { fromMs: Math.max(each.fromMs, rest.toMs), toMs: each.toMs },
    ]);
  }
  return looked.filter(({ fromMs, toMs }) => toMs > fromMs);
}

/** How an account stands by the worst of its findings that no exception waives. */
export function worstOf(findings: readonly KeptFinding[]): Stood {
  const open = findings.filter(({ waived }) => waived === undefined);
  if (open.some(({ status }) => status === "fail")) return "fail";
  return open.length > 0 ? "unknown" : "pass";
}

/** What is to be remembered of what turned: of each finding, and of the account. */
export function turnedBy(
  { put, remove, events, turned }: Drift,
  of: {
    readonly account: string;
    readonly prior: readonly FindingState[];
    readonly isFirst: boolean;
    readonly isLast: boolean;
    readonly nowMs: number;
  },
): Happening[] {
  const { account, prior, isFirst, isLast, nowMs: atMs } = of;
  const before = new Map(prior.map(({ finding }) => [finding.fingerprint, finding]));
  const about = new Map(events.map(({ subject, data }) => [subject, data]));
  const turns = turned.map((fingerprint) => {
    const data = about.get(fingerprint) ?? {};
    const asked = !isFirst && "because" in data && data.because !== "documents";
    const from = before.get(fingerprint)?.status ?? (asked ? "pass" : "gone");
    const now = put.find(({ finding }) => finding.fingerprint === fingerprint)?.finding.status;
    const to = now ?? ("how" in data && data.how === "withdrawn" ? "gone" : "pass");
    return { kind: "turn", key: `${fingerprint} ${from} ${to}`, atMs } as const;
  });
  const after = new Map(before);
  for (const fingerprint of remove) after.delete(fingerprint);
  for (const { finding } of put) after.set(finding.fingerprint, finding);
  const from = isFirst ? "gone" : worstOf([...before.values()]);
  const to = isLast ? "gone" : worstOf([...after.values()]);
  return from === to ? turns : [...turns, { kind: "state", key: `${account} ${from} ${to}`, atMs }];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
