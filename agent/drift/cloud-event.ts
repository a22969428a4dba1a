/** Events as they leave the host or are shown: CloudEvents 1.0 (JSON), masked as the Grant says. */
import type { Share } from "../facts/index.ts";
import { rfc3339 } from "../facts/index.ts";
import { cursorText } from "./cursor.ts";
import type { Cursor, EventData, EventDraft, EventType, FindingData, FindingState } from "./event.ts";
import { type MaskedFinding, maskedData, maskedFinding } from "./masked-finding.ts";

export interface CloudEvent {
  readonly specversion: "1.0";
  /** `EPOCH-SEQ`: with `source` it is one event, however often it comes. */
  readonly id: string;
  /** `rcwarden://HOSTID/INSTANCE` */
  readonly source: string;
  /** `dev.rcwarden.finding.opened` and so on. */
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** `urn:rcwarden:v1:finding`, `:account`, `:agent`, `:heartbeat`, `:lost`, `:cleanup`, `:releases`, `:snapshot`. */
  readonly dataschema: string;
  readonly data: EventData;
}

export interface Leaving {
  readonly source: string;
  readonly share: Share;
}

/** What `state.snapshot` carries: all findings, and what the state's digest must come to. */
export interface SnapshotData {
  /** `EPOCH-SEQ`: what comes before or at this place is history. */
  readonly asOf: string;
  readonly findings: readonly { readonly finding: MaskedFinding; readonly digest: string }[];
  readonly digest: string;
}

export interface HeartbeatData {
  /** The state's digest, as `stateDigest` has it. */
  readonly digest: string;
  /** The last event's place, `EPOCH-SEQ`. */
  readonly head: string;
  readonly findings: number;
  /** Digest over the documents in force. */
  readonly documents: string;
  /** Stable words for why changes may be seen late; empty where all is well. */
  readonly degraded: readonly string[];
  /** Whether changes may go unseen for longer than the time between two sweeps. */
  readonly blind: boolean;
  /** RFC 3339; null before the first. */
  readonly lastFullRun: string | null;
  /** Events that wait for the sink by which it is sent. */
  readonly waiting?: number;
}

const schemas: Readonly<Record<EventType, string>> = {
  "finding.opened": "finding",
  "finding.changed": "finding",
  "finding.resolved": "finding",
  "account.changed": "account",
  "agent.started": "agent",
  "agent.stopped": "agent",
  "agent.heartbeat": "heartbeat",
  "events.lost": "lost",
  "cleanup.planned": "cleanup",
  "cleanup.completed": "cleanup",
  "cleanup.refused": "cleanup",
  "release.answered": "releases",
  "state.snapshot": "snapshot",
};

/** An event of the stream. */
export function cloudEvent(event: Cursor & EventDraft & { readonly time: string }, at: Leaving): CloudEvent {
  const { type, subject, time, data } = event;
  return envelope(
    cursorText(event),
    { type, subject, time, data: saysFinding(type, data) ? maskedData(data, at.share) : data },
    at,
  );
}

/** All that is known, to overtake what waits. It is no event of the stream: its id is the place and a word. */
export function snapshotEvent(
  snapshot: { readonly asOf: Cursor; readonly findings: readonly FindingState[]; readonly digest: string },
  { nowMs, instance }: { readonly nowMs: number; readonly instance: string },
  at: Leaving,
): CloudEvent {
  const data = { ...snapshotData(snapshot, at.share) };
  const id = `${cursorText(snapshot.asOf)}-snapshot`;
  return envelope(id, { type: "state.snapshot", subject: instance, time: rfc3339(nowMs), data }, at);
}

/** Never queued: the next one says more. Its id is the place and the time. */
export function heartbeatEvent(
  { head, data }: { readonly head: Cursor; readonly data: Readonly<Record<string, unknown>> },
  { nowMs, instance }: { readonly nowMs: number; readonly instance: string },
  at: Leaving,
): CloudEvent {
  const id = `${cursorText(head)}-heartbeat-${Math.floor(nowMs)}`;
  return envelope(id, { type: "agent.heartbeat", subject: instance, time: rfc3339(nowMs), data }, at);
}

export function snapshotData(
  {
    asOf,
    findings,
    digest,
  }: { readonly asOf: Cursor; readonly findings: readonly FindingState[]; readonly digest: string },
  share: Share,
): SnapshotData {
  const shown = findings.map((state) => ({ finding: maskedFinding(state.finding, share), digest: state.digest }));
  return { asOf: cursorText(asOf), findings: shown, digest };
}

function envelope(
  id: string,
  { type, subject, time, data }: Pick<EventDraft, "type" | "subject" | "data"> & { readonly time: string },
  { source }: Leaving,
): CloudEvent {
  return {
    specversion: "1.0",
    id,
    source,
    type: `dev.rcwarden.${type}`,
    subject,
    time,
    datacontenttype: "application/json",
    dataschema: `urn:rcwarden:v1:${schemas[type]}`,
    data,
  };
}

function saysFinding(type: EventType, _data: EventData): _data is FindingData {
  return type.startsWith("finding.");
}
