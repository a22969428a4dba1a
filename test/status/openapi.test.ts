/** What is documented is what is answered: real answers of each route are held against the document. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { openapi, routes } from "../../agent/status/index.ts";
import packageJson from "../../package.json" with { type: "json" };
import { accountView, agentBehind, ask, finding } from "./world.ts";

const paths: Readonly<Record<string, string>> = {
  "/v1/accounts/{name}": "/v1/accounts/oracle",
  "/v1/baseline": "/v1/baseline?account=oracle",
  "/v1/events": "/v1/events?after=999999.00000000-1",
};
const bodies: Readonly<Record<string, string>> = {
  "/v1/baseline": '{"account":"oracle","reason":"CHG1"}',
  "/v1/run": "{}",
  "/v1/cleanup/apply": '{"plan":"7d31c0a95e42"}',
  "/v1/releases":
    '{"releases":[{"retention":"oracle-staging","path":"a.arc","size":1,"mtime":"2026-11-23T02:00:00Z"}]}',
};

/** Objects closed: a field that is answered and not documented fails. */
function validator() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "http://rcwarden/", ...openapi(routes, "0.1.0", { closed: true }) });
  return (pointer: string) => {
    const validate = ajv.getSchema(`http://rcwarden/#${pointer}`);
    assert.ok(validate !== undefined, pointer);
    return validate;
  };
}

function responsePointer(path: string, method: string, status: number | "default", media = "application/json"): string {
  const [at, type] = [path, media].map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1")));
  return `/paths/${at}/${method.toLowerCase()}/responses/${status}/content/${type}/schema`;
}

test("real answers of each route are as documented, field by field", { timeout: 60_000 }, async (t) => {
  const { socket, live, store } = await agentBehind(t);
  const waived = { exception: "x", reason: "CHG1", until: "2027-01-31" };
  const gaps = [{ code: "timed-out", message: "the time was over", change: "" }] as const;
  const other = { fingerprint: "b".repeat(16), status: "unknown", gaps, was: "fail", flapping: true } as const;
  live.accounts.set(
    "oracle",
    accountView("oracle", {
      findings: [finding("oracle"), finding("oracle", other), finding("oracle", { waived })],
      undecided: [
        { policy: "unattended-ssh", rule: "r", check: "alias", mode: "ssh-command", subject: "rm", severity: "high" },
      ],
    }),
  );
  store.commit({ nowMs: 0, put: [{ finding: finding("oracle", other), digest: `sha256:${"c".repeat(64)}` }] });
  store.keepSent("engine", Buffer.from("[]"), 0);
  const of = validator();
  for (const { method, path } of routes.filter(({ media }) => media.some((each) => /[/+]json$/.test(each)))) {
    const body = method === "POST" ? bodies[path] : undefined;
    const asJson = { headers: { "Content-Type": "application/json", Accept: "application/json" } };
    const answer = await ask(socket, method === "GET" ? (paths[path] ?? path) : path, {
      method,
      ...asJson,
      ...(body !== undefined && { body }),
    });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    const [media] = String(answer.headers["content-type"]).split(";");
    const validate = of(responsePointer(path, method, answer.status, media));
    assert.ok(validate(answer.body), `${method} ${path}: ${JSON.stringify(validate.errors)} in ${answer.text}`);
    const refused = await ask(socket, `${paths[path]?.split("?")[0] ?? path}?no=1`, { method });
    const problem = of(responsePointer(path, method, "default"));
    assert.equal(refused.status, 400);
    assert.ok(problem(refused.body), JSON.stringify(refused.body));
  }
});

test("a field that nobody documented is noticed", () => {
  const validate = validator()(responsePointer("/healthz", "GET", 200, "application/health+json"));
  assert.equal(validate({ status: "pass", checks: {} }), true);
  assert.equal(validate({ status: "pass", checks: {}, more: 1 }), false);
  assert.equal(validate({ status: "ok", checks: {} }), false);
  assert.equal(validate({}), false);
});

test("the document is the one that is served and the one that is checked in", { timeout: 60_000 }, async (t) => {
  const { socket } = await agentBehind(t);
  const rendered = openapi(routes, packageJson.version);
  const file = new URL("../../agent/status/openapi.json", import.meta.url);
  assert.equal(readFileSync(file, "utf8"), `${JSON.stringify(rendered, null, 2)}\n`);
  assert.deepEqual((await ask(socket, "/openapi.json")).body, JSON.parse(JSON.stringify(openapi(routes, "0.1.0"))));
});

test("readers of the document expect fields that they do not know", () => {
  assert.doesNotMatch(JSON.stringify(openapi(routes, "0.1.0").components), /"additionalProperties":false/);
});
