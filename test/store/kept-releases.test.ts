import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { keptReleases, releaseKey, type StoredRelease } from "../../agent/store/index.ts";
import { committed, open, scratch, startMs } from "./support/state.ts";

function release(name: string, answer: StoredRelease["answer"]): StoredRelease {
  const about = {
    retention: "engine-staging",
    path: [Buffer.from(name).toString("hex")],
    size: "12",
    content: { kind: "sha256", digest: "a".repeat(64) },
  } as const;
  return {
    key: releaseKey(about),
    ...about,
    account: "oracle",
    by: { kind: "engine", name: "engine" },
    receivedAt: new Date(startMs).toISOString(),
    expiresAt: new Date(startMs + 1).toISOString(),
    answer,
  };
}

const releases = [release("a.arc", "accepted"), release("b.arc", "changed"), release("c.arc", "accepted")];

test("what an agent kept is told once it has ended, and only what was accepted; nothing of it changes", () => {
  using place = scratch();
  const store = open(place.state);
  committed(store.commit({ nowMs: startMs, releases }));
  assert.deepEqual(keptReleases(place.state), { kind: "busy" }, "an agent has it");
  store.close();
  const said = keptReleases(place.state);
  assert.deepEqual(said, { kind: "releases", releases: [releases[0], releases[2]] });
  assert.deepEqual(keptReleases(place.state), said);
  using again = open(place.state);
  assert.deepEqual(again.releases(), releases);
  assert.deepEqual(again.notices, []);
});

test("a log that an agent was killed over is read as well", () => {
  using place = scratch();
  using store = open(place.state);
  committed(store.commit({ nowMs: startMs, releases }));
  using copy = scratch();
  open(copy.state).close();
  for (const name of readdirSync(place.state))
    writeFileSync(`${copy.state}/${name}`, readFileSync(`${place.state}/${name}`));
  const said = keptReleases(copy.state);
  assert.equal(said.kind === "releases" && said.releases.length, 2);
});

test("no state, and one of before releases were kept, hold none", () => {
  using place = scratch();
  assert.deepEqual(keptReleases(place.state), { kind: "releases", releases: [] });
  open(place.state).close();
  const old = new DatabaseSync(`${place.state}/state.db`);
  old.exec("DROP TABLE releases; DROP TABLE marks; PRAGMA user_version = 1");
  old.close();
  assert.deepEqual(keptReleases(place.state), { kind: "releases", releases: [] });
});

test("a state of a newer program, a damaged one and one that may not be read say so, and hold no release", () => {
  using place = scratch();
  open(place.state).close();
  const path = `${place.state}/state.db`;
  const newer = new DatabaseSync(path);
  newer.exec("PRAGMA user_version = 99");
  newer.close();
  const said = keptReleases(place.state);
  assert.ok(said.kind === "unreadable");
  assert.match(
    said.message,
    /state\.db: expected to read what was released, found "it is of a newer rcwarden \(version 99\)"/,
  );
  truncateSync(path, 200);
  writeFileSync(path, "scribble".repeat(600));
  assert.equal(keptReleases(place.state).kind, "unreadable");
});
