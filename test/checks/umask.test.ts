import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { umask } from "../../agent/checks/umask.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

function under(mask: string | null, asked: object) {
  return only(judge(umask, { umask: mask, umaskFrom: { where: at(3), line: `umask ${mask}` } }, asked));
}

describe("umask", () => {
  test("says what it is, what is wrong with it, and the line", () => {
    assert.partialDeepStrictEqual(under("0077", { atMost: "027" }), {
      status: "fail",
      consequence: "failed-command",
      message: "the umask 0077 takes more away than 0027: others cannot use what is made",
      where: at(3),
      change: "correct the umask of line 3, or keep the line from engines",
    });
  });

  test("compares bits, not numbers", () => {
    assert.equal(under("0070", { atMost: "107" }).status, "fail");
    assert.equal(under("0100", { atLeast: "022" }).status, "fail");
    assert.equal(under("22", { equals: "0022" }).status, "pass");
  });

  test("says security where others may write", () => {
    assert.equal(under("0000", { atLeast: "022" }).consequence, "security");
    assert.equal(under("0002", { equals: "022" }).consequence, "security");
    assert.equal(under("0077", { equals: "022" }).consequence, "failed-command");
  });

  test("a mask that is not known is unknown", () => {
    assert.equal(under(null, { equals: "022" }).status, "unknown");
    assert.equal(under("rwx", { equals: "022" }).status, "unknown");
  });

  test("refuses what every mask fulfils, and what no mask is", () => {
    for (const asked of [
      {},
      { atMost: "777" },
      { atLeast: "000" },
      { equals: "22" },
      { equals: "0o22" },
      { equals: "888" },
    ])
      assert.equal(umask.parameters.safeParse(asked).success, false, JSON.stringify(asked));
    assert.equal(umask.parameters.safeParse({ equals: "022", atMost: "077" }).success, false);
  });

  test("every rule that is taken fails for some mask", () => {
    const octal = fc.integer({ min: 0, max: 0o777 }).map((mask) => mask.toString(8).padStart(3, "0"));
    const masks = Array.from({ length: 512 }, (_, mask) => mask.toString(8).padStart(4, "0"));
    const wishes = fc.oneof(
      fc.record({ equals: octal }),
      fc.record({ atMost: octal, atLeast: octal }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(wishes, (asked) => {
        if (!umask.parameters.safeParse(asked).success) return;
        assert.ok(masks.some((mask) => under(mask, asked).status === "fail"));
      }),
    );
  });
});
