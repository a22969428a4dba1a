/**
 * Texts that were rendered a moment ago. Many may ask at once, and again and again: what was rendered for one stands for all
 * who may see the same, until the store has more, somebody asked for something to be done, or `freshMs` passed.
 */
import type { Cursor } from "../store/index.ts";
import type { AgentView } from "./agent-view.ts";

const freshMs = 100;
/** Whoever sees otherwise than others has texts of its own; more, and longer ones, are not kept. */
const mostTexts = 16;
const mostCharacters = 128 * 1024;

interface Moment {
  readonly atMs: number;
  /** The stream's last event then. */
  readonly head: Cursor;
  readonly texts: Map<string, string>;
}

const moments = new WeakMap<AgentView, Moment>();

/** `key` names all that the text depends on but the agent's state. */
export function keptText(view: AgentView, key: string, render: () => string): string {
  const { texts } = current(view);
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = render();
  if (texts.size < mostTexts && text.length <= mostCharacters) texts.set(key, text);
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
  const isFresh = found !== undefined && nowMs - found.atMs < freshMs;
  if (isFresh && found.head.seq === head.seq && found.head.r === head.r) return found;
  const next = { atMs: nowMs, head, texts: new Map<string, string>() };
  moments.set(view, next);
  return next;
}
