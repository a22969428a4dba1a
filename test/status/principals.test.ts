/** Who may do what: the kernel's word on real processes, against the table of design 10. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "../../agent/status/index.ts";
import { principalOf } from "../../agent/status/principal.ts";
import { agentBehind, askAs, ask as askHere, type Identity, uids, viewerGid } from "./world.ts";

const skip = process.getuid?.() === 0 ? false : "needs root, to call as others";

/** Design 10, written out: a route that is not here, or may more, fails. */
const expected: Readonly<Record<string, string>> = {
  "GET /": "owner viewer account",
  "GET /healthz": "owner viewer account nobody",
  "GET /readyz": "owner viewer account",
  "GET /openapi.json": "owner viewer account",
  "GET /v1/status": "owner viewer account",
  "GET /v1/findings": "owner viewer account",
  "GET /v1/events": "owner viewer account",
  "GET /v1/runs": "owner viewer account",
  "GET /v1/sessions": "owner viewer account",
  "GET /v1/accounts/{name}": "owner viewer account",
  "GET /v1/baseline": "owner viewer account",
  "POST /v1/baseline": "owner",
  "GET /v1/cleanup": "owner viewer account",
  "POST /v1/cleanup/apply": "owner",
  "GET /v1/releases": "owner account",
  "POST /v1/releases": "owner account",
  "GET /v1/sent": "owner",
  "GET /metrics": "owner viewer",
  "POST /v1/reload": "owner",
  "POST /v1/run": "owner account",
};

const callers: readonly (readonly [kind: string, says: string, identity: Identity])[] = [
  ["owner", "root", { uid: 0 }],
  ["owner", "who runs the agent", { uid: uids.owner }],
  ["viewer", "the group as the primary one", { uid: uids.stranger, gid: viewerGid }],
  ["viewer", "the group as a supplementary one", { uid: uids.stranger, groups: [61_300, viewerGid] }],
  ["account", "a watched account", { uid: uids.oracle }],
  ["nobody", "anybody else", { uid: uids.stranger }],
  ["nobody", "a group with an account's number", { uid: uids.stranger, gid: uids.oracle, groups: [uids.oracle, 0] }],
];

const paths: Readonly<Record<string, string>> = {
  "GET /v1/accounts/{name}": "/v1/accounts/oracle",
  "GET /v1/baseline": "/v1/baseline?account=oracle",
};
const bodies: Readonly<Record<string, string>> = {
  "POST /v1/baseline": '{"account":"oracle","reason":"CHG1"}',
  "POST /v1/run": '{"account":"oracle"}',
  "POST /v1/cleanup/apply": '{"plan":"7d31c0a95e42"}',
  "POST /v1/releases": JSON.stringify({ releases: [release("oracle-staging")] }),
};

function release(retention: string, path = "a.arc") {
  return { retention, path, size: 1, sha256: "ab".repeat(32) };
}

test("the table says what the design says", () => {
  const found = routes.map(({ method, path, may }) => [`${method} ${path}`, may.join(" ")]);
  assert.deepEqual(Object.fromEntries(found), expected);
});

for (const [kind, says, identity] of callers) {
  test(`${kind}: ${says}, each route as the table says`, { skip }, async (t) => {
    const { socket, faults } = await agentBehind(t);
    for (const { method, path } of routes) {
      const key = `${method} ${path}`;
      const body = bodies[key];
      const answer = await askAs(identity, socket, paths[key] ?? path, { method, ...(body !== undefined && { body }) });
      const may = expected[key]?.split(" ").includes(kind);
      assert.equal(answer.status === 403, !may, `${key}: ${answer.status} ${answer.text}`);
      if (may) assert.ok(answer.status < 300, `${key}: ${answer.status} ${answer.text}`);
    }
    assert.deepEqual(faults, []);
  });
}

test("nobody learns nothing but that the loop runs", { skip }, async (t) => {
  const { socket } = await agentBehind(t);
  const stranger = { uid: uids.stranger };
  const { body: health } = await askAs(stranger, socket, "/healthz");
  assert.deepEqual(health, { status: "pass", checks: { "loop:answers": [{ status: "pass" }] } });
  for (const path of ["/v1/accounts/oracle", "/v1/accounts/not-there", "/v1/events"]) {
    const { body, status } = await askAs(stranger, socket, path);
    assert.equal(status, 403);
    assert.doesNotMatch(JSON.stringify(body), /oracle|postgres|cshrc/);
  }
});

test("an account sees its own rows, and not whether another is watched", { skip }, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const oracle = { uid: uids.oracle };
  for (const path of ["/v1/status", "/v1/findings", "/v1/events", "/v1/runs", "/v1/sessions", "/v1/cleanup"]) {
    const { status, text } = await askAs(oracle, socket, path);
    assert.equal(status, 200);
    assert.match(text, /oracle/);
    assert.doesNotMatch(text, /postgres|engine\.example|db\.yaml|a notice/, path);
  }
  const others = ["postgres", "not-there"].flatMap((name) => [
    `/v1/accounts/${name}`,
    ...["findings", "events", "runs", "sessions", "baseline", "cleanup"].map((rows) => `/v1/${rows}?account=${name}`),
  ]);
  for (const path of others) {
    const { status, body } = await askAs(oracle, socket, path);
    assert.equal(status, 403, path);
    assert.ok(typeof body === "object" && body !== null && "code" in body && body.code === "not-your-account", path);
  }
  const run = await askAs(oracle, socket, "/v1/run", { method: "POST", body: '{"account":"postgres"}' });
  assert.equal(run.status, 403);
  assert.deepEqual(asked, []);
  assert.equal((await askAs(oracle, socket, "/v1/run", { method: "POST" })).status, 202);
  assert.deepEqual(asked, ["run oracle"]);
});

test("another account: each route, and nothing of the first one", { skip }, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const postgres = { uid: uids.postgres };
  for (const { method, path } of routes) {
    const key = `${method} ${path}`;
    const body = bodies[key];
    const answer = await askAs(postgres, socket, paths[key] ?? path, { method, ...(body !== undefined && { body }) });
    const isNamed = key in paths || key === "POST /v1/run";
    const may = expected[key]?.split(" ").includes("account") && !isNamed;
    assert.equal(answer.status === 403, !may, `${key}: ${answer.status} ${answer.text}`);
    if (!isNamed) assert.doesNotMatch(answer.text, /oracle(?!-staging)/, key);
  }
  assert.deepEqual(asked, ["release account postgres oracle-staging"], "which its answer refuses");
});

test("an account releases in its own name, whatever it asks for; the owner in that of the Retention's account", {
  skip,
}, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const body = JSON.stringify({ releases: ["pg-archive", "oracle-staging", "nothing"].map((name) => release(name)) });
  const ask = (uid: number) => askAs({ uid }, socket, "/v1/releases", { method: "POST", body });
  const not = { answer: "not-allowed", message: "expected another" };
  const accepted = { answer: "accepted", message: "" };
  assert.deepEqual((await ask(uids.oracle)).body, { answers: [not, accepted, not] });
  assert.deepEqual(asked.splice(0), ["release account oracle pg-archive oracle-staging nothing"]);
  assert.deepEqual((await ask(0)).body, { answers: [accepted, accepted, not] });
  assert.deepEqual(asked, [
    "release account postgres pg-archive",
    "release account oracle oracle-staging",
    "release account  nothing",
  ]);
});

test("one wrong release says where, and takes none; where nothing can be kept, that is said", { skip }, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const ask = (...releases: readonly object[]) =>
    askAs({ uid: uids.oracle }, socket, "/v1/releases", { method: "POST", body: JSON.stringify({ releases }) });
  const wrong = await ask(release("oracle-staging"), release("oracle-staging", "../a.arc"));
  assert.equal(wrong.status, 400);
  assert.deepEqual(wrong.body, {
    code: "body-wrong",
    where: "releases[1].path",
    expected: "no . and no .. in it",
    found: '"../a.arc"',
    change: "",
  });
  assert.equal((await ask(release("oracle-staging", "no-room"))).status, 507);
  assert.equal((await ask()).status, 400);
  assert.deepEqual(asked, []);
  const many = Array.from({ length: 5000 }, (_, at) => release("oracle-staging", `${at}.arc`));
  const asOwner = (releases: readonly object[]) =>
    askHere(socket, "/v1/releases", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ releases }),
    });
  assert.equal((await asOwner(many)).status, 200, "more than other routes take");
  assert.equal((await asOwner([...many, ...many, ...many])).status, 413, "more than 1 MiB");
});

test("a plan that is not there any more, and one that is none", { skip }, async (t) => {
  const { socket } = await agentBehind(t);
  const ask = (plan: string) =>
    askAs({ uid: 0 }, socket, "/v1/cleanup/apply", { method: "POST", body: JSON.stringify({ plan }) });
  assert.equal((await ask("7d31c0a95e42")).status, 200);
  assert.equal((await ask("ffffffffffff")).status, 404);
  assert.equal((await ask("7d31")).status, 400);
});

test("each sees as much of a line as the Grant lets them", { skip }, async (t) => {
  const { socket, live } = await agentBehind(t);
  const viewer = { uid: uids.stranger, gid: viewerGid };
  const oracle = { uid: uids.oracle };
  const says = async (who: Identity, path: string) => {
    const { text, status } = await askAs(who, socket, path);
    assert.equal(status, 200, text);
    return ["VALUE", "LINE"].filter((word) => text.includes(`SECRET-${word}`)).join(" ");
  };
  for (const path of ["/v1/findings", "/v1/accounts/oracle", "/v1/status", "/"]) {
    assert.equal(await says({ uid: 0 }, path), "VALUE LINE");
    assert.equal(await says(viewer, path), "", "local: names");
    assert.equal(await says(oracle, path), "VALUE LINE", "its own");
  }
  assert.equal(await says({ uid: 0 }, "/v1/events"), "VALUE LINE");
  assert.equal(await says(viewer, "/v1/events"), "", "local: names");
  assert.equal(await says(oracle, "/v1/events"), "VALUE", "share: values");
  live.share = { local: "lines", share: "names" };
  assert.equal(await says(viewer, "/v1/findings"), "VALUE LINE");
  assert.equal(await says(viewer, "/v1/events"), "VALUE LINE");
  assert.equal(await says(oracle, "/v1/events"), "");
});

test("by a broken Grant no event leaves, and the group sees names", { skip }, async (t) => {
  const { socket, live } = await agentBehind(t);
  live.share = null;
  for (const who of [{ uid: uids.oracle }, { uid: uids.stranger, gid: viewerGid }]) {
    const { status, body } = await askAs(who, socket, "/v1/events");
    assert.equal(status, 503);
    assert.ok(typeof body === "object" && body !== null && "code" in body && body.code === "grant-broken");
  }
  assert.equal((await askAs({ uid: 0 }, socket, "/v1/events")).status, 200);
  const rows = await askAs({ uid: uids.stranger, gid: viewerGid }, socket, "/v1/findings");
  assert.equal(rows.status, 200);
  assert.doesNotMatch(rows.text, /SECRET/);
});

test("who is several of them is the first; whom the kernel does not name is nobody", () => {
  const known = {
    ownerUid: 7,
    viewerGid: 8,
    accountOfUid: (uid: number) => (uid === 9 || uid === 7 ? "oracle" : null),
  };
  const peer = (uid: number, gid: number, groups: readonly number[] = []) => ({ pid: 1, uid, gid, groups });
  assert.equal(principalOf(null, known).kind, "nobody");
  assert.equal(principalOf(peer(7, 8), known).kind, "owner");
  assert.equal(principalOf(peer(9, 1, [8]), known).kind, "viewer");
  assert.deepEqual(principalOf(peer(9, 1), known), { kind: "account", name: "oracle" });
  assert.equal(principalOf(peer(5, 1, [7, 9]), { ...known, viewerGid: null }).kind, "nobody");
});
