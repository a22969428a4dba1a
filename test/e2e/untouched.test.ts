import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, rcwarden } from "../support/rcwarden.ts";

const modes = [
  ...["ssh-command", "ssh-command-pty", "ssh-login", "ssh-login-notty"],
  ...["su-command", "su-login-command", "sudo-login", "cron"],
];

for (const shell of ["/bin/bash", "/bin/zsh", "/bin/tcsh", "/bin/dash", "/bin/mksh"]) {
  for (const home of ["skeleton", "empty"] as const) {
    test(`an account with ${shell} and ${home === "empty" ? "an empty home" : "Debian's skeleton"} passes in ${home === "empty" ? "both command modes" : "every mode"}`, async () => {
      await using account = await makeAccount({ shell, home });
      // zsh asks who has none of its files what they should hold: that is no untouched account's login any more.
      if (shell === "/bin/zsh") account.write(".zshrc", "");
      for (const mode of home === "empty" ? modes.slice(0, 2) : modes) {
        const { report, status } = await check(account.name, mode);
        assert.ok(!report.findings.some((finding) => finding.status === "fail"), mode);
        assert.equal(report.summary.tried, 6, mode);
        assert.deepEqual(report.findings, [], mode);
        assert.deepEqual(report.accounts[0]?.modes[0]?.gaps, [], mode);
        assert.equal(status, 0);
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

test("su leaves commands where its caller is, unless a startup file leads elsewhere", async () => {
  await using account = await makeAccount({ shell: "/bin/zsh", home: "empty" });
  const { report, status } = await check(account.name, "su-command");
  assert.deepEqual([status, report.findings], [0, []]);
  account.write(".zshenv", "cd /var\n");
  const led = await check(account.name, "su-command");
  assert.deepEqual(
    led.report.findings.map(({ check: kind, status: found, where }) => [kind, found, where?.line]),
    [["working-directory", "fail", 1]],
  );
});

test("zsh that asks a new user at login is a login that waits", async () => {
  await using account = await makeAccount({ shell: "/bin/zsh", home: "empty" });
  const { report, status } = await check(account.name, "ssh-login");
  assert.equal(status, 1);
  const [first] = report.findings;
  assert.deepEqual([first?.check, first?.status, first?.consequence], ["startup-finishes", "fail", "hang"]);
  assert.match(JSON.stringify(first), /Type one of the keys/);
});
