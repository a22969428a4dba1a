import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { EngineSinkDocument, SinkDocument } from "../../agent/documents/host-kinds.ts";
import type { Share } from "../../agent/facts/index.ts";
import { type RunningSink, type SenderProcess, type SinkGiven, startSink } from "../../agent/sinks/index.ts";
import { cursorText, type Store } from "../../agent/store/index.ts";
import type { Engine } from "../support/engine/engine.ts";
import { startMs } from "./state.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const patienceMs = 60_000;

/** The sender as it stands in the source: the own identity, an empty environment. */
export function spawnSender(): SenderProcess {
  const child = spawn(process.execPath, [`${root}agent/children/sender.ts`], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {},
  });
  const ended = once(child, "close").then(([status, signal]) => signal ?? `exit ${status}`);
  return {
    input: child.stdin,
    output: child.stdout,
    identity: "tester",
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * A clock that the test holds. Rests of a sink that waits to try again are over at once, and time goes on by them; rests of
 * an idle one last until `advance`. With `held`, every rest does.
 */
export class Clock {
  nowMs = startMs;
  held = false;
  /** By how much the host's clock was set, ahead or back. */
  jumpedMs = 0;
  /** Each rest before another try, in milliseconds. */
  readonly pauses: number[] = [];
  readonly #rests = new Set<{ readonly untilMs: number; readonly over: () => void }>();

  later(ms: number, signal: AbortSignal, isPause: boolean): Promise<void> {
    if (isPause) this.pauses.push(ms);
    if (isPause && !this.held) {
      this.nowMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const rest = { untilMs: this.nowMs + ms, over: resolve };
    this.#rests.add(rest);
    signal.addEventListener("abort", () => resolve(), { once: true });
    return promise.finally(() => this.#rests.delete(rest));
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const rest of this.#rests) if (rest.untilMs <= this.nowMs) rest.over();
  }
}

export interface Ran extends AsyncDisposable {
  readonly sink: RunningSink;
  readonly source: string;
  readonly clock: Clock;
  readonly logged: string[];
  share: Share | null;
}

export interface RunOptions {
  readonly clock?: Clock;
  readonly share?: Share | null;
  readonly spawnSender?: () => SenderProcess;
  readonly chance?: () => number;
  readonly released?: SinkGiven["released"];
}

/** A sink that runs on this store until the scope ends. */
export function run(store: Store, document: SinkDocument, options: RunOptions = {}): Ran {
  const { clock = new Clock(), share = "names", chance = () => 0 } = options;
  const logged: string[] = [];
  const parts = {
    store,
    source: `rcwarden://${store.hostId}/${store.instance}`,
    share: () => ran.share,
    nowMs: () => clock.nowMs + clock.jumpedMs,
    elapsedMs: () => clock.nowMs,
    heartbeat: () => {
      const { digest, findings } = store.snapshot();
      return { digest, head: cursorText(store.head), findings: findings.length };
    },
    released: options.released ?? (() => ({ kind: "refused", message: "nobody expected it" }) as const),
    log: (_level: string, message: string) => void logged.push(message),
    later: (ms: number, signal: AbortSignal) => clock.later(ms, signal, ran.sink.state().state !== "idle"),
    chance,
    spawnSender: options.spawnSender ?? spawnSender,
  };
  const sink = startSink(document, parts);
  const ran: Ran = { sink, source: parts.source, clock, logged, share, [Symbol.asyncDispose]: () => sink.stop() };
  return ran;
}

/** The sink of an engine, as a host's owner would write it. */
export function sinkOf(engine: Engine, others: Partial<EngineSinkDocument> = {}): EngineSinkDocument {
  return {
    name: "engine",
    kind: "engine",
    url: engine.url,
    certFile: null,
    keyFile: null,
    caFile: engine.authority.caFile,
    tokenFile: null,
    proxy: null,
    timeoutMs: 10_000,
    ...others,
  };
}

/** Resolves when it holds; looked at again and again, because a sink's state has no events. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within ${patienceMs / 1000} s: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Everything was taken, and the sink rests. */
export function delivered({ sink }: Ran): Promise<void> {
  return until(() => {
    const { waiting, state } = sink.state();
    return waiting === 0 && state === "idle";
  });
}
