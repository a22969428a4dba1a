/** openapi.json is whole, and what really goes over the wire is what it says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { answeredEvents, type ToldPage } from "../../agent/cleanup/index.ts";
import { plannedEvent, refusedEvent } from "../../agent/daemon/cleanup-told.ts";
import type { EventDraft } from "../../agent/drift/index.ts";
import { engineOpenapi } from "../../agent/sinks/openapi.ts";
import { type Engine, startEngine } from "../support/engine/engine.ts";
import { finding, open, scratch, startMs, tell, tellSome } from "./state.ts";
import { delivered, run, sinkOf } from "./support.ts";

const version = "0.1.0";

function validator(name: string, closed: boolean): ValidateFunction {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { "date-time": (text) => !Number.isNaN(Date.parse(text)) },
  });
  ajv.addSchema({ $id: "engine", ...engineOpenapi(version, { closed }) });
  return ajv.compile({ $ref: `engine#/components/schemas/${name}` });
}

function holds(validate: ValidateFunction, value: unknown): void {
  assert.ok(validate(value), JSON.stringify(validate.errors?.slice(0, 5), null, 1));
}

const about = { name: "staging", account: "oracle", root: "/u01/staging" };
const at = "2026-11-23T02:00:00Z";
const named = { retention: "staging", account: "oracle", root: about.root };
const page: ToldPage = {
  ...{ ...named, run: "r", because: "release", plan: "ab".repeat(32), at, page: "7.2" },
  outcomes: [
    { path: "a.arc", size: "7", mtime: "1", outcome: "removed", code: null, detail: "", sha256: "ab".repeat(32) },
    { pathHex: "ff", size: "7", mtime: "1", outcome: "put-back", code: "held-open", detail: "by 812", sha256: null },
  ],
};
const sha256 = { kind: "sha256", digest: "ab".repeat(32) } as const;
const mtime = { kind: "mtime", ns: "5000000000", precisionNs: "1000000000" } as const;
const row = { retention: "staging", path: ["61"], size: "7", account: "oracle", answer: "accepted" } as const;

/** As the agent drafts them. */
const ofCleanup: readonly EventDraft[] = [
  plannedEvent(
    about,
    { hash: "ab".repeat(32), at, expiresAt: at, files: 1, bytes: 7, stays: [{ code: "newest", files: 1, bytes: 7 }] },
    { clock: "trusted", because: "schedule", applies: "by-hand" },
  ),
  refusedEvent(about, { code: "stuck", message: "it does not answer" }),
  { type: "cleanup.completed", subject: "staging", account: "oracle", data: { ...page } },
  ...answeredEvents(
    [
      { ...row, content: sha256, by: { kind: "engine", name: "engine" } },
      {
        ...row,
        content: mtime,
        by: { kind: "engine", name: "engine" },
        path: ["ff"],
        answer: "not-allowed",
        message: "m",
      },
      { ...row, content: sha256, by: { kind: "account", name: "oracle" }, account: null },
    ],
    startMs,
  ),
];

/** Every kind of event that there is, sent to a reference engine for real. */
async function everything(then: (engine: Engine) => void): Promise<void> {
  using folder = scratch();
  using store = open(folder.state);
  const others: EventDraft[] = [
    { type: "agent.started", subject: "host", account: null, data: { version, previous: null, notices: [] } },
    { type: "agent.stopped", subject: "host", account: null, data: {} },
    {
      type: "account.changed",
      subject: "oracle",
      account: "oracle",
      data: { change: "watched", account: "oracle", message: "a policy names it" },
    },
    ...ofCleanup,
    {
      type: "events.lost",
      subject: "host",
      account: null,
      data: { from: null, to: null, count: null, why: "database-damaged" },
    },
  ];
  assert.equal(store.commit({ nowMs: startMs, events: others }).kind, "committed");
  tellSome(store, 1, 3);
  tell(store, [finding(1, 1)], "finding.changed");
  tell(store, [finding(2)], "finding.resolved");
  await using engine = await startEngine();
  engine.failNext({ answer: { have: "7.0badcafe-1" } });
  engine.releases = [{ retention: "staging", path: "a.arc", size: 7, mtime: at }];
  await using ran = run(store, sinkOf(engine), { share: "lines" });
  await delivered(ran);
  ran.clock.advance(60_000);
  await engine.until(() => engine.ledger().heartbeats === 1);
  then(engine);
}

test("every batch that leaves is a batch of the schema, and nothing is in it that the schema does not name", () =>
  everything((engine) => {
    const types = new Set(engine.arrivals.flatMap(({ events }) => events.map(({ type }) => type)));
    assert.equal(types.size, 13, [...types].join(" "));
    for (const closed of [false, true]) {
      const validate = validator("Batch", closed);
      for (const { body } of engine.arrivals) holds(validate, JSON.parse(body));
    }
    const answer = validator("Answer", false);
    holds(answer, { ...engine.ledger().answer(), releases: engine.releases });
  }));

test("the schema refuses what is none of its events", () => {
  const validate = validator("Batch", true);
  const event = { specversion: "1.0", id: "1.0badcafe-1", source: "rcwarden://a/host", type: "dev.rcwarden.other" };
  assert.ok(!validate([event]));
  assert.ok(!validate([]));
  assert.ok(validator("Batch", false)([event]), "an engine must take types that are yet to come");
  const answers = validator("Answer", false);
  assert.ok(!answers({ have: "no place" }));
  const release = { retention: "staging", path: "a.arc", size: 7, sha256: "ab".repeat(32) };
  assert.ok(answers({ releases: [release, { ...release, size: "9223372036854775807" }] }));
  assert.ok(!answers({ releases: [{ ...release, sha256: "AB" }] }));
});

test("openapi.json is what the schemas render, and every reference in it leads somewhere", () => {
  const text = readFileSync(new URL("../../agent/sinks/openapi.json", import.meta.url), "utf8");
  const document = JSON.parse(text);
  assert.deepEqual(document, JSON.parse(JSON.stringify(engineOpenapi(version))));
  assert.match(document.openapi, /^3\.1\./);
  const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path = ""]) => path);
  assert.ok(references.length > 8);
  for (const path of references) {
    const found = path.split("/").reduce((at, key) => at?.[key], document);
    assert.ok(found !== undefined, `#/${path} leads nowhere`);
  }
  assert.ok(!text.includes("$id"));
});
