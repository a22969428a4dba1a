import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { shapes } from "../../agent/status/index.ts";
import { parseRelease, releaseKey, type StoredRelease } from "../../agent/store/index.ts";
import { agentBehind, ask, askAs, uids } from "./world.ts";

const time = "2026-11-23T02:00:00.000Z";

function kept(name: string, other: Partial<StoredRelease> = {}): StoredRelease {
  const says = {
    retention: "oracle-staging",
    path: [Buffer.from(name, "latin1").toString("hex")],
    size: "9007199254740993",
    content: { kind: "sha256", digest: "ab".repeat(32) },
    ...other,
  } as const;
  const by = { kind: "engine", name: "engine" } as const;
  return {
    key: releaseKey(says),
    account: "oracle",
    by,
    receivedAt: time,
    expiresAt: time,
    answer: "accepted",
    ...other,
    ...says,
  };
}

const ofTime = { kind: "mtime", ns: "1763900000123000000", precisionNs: "1000000" } as const;
const releases = [
  kept("a.arc"),
  kept("\xff\n.arc", { content: ofTime }),
  kept("gone.arc", { answer: "removed" }),
  kept("theirs.arc", { retention: "pg-archive", account: "postgres" }),
];
const answer = z.object({
  items: z.array(z.looseObject({ path: z.string().optional() })),
  next: z.string().nullable(),
});

test("what was released and accepted is told as it was sent, so that it can be taken for the same release", async (t) => {
  const { socket, store } = await agentBehind(t);
  assert.equal(store.commit({ nowMs: 0, releases }).kind, "committed");
  const { body, status } = await ask(socket, "/v1/releases?retention=oracle-staging");
  assert.equal(status, 200);
  const { items, next } = shapes().Releases.parse(body);
  assert.equal(next, null);
  const keys = items.map(({ retention, path, pathHex, size, sha256, mtime, precision }, at) => {
    const parsed = parseRelease({ retention, path, pathHex, size, sha256, mtime, precision }, `items[${at}]`);
    return parsed.kind === "asked" ? releaseKey(parsed.asked) : parsed.message;
  });
  assert.deepEqual(keys, [releases[0]?.key, releases[1]?.key].sort());
  const { body: all } = await ask(socket, "/v1/releases");
  assert.equal(answer.parse(all).items.length, 3);
});

test("an account is told of its own, and of nobody else's", {
  skip: process.getuid?.() === 0 ? false : "needs root, to call as others",
}, async (t) => {
  const { socket, store } = await agentBehind(t);
  store.commit({ nowMs: 0, releases });
  const own = await askAs({ uid: uids.oracle }, socket, "/v1/releases");
  assert.equal(answer.parse(own.body).items.length, 2);
  assert.doesNotMatch(own.text, /postgres|theirs/);
  const theirs = await askAs({ uid: uids.oracle }, socket, "/v1/releases?retention=pg-archive");
  assert.deepEqual(theirs.body, { items: [], next: null });
});

test("more than a page go on after the last one", async (t) => {
  const { socket, store } = await agentBehind(t);
  const many = Array.from({ length: 20_003 }, (_, at) => kept(`${at}.arc`));
  store.commit({ nowMs: 0, releases: many });
  const first = answer.parse((await ask(socket, "/v1/releases?retention=oracle-staging")).body);
  const second = answer.parse((await ask(socket, `/v1/releases?retention=oracle-staging&after=${first.next}`)).body);
  assert.deepEqual([first.items.length, second.items.length, second.next], [20_000, 3, null]);
  assert.equal(new Set([...first.items, ...second.items].map(({ path }) => path)).size, 20_003);
});
