import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { check } from "../support/rcwarden.ts";

for (const shell of ["/bin/bash", "/bin/zsh", "/bin/tcsh", "/bin/dash"]) {
  test(`an account with ${shell} that nobody touched passes the shipped tidy-account`, {
    skip: noAccounts,
  }, async () => {
    await using account = await makeAccount({ shell });
    const policy = join(import.meta.dirname, "../../policies/tidy-account.yaml");
    const { report, status } = await check(account.name, "ssh-command", ["--policy", policy]);
    assert.deepEqual(report.findings, []);
    assert.equal(status, 0);
    assert.ok(report.summary.pass > 40);
  });
}
