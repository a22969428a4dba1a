import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { KeptFinding } from "../../agent/drift/index.ts";
import { maskedFinding } from "../../agent/drift/index.ts";
import { shares } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { cp, kept } from "./support.ts";

const line = "alias cp 'cp -i'";
const evidence = {
  sent: cp,
  outcome: "hang",
  prompt: "cp: overwrite 'existing.1'? ",
  exit: null,
  stderr: "cp: x",
  waitsFor: "input",
  waiting: "cp -i -f",
};

describe("at names", () => {
  test("a finding says rule, file, line, subject and codes, and what was masked", () => {
    const finding = kept({}, { evidence, line });
    assert.deepEqual(maskedFinding(finding, "names"), {
      ...finding,
      message: `${cp}: would make an engine wait for ever`,
      line: null,
      change: "look at line 14 of /home/oracle/.cshrc",
      evidence: { sent: cp, outcome: "hang", exit: null, waitsFor: "input" },
      masked: ["message", "line", "change", "evidence"],
    });
  });

  test("what is undecided says so, what it was, and the gaps' codes in our words", () => {
    const gaps = [{ code: "unreadable", message: "/u01/secret: EACCES", change: "chmod" }] as const;
    const masked = maskedFinding(kept({ status: "unknown", was: "fail", gaps }), "names");
    assert.equal(masked.message, `${cp}: could not be decided; before, it failed: would make an engine wait for ever`);
    assert.deepEqual(masked.gaps, [{ code: "unreadable", message: "a file could not be read", change: "" }]);
    assert.ok(masked.masked.includes("gaps"));
  });

  test("what is about the account or the host is told by its check", () => {
    const masked = maskedFinding(kept({ check: "reviewed", mode: "-", subject: "baseline" }), "names");
    assert.equal(masked.message, "baseline: reviewed does not hold");
  });

  test("a backlog is told whole where it fails, for it is numbers and the documents' words; why it is unknown is not", () => {
    const about = { check: "log-backlog", account: "-", mode: "-", subject: "engine-staging", where: null } as const;
    const told = {
      message: "412 files wait",
      evidence: { waitingFiles: 412, stays: "not-released: 412 files (38.0 GiB)" },
    };
    const failing = kept({ ...about }, { ...told, where: null, line: null, change: "see why" });
    assert.deepEqual(maskedFinding(failing, "names"), { ...failing, masked: [] });
    const unknown = kept(
      { ...about, status: "unknown" },
      { message: "no look: /u01/secret: EIO", where: null, line: null },
    );
    assert.equal(maskedFinding(unknown, "names").message, "engine-staging: could not be decided");
  });

  test("no text of the host is left, whatever it is and wherever it stands, but the names of files", () => {
    const secret = "Zq7";
    const text = fc.string({ maxLength: 30 }).map((any) => `${any}${secret}`);
    const any = fc.record({
      status: fc.constantFrom<KeptFinding["status"]>("fail", "unknown"),
      message: text,
      line: fc.option(text, { nil: null }),
      change: text,
      evidence: fc.dictionary(
        fc.constantFrom(
          "outcome",
          "exit",
          "prompt",
          "stderr",
          "head",
          "value",
          "state",
          "writes",
          "before",
          "__proto__",
        ),
        fc.oneof(
          text.map((each) => `!${each}`),
          fc.integer(),
          fc.constant(null),
        ),
      ),
      gaps: fc.array(fc.record({ code: fc.constant("unreadable" as const), message: text, change: text }), {
        maxLength: 3,
      }),
    });
    fc.assert(fc.property(any, (other) => !JSON.stringify(maskedFinding(kept(other), "names")).includes(secret)));
  });
});

describe("at values", () => {
  test("everything is there but the line's text", () => {
    const finding = kept({}, { evidence, line });
    assert.deepEqual(maskedFinding(finding, "values"), { ...finding, line: null, masked: ["line"] });
  });

  test("and whatever quotes it", () => {
    const quotes = {
      message: `it says ${line}`,
      change: `delete ${line}`,
      evidence: { sent: cp, stderr: `at ${line}` },
    };
    const masked = maskedFinding(kept({}, { line, ...quotes, where: at(14) }), "values");
    assert.doesNotMatch(JSON.stringify(masked), /alias cp/);
    assert.deepEqual(masked.masked, ["message", "line", "change", "evidence"]);
    assert.deepEqual(masked.evidence, { sent: cp });
  });

  test("a finding without a line is whole", () => {
    for (const none of [null, ""]) {
      assert.equal(maskedFinding(kept({}, { line: none }), "values").message, kept().message);
    }
  });
});

test("at lines nothing is masked", () => {
  assert.deepEqual(maskedFinding(kept(), "lines"), { ...kept(), masked: [] });
});

test("never is more shown by a narrower share, and key, place and times are always there", () => {
  for (const share of shares) {
    const { fingerprint, where, openedAt, since, status, severity } = kept();
    assert.partialDeepStrictEqual(maskedFinding(kept(), share), {
      fingerprint,
      where,
      openedAt,
      since,
      status,
      severity,
    });
  }
});
