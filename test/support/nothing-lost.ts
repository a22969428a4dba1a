/** For tests that hold that nothing is lost: luck with a seed, a way to an engine that comes and goes, what arrived. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TestAgent } from "./agent.ts";
import { type ArrivedEvent, Ledger, placeOf } from "./engine/ledger.ts";

/** What is drawn by lot, the same again for the same seed: RCWARDEN_SEED, else one that nobody chose. */
export interface Luck {
  readonly seed: number;
  /** From 0 up to, not including, `below`. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
}

export function luck(): Luck {
  const seed = Number(process.env.RCWARDEN_SEED ?? randomInt(2 ** 31));
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    seed,
    below,
    pick<T>(from: readonly T[]): T {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error("expected something to pick from, found nothing");
      return picked;
    },
  };
}

/** A way to a port of this host, which can be closed and opened again: while it is closed nobody listens there. */
export interface Way extends AsyncDisposable {
  readonly port: number;
  open(): Promise<void>;
  close(): Promise<void>;
}

export async function wayTo(target: number): Promise<Way> {
  const held = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;
  const pair = (from: Socket) => {
    const to = connect({ host: "127.0.0.1", port: target });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      held.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        held.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  };
  const way: Way = {
    get port() {
      return port;
    },
    async open() {
      if (server !== null) return;
      server = createServer(pair);
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      port = (server.address() as AddressInfo).port;
    },
    async close() {
      const closing = server;
      server = null;
      if (closing === null) return;
      closing.close();
      for (const socket of held) socket.destroy();
      await once(closing, "close");
    },
    [Symbol.asyncDispose]: () => way.close(),
  };
  await way.open();
  return way;
}

/** All that the agent's stream holds, oldest first. */
export async function streamOf(agent: TestAgent): Promise<ArrivedEvent[]> {
  const events: ArrivedEvent[] = [];
  for (let query = ""; ; ) {
    const { json, status } = await agent.ask(`/v1/events${query}`);
    assert.equal(status, 200, JSON.stringify(json));
    const page: { readonly items: readonly ArrivedEvent[]; readonly next: string } = json;
    if (page.items.length === 0) return events;
    events.push(...page.items);
    query = `?after=${encodeURIComponent(page.next)}`;
  }
}

/** The host's own word on its state, in one answer: a place that it never held is answered by a snapshot. */
export async function stateOf(agent: TestAgent): Promise<{ readonly asOf: string; readonly digest: string }> {
  const { json } = await agent.ask("/v1/events?after=999999999.00000000-1");
  const [first]: readonly ArrivedEvent[] = json.items;
  assert.equal(first?.type, "dev.rcwarden.state.snapshot");
  return { asOf: String(first.data.asOf), digest: String(first.data.digest) };
}

/** Everything in a file of JSON lines with those set aside, oldest first. A line that a kill cut short is none. */
export function linesIn(path: string): { readonly events: ArrivedEvent[]; readonly torn: number } {
  const rotated: string[] = [];
  for (let number = 1; existsSync(`${path}.${number}`); number++) rotated.unshift(`${path}.${number}`);
  const events: ArrivedEvent[] = [];
  let torn = 0;
  for (const file of [...rotated, path].filter((name) => existsSync(name))) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (line === "") continue;
      try {
        events.push(JSON.parse(line));
      } catch {
        torn++;
      }
    }
  }
  return { events, torn };
}

/** What a reader of the file comes to who follows the same rules as an engine. */
export function ledgerOf(events: readonly ArrivedEvent[]): Ledger {
  const ledger = new Ledger();
  for (const event of events) ledger.take(event);
  return ledger;
}

/**
 * No number is left out in any epoch, epochs go up, and each start names the end of the epoch before it, so that nothing is
 * missing at an end either. An epoch that was begun and told nothing leaves no trace but in that name.
 */
export function assertWhole(stream: readonly ArrivedEvent[]): void {
  let before = { n: 0, r: "", seq: 0 };
  for (const { id, type, data } of stream) {
    const place = placeOf(id);
    assert.ok(place !== null, `${id} is no place`);
    const isNext = place.n === before.n && place.r === before.r && place.seq === before.seq + 1;
    const isFirst = place.n > before.n && place.seq === 1;
    assert.ok(isNext || isFirst, `${id} comes after ${JSON.stringify(before)}`);
    if (type === "dev.rcwarden.agent.started") assertChained(data.previous, isFirst ? before : null, id);
    before = place;
  }
}

function assertChained(previous: unknown, last: { n: number; r: string; seq: number } | null, id: string): void {
  if (last === null || last.n === 0) return;
  const named: unknown = previous;
  assert.ok(typeof named === "object" && named !== null && "n" in named && "seq" in named, `${id} names nothing`);
  // Epochs between told nothing.
  const isEmpty = typeof named.n === "number" && named.n > last.n && named.seq === 0;
  if (!isEmpty) assert.deepEqual(named, last, `${id} names another end than the one that was told`);
}

/** Ids of the stream that this one never got. */
export function missingFrom(arrived: readonly ArrivedEvent[], stream: readonly ArrivedEvent[]): string[] {
  const ids = new Set(arrived.map(({ id }) => id));
  return stream.map(({ id }) => id).filter((id) => !ids.has(id));
}
