import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HTTP, CloudEvent as Received } from "cloudevents";
import { cloudEvent, eventTypes, heartbeatEvent, snapshotEvent, stateDigest } from "../../agent/drift/index.ts";
import { after, findingData, now, verdict } from "./support.ts";

const source = "rcwarden://0b5e6d2c-1f7a-4c3e-9d8b-2a6f4e1c7b90/host";
const at = { source, share: "lines" } as const;
const place = { n: 3, r: "0badcafe", seq: 17 };
const time = "2026-11-23T09:14:07.123Z";
const told = after([], [verdict()], {
  hint: (file) => ({ file, ownerUid: 501, modified: time, sessions: ["jdoe"] }),
});
const [draft = assert.fail("nothing was told")] = told.events;

/** As a receiver that nobody here wrote takes it from the wire. */
function received(event: object) {
  const headers = { "content-type": "application/cloudevents+json" };
  const found = HTTP.toEvent({ headers, body: JSON.stringify(event) });
  assert.ok(found instanceof Received);
  return found;
}

describe("an event", () => {
  test("is a CloudEvent that carries the finding", () => {
    const event = cloudEvent({ ...place, ...draft, time }, at);
    assert.equal(received(event).validate(), true);
    assert.deepEqual(received(event).data, event.data);
    const { data, ...envelope } = event;
    assert.deepEqual(envelope, {
      specversion: "1.0",
      id: "3.0badcafe-17",
      source,
      type: "dev.rcwarden.finding.opened",
      subject: draft.subject,
      time,
      datacontenttype: "application/json",
      dataschema: "urn:rcwarden:v1:finding",
    });
    assert.deepEqual(findingData(event).finding, { ...findingData(draft).finding, masked: [] });
  });

  test("is masked as the Grant says, the hint's names with it, and says so", () => {
    const names = findingData(cloudEvent({ ...place, ...draft, time }, { source, share: "names" }));
    assert.doesNotMatch(JSON.stringify(names), /jdoe|alias cp|overwrite/);
    assert.partialDeepStrictEqual(names, { masked: ["hint.sessions"], hint: { ownerUid: 501, sessions: null } });
    assert.deepEqual(names.digest, findingData(draft).digest, "the digest is that of the whole");
    const values = findingData(cloudEvent({ ...place, ...draft, time }, { source, share: "values" }));
    assert.partialDeepStrictEqual(values, { masked: [], hint: { sessions: ["jdoe"] } });
  });

  test("of every type has a type, a schema and data of its own", () => {
    for (const type of eventTypes) {
      const data = type.startsWith("finding.") ? draft.data : { some: "thing" };
      const event = cloudEvent({ ...place, type, subject: "host", account: null, data, time }, at);
      assert.equal(received(event).type, `dev.rcwarden.${type}`);
      assert.match(event.dataschema, /^urn:rcwarden:v1:[a-z]+$/);
    }
  });
});

describe("a snapshot", () => {
  const findings = after([], [verdict(), verdict({ subject: "rm" })]).put;
  const snapshot = { asOf: place, findings, digest: stateDigest(findings) };

  test("carries all findings, each with its digest, so that who has it can reckon the state's", () => {
    const event = snapshotEvent(snapshot, { nowMs: now, instance: "host" }, { source, share: "names" });
    assert.equal(received(event).validate(), true);
    assert.partialDeepStrictEqual(event, {
      id: "3.0badcafe-17-snapshot",
      type: "dev.rcwarden.state.snapshot",
      subject: "host",
      time: "2026-11-23T09:14:07.000Z",
      data: { asOf: "3.0badcafe-17", digest: snapshot.digest },
    });
    assert.ok("findings" in event.data && Array.isArray(event.data.findings));
    assert.equal(stateDigest(event.data.findings), snapshot.digest);
    assert.doesNotMatch(JSON.stringify(event), /alias cp/);
  });
});

test("a heartbeat's id is like no event's, and like no other heartbeat's", () => {
  const beat = (nowMs: number) => {
    return heartbeatEvent({ head: place, data: { digest: "sha256:00" } }, { nowMs, instance: "host" }, at);
  };
  assert.equal(received(beat(now)).validate(), true);
  assert.notEqual(beat(now).id, beat(now + 1).id);
  assert.deepEqual(beat(now).data, { digest: "sha256:00" });
});
