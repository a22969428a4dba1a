/**
 * Texts that were rendered a moment ago. Many may ask at once, and again and again: what was rendered for one stands for all
 * who may see the same, until the store has more, somebody asked for something to be done, or `freshMs` passed; longer
 * where it was dear, so that whoever makes much to be told and asks for it without end does not keep the agent busy.
 */
import type { Cursor } from "../store/index.ts";
import type { AgentView } from "./agent-view.ts";

const freshMs = 100;
/** Whoever sees otherwise than others has texts of its own; more, and longer ones, are not kept. */
const mostTexts = 16;
const mostCharacters = 128 * 1024;
/** Milliseconds: what takes longer is kept whatever its length, all such of a moment within `mostOfDear` characters. */
const dearMs = 50;
const mostOfDear = 8 * 1024 * 1024;
/** Of all time, for what is dear; but nothing is kept longer than `longestMs`. */
const share = 0.1;
const longestMs = 2_000;

interface Moment {
  readonly atMs: number;
  freshMs: number;
  dearCharacters: number;
  /** The stream's last event then. */
  readonly head: Cursor;
  readonly texts: Map<string, string>;
}

const moments = new WeakMap<AgentView, Moment>();

/** `key` names all that the text depends on but the agent's state. */
export function keptText(view: AgentView, key: string, render: () => string): string {
  const moment = current(view);
  const { texts } = moment;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const beganMs = performance.now();
  const text = render();
  const tookMs = performance.now() - beganMs;
  if (texts.size >= mostTexts) return text;
  if (tookMs >= dearMs && moment.dearCharacters + text.length <= mostOfDear) {
    moment.dearCharacters += text.length;
    moment.freshMs = Math.min(longestMs, Math.max(moment.freshMs, tookMs / share));
    texts.set(key, text);
  } else if (text.length <= mostCharacters) texts.set(key, text);
  return text;
}

/** Something was asked for: what was rendered before may show a state of before. */
export function forget(view: AgentView): void {
  moments.delete(view);
}

function current(view: AgentView): Moment {
  const { head } = view.store;
  const found = moments.get(view);
  const nowMs = performance.now();
  const isFresh = found !== undefined && nowMs - found.atMs < found.freshMs;
  if (isFresh && found.head.seq === head.seq && found.head.r === head.r) return found;
  const next = { atMs: nowMs, freshMs, dearCharacters: 0, head, texts: new Map<string, string>() };
  moments.set(view, next);
  return next;
}
