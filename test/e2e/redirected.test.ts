/** Variables that the account's own files hand to a session, and that decide what its shell reads or runs. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { check } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

suite("what ~/.pam_environment redirects", { skip: noSshd || noAccounts, timeout: 60_000 }, () => {
  let sshd: TestSshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd[Symbol.asyncDispose]());

  test("PATH: another rm is found there", async () => {
    await using account = await makeAccount({ shell: "/bin/dash", home: "empty" });
    account.write(".pam_environment", `PATH DEFAULT=${account.home}/bin:/usr/bin:/bin\n`);
    account.write("bin/rm", "#!/bin/sh\necho kept\n", 0o755);
    const real = await sshd.ssh(account.name, ["rm -f nothing"]);
    assert.equal(real.stdout, "kept\n");
    const { report } = await check(account.name);
    const removed = report.findings.find(({ subject }) => subject === "rm -f {file}");
    assert.deepEqual([removed?.status, removed?.consequence], ["fail", "silent-success"], JSON.stringify(report));
  });

  test("ZDOTDIR: zsh reads its files there, and the line is named", async () => {
    await using account = await makeAccount({ shell: "/bin/zsh", home: "empty" });
    account.write(".pam_environment", `ZDOTDIR DEFAULT=${account.home}/z\n`);
    account.write("z/.zshenv", "# mine\nalias rm='echo kept'\n");
    const real = await sshd.ssh(account.name, ["rm -f nothing"]);
    assert.equal(real.stdout, "kept -f nothing\n");
    const { report } = await check(account.name);
    const removed = report.findings.find(({ subject }) => subject === "rm -f {file}");
    assert.equal(removed?.status, "fail", JSON.stringify(report));
    assert.deepEqual([removed?.where?.file, removed?.where?.line], [`${account.home}/z/.zshenv`, 2]);
  });

  test("SHLVL: bash does not know that sshd started it, and leaves ~/.bashrc", async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
    account.write(".bashrc", "rm() { echo kept; }\n");
    const asked = async () => {
      const real = await sshd.ssh(account.name, ["rm -f nothing"]);
      const { report } = await check(account.name);
      return [real.stdout, report.findings.some(({ subject }) => subject === "rm -f {file}")];
    };
    assert.deepEqual(await asked(), ["kept\n", true]);
    account.write(".pam_environment", "SHLVL DEFAULT=1\n");
    assert.deepEqual(await asked(), ["", false]);
  });
});
