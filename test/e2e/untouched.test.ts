import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, rcwarden } from "../support/rcwarden.ts";

for (const shell of ["/bin/bash", "/bin/zsh", "/bin/tcsh"]) {
  for (const home of ["skeleton", "empty"] as const) {
    test(`an account with ${shell} and ${home === "empty" ? "an empty home" : "Debian's skeleton"} passes in both modes`, async () => {
      await using account = await makeAccount({ shell, home });
      for (const mode of ["ssh-command", "ssh-command-pty"]) {
        const { report, status } = await check(account.name, mode);
        assert.deepEqual(report.findings, [], mode);
        assert.deepEqual(report.accounts[0]?.modes[0]?.gaps, [], mode);
        assert.equal(status, 0);
        assert.equal(report.summary.tried, 6);
      }
    });
  }
}

test("root passes, too", async () => {
  const { report, status } = await check("root");
  assert.deepEqual(report.findings, []);
  assert.equal(status, 0);
});

test("a plain user measures its own account without any privilege, and is told why it may not measure another's", async () => {
  await using account = await makeAccount({ shell: "/bin/bash" });
  await using other = await makeAccount({ shell: "/bin/bash" });
  const become = ["setpriv", "--reuid", String(account.uid), "--regid", String(account.gid), "--clear-groups", "--"];
  const own = await rcwarden(["check", "--json"], become);
  const report = JSON.parse(own.stdout);
  assert.equal(own.status, 0, own.stdout + own.stderr);
  assert.equal(report.accounts[0].name, account.name);
  assert.equal(report.accounts[0].modes[0].sandbox, "own-account");
  const refused = await rcwarden(["check", "--account", other.name], become);
  assert.equal(refused.status, 2);
  assert.ok(refused.stderr.includes(other.name), refused.stderr);
});

test("an account that does not exist is named, and is the caller's mistake", async () => {
  const end = await rcwarden(["check", "--account", "nobody-has-this-name"]);
  assert.equal(end.status, 2);
  assert.match(end.stderr, /nobody-has-this-name/);
});

test("a shell that rcwarden does not know is undecided, never a guess", async () => {
  await using account = await makeAccount({ shell: "/bin/rbash" });
  const { report, status } = await check(account.name);
  assert.equal(status, 3);
  assert.equal(report.accounts[0]?.modes[0]?.gaps[0]?.code, "unknown-shell");
  assert.ok(!report.findings.some((finding) => finding.status === "fail"));
  assert.equal(report.summary.pass, 0);
});

test("a mode that cannot be measured yet is undecided, never a guess", async () => {
  await using account = await makeAccount({ shell: "/bin/bash" });
  const { report, status } = await check(account.name, "ssh-login");
  assert.equal(status, 3);
  assert.equal(report.accounts[0]?.modes[0]?.gaps[0]?.code, "unknown-mode");
  assert.equal(report.summary.pass, 0);
});
