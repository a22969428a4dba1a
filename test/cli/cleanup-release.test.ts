import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as z from "zod";
import type { Question, Told } from "../../agent/cli/ask.ts";
import { parseManifest } from "../../agent/cli/cleanup/manifest.ts";
import { call, oracle, partsOf, root, type World } from "./support/world.ts";

const socket = "/run/rcwarden/host/agent.sock";
const release = ["cleanup", "release", "--retention", "staging", "--manifest"];
const digest = "ab".repeat(32);
const bodyShape = z.object({ releases: z.array(z.looseObject({ path: z.string() })) });

/** An agent that accepts all but what is named here, and what it was asked. */
function agentThat(answers: Readonly<Record<string, string>> = {}) {
  const asked: string[][] = [];
  const sizes: number[] = [];
  const ask = (_: readonly string[], question: Question): Told => {
    assert.equal(`${question.method} ${question.path}`, "POST /v1/releases");
    const { releases } = bodyShape.parse(question.body);
    asked.push(releases.map(({ path }) => path));
    sizes.push(JSON.stringify(question.body).length);
    const given = releases.map(({ path }) => {
      const [answer = "accepted", message = ""] = (answers[path] ?? "").split(": ").filter((word) => word !== "");
      return { answer, message };
    });
    return { kind: "answer", socket, status: 200, body: { answers: given } };
  };
  return { asked, sizes, ask };
}

const line = (path: string) => `${JSON.stringify({ path, size: 7, sha256: digest })}\n`;
const world = (text: string, others: Partial<World> = {}): World => ({
  accounts: [root, oracle],
  inputs: { "-": text, "files.json": text },
  ...others,
});

test("all accepted: one line says how many, and the exit status is 0", async () => {
  const { ask, asked } = agentThat();
  const said = await call([...release, "-"], partsOf(world(line("a.arc") + line("sub/b.arc"), { ask })));
  assert.deepEqual(said, { stdout: "staging: 2 accepted\n", stderr: "", exit: 0 });
  assert.deepEqual(asked, [["a.arc", "sub/b.arc"]]);
});

test("what does not count is named with its reason, its name made harmless, and the exit status is 1", async () => {
  const hostile = "x\n\u001b[2J.arc";
  const { ask } = agentThat({
    "a.arc": "not-allowed: expected releasedBy to name account, found engine",
    [hostile]: "too-many",
  });
  const said = await call(
    [...release, "files.json"],
    partsOf(world(line("a.arc") + line("b.arc") + line(hostile), { ask })),
  );
  assert.deepEqual(said.stdout.split("\n"), [
    "  not-allowed  a.arc: expected releasedBy to name account, found engine",
    "  too-many  x\\x0a\\x1b[2J.arc",
    "staging: 1 not-allowed, 1 accepted, 1 too-many",
    "",
  ]);
  assert.equal(said.exit, 1);
  const json = await call([...release, "files.json", "--json"], partsOf(world(line("a.arc"), { ask })));
  assert.deepEqual(JSON.parse(json.stdout), {
    apiVersion: "rcwarden/v1",
    kind: "Released",
    retention: "staging",
    answers: [
      {
        path: "a.arc",
        size: "7",
        sha256: digest,
        answer: "not-allowed",
        message: "expected releasedBy to name account, found engine",
      },
    ],
    summary: { "not-allowed": 1 },
  });
});

test("the same manifest again after the files went is no failure", async () => {
  const { ask } = agentThat({ "a.arc": "removed: the file that this release named was removed" });
  assert.equal((await call([...release, "-"], partsOf(world(line("a.arc"), { ask })))).exit, 0);
});

test("many are sent in requests that an agent takes, in their order", async () => {
  const names = Array.from({ length: 12_000 }, (_, at) => `${at}-${"x".repeat(at % 200)}.arc`);
  const { ask, asked, sizes } = agentThat();
  const said = await call([...release, "-"], partsOf(world(names.map(line).join(""), { ask })));
  assert.equal(said.stdout, "staging: 12000 accepted\n");
  assert.deepEqual(asked.flat(), names);
  assert.ok(asked.length >= 3);
  assert.ok(
    sizes.every((bytes) => bytes <= 1 << 20),
    sizes.join(),
  );
});

test("a manifest with mistakes releases nothing, and names each with line and column", async () => {
  const { ask, asked } = agentThat();
  const bad = [
    line("a.arc").trim(),
    '{"path":"/u01/a","size":1,"sha256":"x"}',
    "  { not json",
    `${digest}  c.arc`,
    `{"path":"d","size":-1,"sha256":"${digest}"}`,
    `{"retention":"other","path":"e","size":1,"sha256":"${digest}"}`,
    '{"path":"f","size":1}',
    '{"path":"\\ud800","size":1,"mtime":5}',
    '{"path":"g\ufffd","size":1,"mtime":5}',
  ].join("\n");
  const said = await call([...release, "files.json"], partsOf(world(bad, { ask })));
  assert.equal(said.exit, 2);
  assert.equal(said.stdout, "");
  assert.deepEqual(
    said.stderr
      .trim()
      .split("\n")
      .map((each) => each.replace("rcwarden cleanup: ", "")),
    [
      'files.json:2:1: release.path: expected a path below the root, with no / before it, found "/u01/a"',
      'files.json:3:5: expected a release as JSON, found "n" here',
      'files.json:4:1: expected a release with its size, found a line of sha256sum; write {"path":"NAME","size":BYTES,"sha256":"HEX"}',
      "files.json:5:1: release.size: expected a number of bytes from 0 to 2^63 - 1, found -1",
      'files.json:6:1: release.retention: expected staging or none, found "other"',
      "files.json:7:1: release: expected either sha256 or mtime, found neither",
      'files.json:8:1: release.path: expected characters that UTF-8 has; else use pathHex, found "\\ud800"',
      "files.json:9:1: expected UTF-8, found other bytes; a name that is no UTF-8 goes into pathHex, its bytes in hex",
      "nothing was released",
    ],
  );
  assert.deepEqual(asked, []);
});

test("no agent, and one that breaks off in the middle: what was answered is told, and the exit status is 3", async () => {
  const none = await call([...release, "-"], partsOf(world(line("a.arc"))));
  assert.equal(none.exit, 3);
  assert.match(none.stderr, /agent\.sock: expected an agent, found none; start one: rcwarden agent$/m);
  const { ask } = agentThat();
  let requests = 0;
  const breaking = (sockets: readonly string[], question: Question): Told => {
    requests += 1;
    if (requests === 1) return ask(sockets, question);
    const found = { code: "not-kept", where: "the state", expected: "room for releases", found: "none", change: "" };
    return { kind: "answer", socket, status: 507, body: found };
  };
  const text = Array.from({ length: 10_001 }, (_, at) => line(`${at}`)).join("");
  const said = await call([...release, "-"], partsOf(world(text, { ask: breaking })));
  assert.equal(said.exit, 3);
  assert.match(said.stdout, /^staging: \d+ accepted\n$/);
  assert.match(said.stderr, /the state: expected room for releases, found none; \d+ were not released$/m);
});

test("without --retention or --manifest, and with a file that is not there, it says what is missing", async () => {
  const parts = partsOf(world(""));
  for (const [words, says] of [
    [["cleanup", "release", "--manifest", "-"], /--retention: expected the name of a Retention, found nothing/],
    [["cleanup", "release", "--retention", "staging"], /--manifest: expected a file, or - for stdin, found nothing/],
    [[...release, "nowhere"], /nowhere: expected a file to read, found none/],
  ] as const) {
    const { stderr, exit } = await call(words, parts);
    assert.match(stderr, says);
    assert.equal(exit, 2);
  }
});

const anyEntry = fc.record({ path: fc.stringMatching(/^[a-z,[\]{}"\\]{1,12}$/), size: fc.nat(), mtime: fc.nat() });

test("lines and an array, however they are laid out, are the same releases", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1 }), fc.constantFrom(0, 2), (entries, indent) => {
      const lines = parseManifest(entries.map((each) => JSON.stringify(each)).join("\n"), "m", "staging");
      assert.equal(lines.kind, "releases");
      assert.deepEqual(parseManifest(JSON.stringify(entries, null, indent), "m", "staging"), lines);
    }),
  );
});

test("no text makes it throw, and what is wrong has a place in it", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json().map((json) => `[${json}`),
    fc.array(fc.json()).map((all) => all.join("\n")),
  );
  fc.assert(
    fc.property(text, (manifest) => {
      const parsed = parseManifest(manifest, "m", "staging");
      if (parsed.kind === "releases") return;
      assert.ok(parsed.count >= 1);
      for (const problem of parsed.problems) assert.match(problem, /^m:\d+:\d+: \S/);
    }),
  );
});
