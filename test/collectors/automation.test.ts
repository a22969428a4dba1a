import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { automatedAccounts } from "../../agent/collectors/automation.ts";
import { cronLines } from "../../agent/collectors/cron.ts";
import { countKeys, keyFiles, loginKeys } from "../../agent/collectors/login-keys.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { readAs } from "../../agent/host/read-as.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";

const now = new Date("2026-01-10T12:00:00Z");
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMV1k3bDOUNSdtK5cs9nUhsz6tXPRcFXbsMfDTfKAjVB engine";

/** Logs, crontabs and an account file of the test's own. */
function host(t: TestContext, names: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), "rcw-automation-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ["spool", "cron.d"]) mkdirSync(join(root, folder));
  const write = (file: string, text: string) => writeFileSync(join(root, file), text);
  const local = readFileSync("/etc/passwd", "utf8").split("\n");
  write("passwd", `${local.filter((line) => names.some((name) => line.startsWith(`${name}:`))).join("\n")}\n`);
  const wish = {
    now,
    passwd: join(root, "passwd"),
    logins: { journalctl: "/nonexistent", logs: [join(root, "log")], wtmp: [join(root, "wtmp")] },
    cron: { spools: [join(root, "spool")], table: join(root, "crontab"), folder: join(root, "cron.d") },
  };
  return { root, write, wish };
}

function accepted(name: string, time: string): string {
  return `2026-01-10T${time}+00:00 h sshd[1]: Accepted publickey for ${name} from 192.0.2.7 port 1 ssh2\n`;
}

/** One record of wtmp: a session with a terminal. */
function session(name: string, time: string): string {
  const row = Buffer.alloc(384);
  row.writeInt16LE(7, 0);
  row.write(name, 44);
  row.write("192.0.2.7", 76);
  row.writeInt32LE(Date.parse(`2026-01-10T${time}Z`) / 1000, 340);
  return row.toString("latin1");
}

const skip = noAccounts || (process.arch !== "x64" && "writes x86-64's wtmp");

test("accounts are listed with what speaks for automation, busiest first", { skip }, async (t) => {
  await using engine = await makeAccount({
    shell: "/bin/sh",
    files: { ".ssh/authorized_keys": `${key}\n# no\nno-pty ${key}\n` },
  });
  await using person = await makeAccount();
  await using nightly = await makeAccount();
  await using closed = await makeAccount({ shell: "/usr/sbin/nologin", files: { ".ssh/authorized_keys": key } });
  const { write, wish } = host(t, [engine.name, person.name, closed.name, "root"]);
  write(
    "log",
    accepted(engine.name, "11:00:00") + accepted(engine.name, "11:56:00") + accepted(person.name, "11:00:00"),
  );
  write("wtmp", session(person.name, "11:00:01"));
  // Not in the test's account file: found by its crontab alone.
  write(`spool/${nightly.name}`, "# m h\nSHELL=/bin/bash\n5 4 * * * a\n@daily b\n\n6 4 * * * c\n");
  write("crontab", "17 * * * * root run\n");
  const found = await automatedAccounts(wish);
  assert.deepEqual(
    found.accounts.map(({ account, reasons }) => [account.name, ...reasons]),
    [
      [engine.name, "key login for 2 keys", "2 logins without a tty, last 4 min ago"],
      [nightly.name, "crontab, 3 lines"],
    ],
  );
  assert.equal(found.accounts[0]?.lastLogin?.toISOString(), "2026-01-10T11:56:00.000Z");
  assert.deepEqual(found.notListed, { withoutShell: 1, withoutSign: 1 });
  assert.match(found.root?.reasons.join() ?? "", /crontab, 1 line$/);
  const all = await automatedAccounts({ ...wish, all: true });
  assert.deepEqual(
    [all.accounts.length, all.accounts.at(-1)?.account.name, all.notListed.withoutSign],
    [3, person.name, 0],
  );
});

test("without wtmp logins are counted, and that terminals are unknown is said", { skip }, async (t) => {
  await using engine = await makeAccount();
  const { write, wish } = host(t, [engine.name]);
  write("log", accepted(engine.name, "09:00:00"));
  const found = await automatedAccounts(wish);
  assert.deepEqual(found.accounts[0]?.reasons, ["1 login, last 3 h ago"]);
  assert.match(found.doubts.join(), /wtmp could not be read/);
});

test("crontabs are counted by account, settings and leftovers are not", async (t) => {
  const { root, write, wish } = host(t, []);
  write("spool/a.b", "* * * * * x\n");
  symlinkSync("/etc/passwd", join(root, "spool/link"));
  execFileSync("mkfifo", [join(root, "spool/fifo")]);
  write("cron.d/e2", "PATH=/bin\n30 3 * * 0 root x\n@reboot oracle y\n*/5 * * * * oracle z\n");
  write("cron.d/old.dpkg-old", "* * * * * root x\n");
  const found = (await cronLines(wish.cron)).map(
    ({ account, source, lines }) => `${account} ${source.replace(root, "")} ${lines}`,
  );
  assert.deepEqual(found, ["a.b crontab 1", "root /cron.d/e2 1", "oracle /cron.d/e2 2"]);
});

test("keys are counted whatever stands before them, other lines are not", () => {
  const options = 'command="echo \\"ssh-rsa\\"",from="192.0.2.0/24" ';
  const hardware = key.replace("ssh-ed25519", "sk-ssh-ed25519@openssh.com");
  const certified = key.replace("ssh-ed25519", "cert-authority ecdsa-sha2-nistp256-cert-v01@openssh.com");
  assert.equal(countKeys([key, options + key, hardware, certified].join("\n")), 4);
  assert.equal(countKeys([`# ${key}`, "ssh-rsa", "ssh-rsa short", "", " \t# x"].join("\n")), 0);
});

test("key files are where sshd looks, with its tokens", () => {
  const account = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/u01/oracle", shell: "/bin/sh" };
  const files = (value: string) => keyFiles(account, { kind: "settings", of: () => [value] });
  assert.deepEqual(files(".ssh/authorized_keys /etc/keys/%u-%U"), [
    "/u01/oracle/.ssh/authorized_keys",
    "/etc/keys/oracle-501",
  ]);
  assert.deepEqual(files("%h/100%%"), ["/u01/oracle/100%"]);
  assert.deepEqual(files("none"), []);
  assert.equal(keyFiles(account, { kind: "unavailable", why: "" }).length, 2);
});

test("an account's file is read as the account: what it cannot read is not read, a FIFO is not waited for", {
  skip: noAccounts,
}, async () => {
  await using account = await makeAccount({ files: { own: key, ".ssh/x": "" } });
  const answer = await accountByName(account.name);
  assert.ok(answer.kind === "account");
  const read = (path: string) => readAs(answer.account, path);
  assert.deepEqual(await read(join(account.home, "own")), { kind: "text", text: key, isWhole: true });
  assert.deepEqual(await read("/etc/shadow"), { kind: "unreadable", why: "Permission denied" });
  assert.deepEqual(await read(join(account.home, "none")), { kind: "absent" });
  assert.equal((await read(account.home)).kind, "unreadable");
  symlinkSync("/etc/shadow", join(account.home, ".ssh/authorized_keys"));
  execFileSync("mkfifo", ["-m", "666", join(account.home, ".ssh/authorized_keys2")]);
  assert.equal((await loginKeys(answer.account)).keys, 0);
  account.write("large", "x".repeat(70_000));
  const large = await read(join(account.home, "large"));
  assert.ok(large.kind === "text" && !large.isWhole && large.text.length === 65_536);
});

test("a file is read with the account's groups and no others", { skip: noAccounts }, async (t) => {
  await using account = await makeAccount({ groups: ["adm"] });
  const { root } = host(t, []);
  chmodSync(root, 0o755);
  const answer = await accountByName(account.name);
  assert.ok(answer.kind === "account");
  const kinds = ["adm", "shadow"].map(async (group) => {
    const path = join(root, group);
    writeFileSync(path, "text");
    execFileSync("chgrp", [group, path]);
    chmodSync(path, 0o040);
    return (await readAs(answer.account, path)).kind;
  });
  assert.deepEqual(await Promise.all(kinds), ["text", "unreadable"]);
});

test("a log with logins of thousands of invented names costs a bounded number of look-ups", { skip }, async (t) => {
  const { write, wish } = host(t, []);
  const names = Array.from({ length: 5_000 }, (_, at) => `rcw-invented-${at}`);
  write("log", names.map((name) => accepted(name, "11:00:00")).join(""));
  const { accounts, doubts } = await automatedAccounts(wish);
  assert.deepEqual(accounts, []);
  assert.ok(
    doubts.some((doubt) => /5000 accounts that are not in \/etc\/passwd; 500 were looked up/.test(doubt)),
    doubts.join("; "),
  );
});
