import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { check, findings } from "../support/rcwarden.ts";
import { startSshd, type TestSshd } from "../support/sshd.ts";

// An rm as Solaris has it: -i wins over -f, wherever it stands.
const solarisRm = `#!/bin/sh
asks=
while :; do
  case $1 in
    -*) case $1 in *i*) asks=yes ;; esac; shift ;;
    *) break ;;
  esac
done
for name; do
  if [ "$asks" ]; then
    printf 'rm: remove %s (yes/no)? ' "$name" >&2
    read answer || exit 0
    case $answer in y*) ;; *) continue ;; esac
  fi
  /bin/rm -rf -- "$name"
done
`;

const stories = [
  { shell: "/bin/tcsh", file: ".cshrc", path: "set path = (BIN $path)", alias: "alias rm 'rm -i'", line: 2 },
  { shell: "/bin/zsh", file: ".zshenv", path: "path=(BIN $path)", alias: "alias rm='rm -i'", line: 2 },
  {
    shell: "/bin/bash",
    file: ".bashrc",
    path: "PATH=BIN:$PATH; shopt -s expand_aliases",
    alias: "alias rm='rm -i'",
    line: 2,
  },
] as const;

let sshd: TestSshd;
let bin = "";
before(async () => {
  sshd = await startSshd();
  bin = mkdtempSync(`${tmpdir()}/rcw-bin-`);
  mkdirSync(bin, { recursive: true });
  chmodSync(bin, 0o755);
  writeFileSync(`${bin}/rm`, solarisRm);
  chmodSync(`${bin}/rm`, 0o755);
});
after(async () => {
  await sshd[Symbol.asyncDispose]();
  rmSync(bin, { recursive: true, force: true });
});

async function removesOverSsh(account: TestAccount): Promise<"hangs" | "removed" | "left"> {
  const file = account.write("victim", "content\n");
  const ended = await sshd.ssh(account.name, [`rm -f ${file}`], { timeoutMs: 4000 });
  if (ended.timedOut) return "hangs";
  return existsSync(file) ? "left" : "removed";
}

for (const { shell, file, path, alias, line } of stories) {
  test(`${shell}: where ssh host rm -f FILE hangs, check names ${file} line ${line} and the prompt`, async () => {
    await using account = await makeAccount({ shell, home: "empty" });
    sshd.keyFor(account.name);
    account.write(file, `${path.replace("BIN", bin)}\n${alias}\n`);
    assert.equal(await removesOverSsh(account), "hangs");
    const { report, status } = await check(account.name);
    assert.equal(status, 1);
    const found = findings(report, "engine-commands").find(({ subject }) => subject === "rm -f {file}");
    assert.equal(found?.status, "fail");
    assert.equal(found?.consequence, "hang");
    assert.equal(found?.where?.file, `${account.home}/${file}`);
    assert.equal(found?.where?.line, line);
    assert.match(String(found?.evidence.prompt), /^rm: remove .* \(yes\/no\)\? $/);

    account.write(file, `${path.replace("BIN", bin)}\n`);
    assert.equal(await removesOverSsh(account), "removed");
    const mended = await check(account.name);
    assert.deepEqual(findings(mended.report, "engine-commands"), []);
    assert.equal(mended.status, 0);
  });
}

test("bash without expand_aliases: neither the session hangs nor does check fail", async () => {
  await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
  sshd.keyFor(account.name);
  account.write(".bashrc", `PATH=${bin}:$PATH\nalias rm='rm -i'\n`);
  assert.equal(await removesOverSsh(account), "removed");
  const { report, status } = await check(account.name);
  assert.deepEqual(report.findings, []);
  assert.equal(status, 0);
});

test("alias rm='rm -i' with GNU rm -f does not hang and is not reported", async () => {
  await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
  sshd.keyFor(account.name);
  account.write(".bashrc", "shopt -s expand_aliases\nalias rm='rm -i'\n");
  assert.equal(await removesOverSsh(account), "removed");
  const { report, status } = await check(account.name);
  assert.deepEqual(report.findings, []);
  assert.equal(status, 0);
});

const twins = [
  {
    shell: "/bin/tcsh",
    file: ".cshrc",
    text: "set history = 10\nalias cp 'cp -i'\n",
    sent: "cp -f {file} {existing}",
    real: (home: string) => `cp -f ${home}/source ${home}/victim`,
    prompt: /^cp: overwrite 'existing\.1'\? $/,
    line: 2,
  },
  {
    shell: "/bin/bash",
    file: ".bashrc",
    text: '# ours\nrm() { command rm "$@" -i; }\n',
    sent: "rm -f {file}",
    real: (home: string) => `rm -f ${home}/victim`,
    prompt: /^rm: remove regular file 'file\.1'\? $/,
    line: 2,
  },
] as const;

for (const { shell, file, text, sent, real, prompt, line } of twins) {
  test(`${shell} with GNU tools: ${sent} hangs for real and is reported; at the end of stdin nothing is done`, async () => {
    await using account = await makeAccount({ shell, home: "empty", files: { [file]: text } });
    sshd.keyFor(account.name);
    account.write("source", "new\n");
    account.write("victim", "old\n");
    const open = await sshd.ssh(account.name, [real(account.home)], { timeoutMs: 4000 });
    assert.equal(open.timedOut, true);
    const ended = await sshd.ssh(account.name, [real(account.home)], { stdin: { text: "" } });
    assert.equal(ended.status, 0);
    assert.equal(existsSync(`${account.home}/victim`), true);

    const { report, status } = await check(account.name);
    assert.equal(status, 1);
    const found = findings(report, "engine-commands").find(({ subject }) => subject === sent);
    assert.equal(found?.consequence, "hang");
    assert.deepEqual([found?.where?.file, found?.where?.line], [`${account.home}/${file}`, line]);
    assert.match(String(found?.evidence.prompt), prompt);
    assert.equal(found?.evidence.atEndOutcome, "not-done");
    assert.equal(found?.evidence.atEndExit, 0);
    assert.equal(found?.evidence.atEndConsequence, "silent-success");
  });
}
