import assert from "node:assert/strict";
import { test } from "node:test";
import { codes, engineWith, given, load, policyOf, policyWith, problems } from "./support.ts";

const whom = "  accounts: all\n  engines: [exec-channel]\n";

test("a policy is whom, by which engines, and rules with their parameters parsed", () => {
  const policy = policyOf(
    policyWith(`  accounts: [oracle, 1001, 'DOM\\jdoe']
  engines: [exec-channel]
  includes: [unattended-ssh]
  rules:
    - id: quiet
      check: startup-output
      severity: low
      with: { streams: [stderr] }
    - { id: default-streams, check: startup-output, severity: info }
`),
  );
  const { origin, ...said } = policy;
  assert.deepEqual(said, {
    kind: "Policy",
    name: "db",
    description: "",
    accounts: { names: ["oracle", "1001", "DOM\\jdoe"] },
    engines: ["exec-channel"],
    includes: ["unattended-ssh"],
    rules: [
      { id: "quiet", check: "startup-output", severity: "low", with: { streams: ["stderr"] } },
      { id: "default-streams", check: "startup-output", severity: "info", with: { streams: ["stdout"] } },
    ],
  });
  assert.deepEqual([origin.file, origin.shipped], ["db.yaml", false]);
});

test("accounts are all, names, or a group", () => {
  const accounts = (value: string) =>
    policyWith(`  accounts: ${value}\n  engines: [exec-channel]\n  includes: [unattended-ssh]\n`);
  assert.equal(policyOf(accounts("all")).accounts, "all");
  assert.deepEqual(policyOf(accounts("{ group: dba }")).accounts, { group: "dba" });
  const expected = "expected all, a list of names, or { group: NAME }";
  assert.deepEqual(problems(accounts("oracle")), [`db.yaml:5:13: ${expected}, found "oracle"`]);
  assert.deepEqual(problems(accounts("Al")), [`db.yaml:5:13: ${expected}, found "Al"; did you mean "all"?`]);
  assert.deepEqual(problems(accounts("[]")), ["db.yaml:5:13: expected at least one entry, found an empty list"]);
  assert.deepEqual(problems(accounts("[a, b, a]")), ['db.yaml:5:20: expected each entry once, found "a" again']);
  assert.deepEqual(problems(accounts("[-x]")), ['db.yaml:5:14: expected the name of an account or group, found "-x"']);
  assert.deepEqual(problems(accounts("{ grup: dba }")), [
    'db.yaml:5:15: expected the key "group", found "grup"; did you mean "group"?',
  ]);
});

test("everything wrong with a policy is told at once, in the order of the file", () => {
  const text = policyWith(`${whom}  include: [unattended-ssh]
  rules:
    - id: a b
      check: engine-command
      severity: urgent
    - check: startup-output
      severity: hihg
      with: { stream: [stdout], streams: [sdtout] }
    - id: x
      check: nonsense
      severity: low
`);
  assert.deepEqual(problems(text), [
    'db.yaml:7:3: expected one of the keys accounts, engines, includes, rules, found "include"; did you mean "includes"?',
    'db.yaml:9:11: expected a name of at most 63 letters, digits, . _ - that begins with a letter or digit, found "a b"',
    'db.yaml:10:14: expected a check kind, found "engine-command"; did you mean "engine-commands"?',
    'db.yaml:11:17: expected critical, high, medium, low or info, found "urgent"',
    'db.yaml:12:7: expected the key "id", found none',
    'db.yaml:13:17: expected critical, high, medium, low or info, found "hihg"; did you mean "high"?',
    'db.yaml:14:15: expected the key "streams", found "stream"; did you mean "streams"?',
    'db.yaml:14:43: expected stdout or stderr, found "sdtout"; did you mean "stdout"?',
    'db.yaml:16:14: expected a check kind (engine-commands, startup-output, patience, watch-coverage), found "nonsense"',
  ]);
});

test("a check kind's numbers and booleans are converted from text, and refused where they are none", () => {
  const rule = (parameters: string) =>
    policyWith(`${whom}  rules:\n    - { id: a, check: patience, severity: low, with: ${parameters} }\n`);
  const parsed = (parameters: string) => policyOf(rule(parameters)).rules[0]?.with;
  assert.deepEqual(parsed('{ seconds: 0.5, retries: "3", loud: true, limit: 4 }'), {
    seconds: 0.5,
    retries: 3,
    loud: true,
    limit: 4,
  });
  assert.deepEqual(parsed("{ limit: none }"), { seconds: 2, loud: false, limit: "none" });
  assert.deepEqual(problems(rule("{ seconds: soon, retries: 10, loud: yes, second: 1 }")), [
    'db.yaml:8:65: expected a number, found "soon"',
    "db.yaml:8:80: expected at most 9, found 10",
    'db.yaml:8:90: expected true or false, found "yes"',
    'db.yaml:8:95: expected one of the keys seconds, retries, loud, limit, found "second"; did you mean "seconds"?',
  ]);
  assert.deepEqual(problems(rule("{ retries: 1.5 }")), ["db.yaml:8:65: expected a whole number, found 1.5"]);
  assert.deepEqual(problems(rule("[]")), ["db.yaml:8:54: expected a map, found an empty list"]);
});

test("rules have an id of their own, and a policy has rules or includes some", () => {
  const rule = "{ id: a, check: startup-output, severity: low }";
  assert.deepEqual(problems(policyWith(`${whom}  rules: [${rule}, ${rule}]\n`)), [
    'db.yaml:7:60: expected each entry once, found "a" again',
  ]);
  assert.deepEqual(problems(policyWith(whom)), [
    "db.yaml:5:3: expected rules, or includes that bring some, found none",
  ]);
});

test("an engine or policy that nobody has is named, with the one that was meant", () => {
  const text = policyWith("  accounts: all\n  engines: [exec-chanel, other]\n  includes: [unattended]\n");
  assert.deepEqual(problems(text), [
    'db.yaml:6:13: expected the name of an Engine that is given or shipped, found "exec-chanel"; did you mean "exec-channel"?',
    'db.yaml:6:26: expected the name of an Engine that is given or shipped (exec-channel), found "other"',
    'db.yaml:7:14: expected the name of a Policy that is given or shipped, found "unattended"; did you mean "unattended-ssh"?',
  ]);
});

test("who names a broken document is not told that it is missing", () => {
  const text = policyWith("  accounts: all\n  engines: [mine]\n  includes: [unattended-ssh]\n");
  assert.deepEqual(problems(text, given(engineWith("  enters: []\n", "mine"), "mine.yaml")), [
    "mine.yaml:5:11: expected at least one entry, found an empty list",
  ]);
});

test("includes that lead back to where they came from are refused once, with the circle", () => {
  const including = (name: string, ...includes: readonly string[]) =>
    given(policyWith(`${whom}  includes: [${includes.join(", ")}]\n`, name), `${name}.yaml`);
  assert.deepEqual(problems(including("a", "b"), including("b", "c"), including("c", "a", "unattended-ssh")), [
    "c.yaml:7:14: expected includes that come to an end, found a circle: a -> b -> c -> a",
  ]);
  assert.deepEqual(problems(including("a", "a")), [
    "a.yaml:7:14: expected includes that come to an end, found a circle: a -> a",
  ]);
  const diamond = [
    including("a", "b", "c"),
    including("b", "d"),
    including("c", "d"),
    including("d", "unattended-ssh"),
  ];
  assert.deepEqual(problems(...diamond), []);
});

test("a chain of thousands of includes is no trouble", () => {
  const many = Array.from({ length: 3000 }, (_, index) =>
    policyWith(`${whom}  includes: [${index === 2999 ? "p0" : `p${index + 1}`}]\n`, `p${index}`),
  ).join("---\n");
  assert.deepEqual(codes(many), ["include-circle"]);
});

test("a policy that was given takes the place of a shipped one of its name", () => {
  const loaded = load(
    given(
      policyWith(
        "  accounts: [oracle]\n  engines: [exec-channel]\n  rules: [{ id: a, check: engine-commands, severity: low }]\n",
        "unattended-ssh",
      ),
    ),
  );
  assert.equal(loaded.kind, "documents");
  if (loaded.kind === "documents")
    assert.deepEqual(
      loaded.set.policies.map((each) => each.origin.file),
      ["db.yaml"],
    );
});

test("engines may be left out only where every rule is judged by what an agent knows of itself", () => {
  const about = (check: string) => `  accounts: all\n  rules: [{ id: a, check: ${check}, severity: low }]\n`;
  assert.deepEqual(problems(policyWith(about("watch-coverage"))), []);
  assert.deepEqual(codes(policyWith(about("engine-commands"))), ["engines-missing"]);
  assert.deepEqual(codes(policyWith("  accounts: all\n  includes: [unattended-ssh]\n")), ["engines-missing"]);
});
