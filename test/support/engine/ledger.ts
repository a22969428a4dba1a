/**
 * What an engine keeps of one source, by the rules of agent/YOUR-ENGINE.md and with nothing of the agent's own code: every
 * event once, and the state that they come to. `violations` holds what a host may never do.
 */
import { createHash } from "node:crypto";

export interface ArrivedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

export interface Place {
  readonly n: number;
  readonly r: string;
  readonly seq: number;
}

interface Kept {
  readonly status: string;
  /** `sha256:HEX` of the content, as the event or the snapshot says. */
  readonly digest: string;
  readonly finding: Record<string, unknown>;
}

export class Ledger {
  /** Events of the stream, each once, as they arrived first. */
  readonly events: ArrivedEvent[] = [];
  /** Every event in the order of arrival: stream, snapshot parts, heartbeats, repeats. */
  readonly arrivals: ArrivedEvent[] = [];
  readonly state = new Map<string, Kept>();
  readonly violations: string[] = [];
  duplicates = 0;
  snapshots = 0;
  heartbeats = 0;
  /** Heartbeats of a state that is not ours. */
  mismatches = 0;
  /** What the state stands for: all up to this place. */
  through: Place | null = null;
  #wants = false;
  readonly #seen = new Set<string>();
  readonly #offered = new Map<string, number>();
  readonly #parts = new Map<string, Map<number, ArrivedEvent>>();

  /** What was offered, taken or not: a host offers in order within an epoch, repeats apart. */
  offered(events: readonly ArrivedEvent[]): void {
    for (const { id } of events) {
      const place = placeOf(id);
      if (place === null) continue;
      const epoch = `${place.n}.${place.r}`;
      const highest = this.#offered.get(epoch) ?? 0;
      if (place.seq > highest) this.#offered.set(epoch, place.seq);
      else if (!this.#offeredIds.has(id)) this.violations.push(`${id} came after ${epoch}-${highest}`);
      this.#offeredIds.add(id);
    }
  }
  readonly #offeredIds = new Set<string>();

  take(event: ArrivedEvent): void {
    this.arrivals.push(event);
    if (event.type === "dev.rcwarden.state.snapshot") this.#takePart(event);
    else if (event.type === "dev.rcwarden.agent.heartbeat") this.#takeHeartbeat(event);
    else this.#takeOnce(event);
  }

  #takeOnce(event: ArrivedEvent): void {
    if (this.#seen.has(event.id)) {
      this.duplicates++;
      return;
    }
    this.#seen.add(event.id);
    this.events.push(event);
    const place = placeOf(event.id);
    if (place === null) this.violations.push(`${event.id} is no place in a stream`);
    else if (isAfter(place, this.through)) this.#apply(event, place);
  }

  /** What the engine answers; asking for a snapshot is said once. */
  answer(): { have: string | null; want?: "snapshot" } {
    const have = this.through === null ? null : placeText(this.through);
    const wants = this.#wants;
    this.#wants = false;
    return wants ? { have, want: "snapshot" } : { have };
  }

  /** The state's digest, as host and engine compare it. */
  get digest(): string {
    const lines = [...this.state].map(([fingerprint, { status, digest }]) => {
      return `${fingerprint} ${status} ${digest.replace("sha256:", "")}\n`;
    });
    return `sha256:${createHash("sha256").update(lines.sort().join("")).digest("hex")}`;
  }

  #apply({ type, data }: ArrivedEvent, place: Place): void {
    this.through = place;
    if (!type.startsWith("dev.rcwarden.finding.")) return;
    const { finding, digest } = data;
    if (!isRecord(finding) || !isRecord(digest)) {
      this.violations.push(`${placeText(place)} holds no finding`);
      return;
    }
    const fingerprint = String(finding.fingerprint);
    if (type.endsWith(".resolved")) this.state.delete(fingerprint);
    else this.state.set(fingerprint, { status: String(finding.status), digest: String(digest.new), finding });
  }

  #takePart(event: ArrivedEvent): void {
    const { asOf, part, parts } = event.data;
    const key = event.id.replace(/\.\d+$/, "");
    const held = this.#parts.get(key) ?? new Map<number, ArrivedEvent>();
    this.#parts.set(key, held);
    held.set(Number(part), event);
    if (held.size < Number(parts)) return;
    this.#parts.clear();
    const place = placeOf(String(asOf));
    if (place === null) this.violations.push(`${event.id} stands for no place`);
    // What is older than what is known already tells nothing.
    else if (this.through === null || samePlace(place, this.through) || isAfter(place, this.through)) {
      this.#replace([...held.values()], place);
    }
  }

  #replace(parts: readonly ArrivedEvent[], place: Place): void {
    this.snapshots++;
    this.state.clear();
    for (const { data } of parts) {
      for (const kept of Array.isArray(data.findings) ? data.findings : []) {
        const { finding, digest } = kept;
        this.state.set(finding.fingerprint, { status: finding.status, digest, finding });
      }
    }
    this.through = place;
    const said = parts[0]?.data.digest;
    if (said !== this.digest) this.violations.push(`a snapshot says ${said} and comes to ${this.digest}`);
  }

  #takeHeartbeat({ data }: ArrivedEvent): void {
    this.heartbeats++;
    const isSame = this.through !== null && data.head === placeText(this.through);
    if (!isSame || data.digest === this.digest) return;
    this.mismatches++;
    this.#wants = true;
  }
}

export function placeOf(id: string): Place | null {
  const [, n, r, seq] = /^(\d+)\.([0-9a-f]{8})-(\d+)$/.exec(id) ?? [];
  return r === undefined ? null : { n: Number(n), r, seq: Number(seq) };
}

export function placeText({ n, r, seq }: Place): string {
  return `${n}.${r}-${seq}`;
}

/** Epochs compare by their number; two of one number are two histories, and neither comes after the other. */
function isAfter(place: Place, than: Place | null): boolean {
  if (than === null || place.n > than.n) return true;
  return place.n === than.n && place.r === than.r && place.seq > than.seq;
}

function samePlace(a: Place, b: Place): boolean {
  return placeText(a) === placeText(b);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
