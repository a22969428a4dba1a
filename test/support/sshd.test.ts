import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeAccount, noAccounts } from "./accounts.ts";
import { noSshd, startSshd } from "./sshd.ts";

const skip = noSshd || noAccounts;

test("a private sshd lets a throw-away account in, and both leave nothing behind", { skip }, async () => {
  let left = { folder: "", home: "", pid: 0, name: "" };
  {
    await using sshd = await startSshd();
    await using account = await makeAccount({ files: { ".hushlogin": "", "a/b": "text" } });
    left = { folder: sshd.folder, home: account.home, pid: sshd.pid, name: account.name };
    const said = await sshd.ssh(account.name, ["id -un; cat a/b; tty; exit 7"]);
    assert.deepEqual([said.status, said.timedOut, said.stderr], [7, false, ""]);
    assert.equal(said.stdout, `${account.name}\ntextnot a tty\n`);
    const terminal = await sshd.ssh(account.name, ["tty; echo $TERM"], { tty: true });
    assert.match(terminal.stdout, /^\/dev\/pts\/\d+\r\nxterm-256color\r\n$/);
  }
  assert.deepEqual([left.folder, left.home, `/proc/${left.pid}`].filter(existsSync), []);
  assert.ok(!readFileSync("/etc/passwd", "utf8").includes(left.name));
});

test("a command that reads waits while stdin is open, and is ended with the sshd", { skip }, async () => {
  await using account = await makeAccount({ home: "empty" });
  {
    await using sshd = await startSshd();
    const waiting = await sshd.ssh(account.name, ["cat"], { timeoutMs: 700 });
    assert.deepEqual([waiting.status, waiting.timedOut], [null, true]);
    assert.equal((await sshd.ssh(account.name, ["cat"], { stdin: { text: "given" } })).stdout, "given");
  }
});

test("scp and sftp go through the account's shell, and settings given win", { skip }, async () => {
  await using sshd = await startSshd({ config: "AcceptEnv RCW\nMatch User nobody\n  ForceCommand false" });
  await using account = await makeAccount({ files: { ".bashrc": "" } });
  const local = join(sshd.folder, "local");
  writeFileSync(local, "content");
  const copied = await sshd.scp(account.name, local, ":copy");
  assert.deepEqual([copied.status, readFileSync(join(account.home, "copy"), "utf8")], [0, "content"]);
  const legacy = await sshd.scp(account.name, ":copy", `${local}2`, { client: ["-O"] });
  assert.deepEqual([legacy.status, readFileSync(`${local}2`, "utf8")], [0, "content"]);
  const renamed = await sshd.sftp(account.name, ["rename copy copy2", "ls -1"]);
  assert.match(renamed.stdout, /^copy2$/m);
  const sent = await sshd.ssh(account.name, ["echo $RCW"], { client: ["-o", "SendEnv=RCW"], env: { RCW: "sent" } });
  assert.equal(sent.stdout, "sent\n");
  account.write(".bashrc", "echo noise\n");
  assert.notEqual((await sshd.sftp(account.name, ["ls"])).status, 0);
});
