/** What the verbs ask, and what they do with the answer; their texts stand in test/golden. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpWaits, tried } from "../../agent/checks/example-facts.ts";
import type { Question, Told } from "../../agent/cli/ask.ts";
import { unframe } from "../../agent/cli/framed.ts";
import type { Parts } from "../../agent/cli/parts.ts";
import { call, oracle, partsOf, postgres, root, type World } from "./support/world.ts";

const host: World = { accounts: [root, oracle, postgres] };
const bad: World = { ...host, facts: () => ({ tried: [tried("rm -f {file}"), cpWaits] }) };

/** Answers in turn; afterwards nobody is there. Keeps what was asked. */
function agent(...answers: readonly (readonly [status: number, body: unknown])[]) {
  const asked: (Question & { readonly sockets: readonly string[] })[] = [];
  const left = [...answers];
  const ask = (sockets: readonly string[], question: Question): Told => {
    asked.push({ ...question, sockets });
    const [status, body] = left.shift() ?? [0, null];
    return status === 0 ? { kind: "no-agent", sockets } : { kind: "answer", socket: sockets[0] ?? "", status, body };
  };
  return { asked, ask };
}

function event(seq: number) {
  const common = { specversion: "1.0", source: "rcwarden://h/host", type: "dev.rcwarden.finding.opened", subject: "f" };
  const rest = { time: "2026-11-23T08:14:07Z", datacontenttype: "application/json", dataschema: "urn:x", data: {} };
  return { ...common, ...rest, id: `1.0123abcd-${seq}` };
}
const page = (...seqs: readonly number[]) => {
  const at = `1.0123abcd-${seqs.at(-1) ?? 9}`;
  return { items: seqs.map(event), next: at, through: at };
};

test("ready asks by the account's and the engine's names, quoted, at the caller's own socket, then the host's", async () => {
  const { asked, ask } = agent();
  await call(["ready", "--account", "a b/c", "--engine", "x&y"], partsOf({ ...host, callerUid: 501, ask }));
  assert.equal(asked[0]?.path, "/v1/accounts/a%20b%2Fc?engine=x%26y");
  assert.deepEqual(asked[0]?.sockets, ["/.local/state/rcwarden/agent.sock", "/run/rcwarden/host/agent.sock"]);
});

test("ready measures where the agent does not know the account or may not say, and never takes that for go", async () => {
  for (const status of [403, 404, 500, 503]) {
    const code = status === 404 ? "account-unknown" : "other";
    const { ask } = agent([status, { code, where: "account", expected: "one", found: "none", change: "" }]);
    const said = await call(["ready", "--account", "oracle"], partsOf({ ...bad, ask }));
    assert.equal(said.exit, 1, `${status}`);
    assert.match(said.stdout, /^no-go/);
    assert.match(said.stderr, /measuring instead/);
  }
});

test("ready --framed gives a frame that says what was found, or none", async () => {
  const go = { verdict: "go" };
  for (const answer of [go, { ...go, kind: "Preflight" }, "go", null, []]) {
    const { ask } = agent([200, answer]);
    const said = await call(["ready", "--account", "oracle", "--framed"], partsOf({ ...bad, ask }));
    const frame = unframe(said.stdout);
    assert.equal(frame.kind, "report");
    assert.match(frame.kind === "report" ? frame.json : "", /"verdict": "no-go"/);
    assert.equal(said.exit, 1);
  }
  const broken = { ...partsOf(bad), measure: () => Promise.reject(new Error("planted")) };
  const said = await call(["ready", "--account", "oracle", "--framed"], broken);
  assert.equal(unframe(said.stdout).kind, "none");
  assert.equal(said.exit, 2);
});

test("ready without an agent is unknown while a mode has a gap", async () => {
  const gap = { code: "timed-out", message: "the time was over", change: "", of: ["tried"] } as const;
  const world: World = { ...host, facts: () => ({ tried: [], gaps: [gap] }) };
  const said = await call(["ready", "--account", "oracle", "--json"], partsOf(world));
  assert.equal(said.exit, 3);
  assert.match(said.stdout, /"verdict": "unknown"/);
});

test("ready judges one engine by what that engine sends", async () => {
  const { exit } = await call(["ready", "--account", "oracle", "--engine", "exec-channel"], partsOf(bad));
  assert.equal(exit, 1);
});

test("events prints page after page until one is empty, each event once, on a line of its own", async () => {
  const { asked, ask } = agent(
    [200, page(1, 2)],
    [200, page(3)],
    [200, { ...page(), next: "1.0123abcd-3", through: "1.0123abcd-3" }],
  );
  const said = await call(["events", "--after", "1.0123abcd-0", "--wait", "2s"], partsOf({ ...host, ask }));
  assert.equal(said.exit, 0);
  const ids = said.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  assert.deepEqual(ids, ["1.0123abcd-1", "1.0123abcd-2", "1.0123abcd-3"]);
  const paths = asked.map(({ path }) => path);
  assert.deepEqual(paths, [
    "/v1/events?after=1.0123abcd-0&wait=2000ms",
    "/v1/events?after=1.0123abcd-2",
    "/v1/events?after=1.0123abcd-3",
  ]);
  assert.ok((asked[0]?.withinMs ?? 0) > 2_000, "the answer may come as late as the wait allows");
});

/** A caller that ends the call once everything was asked. */
function endingAfter(answers: readonly (readonly [status: number, body: unknown])[]) {
  const end = Promise.withResolvers<void>();
  const { asked, ask } = agent(...answers);
  const pauses: number[] = [];
  const parts: Parts = {
    ...partsOf(host),
    interrupted: () => end.promise,
    pause: async (ms) => void pauses.push(ms),
    async ask(sockets, question) {
      if (asked.length < answers.length) return ask(sockets, question);
      end.resolve();
      return new Promise(() => {});
    },
  };
  return { asked, pauses, parts };
}

test("events --follow goes on after an empty page, and ends with exit 0 when the caller ends it", async () => {
  const { asked, parts } = endingAfter([
    [200, page(1)],
    [200, page()],
    [200, page(2)],
  ]);
  const said = await call(["events", "--follow"], parts);
  assert.deepEqual(
    said.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id),
    [event(1).id, event(2).id],
  );
  assert.ok(asked.every(({ path }) => path.includes("wait=60000ms")));
  assert.match(asked[2]?.path ?? "", /after=1\.0123abcd-9/);
  assert.equal(said.exit, 0);
  assert.match(said.stderr, /ended; --after 1\.0123abcd-2 goes on from here/);
});

test("events --follow waits for an agent that went away or is busy, says so once, and goes on where it was", async () => {
  const busy = { code: "too-many-wait", where: "uid", expected: "2", found: "3", change: "" };
  const { asked, pauses, parts } = endingAfter([
    [429, busy],
    [200, page(1)],
    [0, null],
    [0, null],
    [429, busy],
    [200, page(2)],
  ]);
  const said = await call(["events", "--follow", "--json"], parts);
  assert.equal(said.stdout.trimEnd().split("\n").length, 2);
  assert.equal(pauses.length, 4);
  assert.ok(asked.slice(2).every(({ path }) => path.includes("after=1.0123abcd-1")));
  assert.equal(said.stderr.match(/expected an agent, found none/g)?.length, 1);
  assert.match(said.stderr, /it answers again/);
  assert.equal(said.exit, 0);
});

test("events --follow says what was missed where its place is no longer held", async () => {
  const snapshot = { ...event(7), type: "dev.rcwarden.state.snapshot" };
  const { parts } = endingAfter([[200, { ...page(7), items: [snapshot] }]]);
  const said = await call(["events", "--follow", "--after", "1.0123abcd-3"], parts);
  assert.match(said.stderr, /what came after 1\.0123abcd-3 is no longer held/);
  assert.match(said.stdout, /state\.snapshot/);
});

test("events --follow does not wait for an agent that never was, nor for leave that is not given", async () => {
  const never = { interrupted: () => new Promise<void>(() => {}) };
  const nobody = await call(["events", "--follow"], { ...partsOf(host), ...never });
  assert.equal(nobody.exit, 3);
  const refused = { code: "not-allowed", where: "GET /v1/events", expected: "owner", found: "nobody", change: "" };
  const { parts } = endingAfter([
    [200, page(1)],
    [403, refused],
  ]);
  assert.equal((await call(["events", "--follow"], parts)).exit, 2);
});

test("events --sent on a terminal escapes what a terminal obeys, and nowhere else", async () => {
  const body = '[{"id":"\u009b2J\u202e"}]';
  const items = [{ sink: "engine", at: "2026-11-23T08:14:08Z", body: Buffer.from(body).toString("base64") }];
  const piped = await call(["events", "--sent"], partsOf({ ...host, ask: agent([200, { items, next: null }]).ask }));
  assert.equal(piped.stdout, `${body}\n`);
  const shown = await call(["events", "--sent"], partsOf({ ...host, ask: agent([200, { items, next: null }]).ask }), {
    terminal: true,
  });
  assert.doesNotMatch(shown.stdout, /[\u009b\u202e]/);
});

test("baseline accept says whose and why, and nothing is accepted without", async () => {
  const accepted = { account: "oracle", acceptedAt: "2026-11-20T10:00:00Z", reason: "CHG1", items: [] };
  const { asked, ask } = agent([200, accepted]);
  const said = await call(["baseline", "accept", "--account", "oracle", "--reason", "CHG1"], partsOf({ ...host, ask }));
  assert.equal(said.exit, 0);
  assert.deepEqual(
    asked.map(({ method, path, body }) => ({ method, path, body })),
    [{ method: "POST", path: "/v1/baseline", body: { account: "oracle", reason: "CHG1" } }],
  );
  for (const words of [
    ["--account", "oracle"],
    ["--reason", "CHG1"],
    ["--account", "oracle", "--reason", " "],
  ]) {
    const { asked: none, ask: never } = agent([200, accepted]);
    assert.equal((await call(["baseline", "accept", ...words], partsOf({ ...host, ask: never }))).exit, 2);
    assert.deepEqual(none, []);
  }
});

test("an answer of another version is said, not guessed at", async () => {
  const said = await call(["events"], partsOf({ ...host, ask: agent([200, { events: [] }]).ask }));
  assert.equal(said.exit, 3);
  assert.match(said.stderr, /expected an answer of rcwarden, found another at "items"; is it of another version\?/);
});
