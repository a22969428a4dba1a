import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, findings } from "../support/rcwarden.ts";
import { startSshd, type TestSshd } from "../support/sshd.ts";

let sshd: TestSshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd[Symbol.asyncDispose]());

const questions = [
  {
    shell: "/bin/bash",
    file: ".bashrc",
    text: "[ -t 0 ] && read -p 'Which database? ' x\n",
    prompt: /Which database\? $/,
  },
  { shell: "/bin/zsh", file: ".zshenv", text: "[ -t 0 ] && read 'x?Which database? '\n", prompt: /Which database\? $/ },
  { shell: "/bin/bash", file: ".bashrc", text: "[ -t 0 ] && tset -Q '?unheard-of'\n", prompt: /TERM|Terminal|\? / },
] as const;

for (const { shell, file, text, prompt } of questions) {
  test(`${shell}, ${text.trim()}: asked only where there is a terminal, by real ssh -tt and by check alike`, async () => {
    await using account = await makeAccount({ shell, home: "empty", files: { [file]: text } });
    sshd.keyFor(account.name);
    const without = await sshd.ssh(account.name, ["echo RAN"], { timeoutMs: 5000 });
    assert.match(without.stdout, /RAN/);
    const withTerminal = await sshd.ssh(account.name, ["echo RAN"], { tty: true, timeoutMs: 3000 });
    assert.equal(withTerminal.timedOut, true, JSON.stringify(withTerminal));

    const quiet = await check(account.name, "ssh-command");
    assert.deepEqual(quiet.report.findings, []);
    assert.equal(quiet.status, 0);
    const asked = await check(account.name, "ssh-command-pty");
    const found = findings(asked.report, "startup-finishes").find((finding) => finding.status === "fail");
    assert.equal(found?.consequence, "hang", JSON.stringify(asked.report.findings));
    assert.deepEqual([found?.where?.file, found?.where?.line], [`${account.home}/${file}`, 1]);
    assert.match(String(found?.evidence.prompt), prompt);
    assert.equal(asked.status, 1);
  });
}

test("an untouched account does in a terminal what it does without one", async () => {
  await using account = await makeAccount({ shell: "/bin/bash" });
  const { report, status } = await check(account.name, "ssh-command-pty");
  assert.deepEqual(report.findings, []);
  assert.equal(status, 0);
});
