import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FindingData, FindingState } from "../../agent/drift/index.ts";
import { type StoredEvent, stateDigest } from "../../agent/store/index.ts";
import { all, open, scratch } from "./support/state.ts";

const writer = fileURLToPath(new URL("support/writer.ts", import.meta.url));
const kills = process.env.RCWARDEN_TEST_LONG === "1" ? 200 : 20;

test(`killed ${kills} times at random moments: what was said to be kept is kept, without holes, and state and stream agree`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  using place = scratch();
  const said: string[] = [];
  for (let times = 0; times < kills; times++)
    said.push(...(await killedAfter(place.state, 1 + ((seed >>> (times % 16)) % 60), seed + times)));
  using store = open(place.state, { nowMs: Date.now() });
  assert.deepEqual(store.notices, []);
  const events = all(store);
  const held = new Set(events.map(({ n, r, seq }) => `${n}.${r}-${seq}`));
  const missing = said.filter((cursor) => !held.has(cursor));
  assert.deepEqual(missing, []);
  assert.ok(said.length >= kills, `only ${said.length} commits in ${kills} lives`);
  assertNoHoles(events);
  const replayed = replay(events);
  assert.deepEqual(store.findings(), replayed);
  assert.equal(store.snapshot().digest, stateDigest(replayed));
  console.log(
    `${said.length} commits were said, ${events.length} are there, in ${new Set(events.map(({ n }) => n)).size} epochs`,
  );
});

/** A writer that is killed some random while after it said so many commits; what it said. */
async function killedAfter(folder: string, commits: number, seed: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, folder, String(seed)], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === commits) child.kill("SIGKILL");
  }
  await closed;
  assert.equal(child.signalCode, "SIGKILL");
  return said;
}

function assertNoHoles(events: readonly StoredEvent[]): void {
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    const isNext = before?.n === event.n ? event.seq === before.seq + 1 && event.r === before.r : event.seq === 1;
    assert.ok(isNext, `${event.n}-${event.seq} comes after ${before?.n}-${before?.seq}`);
  }
}

/** What a receiver makes of the stream. */
function replay(events: readonly StoredEvent[]): FindingState[] {
  const findings = new Map<string, FindingState>();
  for (const { type, subject, data } of events) {
    if (type === "finding.resolved") findings.delete(subject);
    else if (isFinding(data)) findings.set(subject, { finding: data.finding, digest: data.digest.new ?? "" });
  }
  return [...findings.values()].sort((a, b) => (a.finding.fingerprint < b.finding.fingerprint ? -1 : 1));
}

function isFinding(data: StoredEvent["data"]): data is FindingData {
  return "finding" in data;
}
