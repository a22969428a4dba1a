import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exception } from "../../agent/documents/index.ts";
import { exceptionFacts, exitCode, summary, type Verdict, waive } from "../../agent/evaluate/index.ts";
import { pass, unknown, verdict } from "../drift/support.ts";
import { account, gap, modeFacts } from "../support/facts.ts";

const now = Date.parse("2026-11-23T09:14:07Z");
const { policy, rule, account: name, mode, subject } = verdict();
const key = { policy, rule, account: name, mode, subject };

function exception(other: Partial<Exception> = {}): Exception {
  return {
    kind: "Exception",
    name: "greeting",
    description: "",
    finding: key,
    reason: "CHG1",
    until: "2026-11-23",
    origin: { file: "/etc/rcwarden/e.yaml", digest: "sha256:00", shipped: false, given: true },
    ...other,
  };
}

function waivedBy(verdicts: readonly Verdict[], exceptions: readonly Exception[], nowMs = now) {
  return waive(verdicts, exceptions, nowMs).map(({ waived }) => waived?.exception ?? null);
}

describe("an exception", () => {
  test("waives what fails or is undecided under exactly its key, and says why and how long", () => {
    const [first] = waive([verdict()], [exception()], now);
    assert.deepEqual(first, { ...verdict(), waived: { exception: "greeting", reason: "CHG1", until: "2026-11-23" } });
    assert.deepEqual(waivedBy([unknown(), unknown({ finding: false }), pass()], [exception()]), [
      "greeting",
      "greeting",
      null,
    ]);
    for (const part of ["policy", "rule", "account", "mode", "subject"]) {
      assert.deepEqual(waivedBy([verdict()], [exception({ finding: { ...key, [part]: "other" } })]), [null]);
    }
  });

  test("holds to the last moment of its day, UTC, and not one longer", () => {
    const end = Date.parse("2026-11-24T00:00:00Z");
    assert.deepEqual(waivedBy([verdict()], [exception()], end - 1), ["greeting"]);
    assert.deepEqual(waivedBy([verdict()], [exception()], end), [null]);
  });

  test("that ends last is said where several hold", () => {
    const longer = exception({ name: "longer", until: "2027-01-31" });
    for (const order of [
      [exception(), longer],
      [longer, exception()],
    ]) {
      assert.deepEqual(waivedBy([verdict()], order), ["longer"]);
    }
  });
});

describe("what is waived", () => {
  const waived = (verdicts: readonly Verdict[]) => waive(verdicts, [exception()], now);

  test("is counted apart, and what only follows from it not at all", () => {
    const verdicts = waived([verdict(), pass({ subject: "rm" })]);
    assert.deepEqual(summary(verdicts, []), { pass: 1, fail: 0, unknown: 0, tried: 0, waived: 1 });
    assert.deepEqual(summary(waived([unknown({ finding: false })]), []), { pass: 0, fail: 0, unknown: 0, tried: 0 });
  });

  test("decides no exit code, and what is not waived beside it does", () => {
    assert.equal(exitCode(waived([verdict()]), []), 0);
    assert.equal(exitCode(waived([verdict(), verdict({ subject: "rm" })]), []), 1);
    assert.equal(exitCode(waived([unknown()]), []), 0);
    assert.equal(exitCode(waived([unknown(), unknown({ subject: "rm" })]), []), 3);
  });

  test("lets a gap go that left nothing else undecided", () => {
    const lost = gap("timed-out", ["tried"], "time was over");
    const measured = [{ account, modes: [modeFacts({ gaps: [lost] })] }];
    assert.equal(exitCode(waived([unknown()]), measured), 0);
    assert.equal(exitCode([unknown()], measured), 3);
    assert.equal(exitCode(waived([verdict()]), measured), 3);
  });
});

describe("how it stands with an exception", () => {
  const state = (other: Partial<Exception>, keys: readonly (typeof key)[] | null = [key]) =>
    exceptionFacts([exception(other)], keys, now).map((each) => each.state)[0];

  test("in force, soon over, expired", () => {
    assert.equal(state({ until: "2027-01-31" }), "in-force");
    assert.equal(state({ until: "2026-12-07" }), "in-force");
    assert.equal(state({ until: "2026-12-06" }), "soon");
    assert.equal(state({}), "soon");
    assert.equal(state({ until: "2026-11-22" }), "expired");
  });

  test("never matched, once everything was judged; a pass is a match", () => {
    const other = { finding: { ...key, subject: "nonesuch" }, until: "2027-01-31" };
    assert.equal(state(other), "never-matched");
    assert.equal(state(other, null), "in-force");
    assert.equal(state({ ...other, until: "2026-11-22" }), "expired");
  });

  test("about the host: only where the host's own keys are known", () => {
    const host = { finding: { ...key, account: "-", subject: "watching" }, until: "2027-01-31" };
    assert.equal(state(host), "in-force");
    assert.equal(state(host, [{ ...key, account: "-" }]), "never-matched");
    assert.equal(state(host, [{ ...key, account: "-", subject: "watching" }]), "in-force");
  });

  test("carries name, end and reason", () => {
    assert.deepEqual(exceptionFacts([exception({ until: "2027-01-31" })], [key], now), [
      { name: "greeting", state: "in-force", until: "2027-01-31", reason: "CHG1" },
    ]);
  });
});
