import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadDocuments, policiesInForce, problemText } from "../../agent/documents/index.ts";
import {
  checks,
  codes,
  engineWith,
  given,
  hostOf,
  hostProblems,
  load,
  policyWith,
  problems,
  shippedEngine,
  shippedPolicy,
} from "./support.ts";

const good = engineWith("  enters: [ssh-command]\n  sends: [ls]\n");

test("several documents a file, comments, and empty documents between them are read", () => {
  const text = `# mine\n---\n${good}---\n# nothing\n---\n${good.replace("copy", "other")}...\n`;
  const loaded = load(given(text));
  assert.equal(loaded.kind, "documents");
  if (loaded.kind === "documents") {
    assert.deepEqual(
      loaded.set.engines.map((engine) => engine.name),
      ["copy", "other", "exec-channel"],
    );
  }
});

test("a byte order mark and Windows line ends change nothing", () => {
  assert.deepEqual(problems(`\ufeff${good}`), []);
  assert.deepEqual(problems(good.replaceAll("\n", "\r\n")), []);
});

test("an unknown version or kind is told before anything else", () => {
  assert.deepEqual(problems("apiVersion: rcwarden/v2\nkind: engine\nspec: { x: y }\n"), [
    'db.yaml:1:13: expected rcwarden/v1, found "rcwarden/v2"; did you mean "rcwarden/v1"?',
    'db.yaml:2:7: expected Engine, Policy or Retention, found "engine"; did you mean "Engine"?',
  ]);
  assert.deepEqual(problems("apiVersion: apps/v1\nkind: Deployment\n"), [
    'db.yaml:1:13: expected rcwarden/v1, found "apps/v1"',
    'db.yaml:2:7: expected Engine, Policy or Retention, found "Deployment"',
  ]);
  assert.deepEqual(problems("kind: [Engine]\n").length, 1);
});

test("the host owner's kinds are refused among policies, and it is said whose they are", () => {
  const text = ["Grant", "Exception", "Agent"].map((kind) => `apiVersion: rcwarden/v1\nkind: ${kind}\n`).join("---\n");
  const owners = (kind: string) =>
    `${kind} is the host owner's and never stands among policies: it lies in /etc/rcwarden/*.yaml`;
  assert.deepEqual(problems(text), [
    `db.yaml:2:7: expected Engine, Policy or Retention, found "Grant"; a ${owners("Grant")}`,
    `db.yaml:5:7: expected Engine, Policy or Retention, found "Exception"; an ${owners("Exception")}`,
    `db.yaml:8:7: expected Engine, Policy or Retention, found "Agent"; an ${owners("Agent")}`,
  ]);
});

test("missing and mistyped keys of a document are told, a mistyped one once", () => {
  assert.deepEqual(problems("apiVersion: rcwarden/v1\nkind: Engine\n"), [
    'db.yaml:1:1: expected the key "metadata", found none',
    'db.yaml:1:1: expected the key "spec", found none',
  ]);
  assert.deepEqual(problems("kind: Engine\nmetadata: { nam: a }\nspec: { enter: [scp] }\nspecs: 1\n"), [
    'db.yaml:1:1: expected the key "apiVersion", found none',
    'db.yaml:2:13: expected one of the keys name, description, found "nam"; did you mean "name"?',
    'db.yaml:3:9: expected one of the keys enters, sends, found "enter"; did you mean "enters"?',
    'db.yaml:4:1: expected one of the keys apiVersion, kind, metadata, spec, found "specs"; did you mean "spec"?',
  ]);
});

test("what is no map is no document", () => {
  const map = "expected a map with the keys apiVersion, kind, metadata, spec";
  assert.deepEqual(problems("hello\n"), [`db.yaml:1:1: ${map}, found "hello"`]);
  assert.deepEqual(problems("- a\n"), [`db.yaml:1:1: ${map}, found a list`]);
});

test("syntax errors have a place and plain words", () => {
  const told = (text: string) => problems(text).join("\n");
  assert.equal(told("a: 1\nb: 2\na: 3\n"), 'db.yaml:3:1: expected each key once, found "a" again');
  assert.equal(told("a: @b\n"), 'db.yaml:1:4: expected a text that begins with @ in quotes, found "@b"');
  assert.equal(told("a:\n\tb: c\n"), "db.yaml:2:1: expected spaces as indentation, found a tab");
  assert.equal(
    told("a: !!python/object:x {}\n"),
    'db.yaml:1:4: expected no tag, found "!!python/object:x"; a text that begins with ! needs quotes',
  );
  assert.equal(
    told("a: !secret x\n"),
    'db.yaml:1:4: expected no tag, found "!secret"; a text that begins with ! needs quotes',
  );
  assert.equal(told("? [a]\n: b\n"), "db.yaml:1:3: expected text as a key, found a list or a map");
  assert.equal(told('a: "b\n'), 'db.yaml:2:1: expected YAML, found missing closing "quote');
});

test("a broken document does not hide what is wrong with the others of its file", () => {
  const broken = problems(`a: @b\n---\n${good.replace("ssh-command", "ssh-comand")}`);
  assert.deepEqual(
    broken.map((problem) => problem.split(": ")[0]),
    ["db.yaml:1:4", "db.yaml:7:12"],
  );
});

test("empty files, and files of comments, have no document", () => {
  for (const text of ["", "\n\n", "# a\n", "---\n---\n"]) {
    assert.deepEqual(problems(text), ["db.yaml: expected a document, found none"], JSON.stringify(text));
  }
});

test("binary files are refused where they stop being text", () => {
  assert.deepEqual(problems("a: b\nc: \0\n"), [
    "db.yaml:2:4: expected text in UTF-8, found the control character 0x00",
  ]);
  assert.deepEqual(problems("a: \x1b[31m\n"), [
    "db.yaml:1:4: expected text in UTF-8, found the control character 0x1b",
  ]);
  const latin1 = new Uint8Array([...Buffer.from("a: caf"), 0xe9, 0x0a]);
  assert.deepEqual(problems(latin1), ["db.yaml:1:7: expected text in UTF-8, found bytes that are none"]);
  assert.deepEqual(problems(new Uint8Array([0xff, 0xfe, 0x61, 0])), [
    "db.yaml:1:1: expected text in UTF-8, found bytes that are none",
  ]);
});

test("a file is at most 1 MiB", () => {
  const padded = (bytes: number) => `${good}#${" ".repeat(bytes - good.length - 2)}\n`;
  assert.deepEqual(problems(padded(1024 * 1024)), []);
  assert.deepEqual(problems(padded(1024 * 1024 + 1)), ["db.yaml: expected at most 1 MiB, found 1048577 bytes"]);
});

test("a few aliases are fine; too many, bombs and circles are refused with a place", () => {
  const engine =
    "apiVersion: rcwarden/v1\nkind: Engine\nmetadata: { name: &n a, description: *n }\nspec: { enters: [ssh-command] }\n";
  assert.deepEqual(problems(engine), []);
  const many = (count: number) => `a: &a x\nb: [${Array(count).fill("*a").join(", ")}]\n`;
  assert.deepEqual(codes(many(100)).includes("aliases-too-many"), false);
  assert.deepEqual(problems(many(101)), ["db.yaml:2:405: expected at most 100 aliases, found more"]);
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefghi"
      .split("")
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(", ")}]`),
  ];
  assert.deepEqual(codes(`${bomb.join("\n")}\n`), ["aliases-too-many"]);
  assert.deepEqual(problems("a: &a [*a]\n"), ["db.yaml:1:7: expected at most 32 levels, found more"]);
  assert.deepEqual(codes("a: &a [*a, *a]\n"), ["depth-too-great"]);
});

test("a document is at most 32 levels deep, and no depth exhausts the stack", () => {
  const nested = (depth: number) => `a: ${"[".repeat(depth)}${"]".repeat(depth)}\n`;
  assert.equal(codes(nested(31)).includes("depth-too-great"), false);
  assert.deepEqual(problems(nested(32)), ["db.yaml:1:35: expected at most 32 levels, found more"]);
  for (const text of ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000), "a: &a [*a, ".repeat(10_000)]) {
    assert.deepEqual(codes(text), ["depth-too-great"]);
  }
});

test("a file full of mistakes tells the first hundred", () => {
  const told = problems("---\na\n".repeat(5000));
  assert.equal(told.length, 101);
  assert.equal(told[100], "db.yaml: expected at most 100 problems in a file, found 5000; these are the first");
});

test("names are unique among what is given, per kind", () => {
  assert.deepEqual(problems(good, given(good, "more.yaml")), [
    'more.yaml:3:19: expected a name that no other Engine has, found "copy", as in db.yaml:3',
  ]);
  const policy = policyWith("  accounts: all\n  engines: [copy]\n  includes: [unattended-ssh]\n", "copy");
  assert.deepEqual(problems(good, given(policy, "policy.yaml")), []);
});

test("a file that could not be read is a problem without a line", () => {
  const refused = { code: "file-missing", expected: "a file or folder", found: "none", change: "" };
  assert.deepEqual(problems({ file: "gone.yaml", shipped: false, refused }), [
    "gone.yaml: expected a file or folder, found none",
  ]);
});

test("problems come in the order of the files, then of their lines, and documents are counted", () => {
  const loaded = load(given("a: @\n---\n- x\n", "z.yaml"), given("", "a.yaml"));
  assert.equal(loaded.kind, "problems");
  if (loaded.kind === "problems") {
    assert.deepEqual(
      loaded.problems.map((problem) => `${problem.file}:${problem.line}`),
      ["z.yaml:1", "z.yaml:3", "a.yaml:0"],
    );
    assert.equal(loaded.documents, 3);
  }
});

test("keys of JavaScript's own objects are keys like others", () => {
  assert.deepEqual(problems(good.replace("name: copy", "name: copy, __proto__: { x: y }")), [
    'db.yaml:3:25: expected one of the keys name, description, found "__proto__"',
  ]);
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.deepEqual(codes(`apiVersion: rcwarden/v1\nkind: ${name}\n`), ["kind-unknown"]);
  }
});

test("loading never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      told(bytes);
    }),
    { numRuns: 500 },
  );
});

test("loading never throws on mutated documents, and every problem has a place inside its file", () => {
  const texts = [
    good,
    policyWith(
      "  accounts: [a]\n  engines: [exec-channel]\n  rules:\n    - { id: a, check: patience, severity: low, with: { seconds: 1 } }\n",
    ),
  ];
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "  ",
    "*a",
    "&a ",
    "!x ",
    '"',
    "'",
    "|\n",
    "---\n",
    "#",
    "?",
    ",",
    "\t",
    "😀",
    "<<: ",
    "a",
  );
  const mutated = fc
    .tuple(fc.constantFrom(...texts), fc.array(fc.tuple(fc.nat(), fc.nat(12), piece), { minLength: 1, maxLength: 6 }))
    .map(([text, edits]) =>
      edits.reduce((edited, [at, drop, insert]) => {
        const place = at % (edited.length + 1);
        return edited.slice(0, place) + insert + edited.slice(place + drop);
      }, text),
    );
  fc.assert(
    fc.property(mutated, (text) => {
      const lines = text.split(/\n|\r\n?/).length;
      for (const problem of told(new TextEncoder().encode(text))) {
        assert.ok(problem.line >= 0 && problem.line <= lines, problemText(problem));
        assert.ok(problem.line === 0 ? problem.column === 0 : problem.column >= 1, problemText(problem));
        assert.doesNotMatch(problemText(problem), /\n|undefined|\[object|NaN|Invalid input/);
      }
    }),
    { numRuns: 1500 },
  );
});

test("what is written down is what is read back", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
  const command = fc.constantFrom("rm -f {file}", "ls", "true", "echo null 1.0", "\\rm {file}", "mkdir -p {new}");
  const engine = fc.record({
    name,
    description: fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\p{Cc}\u2028\u2029\ufffd]/gu, "")),
    sends: fc.uniqueArray(command),
  });
  fc.assert(
    fc.property(engine, ({ name: called, description, sends }) => {
      const text = `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: ${called}, description: ${JSON.stringify(description)} }
spec:
  enters: [cron]
  sends: ${JSON.stringify(sends)}
`;
      const loaded = load(given(text));
      assert.equal(loaded.kind, "documents", problems(text).join("\n"));
      const read = loaded.kind === "documents" ? loaded.set.engines.find((each) => !each.origin.shipped) : undefined;
      assert.deepEqual(
        [read?.name, read?.description, read?.sends.map((each) => each.command)],
        [called, description, sends],
      );
    }),
  );
});

function told(bytes: Uint8Array) {
  const loaded = loadDocuments([given(bytes)], { checks, shipped: [shippedEngine, shippedPolicy] });
  return loaded.kind === "problems" ? loaded.problems : [];
}

test("a name is looked up among what was asked for, then the host's own documents, then the shipped ones", () => {
  const asked = given(policyWith("  accounts: all\n  engines: [own, exec-channel]\n  includes: [unattended-ssh]\n"));
  const own = engineWith("  enters: [ssh-command]\n  sends: [ls]\n").replace("copy", "own");
  const over = engineWith("  enters: [ssh-command-pty]\n  sends: [ls]\n").replace("copy", "exec-channel");
  const installed = [given(`${own}---\n${over}`, "/etc/own.yaml"), given("kind: broken\n", "/etc/broken.yaml")];
  const loaded = loadDocuments([asked], { checks, shipped: [shippedEngine, shippedPolicy], installed });
  assert.ok(loaded.kind === "documents", JSON.stringify(loaded));
  const files = loaded.set.engines.map(({ name, origin }) => `${name} ${origin.file}`);
  assert.deepEqual(files.sort(), ["exec-channel /etc/own.yaml", "own /etc/own.yaml"]);
  assert.deepEqual(
    policiesInForce(loaded.set).map(({ origin }) => origin.file),
    ["db.yaml"],
  );
});

test("what a host has lies together in one folder, or in one file", () => {
  const text = `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: exec-channel }
spec:
  enters: [ssh-command]
  sends:
    - rm -f {file}
    - cp -f {file} {existing}
    - { command: sqlplus -v, try: resolve }
---
apiVersion: rcwarden/v1
kind: Policy
metadata: { name: unattended-ssh, description: What any engine needs that comes in by ssh host CMD. }
spec:
  accounts: all                       # or names, or { group: dba }; a Grant narrows, never widens
  engines: [exec-channel]
  includes: []                        # names of other policies whose rules apply too
  rules:
    - id: commands-do-what-they-say
      check: engine-commands
      severity: critical
    - id: clean-stream
      check: startup-output
      severity: high
      with: { streams: [stdout] }
---
apiVersion: rcwarden/v1
kind: Grant
metadata: { name: db07 }
spec:
  measure: { accounts: [oracle], how: running, notBetween: ["02:00-04:00"] }   # how: running | reading
  local: names                        # what group rcwarden sees: names | values | lines
  share: names                        # what may leave the host: names | values | lines
  remove: [{ account: oracle, below: /u01/staging, apply: automatically, releasesFrom: engine }]
---
apiVersion: rcwarden/v1
kind: Exception
metadata: { name: greeting }
spec:
  finding: { policy: unattended-ssh, rule: clean-stream, account: oracle, mode: ssh-command, subject: stdout }
  reason: CHG0012345, until the new image is out
  until: 2027-01-31                   # end of that day, UTC
---
apiVersion: rcwarden/v1
kind: Agent
metadata: { name: db07 }
spec:
  reconcile: { every: 30s, full: 60m }
  sinks:
    - { name: file, kind: file, path: /var/log/rcwarden/events.jsonl, maxSize: 64MiB, keep: 5 }
    - { name: engine, kind: engine, url: "https://engine.example/events", certFile: engine.crt, keyFile: engine.key, caFile: ca.pem }
  limits: { probesAtOnce: 2, memory: 256MiB, queue: 64MiB }
`;
  assert.deepEqual(hostProblems(text, Date.parse("2026-11-23T09:55:02Z")), []);
  const { agent, grant, exceptions } = hostOf(text);
  assert.deepEqual(
    agent?.sinks.map(({ name }) => name),
    ["file", "engine"],
  );
  assert.deepEqual([grant.kind, exceptions.length], ["grant", 1]);
});
