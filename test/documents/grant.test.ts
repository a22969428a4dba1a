import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Grant,
  isMeasurable,
  isQuiet,
  loadDocuments,
  noGrant,
  quietUntil,
  whatHolds,
} from "../../agent/documents/index.ts";
import {
  checks,
  documentOf,
  engineWith,
  given,
  hostOf,
  hostProblems,
  loadHost,
  policyWith,
  shippedEngine,
  shippedPolicy,
} from "./support.ts";

function grantOf(spec: string): Grant {
  const { grant } = hostOf(documentOf("Grant", spec));
  return grant.kind === "grant" ? grant.grant : assert.fail(grant.kind);
}

function told(spec: string): readonly string[] {
  return hostProblems(documentOf("Grant", spec));
}

const good = documentOf("Grant", "  measure: { accounts: [oracle] }\n");
const exception = documentOf(
  "Exception",
  "  finding: { policy: p, rule: r, account: a, mode: cron, subject: s }\n  reason: r\n  until: 2027-01-31\n",
);

test("a Grant says whom, how and when; the rest is as narrow as without one", () => {
  const { origin, ...grant } = grantOf("  measure: { accounts: [oracle, 'DOM\\svc', 0815] }\n");
  assert.deepEqual(grant, {
    kind: "Grant",
    name: "db07",
    description: "",
    ...noGrant,
    measure: { ...noGrant.measure, accounts: ["oracle", "DOM\\svc", "0815"] },
  });
  assert.ok(!origin.shipped);
});

test("what is written is taken", () => {
  const grant = grantOf(`  measure: { accounts: all, how: reading, notBetween: ["22:30-04:00", "12:00-24:00"] }
  local: values
  share: lines
  remove: [{ account: oracle, below: /u01/staging, apply: automatically, releasesFrom: engine }, { account: oracle, below: /u02 }]
`);
  assert.deepEqual(grant.measure, {
    accounts: "all",
    how: "reading",
    notBetween: [
      { from: 1350, to: 240 },
      { from: 720, to: 1440 },
    ],
  });
  assert.deepEqual([grant.local, grant.share], ["values", "lines"]);
  assert.deepEqual(grant.remove, [
    { account: "oracle", below: "/u01/staging", apply: "automatically", releasesFrom: "engine" },
    { account: "oracle", below: "/u02", apply: "by-hand", releasesFrom: null },
  ]);
});

test("whom to measure must be said, and to whom it is said in time of day", () => {
  assert.deepEqual(told("  local: names\n"), ['5:3: expected the key "measure", found none']);
  assert.deepEqual(told("  measure: {}\n"), ['5:12: expected the key "accounts", found none']);
  assert.deepEqual(told("  measure: { accounts: [] }\n"), ["5:24: expected at least one entry, found an empty list"]);
  assert.deepEqual(told("  measure: { accounts: oracle }\n"), [
    '5:24: expected all, or a list of names, found "oracle"',
  ]);
  assert.deepEqual(told("  measure: { accounts: [a, a], how: runing }\n"), [
    '5:28: expected each entry once, found "a" again',
    '5:37: expected running or reading, found "runing"; did you mean "running"?',
  ]);
  for (const bad of [
    "2:00-4:00",
    "02:00",
    "24:00-01:00",
    "02:00-24:01",
    "02:60-03:00",
    "02:00 - 03:00",
    "02:00-04:00Z",
  ]) {
    assert.deepEqual(told(`  measure: { accounts: all, notBetween: ["${bad}"] }\n`), [
      `5:42: expected times of day like 02:00-04:00, found "${bad}"`,
    ]);
  }
  assert.deepEqual(told('  measure: { accounts: all, notBetween: ["02:00-02:00"] }\n'), [
    '5:42: expected an end that is not the begin; all day is 00:00-24:00, found "02:00-02:00"',
  ]);
});

test("isMeasurable is the list and nothing beside it", () => {
  const some = grantOf("  measure: { accounts: [oracle] }\n");
  assert.deepEqual(
    [isMeasurable(some, "oracle"), isMeasurable(some, "Oracle"), isMeasurable(some, "all")],
    [true, false, false],
  );
  assert.ok(isMeasurable(grantOf("  measure: { accounts: all }\n"), "anybody"));
  assert.ok(isMeasurable(noGrant, "anybody"));
  assert.ok(!isMeasurable(grantOf("  measure: { accounts: [all] }\n"), "anybody"));
});

test("a broken Grant allows nothing; none allows measuring and sends names only", () => {
  assert.equal(whatHolds({ kind: "broken" }), null);
  assert.deepEqual(whatHolds({ kind: "none" }), noGrant);
  assert.equal(
    whatHolds({ kind: "grant", grant: grantOf("  measure: { accounts: [a] }\n") })?.measure.accounts[0],
    "a",
  );
});

test("quiet hours begin with their first minute, end before their last, and go past midnight", () => {
  const quiet = (span: string, minute: number) =>
    isQuiet(grantOf(`  measure: { accounts: all, notBetween: ["${span}"] }\n`), minute);
  const rows = [
    ["02:00-04:00", [119, 120, 239, 240], [false, true, true, false]],
    ["22:00-02:00", [1319, 1320, 1439, 0, 119, 120], [false, true, true, true, true, false]],
    ["00:00-24:00", [0, 719, 1439], [true, true, true]],
    ["23:59-00:00", [1438, 1439, 0], [false, true, false]],
    ["00:00-00:01", [0, 1, 1439], [true, false, false]],
  ] as const;
  for (const [span, minutes, expected] of rows) {
    assert.deepEqual(
      minutes.map((minute) => quiet(span, minute)),
      expected,
      span,
    );
  }
  assert.equal(isQuiet(noGrant, 0), false);
});

test("quiet ends with the last of the spans that touch", () => {
  const grant = grantOf('  measure: { accounts: all, notBetween: ["22:00-02:00", "02:00-04:30"] }\n');
  assert.deepEqual(
    [1320, 0, 120, 269, 270].map((minute) => quietUntil(grant, minute)),
    [270, 270, 270, 270, null],
  );
  assert.equal(quietUntil(grantOf('  measure: { accounts: all, notBetween: ["00:00-24:00"] }\n'), 5), null);
});

test("every span is quiet for exactly its length, wherever it begins", () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const text = (minutes: number) =>
    `${Math.floor(minutes / 60)}`.padStart(2, "0") + `:${minutes % 60}`.replace(/:(\d)$/, ":0$1");
  fc.assert(
    fc.property(minute, minute, (from, to) => {
      fc.pre(from !== to);
      const grant = grantOf(`  measure: { accounts: all, notBetween: ["${text(from)}-${text(to)}"] }\n`);
      const quiet = Array.from({ length: 1440 }, (_, at) => isQuiet(grant, at)).filter(Boolean).length;
      assert.equal(quiet, (to - from + 1440) % 1440);
    }),
    { numRuns: 50 },
  );
});

test("a second Grant is refused, whatever its name, and then there is none that counts", () => {
  for (const name of ["db07", "other"]) {
    const loaded = loadHost(`${good}---\n${documentOf("Grant", "  measure: { accounts: all }\n", name)}`);
    assert.ok(loaded.kind === "problems");
    assert.deepEqual(
      loaded.problems.map(({ code, line }) => [code, line]),
      [["kind-second", 8]],
    );
    assert.equal(loaded.grant, "broken");
  }
});

test("the Grant is broken where something may hold one that cannot be taken, and only there", () => {
  const refused = { code: "file-owner", expected: "a file of root", found: "one of uid 1000", change: "" };
  const rows = [
    ["a wrong value", good.replace("[oracle]", "oracle"), "broken"],
    ["a key that nobody knows", `${good}  shar: names\n`, "broken"],
    ["another version", good.replace("/v1", "/v2"), "broken"],
    ["a mistyped kind", good.replace("kind: Grant", "kind: Grnat"), "broken"],
    ["no kind", good.replace("kind: Grant\n", ""), "broken"],
    ["no YAML", `${good}  : : :\n`, "broken"],
    ["an empty file, as while it is saved", "", "broken"],
    ["a list", "- a\n", "broken"],
    ["a sound one and no YAML after it", `${good}---\na: @b\n`, "broken"],
    ["a broken Exception beside it", `${good}---\n${exception.replace("2027-01-31", "soon")}`, "grant"],
    ["an Exception of another version", `${good}---\n${exception.replace("/v1", "/v2")}`, "grant"],
    ["a broken Retention beside it", `${good}---\napiVersion: rcwarden/v1\nkind: Retention\n`, "grant"],
    ["a broken Agent and no Grant", documentOf("Agent", "  sinks: file\n"), "none"],
    ["a broken policy and no Grant", policyWith("  accounts: nobody\n"), "none"],
  ] as const;
  for (const [says, text, expected] of rows) {
    const loaded = loadHost(text);
    assert.equal(loaded.kind, "problems", says);
    if (loaded.kind !== "problems") continue;
    assert.equal(loaded.grant, expected, says);
    assert.equal(loaded.host.grant.kind, expected, says);
  }
  const unreadable = loadHost([given(good, "a.yaml"), { file: "b.yaml", shipped: false, refused }]);
  assert.equal(unreadable.kind === "problems" && unreadable.grant, "broken");
});

test("a Grant among the policies is refused and not overlooked: nobody is measured, asked for by path or not", () => {
  const context = { checks, shipped: [shippedEngine, shippedPolicy] };
  for (const loaded of [
    loadDocuments([given(good)], context),
    loadDocuments([given(good)], { ...context, host: [given(good, "/etc/rcwarden/grant.yaml")] }),
    loadDocuments([], { ...context, installed: [given(good)] }),
  ]) {
    assert.ok(loaded.kind === "problems");
    assert.deepEqual(
      loaded.problems.map(({ code, file }) => [code, file]),
      [["kind-not-here", "db.yaml"]],
    );
    assert.equal(loaded.grant, "broken");
  }
  const policy = loadDocuments([given("kind: [\n")], context);
  assert.equal(policy.kind === "problems" && policy.grant, "none");
});

test("engines and policies in the owner's folder are given like the others, and lend names where others are asked for", () => {
  const own = `${engineWith("  enters: [ssh-command]\n  sends: [ls]\n", "own")}---\n${policyWith("  accounts: all\n  engines: [own]\n  includes: [unattended-ssh]\n", "mine")}`;
  const host = [given(own, "/etc/rcwarden/own.yaml")];
  const loaded = loadHost(host);
  assert.ok(loaded.kind === "documents");
  assert.deepEqual(
    loaded.set.policies.filter(({ origin }) => origin.given).map(({ name }) => name),
    ["mine"],
  );
  const asked = given(policyWith("  accounts: all\n  engines: [own]\n  includes: [mine]\n", "asked"));
  const context = { checks, shipped: [shippedEngine, shippedPolicy], host };
  const other = loadDocuments([asked], { ...context, installed: [] });
  assert.ok(other.kind === "documents", JSON.stringify(other));
  assert.deepEqual(
    other.set.policies.filter(({ origin }) => origin.given).map(({ name }) => name),
    ["asked"],
  );
  assert.deepEqual(
    other.set.engines.map(({ name }) => name),
    ["own", "exec-channel"],
  );
});

test("nobody's policy takes the name that the program keeps for itself", () => {
  const text = policyWith(
    "  accounts: all\n  engines: [exec-channel]\n  includes: [unattended-ssh]\n",
    "rcwarden-self",
  );
  assert.deepEqual(hostProblems(text), [
    '3:19: expected a name that rcwarden does not keep for itself, found "rcwarden-self"',
  ]);
});

test("loading the owner's documents never throws, and never makes a Grant of what is none", () => {
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
    "---\n",
    "#",
    "\t",
    "kind",
    "Grant",
    "😀",
  );
  const mutated = fc.array(fc.tuple(fc.nat(), fc.nat(12), piece), { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce((text, [at, drop, insert]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + insert + text.slice(place + drop);
    }, `${good}---\n${exception}`),
  );
  fc.assert(
    fc.property(mutated, (text) => {
      const loaded = loadHost(text);
      if (loaded.host.grant.kind === "grant") assert.equal(loaded.host.grant.grant.kind, "Grant");
      if (loaded.kind === "documents") assert.notEqual(loaded.host.grant.kind, "broken");
    }),
    { numRuns: 500 },
  );
});
