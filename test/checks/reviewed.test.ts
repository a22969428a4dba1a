import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reviewed } from "../../agent/checks/reviewed.ts";
import type { BaselineChange, BaselineItem } from "../../agent/facts/index.ts";
import { judge, only } from "../support/judging.ts";

const baseline = { account: "oracle", acceptedAt: "2026-11-01T08:00:00.000Z", reason: "CHG1", items: [] };

function change(how: BaselineChange["change"], item: Partial<BaselineItem>): BaselineChange {
  return { change: how, item: { kind: "alias", name: "cp", mode: "-", digest: "sha256:00", where: null, ...item } };
}

function judged(...changes: BaselineChange[]) {
  return only(judge(reviewed, { reviewed: { baseline, changes } }), "baseline");
}

describe("reviewed", () => {
  test("holds where nothing differs from what was accepted", () => {
    assert.partialDeepStrictEqual(judged(), { status: "pass", message: "all is as it was accepted" });
  });

  test("names what changed, how, in which mode and at which line, and points at the first line", () => {
    const file = change("changed", { kind: "file", name: "/home/oracle/.cshrc" });
    const alias = change("added", { mode: "ssh-command", where: "/home/a:b/.cshrc:14" });
    const words = "file /home/oracle/.cshrc changed; alias cp in ssh-command added (/home/a:b/.cshrc:14)";
    assert.partialDeepStrictEqual(judged(file, alias), {
      status: "fail",
      message: `2 things are not as accepted: ${words}`,
      where: { file: "/home/a:b/.cshrc", line: 14 },
      evidence: { count: 2, changes: words, acceptedAt: baseline.acceptedAt, reason: "CHG1" },
    });
  });

  test("names five and counts the rest", () => {
    const many = Array.from({ length: 8 }, (_, at) => change("removed", { name: `n${at}` }));
    assert.match(judged(...many).message, /^8 things .*alias n4 removed; and 3 more$/);
  });

  test("holds where nothing was accepted, whatever is there", () => {
    const facts = { reviewed: { baseline: null, changes: [change("added", {})] } };
    assert.equal(only(judge(reviewed, facts)).status, "pass");
  });

  test("is unknown where nobody knows what was accepted", () => {
    assert.equal(only(judge(reviewed, { reviewed: null })).status, "unknown");
  });
});
