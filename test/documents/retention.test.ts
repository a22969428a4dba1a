import assert from "node:assert/strict";
import { test } from "node:test";
import { loadDocuments, type Retention } from "../../agent/documents/index.ts";
import { checks, documentOf, given, problems, retentionsOf, shippedEngine, shippedPolicy } from "./support.ts";

const good = {
  account: "oracle",
  root: "/u01/staging/engine",
  match: '["*.arc"]',
  after: "release",
  releasedBy: "[engine]",
};
type Keys = Readonly<Record<string, string>>;

function retentionWith(other: Keys, name = "staging"): string {
  const lines = Object.entries({ ...good, ...other }).filter(([, value]) => value !== "");
  return documentOf("Retention", lines.map(([key, value]) => `  ${key}: ${value}\n`).join(""), name);
}
const byAge = { after: "age", releasedBy: "", keep: "{ youngerThan: 7d }" };

function told(other: Keys): readonly string[] {
  return problems(retentionWith(other)).map((problem) => problem.replace(/^db\.yaml:\d+:\d+: /, ""));
}

function only(other: Keys): Retention {
  const [found] = retentionsOf(given(retentionWith(other)));
  assert.ok(found !== undefined, told(other).join("\n"));
  return found;
}

test("what is left out has a value that keeps", () => {
  const { kind, name, origin, description, ...rest } = only({});
  assert.deepEqual([kind, name, description, origin.given], ["Retention", "staging", "", true]);
  assert.deepEqual(rest, {
    account: "oracle",
    root: "/u01/staging/engine",
    match: ["*.arc"],
    depth: 1,
    after: "release",
    releasedBy: ["engine"],
    keep: { newest: 0, youngerThanMs: null },
    plan: { everyMs: null, whenFreeBelowPercent: null },
    apply: "by-hand",
    limits: { files: 10_000, bytes: 500 * 2 ** 30, filesPerSecond: 500, readBytesPerSecond: 100 * 2 ** 20 },
    mayEmpty: false,
  });
});

test("everything that it can say becomes numbers with a unit", () => {
  const { keep, plan, limits, depth, apply, mayEmpty, after, releasedBy } = only({
    ...byAge,
    keep: "{ newest: 10, youngerThan: 6h }",
    depth: "3",
    plan: "{ every: 15m, whenFreeBelow: 20% }",
    apply: "automatically",
    limits: "{ files: 5, bytes: 1MiB, filesPerSecond: 7, readPerSecond: 2MiB }",
    mayEmpty: "true",
  });
  assert.deepEqual(keep, { newest: 10, youngerThanMs: 6 * 3_600_000 });
  assert.deepEqual(plan, { everyMs: 900_000, whenFreeBelowPercent: 20 });
  assert.deepEqual(limits, { files: 5, bytes: 2 ** 20, filesPerSecond: 7, readBytesPerSecond: 2 * 2 ** 20 });
  assert.deepEqual([depth, apply, mayEmpty, after, releasedBy], [3, "automatically", true, "age", []]);
});

test("no number out of its range is taken, and none of them becomes all", () => {
  const rows: readonly (readonly [Keys, string])[] = [
    [{ depth: "0" }, "at least 1"],
    [{ depth: "-1" }, "at least 1"],
    [{ depth: "17" }, "at most 16"],
    [{ depth: "1.5" }, "a whole number"],
    [{ depth: "all" }, "a number"],
    [{ keep: "{ newest: 0 }" }, "at least 1"],
    [{ keep: "{ newest: -3 }" }, "at least 1"],
    [{ keep: "{ newest: 99999999999999999999 }" }, "a number"],
    [{ keep: "{ youngerThan: 0h }" }, "a duration from 1m to 3650d"],
    [{ keep: "{ youngerThan: 6 }" }, "a duration from 1m to 3650d"],
    [{ keep: "{ youngerThan: 59s }" }, "a duration from 1m to 3650d"],
    [{ keep: "{ youngerThan: 3651d }" }, "a duration from 1m to 3650d"],
    [{ limits: "{ files: 0 }" }, "at least 1"],
    [{ limits: "{ files: 100001 }" }, "at most 100000"],
    [{ limits: "{ files: unlimited }" }, "a number"],
    [{ limits: "{ bytes: 0GiB }" }, "a size from 1MiB to 1024TiB"],
    [{ limits: "{ filesPerSecond: 0 }" }, "at least 1"],
    [{ limits: "{ readPerSecond: 1KiB }" }, "a size from 1MiB to 100GiB"],
    [{ plan: "{ every: 1s }" }, "a duration from 1m to 7d"],
    [{ plan: "{ whenFreeBelow: 0% }" }, "a share from 1% to 99%"],
    [{ plan: "{ whenFreeBelow: 100% }" }, "a share from 1% to 99%"],
    [{ plan: "{ whenFreeBelow: 0.2 }" }, "a share from 1% to 99%"],
    [{ mayEmpty: "yes" }, "true or false"],
    [{ mayEmtpy: "true" }, "one of the keys"],
    [{ keep: "{ newst: 10 }" }, "one of the keys"],
    [{ match: "[]" }, "at least one entry"],
    [{ match: '"*.arc"' }, "a list"],
    [{ match: '["*.arc", ""]' }, "a pattern"],
    [{ match: '["a/*"]' }, "a pattern for a file's own name, without /"],
    [{ match: '["[a"]' }, "a set of ASCII characters that ends with ]"],
    [{ releasedBy: "[]" }, "at least one entry"],
    [{ releasedBy: "[anybody]" }, "engine or account"],
    [{ releasedBy: "" }, "releasedBy with after: release: engine, account or both"],
    [{ ...byAge, releasedBy: "[engine]" }, "no releasedBy with after: age"],
    [{ ...byAge, keep: "" }, "keep.youngerThan with after: age"],
    [{ ...byAge, keep: "{ newest: 5 }" }, "keep.youngerThan with after: age"],
    [
      { ...byAge, apply: "automatically", plan: "" },
      "plan.every or plan.whenFreeBelow with apply: automatically and after: age",
    ],
    [{ after: "always" }, "release or age"],
    [{ apply: "at-once" }, "by-hand or automatically"],
    [{ account: "" }, 'the key "account"'],
    [{ account: "all:of" }, "the name of an account or group"],
  ];
  for (const [other, expected] of rows) {
    const found = told(other);
    assert.equal(found.length, 1, `${JSON.stringify(other)}: ${found.join("\n")}`);
    assert.ok(found[0]?.startsWith(`expected ${expected}`), `${JSON.stringify(other)}: ${found[0]}`);
  }
  assert.match(told({ plan: "{ whenFreeBelow: 20 }" })[0] ?? "", /did you mean "20%"\?$/);
});

test("a pattern without a character of the name needs something that is kept", () => {
  const all = "expected some character of the name, or keep.newest or keep.youngerThan, found ";
  for (const text of ["*", "**", "?*", "*?", "???", "[!x]*", "[a-z]*", "[[:alnum:]]*"]) {
    assert.deepEqual(told({ match: `[a*, "${text}"]` }), [`${all}"${text}"`]);
    assert.deepEqual(only({ match: `["${text}"]`, keep: "{ newest: 1 }" }).match, [text]);
    assert.deepEqual(only({ match: `["${text}"]`, keep: "{ youngerThan: 1h }" }).match, [text]);
  }
  assert.deepEqual(told({ match: "['\\*', a*]" }), [], "an escaped star is a character");
});

test("no root is the system's, many owners', too near to / or no plain path", () => {
  const path = "an absolute path without .. or // in it, and no / at its end";
  const rows = [
    ["/", path],
    ["staging", path],
    ["./a/b", path],
    ["/u01/../etc", path],
    ["/u01/./a", path],
    ["/u01//a", path],
    ["/u01/a/", path],
    ['"/u01/a\\nb"', path],
    ["/u01", "a folder at least two deep, as /u01/staging is"],
    ["/opt", "a folder at least two deep, as /u01/staging is"],
    ["/var", "a folder at least two deep, as /u01/staging is"],
    ["/etc", "a folder outside of /etc, which is the system's"],
    ["/etc/x/y", "a folder outside of /etc, which is the system's"],
    ["/usr/local/x", "a folder outside of /usr, which is the system's"],
    ["/proc/self/cwd", "a folder outside of /proc, which is the system's"],
    ["/lib64/x", "a folder outside of /lib64, which is the system's"],
    ["/var/lib/rcwarden/host", "a folder outside of /var/lib/rcwarden, which is the system's"],
    ["/var/lib/dpkg/info", "a folder outside of /var/lib/dpkg, which is the system's"],
    ["/var/tmp/x/.rcwarden-quarantine", "a folder outside of .rcwarden-quarantine"],
    ["/var/lib", "a folder of one owner below /var/lib"],
    ["/var/log", "a folder of one owner below /var/log"],
    ["/home/oracle", "a folder below a home, not a home itself"],
  ] as const;
  for (const [root, expected] of rows) {
    const found = told({ root });
    assert.equal(found.length, 1, found.join("\n"));
    assert.ok(found[0]?.startsWith(`expected ${expected}, found `), `${root}: ${found[0]}`);
  }
  for (const root of ["/u01/staging", "/etcetera/x", "/home/oracle/logs", "/var/log/engine", "/lib-x/a", "/u01/..a/b"])
    assert.equal(only({ root }).root, root);
});

/** Where the root of the second of two documents stands is not what this is about. */
function bothRoots(first: string, second: string): readonly string[] {
  const found = problems(
    given(retentionWith({ root: first }, "a"), "a.yaml"),
    given(retentionWith({ root: second }, "b"), "b.yaml"),
  );
  return found.map((problem) =>
    problem.replace("expected a folder that is no other Retention's root, nor above or below one, found ", ""),
  );
}

test("two Retentions never speak for one folder", () => {
  const overlapping = [
    ["/u01/a", "/u01/a"],
    ["/u01/a", "/u01/a/b"],
    ["/u01/a", "/u01/a/b/c/d"],
    ["/u01/a/b", "/u01/a"],
    ["/u01/a/b/c/d", "/u01/a"],
  ] as const;
  for (const [first, second] of overlapping)
    assert.deepEqual(bothRoots(first, second), [`b.yaml:6:9: "${second}", and "${first}" in a.yaml:6`]);
  const apart = [
    ["/u01/a", "/u01/ab"],
    ["/u01/ab", "/u01/a"],
    ["/u01/a/b", "/u01/a/c"],
  ] as const;
  for (const [first, second] of apart) assert.deepEqual(bothRoots(first, second), []);
});

test("an overlap is told beside whatever else is wrong, each once", () => {
  const one = given(retentionWith({ root: "/u01/a" }, "a"), "a.yaml");
  const broken = given(retentionWith({ root: "/u01/a/b", depth: "0" }, "b"), "b.yaml");
  const found = problems(one, broken);
  assert.equal(found.length, 2, found.join("\n"));
  assert.match(found[0] ?? "", /^b\.yaml:6:9: .*"\/u01\/a\/b", and "\/u01\/a" in a\.yaml:6$/);
  const below = ["b", "c", "d"].map((name) => given(retentionWith({ root: `/u01/a/${name}` }, name), `${name}.yaml`));
  assert.equal(problems(one, ...below).length, 3);
});

test("a Retention that nobody asked for neither counts nor stands in another's way", () => {
  const asked = given(retentionWith({ root: "/u01/a" }, "a"), "asked.yaml");
  const installed = [given(retentionWith({ root: "/u01/a/b" }, "b"), "installed.yaml")];
  const loaded = loadDocuments([asked], { checks, shipped: [shippedEngine, shippedPolicy], installed });
  assert.ok(loaded.kind === "documents");
  assert.deepEqual(
    loaded.set.retentions.map(({ name }) => name),
    ["a"],
  );
});
