import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { type Login, parseLog, recentLogins, withoutTerminal } from "../../agent/collectors/logins.ts";
import { parseWtmp, recordSize } from "../../agent/collectors/wtmp.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

const now = new Date("2026-01-10T12:00:00Z");

function login(seconds: number, user = "oracle", address = "192.0.2.7"): Login {
  return { user, method: "publickey", address, seconds };
}

function terminal(seconds: number, user = "oracle", host = "192.0.2.7") {
  return { user, line: "pts/0", host, seconds };
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-logins-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("lines of sshd are read in both forms of time, the year of the old form guessed", () => {
  const text = [
    "2026-01-10T11:58:00.123456+00:00 db07 sshd[12]: Accepted publickey for oracle from 192.0.2.7 port 22 ssh2: RSA SHA256:x",
    "Dec 31 23:59:59 db07 sshd[13]: Accepted password for a b from 2001:db8::1 port 5 ssh2",
    "Jan  9 01:02:03 db07 sshd-session[14]: Accepted publickey for oracle from 192.0.2.7 port 22",
    "Jan  9 01:02:03 db07 sshd[15]: Failed publickey for oracle from 192.0.2.7 port 22",
    "Jan  9 01:02:03 db07 oracle: sshd[15]: Accepted publickey for oracle from 192.0.2.7 port 22",
    "Jan  9 01:02:03 db07 sshd[1]: x Accepted publickey for oracle from 192.0.2.7 port 22",
    "Jan 99 01:02:03 db07 sshd[15]: Accepted publickey for oracle from 192.0.2.7 port 22",
    "nothing",
  ].join("\n");
  const found = parseLog(text, now);
  assert.deepEqual(
    found.map(({ user, method, address }) => [user, method, address]),
    [
      ["oracle", "publickey", "192.0.2.7"],
      ["a b", "password", "2001:db8::1"],
      ["oracle", "publickey", "192.0.2.7"],
    ],
  );
  assert.equal(found[0]?.seconds, Date.parse("2026-01-10T11:58:00.123Z") / 1000);
  assert.equal(new Date((found[1]?.seconds ?? 0) * 1000).getFullYear(), 2025);
});

test("each terminal takes away one login: the last before it, of the same account and address", () => {
  const logins = [login(100), login(200.5), login(200, "root"), login(300), login(400, "oracle", "192.0.2.8")];
  const left = withoutTerminal(logins, [
    terminal(200),
    terminal(301),
    terminal(299),
    terminal(400),
    terminal(100, "root"),
  ]);
  assert.deepEqual(left.map(({ user, seconds }) => `${user} ${seconds}`).sort(), [
    "oracle 100",
    "oracle 400",
    "root 200",
  ]);
});

test("a terminal with a host's name instead of an address counts, a console does not", () => {
  assert.deepEqual(withoutTerminal([login(100)], [terminal(100, "oracle", "engine.example")]), []);
  assert.equal(withoutTerminal([login(100)], [terminal(100, "oracle", "")]).length, 1);
});

test("never more logins are taken away than there are terminals", () => {
  const times = fc.array(fc.nat(300));
  fc.assert(
    fc.property(times, times, (logins, terminals) => {
      const left = withoutTerminal(
        logins.map((at) => login(at)),
        terminals.map((at) => terminal(at)),
      );
      assert.ok(left.length >= logins.length - terminals.length && left.length <= logins.length);
    }),
  );
});

test("the journal comes first; without a login in it the log files speak, and that they can be forged is said", async (t) => {
  const folder = temporary(t);
  const rows = [
    { MESSAGE: "Accepted publickey for oracle from 192.0.2.7 port 4 ssh2", __REALTIME_TIMESTAMP: "1768046000000000" },
    { MESSAGE: [65, 255], __REALTIME_TIMESTAMP: "1768046000000000" },
    { MESSAGE: "Accepted nothing", __REALTIME_TIMESTAMP: "1768046000000000" },
  ].map((row) => JSON.stringify(row));
  writeFileSync(join(folder, "rows"), [...rows, "{torn", "7"].join("\n"));
  writeFileSync(join(folder, "journalctl"), `#!/bin/sh\nprintf '%s\\n' "$@" >${folder}/asked\ncat ${folder}/rows\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(folder, "log"),
    "Jan  9 01:02:03 h sshd[1]: Accepted publickey for backup from 192.0.2.9 port 1 ssh2\n",
  );
  const sources = { journalctl: join(folder, "journalctl"), logs: [join(folder, "log")], wtmp: [join(folder, "none")] };
  const journal = await recentLogins(now, sources);
  assert.deepEqual(journal.logins, [
    { user: "oracle", method: "publickey", address: "192.0.2.7", seconds: 1_768_046_000 },
  ]);
  assert.deepEqual([journal.terminals, journal.doubts.length], [null, 1]);
  const asked = readFileSync(join(folder, "asked"), "utf8").split("\n");
  for (const word of ["_UID=0", "_COMM=sshd", "-30d"]) assert.ok(asked.includes(word), word);

  const files = await recentLogins(now, { ...sources, journalctl: join(folder, "missing") });
  assert.deepEqual(
    files.logins.map(({ user }) => user),
    ["backup"],
  );
  assert.match(files.doubts.join(), /any user of the host can write/);
});

const noDump = recordSize() === null ? "needs wtmp's layout" : !existsSync("/usr/bin/utmpdump") && "needs utmpdump";

test("a real session with a terminal is found in wtmp as utmpdump has it, one without is not", {
  skip: noSshd || noAccounts || noDump,
}, async () => {
  await using sshd = await startSshd();
  await using account = await makeAccount({ files: { ".hushlogin": "" } });
  assert.equal((await sshd.ssh(account.name, ["true"])).status, 0);
  assert.equal((await sshd.ssh(account.name, ["true"], { tty: true })).status, 0);
  const own = (parseWtmp(readFileSync("/var/log/wtmp")) ?? []).filter(({ user }) => user === account.name);
  assert.deepEqual(
    own.map(({ host }) => host),
    ["127.0.0.1"],
  );
  const dumped = execFileSync("utmpdump", ["/var/log/wtmp"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const row = dumped.split("\n").find((line) => line.startsWith("[7]") && line.includes(`[${account.name}`)) ?? "";
  const said = /\[(\d{4}-[^\]]+)\]$/.exec(row)?.[1]?.replace(",", ".") ?? "";
  assert.equal(own[0]?.seconds, Math.floor(Date.parse(said) / 1000));
  const accepted = [
    login((own[0]?.seconds ?? 0) - 1, account.name, "127.0.0.1"),
    login(own[0]?.seconds ?? 0, account.name, "127.0.0.1"),
  ];
  assert.equal(withoutTerminal(accepted, own).length, 1);
});

test("a torn record is left out, other kinds are passed over, an unknown machine is said", () => {
  const size = recordSize("arm64") ?? 0;
  const row = Buffer.alloc(size);
  row.writeInt16LE(7, 0);
  row.write("pts/1", 8);
  row.write("oracle", 44);
  row.write("192.0.2.7", 76);
  row.writeBigInt64LE(1_768_046_000n, 344);
  const boot = Buffer.alloc(size);
  boot.writeInt16LE(2, 0);
  const found = parseWtmp(Buffer.concat([boot, row, row.subarray(0, 50)]), "arm64");
  assert.deepEqual(found, [{ user: "oracle", line: "pts/1", host: "192.0.2.7", seconds: 1_768_046_000 }]);
  assert.equal(parseWtmp(row, "s390x"), null);
});
