import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loginShell } from "../../agent/checks/login-shell.ts";
import { account } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

function shell(path: string, personality: string | null, allowed?: readonly string[]) {
  const facts = { account: { ...account, shell: path }, shell: { path, personality } };
  return only(judge(loginShell, facts, allowed === undefined ? {} : { allowed }));
}

describe("login-shell", () => {
  test("passes a shell that is known", () => {
    assert.equal(shell("/bin/tcsh", "tcsh").status, "pass");
  });

  test("fails a program that refuses every command, also where the rule allows it", () => {
    for (const path of ["/usr/sbin/nologin", "/bin/false"]) {
      assert.partialDeepStrictEqual(shell(path, null), { status: "fail", consequence: "lock-out" });
      assert.equal(shell(path, null, [path]).status, "fail");
    }
  });

  test("calls a shell that says 0 and runs nothing a silent success", () => {
    assert.partialDeepStrictEqual(shell("/bin/true", null), { status: "fail", consequence: "silent-success" });
  });

  test("is unknown for a shell that nobody knows, unless its path is allowed", () => {
    assert.equal(shell("/opt/odd/sh", null).status, "unknown");
    assert.equal(shell("/opt/odd/sh", null, ["bash"]).status, "unknown");
    assert.equal(shell("/opt/odd/sh", null, ["/opt/odd/sh"]).status, "pass");
    assert.equal(shell("/opt/odd/sh", null, ["/bin/bash"]).status, "fail");
  });

  test("allows by path and by personality", () => {
    assert.equal(shell("/bin/bash", "bash", ["bash"]).status, "pass");
    assert.equal(shell("/bin/bash", "bash", ["/bin/bash"]).status, "pass");
    assert.partialDeepStrictEqual(shell("/bin/tcsh", "tcsh", ["bash", "/bin/sh"]), {
      status: "fail",
      message: "the login shell is /bin/tcsh, not bash or /bin/sh",
    });
  });

  test("near-miss: a shell in a folder of such a name, or named like a property of objects, is judged by its own", () => {
    assert.equal(shell("/opt/nologin/bash", "bash").status, "pass");
    assert.equal(shell("/opt/constructor", null).status, "unknown");
  });

  test("does not take the personality of another shell, that of a crontab's sh, for the account's", () => {
    const facts = { account: { ...account, shell: "/opt/odd/sh" }, shell: { path: "/bin/sh", personality: "dash" } };
    assert.equal(only(judge(loginShell, facts)).status, "unknown");
  });

  test("takes at least one shell where the rule names any", () => {
    assert.equal(loginShell.parameters.safeParse({ allowed: [] }).success, false);
  });
});
