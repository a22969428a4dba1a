/** The events as a receiver decodes them that nobody here wrote: the CloudEvents SDK of npm. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudEvent, HTTP } from "cloudevents";
import { parseCursor, stateDigest } from "../../agent/store/index.ts";
import { startEngine } from "../support/engine/engine.ts";
import { finding, open, scratch, tell, tellSome } from "./state.ts";
import { delivered, run, sinkOf } from "./support.ts";

function decoded(body: string): CloudEvent<Record<string, unknown>>[] {
  const headers = { "content-type": "application/cloudevents-batch+json" };
  const events = HTTP.toEvent<Record<string, unknown>>({ headers, body });
  assert.ok(Array.isArray(events));
  return events.map((event) => {
    assert.ok(event instanceof CloudEvent);
    return event;
  });
}

test("every batch is CloudEvents 1.0: events, snapshots and heartbeats", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 3);
  tell(store, [finding(2)], "finding.resolved");
  await using engine = await startEngine();
  await using ran = run(store, sinkOf(engine));
  await delivered(ran);
  ran.clock.advance(60_000);
  await engine.until(() => engine.ledger().heartbeats === 1);

  const events = engine.arrivals.flatMap(({ body }) => decoded(body));
  for (const event of events) {
    assert.ok(event.validate());
    assert.equal(event.specversion, "1.0");
    assert.equal(event.source, ran.source);
    assert.equal(event.datacontenttype, "application/json");
    assert.match(event.dataschema ?? "", /^urn:rcwarden:v1:[a-z]+$/);
    assert.ok(!Number.isNaN(Date.parse(event.time ?? "")));
  }
  assert.deepEqual(
    events.map(({ type }) => type.replace("dev.rcwarden.", "")),
    ["state.snapshot", "finding.opened", "finding.opened", "finding.opened", "finding.resolved", "agent.heartbeat"],
  );
  const stream = events.filter(({ type }) => type.includes("finding"));
  assert.deepEqual(
    stream.map(({ id }) => parseCursor(id)?.seq),
    [1, 2, 3, 4],
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length, "an id stands for one event");
  assert.equal(events.at(-1)?.data?.digest, stateDigest(store.findings()));
});
