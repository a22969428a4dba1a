import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { check } from "../support/rcwarden.ts";

/** Makes ~/.bashrc odd; what it is, is the key. */
const odd: Readonly<Record<string, (account: TestAccount, path: string) => void>> = {
  "a FIFO": (account, path) => {
    execFileSync("mkfifo", [path]);
    chownSync(path, account.uid, account.gid);
  },
  "a directory": (account, path) => {
    mkdirSync(path);
    chownSync(path, account.uid, account.gid);
  },
  "a device": (_, path) => execFileSync("mknod", [path, "c", "1", "3"]),
  "a link to /dev/zero": (_, path) => symlinkSync("/dev/zero", path),
  "unreadable for the account": (account) => {
    chownSync(account.write(".bashrc", "alias x=y\n", 0o600), 0, 0);
  },
  "1 GB of NULs": (account) => truncateSync(account.write(".bashrc", ""), 1_000_000_000),
  "full of NULs": (account) => account.write(".bashrc", Buffer.concat([Buffer.alloc(4096), Buffer.from("\necho x\n")])),
  "broken by a syntax error": (account) => account.write(".bashrc", "true\nif true; then\n  alias x=y\n"),
};

for (const [what, make] of Object.entries(odd)) {
  test(`a ~/.bashrc that is ${what} is said with its reason; nothing crashes and nothing passes silently`, async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
    make(account, `${account.home}/.bashrc`);
    const { report, status, stderr } = await check(account.name);
    const [mode] = report.accounts[0]?.modes ?? [];
    assert.ok(status === 3 || status === 1, `${status} ${JSON.stringify(report)}`);
    assert.equal(stderr, "");
    const said = JSON.stringify([mode?.gaps, report.findings]);
    assert.match(said, /bashrc|memory|NUL/, said);
  });
}

test("a ~/.bashrc that is not UTF-8 is read all the same", async () => {
  await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
  account.write(".bashrc", Buffer.from([0x23, 0xff, 0xfe, 0xc3, 0x28, 0x0a, ...Buffer.from("echo hello\n")]));
  const { report, status } = await check(account.name);
  assert.equal(status, 1);
  assert.equal(report.findings[0]?.where?.line, 2);
});
