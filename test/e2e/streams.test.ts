import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, findings } from "../support/rcwarden.ts";
import { startSshd, type TestSshd } from "../support/sshd.ts";

let sshd: TestSshd;
let folder = "";
before(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(`${tmpdir()}/rcw-streams-`);
  writeFileSync(`${folder}/local`, "content\n");
});
after(async () => {
  await sshd[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const greetings = [
  { shell: "/bin/bash", reads: ".bashrc", ignores: ".bash_profile" },
  { shell: "/bin/zsh", reads: ".zshenv", ignores: ".zshrc" },
  { shell: "/bin/tcsh", reads: ".cshrc", ignores: ".login" },
] as const;

for (const { shell, reads, ignores } of greetings) {
  test(`${shell}: a greeting in ${reads} corrupts the stream, and scp and sftp fail for real`, async () => {
    await using account = await makeAccount({ shell, home: "empty", files: { [reads]: "\necho hello\n" } });
    sshd.keyFor(account.name);
    const copied = await sshd.scp(account.name, `${folder}/local`, `:${account.home}/copied`);
    assert.notEqual(copied.status, 0);
    const listed = await sshd.sftp(account.name, ["ls"]);
    assert.notEqual(listed.status, 0);
    const { report, status } = await check(account.name);
    const [found] = findings(report, "startup-output");
    assert.equal(found?.consequence, "corrupted-stream");
    assert.deepEqual([found?.where?.file, found?.where?.line], [`${account.home}/${reads}`, 2]);
    assert.match(String(found?.message), /6 bytes/);
    assert.equal(status, 1);
  });

  test(`${shell}: a greeting in ${ignores} is not read by ssh host CMD: scp works and nothing is reported`, async () => {
    await using account = await makeAccount({ shell, home: "empty", files: { [ignores]: "echo hello\n" } });
    sshd.keyFor(account.name);
    const copied = await sshd.scp(account.name, `${folder}/local`, `:${account.home}/copied`);
    assert.equal(copied.status, 0, copied.stderr);
    const { report, status } = await check(account.name);
    assert.deepEqual(report.findings, []);
    assert.equal(status, 0);
  });
}

test("rsync fails on the greeting that check reports", async () => {
  await using account = await makeAccount({ home: "empty", files: { ".bashrc": "echo hello\n" } });
  const key = sshd.keyFor(account.name);
  const ssh = `ssh -p ${sshd.port} -i ${key} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
  assert.throws(
    () =>
      execFileSync("rsync", ["--timeout=5", "-e", ssh, `${folder}/local`, `${account.name}@127.0.0.1:copied`], {
        stdio: "pipe",
        timeout: 15_000,
      }),
    /protocol/,
  );
  const { report } = await check(account.name);
  assert.equal(findings(report, "startup-output").length, 1);
});
