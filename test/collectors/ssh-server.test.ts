import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { datesOfChage, shadowEntry } from "../../agent/collectors/account-use.ts";
import { sshServerFacts } from "../../agent/collectors/ssh-server.ts";
import { matchesList, parseSshdConfig } from "../../agent/collectors/ssh-server-config.ts";
import { keyFilesOf, keysIn } from "../../agent/collectors/ssh-server-keys.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

function parsed(files: Readonly<Record<string, string>>, user = "oracle", groups: readonly string[] = ["dba"]) {
  const matching = (pattern: string) =>
    Object.keys(files)
      .filter((path) => matchesList(path, pattern.replaceAll(",", "?")))
      .sort();
  const host = { text: (path: string) => files[path] ?? null, matching };
  return parseSshdConfig("/etc/ssh/sshd_config", host, { user, groups, port: 22 });
}

const values = (config: ReturnType<typeof parsed>, keyword: string) => config.of(keyword).map(({ value }) => value);

describe("a parse of sshd_config", () => {
  test("takes the first value, and a block that applies before it", () => {
    const text =
      "ForceCommand none\nMatch User oracle,postgres\n  ForceCommand /opt/menu -x\n  PermitTTY no\nMatch all\n  PermitTTY yes\n";
    const config = parsed({ "/etc/ssh/sshd_config": text });
    assert.deepEqual(values(config, "forcecommand"), ["/opt/menu -x"]);
    assert.deepEqual(values(config, "permittty"), ["no"]);
    assert.equal(config.of("forcecommand")[0]?.where.line, 3);
    assert.deepEqual(values(parsed({ "/etc/ssh/sshd_config": text }, "root"), "permittty"), ["yes"]);
  });

  test("reads included files in their place, and ends their blocks with them", () => {
    const config = parsed({
      "/etc/ssh/sshd_config": "Include sshd_config.d/*.conf\nMaxSessions 10\nUsePAM yes\n",
      "/etc/ssh/sshd_config.d/1.conf": 'MaxSessions 5\nMatch Group d*\n  Banner "/etc/a b" # why\n',
    });
    assert.deepEqual(values(config, "maxsessions"), ["5"]);
    assert.deepEqual(values(config, "usepam"), ["yes"]);
    assert.deepEqual(values(config, "banner"), ["/etc/a b"]);
  });

  test("leaves in doubt what depends on the client", () => {
    const config = parsed({
      "/etc/ssh/sshd_config":
        "Match Address 10.0.0.0/8\n  ForceCommand /opt/menu\nMatch User nobody Address *\n  PermitTTY no\n",
    });
    assert.deepEqual([...config.inDoubt.keys()], ["forcecommand"]);
    assert.deepEqual(values(config, "forcecommand"), []);
  });

  test("names what it may not read", () => {
    assert.deepEqual(parsed({}).unread, ["/etc/ssh/sshd_config"]);
  });

  test("knows patterns as ssh_config(5) has them", () => {
    assert.ok(matchesList("oracle", "ora*,!oracle2"));
    assert.ok(!matchesList("oracle2", "ora*,!oracle2"));
    assert.ok(matchesList("a.b", "a?b") && !matchesList("axb", "a.b"));
  });
});

test("options before a key are taken from quotes, and restrict takes what is not given back", () => {
  const k = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoo";
  const text = `# ${k}\n${k} a@b\ncommand="echo \\"x\\", no-pty",no-port-forwarding ${k}\nrestrict,pty ${k}\n`;
  assert.deepEqual(
    keysIn(text, "/k").map(({ where, command, permitsTerminal, forwardsSockets }) => [
      where.line,
      command,
      permitsTerminal,
      forwardsSockets,
    ]),
    [
      [2, null, true, true],
      [3, 'echo "x", no-pty', true, false],
      [4, null, true, false],
    ],
  );
});

test("dates of the shadow database are days, by itself and by chage", () => {
  const entry = shadowEntry("a:!$y$x:20000:0:90:7:::\n");
  assert.deepEqual(entry, {
    kind: "entry",
    password: "locked",
    changedOn: 20_000,
    passwordEndsOn: 20_090,
    accountEndsOn: null,
    mustChange: false,
  });
  const said =
    "Last password change\t\t\t: Nov 23, 2026\nPassword expires\t: never\nPassword inactive\t: never\nAccount expires\t: Jan 02, 1970\n";
  const told = datesOfChage(said);
  assert.ok(told?.kind === "entry");
  assert.deepEqual([told.changedOn, told.passwordEndsOn, told.accountEndsOn], [20_780, null, 1]);
  assert.equal(datesOfChage("chage: permission denied\n"), null);
});

describe("the sshd that takes connections", { skip: noSshd || noAccounts }, () => {
  test("is asked with its own configuration, and says the same as the parse of it", async () => {
    await using account = await makeAccount();
    const config = `AllowUsers nobody ${account.name}\nMatch User ${account.name}\n  ForceCommand /opt/menu now\n  PermitTTY no\nMatch User nobody\n  X11Forwarding no\n`;
    await using sshd = await startSshd({ config });
    const found = await accountByName(account.name);
    assert.ok(found.kind === "account");
    const listener = { pid: sshd.pid, ports: [sshd.port] };
    const told = await sshServerFacts(found.account, { listener });
    const read = await sshServerFacts(found.account, { listener, asksSshd: false });
    assert.match(told.evidence, /settings by sshd -T/);
    assert.match(read.evidence, /settings read from/);
    assert.deepEqual(told.settings, read.settings);
    assert.equal(told.settings?.forceCommand, "/opt/menu now");
    assert.equal(told.settings?.permitsTerminal, false);
    assert.equal(told.settings?.refuses, null);
    assert.equal(told.places.get("forcecommand")?.file, join(sshd.folder, "sshd_config"));
    assert.deepEqual(told.doubts, []);
  });

  test("goes by what it read when it was started: a later change is a doubt about everything", async () => {
    await using account = await makeAccount();
    await using sshd = await startSshd();
    const found = await accountByName(account.name);
    assert.ok(found.kind === "account");
    const file = join(sshd.folder, "sshd_config");
    // Any change of it counts from now on: its time of change is the kernel's own.
    const deadline = performance.now() + 10_000;
    let doubts = (await sshServerFacts(found.account, { listener: { pid: sshd.pid, ports: [sshd.port] } })).doubts;
    while (doubts.length === 0 && performance.now() < deadline) {
      utimesSync(file, new Date(), new Date());
      doubts = (await sshServerFacts(found.account, { listener: { pid: sshd.pid, ports: [sshd.port] } })).doubts;
    }
    assert.match(doubts[0]?.says ?? "", /sshd_config changed .* after sshd was started/);
    assert.deepEqual(doubts[0]?.about, []);
  });

  test("passes over keys as StrictModes has it, but for what nobody but the account may write", async () => {
    await using account = await makeAccount();
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFooBarBaz\n";
    account.write(".ssh/authorized_keys", key, 0o600);
    const found = await accountByName(account.name);
    assert.ok(found.kind === "account");
    const path = join(account.home, ".ssh/authorized_keys");
    const state = async () => (await keyFilesOf(found.account, [path], true))[0];
    assert.equal((await state())?.state, "read");
    chmodSync(account.home, 0o777);
    assert.equal((await state())?.state, "unsafe");
    assert.match((await state())?.why ?? "", /may be written by others \(mode 0777\)/);
    // The account's own group, in which nobody else is: Debian's sshd lets it write.
    chmodSync(account.home, 0o770);
    assert.equal((await state())?.state, "read");
    chmodSync(account.home, 0o700);
    execFileSync("chown", ["daemon", path]);
    assert.match((await state())?.why ?? "", /Permission denied|belongs to uid/);
  });
});
