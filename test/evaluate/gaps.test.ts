import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { checkKinds } from "../../agent/checks/index.ts";
import { evaluate, exitCode, type Verdict } from "../../agent/evaluate/index.ts";
import { askedFacts, everyFact, type Gap, hostFacts, type ModeFacts } from "../../agent/facts/index.ts";
import { account, at, checkFacts, modeFacts, ready, sends, tried } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";
import { standings, stands } from "../support/standings.ts";

const codes = [
  "probe-limited",
  "not-reached",
  "unreadable",
  "timed-out",
  "over-ceiling",
  "sandbox-forbidden",
  "unknown-shell",
  "no-frames",
  "changed-meanwhile",
] as const satisfies readonly Gap["code"][];

const commands = ["rm -f {file}", "cp -f {file} {existing}"] as const;
const exec = engine(
  "exec-channel",
  ["ssh-command", "sftp"],
  [...sends(...commands), { command: "sqlplus -v", try: "resolve" }],
);
/** Of the kinds that take no rule without saying what it asks. */
const parameters: Readonly<Record<string, object>> = {
  alias: { names: ["cp"] },
  function: { names: ["cp"] },
  limit: { name: "nofile", atLeast: "1024" },
  option: { names: ["noclobber"] },
  umask: { atMost: "027" },
  variable: { names: ["LD_PRELOAD"], is: "unset" },
};
const rules = checkKinds.map(({ id }) => rule(id, "high", parameters[id] ?? {}));
const policies = [inForce(rules, [exec])];

const anyGap = fc.record({
  code: fc.constantFrom(...codes),
  message: fc.constant("a reason"),
  change: fc.constant(""),
  of: fc.uniqueArray(fc.constantFrom(...everyFact, ...hostFacts), { minLength: 1, maxLength: 4 }),
});

const anyFacts: fc.Arbitrary<ModeFacts> = fc
  .record({
    startup: fc.constantFrom(
      ready,
      { ...ready, ended: "hang" as const, prompt: "? " },
      { ...ready, ended: "timed-out" as const },
      { ...ready, lost: ["stdout" as const] },
      null,
    ),
    tried: fc.subarray(
      commands.flatMap((command) => [tried(command), tried(command, { outcome: "hang", where: at(3) })]),
      { maxLength: 2 },
    ),
    cwd: fc.constantFrom("/home/oracle", "/", null),
    output: fc.subarray([{ stream: "stdout" as const, bytes: 6, head: "hello\n", where: at(2), guard: "" }]),
    aliases: fc.subarray([{ name: "cp", value: "cp -i", effective: true, where: at(3) }]),
    functions: fc.subarray([{ name: "cp", effective: true, where: at(3) }]),
    options: fc.subarray([{ name: "noclobber", value: "on", where: at(3) }]),
    variables: fc.subarray([
      { name: "LD_PRELOAD", exported: true, value: "x.so", where: at(3) },
      { name: "PATH", exported: true, value: "/bin:.", where: at(4) },
    ]),
    umask: fc.constantFrom("0022", "0077", null),
    limits: fc.constantFrom({ nofile: 64 }, { nofile: 4096 }, {}),
    leftRunning: fc.subarray([{ command: "ssh-agent", holds: [] }]),
    asked: fc.subarray([...askedFacts]),
    stdin: fc.constantFrom(null, { sentBytes: 9, arrivedBytes: 9, isTail: true, where: null }),
    standings: fc.constantFrom(
      null,
      standings(),
      standings({ startupFiles: [stands("/home/oracle/.cshrc", { uid: 9 })] }),
    ),
    sudo: fc.constantFrom(null, { kind: "absent" as const }),
    locales: fc.constantFrom(null, ["C"]),
    traps: fc.subarray([{ signal: "EXIT", action: "exit 0", where: at(5), effect: null }]),
    gaps: fc.array(anyGap, { maxLength: 2 }),
  })
  .map((facts) => modeFacts(facts));

function verdictsOf(facts: ModeFacts): Map<string, Verdict> {
  const verdicts = evaluate({ policies, measured: [{ account, modes: [facts] }], checks: checkKinds });
  return new Map(verdicts.map((verdict) => [verdict.fingerprint, verdict]));
}

describe("a gap", () => {
  test("never turns a failure or an unknown into a pass, and takes no verdict away", () => {
    fc.assert(
      fc.property(anyFacts, anyGap, (facts, gap) => {
        const before = verdictsOf(facts);
        const after = verdictsOf({ ...facts, gaps: [...facts.gaps, gap] });
        assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
        for (const [key, { status, rule, subject }] of before) {
          const now = after.get(key)?.status;
          if (status !== "pass") assert.notEqual(now, "pass", `${rule} ${subject} was ${status}`);
          // Nor does it make something fail that did not.
          if (status !== "fail") assert.notEqual(now, "fail", `${rule} ${subject} was ${status}`);
        }
      }),
    );
  });

  test("in a fact that a kind needs leaves no pass of it, but where the fact was measured before the rest was cut off", () => {
    fc.assert(
      fc.property(anyFacts, anyGap, (facts, gap) => {
        const after = verdictsOf({ ...facts, gaps: [...facts.gaps, gap] });
        for (const { check, subject, status } of after.values()) {
          const kind = checkKinds.find(({ id }) => id === check);
          const needs = kind?.needsOf?.(subject, checkFacts({ sends: exec.sends })) ?? kind?.needs ?? [];
          if (status !== "pass" || !gap.of.some((name) => needs.includes(name))) continue;
          assert.ok(kind?.needsOf !== undefined && ["timed-out", "over-ceiling"].includes(gap.code));
        }
      }),
    );
  });

  test("never lets the call end with 0", () => {
    fc.assert(
      fc.property(anyFacts, anyGap, (facts, gap) => {
        const measured = [{ account, modes: [{ ...facts, gaps: [gap] }] }];
        assert.notEqual(exitCode(evaluate({ policies, measured, checks: checkKinds }), measured), 0);
      }),
    );
  });
});

describe("every verdict", () => {
  test("that is unknown says why, and every failure says what to change", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        for (const { status, message, change } of verdictsOf(facts).values()) {
          assert.notEqual(message, "");
          if (status === "fail") assert.notEqual(change, "");
        }
      }),
    );
  });

  test("is there for every rule, whatever was measured", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const judged = new Set([...verdictsOf(facts).values()].map(({ rule }) => rule));
        assert.deepEqual([...judged].sort(), rules.map(({ id }) => id).sort());
      }),
    );
  });
});
