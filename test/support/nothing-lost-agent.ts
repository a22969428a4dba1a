/** An agent that tells an engine and a file, with little to measure; and when both have everything. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { TestAgent } from "./agent.ts";
import type { Engine } from "./engine/engine.ts";
import { ledgerOf, linesIn, stateOf } from "./nothing-lost.ts";

const patienceMs = 60_000;

/** What a startup file may hold: `cp -f` waits; something is written to stdout. */
export const nothing = "# nothing\n";
export const waits = 'cp() { command cp "$@" -i; }\n';
export const speaks = "echo noise\n";
export const contents = [nothing, waits, speaks, waits + speaks];

/** The parts of /v1/status that these tests look at. */
export interface Status {
  readonly accounts: readonly {
    readonly name: string;
    readonly state: string;
    readonly says: string;
    readonly measuredAt: string | null;
    readonly pending: boolean;
  }[];
  readonly watching: { readonly lastSweep: string | null; readonly degraded: readonly { readonly code: string }[] };
  readonly store: {
    readonly epoch: string;
    readonly head: string;
    readonly lost: number;
    readonly problem: { readonly code: string; readonly message: string } | null;
    readonly notices: readonly string[];
  };
  readonly sinks: readonly { readonly name: string; readonly waiting: number; readonly state: string }[];
}

/** A row of /v1/findings. */
export interface Item {
  readonly fingerprint: string;
  readonly account: string;
  readonly subject: string;
  readonly status: string;
}

/** Little to measure, so that a short life finds something. */
export const policy = `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: copies }
spec: { enters: [ssh-command], sends: ["cp -f {file} {existing}"] }
---
apiVersion: rcwarden/v1
kind: Policy
metadata: { name: lost }
spec:
  accounts: all
  engines: [copies]
  rules:
    - { id: copies, check: engine-commands, severity: critical }
    - { id: silence, check: startup-output, severity: high }
`;

/** Documents of an agent with both sinks; the port where the engine is reached, if not its own. */
export function documentsFor(folder: string, engine: Engine, port = engine.port): Record<string, string> {
  const agent = `apiVersion: rcwarden/v1
kind: Agent
metadata: { name: lost }
spec:
  reconcile: { every: 5s, full: 60m }
  sinks:
    - { name: engine, kind: engine, url: "https://localhost:${port}/events", caFile: ${engine.authority.caFile}, timeout: 5s }
    - { name: file, kind: file, path: ${folder}/events.jsonl, maxSize: 64KiB, keep: 1000 }
`;
  return { "agent.yaml": agent, "policies/lost.yaml": policy };
}

/** A folder for what an agent keeps over several lives; below /run, for a socket's path has 107 bytes at most. */
export function agentFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync("/run/rcw-lost-");
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Both sinks have everything, and nobody is looked at. */
export function settled(agent: TestAgent): Promise<Status> {
  return agent.until<Status>(
    "/v1/status",
    ({ accounts, sinks, store }) =>
      store.problem === null &&
      accounts.every(({ pending }) => !pending) &&
      sinks.length > 0 &&
      sinks.every(({ waiting, state }) => waiting === 0 && state === "idle"),
    "both sinks to have everything",
  );
}

/** What every receiver must come to, compared at one and the same place of the stream. */
export async function assertSameState(agent: TestAgent, engine: Engine, file: string | null): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    assert.ok(performance.now() < deadline, "the engine's state never stood at the stream's end");
    await settled(agent);
    const { asOf, digest } = await stateOf(agent);
    const ledger = engine.ledger();
    const { json } = await agent.ask("/v1/findings");
    const items: readonly Item[] = json.items;
    const after = await stateOf(agent);
    const through = ledger.through === null ? "" : `${ledger.through.n}.${ledger.through.r}-${ledger.through.seq}`;
    // Something was told meanwhile: look again.
    if (after.asOf !== asOf || through !== asOf) {
      await pause(20);
      continue;
    }
    assert.equal(ledger.digest, digest, "the engine holds another state than the host");
    if (file !== null) assert.equal(ledgerOf(linesIn(file).events).digest, digest, "who tails the file holds another");
    const held = [...ledger.state].map(([fingerprint, { status }]) => `${fingerprint} ${status}`).sort();
    assert.deepEqual(held, items.map(({ fingerprint, status }) => `${fingerprint} ${status}`).sort());
    return;
  }
}
