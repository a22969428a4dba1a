/** Events as they leave: masked, one JSON text each, cut into what fits. Pure. */
import type { Share } from "../facts/index.ts";
import {
  type CloudEvent,
  type Cursor,
  cloudEvent,
  cursorText,
  type Snapshot,
  type StoredEvent,
  snapshotEvent,
} from "../store/index.ts";

export interface Leaving {
  readonly source: string;
  readonly share: Share;
}

/** The text of one event, without a newline: JSON.stringify escapes those. */
export function eventText(event: StoredEvent, at: Leaving): string {
  return JSON.stringify(cloudEvent(event, at));
}

/** How many of these texts, at least one, make a batch of at most so many events and bytes: `[A,B]`. */
export function fitting(texts: readonly string[], mostEvents: number, mostBytes: number): number {
  let bytes = 1;
  for (const [index, text] of texts.entries()) {
    bytes += Buffer.byteLength(text) + 1;
    if (index > 0 && (index === mostEvents || bytes > mostBytes)) return index;
  }
  return texts.length;
}

export function batchText(texts: readonly string[]): string {
  return `[${texts.join(",")}]`;
}

export interface SnapshotAbout {
  readonly nowMs: number;
  readonly instance: string;
  /** Counts the snapshots of a sink since the agent's start: with the place it makes the `id` unique. */
  readonly count: number;
}

/**
 * A snapshot as one event, or as several where it would not fit: `data.part` of `data.parts`, from 1, each with the same
 * `asOf` and `digest` and findings of its own; together they are the state. Ids are `EPOCH-SEQ-snapshot-COUNT.PART`.
 */
export function snapshotTexts(snapshot: Snapshot, about: SnapshotAbout, at: Leaving, mostBytes: number): string[] {
  const whole = snapshotEvent(snapshot, about, at);
  const shown = findingsOf(whole);
  const parts: (readonly unknown[])[] = [];
  const texts = shown.map((finding) => JSON.stringify(finding));
  const room = mostBytes - Buffer.byteLength(part(whole, snapshot.asOf, about.count, 9_999_999, 9_999_999, []));
  for (let from = 0; from === 0 || from < texts.length; ) {
    const count = fitting(texts.slice(from), Number.MAX_SAFE_INTEGER, room - 2);
    parts.push(shown.slice(from, from + count));
    from += Math.max(count, 1);
  }
  return parts.map((findings, index) => part(whole, snapshot.asOf, about.count, index + 1, parts.length, findings));
}

function part(
  whole: CloudEvent,
  asOf: Cursor,
  count: number,
  number: number,
  parts: number,
  findings: readonly unknown[],
): string {
  const id = `${cursorText(asOf)}-snapshot-${count}.${number}`;
  return JSON.stringify({ ...whole, id, data: { ...whole.data, part: number, parts, findings } });
}

function findingsOf({ data }: CloudEvent): readonly unknown[] {
  return "findings" in data && Array.isArray(data.findings) ? data.findings : [];
}
