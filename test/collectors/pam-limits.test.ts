import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyLimits, groupsNamed, type LimitsGround } from "../../agent/collectors/pam-limits.ts";
import type { Limit } from "../../agent/host/limits.ts";

// What a real pam_limits does is in session-ground.test.ts; this host's sshd may be barred from raising a limit.
const oracle = { name: "oracle", uid: 501, gid: 502, groups: [502, 503] };
const ground: LimitsGround = {
  gidOf: (group) => (group === "dba" ? 503 : null),
  mostFiles: 1_048_576,
  kernel: null,
  isDebian: false,
  mayRaise: true,
};
const from: Limit[] = [
  { name: "nofile", soft: 1024, hard: 4096 },
  { name: "stack", soft: 8_388_608, hard: "unlimited" },
  { name: "nice", soft: 0, hard: 0 },
];

function after(text: string, given: Partial<LimitsGround> = {}, account = oracle): string {
  return applyLimits(from, [text], account, { ...ground, ...given })
    .map(({ name, soft, hard }) => `${name}=${soft}:${hard}`)
    .join(" ");
}
const start = "nofile=1024:4096 stack=8388608:unlimited nice=0:0";

test("an account's line counts more than its group's, that more than everybody's", () => {
  const lines = ["oracle soft nofile 10", "@dba soft nofile 20", "* soft nofile 30", "* hard nofile 300"];
  for (const order of [lines, [...lines].reverse()]) {
    assert.equal(after(order.join("\n")), start.replace("1024:4096", "10:300"));
  }
});

test("where sshd may raise, limits rise; where not, they stay", () => {
  assert.equal(
    after("* - nofile 65536\n* - nice -10"),
    start.replace("1024:4096", "65536:65536").replace("0:0", "30:30"),
  );
  assert.equal(after("* - nofile 65536\n* - nice -10", { mayRaise: false }), start);
  assert.equal(after("* - nofile 2000000"), start);
});

test("Debian begins with PID 1's limits, with at most 1024 open files, and spares root", () => {
  const kernel: Limit[] = [{ name: "nofile", soft: 1_000_000, hard: 1_000_000 }];
  const root = { name: "root", uid: 0, gid: 0, groups: [0] };
  assert.equal(after("", { kernel, isDebian: true }), start.replace("1024:4096", "1024:1000000"));
  assert.equal(after("", { kernel }), start.replace("1024:4096", "1000000:1000000"));
  assert.equal(after("* - nofile 5", { isDebian: true }, root), start);
  assert.equal(after("* - nofile 5", {}, root), start.replace("1024:4096", "5:5"));
  assert.equal(after("oracle -", { kernel, isDebian: true }), start);
});

test("groups are named once each, ranges of ids are none", () => {
  assert.deepEqual(groupsNamed(["@dba - nofile 5\n@dba - cpu 1", "@1:2 - cpu 1\n%x - maxlogins 2\n@a b -"]), ["dba"]);
});

test("a soft limit never exceeds its hard limit, whatever the files say", () => {
  const domain = fc.constantFrom("*", "@dba", "oracle", ":501", "1:", "x", "500:502");
  const line = fc.tuple(
    domain,
    fc.constantFrom("-", "soft", "hard", "x"),
    fc.constantFrom("nofile", "stack"),
    fc.string(),
  );
  const texts = fc.array(
    fc.oneof(line, fc.tuple(domain, fc.constantFrom("-", "soft", "hard"), fc.constant("stack"), fc.nat())),
  );
  fc.assert(
    fc.property(texts, fc.boolean(), (lines, mayRaise) => {
      const text = lines.map((words) => words.join(" ")).join("\n");
      for (const { soft, hard } of applyLimits(from, [text], oracle, { ...ground, mayRaise })) {
        assert.ok(hard === "unlimited" || (soft !== "unlimited" && soft <= hard), `${soft} ${hard}`);
      }
    }),
  );
});
