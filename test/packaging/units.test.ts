/** Units, groups, folders and AppArmor's profile, as far as they can be judged without booting (test/packages/units.test.ts boots). */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { senderFlags } from "../../agent/daemon/sender.ts";
import { senderSocket } from "../../agent/daemon/sender-unit.ts";
import { readUnit, unitFolder, units } from "../packages/unit-file.ts";

const packaging = fileURLToPath(new URL("../../packaging/", import.meta.url));
const profile = join(packaging, "apparmor/usr.lib.rcwarden.enter");

/** A root with this machine's own units beside ours, and stubs of what they start. */
function rootFor(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "rcw-units-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const system = join(root, "usr/lib/systemd/system");
  cpSync("/usr/lib/systemd/system", system, { recursive: true, verbatimSymlinks: true });
  for (const file of readdirSync(unitFolder)) copyFileSync(join(unitFolder, file), join(system, file));
  for (const program of ["usr/bin/rcwarden", "usr/lib/rcwarden/bin/node", "bin/kill"]) {
    mkdirSync(dirname(join(root, program)), { recursive: true });
    writeFileSync(join(root, program), "#!/bin/sh\n");
    chmodSync(join(root, program), 0o755);
  }
  mkdirSync(join(root, "etc"));
  return root;
}

/** What systemd-analyze says against our units; what it says of others is theirs. */
function complaints(root: string): string[] {
  const names = ["rcwarden@oracle.service", "rcwarden.service", "rcwarden-sender.socket", "rcwarden-sender@0.service"];
  const said = spawnSync("systemd-analyze", [`--root=${root}`, "--man=no", "verify", ...names], { encoding: "utf8" });
  assert.equal(said.error, undefined);
  return said.stderr.split("\n").filter((line) => line.includes("rcwarden"));
}

test("systemd-analyze verify finds nothing to say, and would say it", (t) => {
  const root = rootFor(t);
  assert.deepEqual(complaints(root), []);
  const file = join(root, "usr/lib/systemd/system/rcwarden.service");
  writeFileSync(file, readFileSync(file, "utf8").replace("OOMPolicy=continue", "OOMPolicy=perhaps"));
  assert.match(complaints(root).join("\n"), /rcwarden\.service:\d+: .*perhaps/);
});

/** At most so much, by systemd-analyze's own count: what was measured when the units were written. */
const mostExposed = { [units.account]: 6.4, [units.host]: 8.0, [units.sender]: 2.0 };

for (const [unit, most] of Object.entries(mostExposed))
  test(`${unit}: its exposure is at most ${most.toFixed(1)}`, (t) => {
    const words = ["security", "--offline=true", "--no-pager", join(unitFolder, unit)];
    const said = execFileSync("systemd-analyze", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const found = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1] ?? "NaN");
    t.diagnostic(`${unit}: exposure ${found.toFixed(1)} of 10`);
    assert.ok(found <= most, `${found}`);
  });

/** What both of an agent's units say, and nothing else: whatever is added is inherited by sessions, and must be tried first. */
const both = {
  Documentation: "man:rcwarden-agent(8)",
  After: "local-fs.target remote-fs.target nss-user-lookup.target ssh.service sshd.service",
  Type: "notify",
  NotifyAccess: "main",
  ExecReload: "/bin/kill -HUP $MAINPID",
  Restart: "on-failure",
  RestartSec: "15s",
  WatchdogSec: "2min",
  WatchdogSignal: "SIGKILL",
  TimeoutStopSec: "15s",
  RuntimeDirectoryMode: "0755",
  StateDirectoryMode: "0700",
  OOMPolicy: "continue",
  MemoryMax: "8G",
  TasksMax: "40000",
  Delegate: "memory pids",
  NoNewPrivileges: "yes",
  DevicePolicy: "closed",
  UMask: "0077",
  WantedBy: "multi-user.target",
};

const account = {
  ...both,
  Description: "rcwarden for account %i",
  User: "%i",
  ExecStart: "/usr/bin/rcwarden agent --state /var/lib/rcwarden/%i --socket /run/rcwarden/%i/agent.sock",
  RuntimeDirectory: "rcwarden/%i",
  StateDirectory: "rcwarden/%i",
  CapabilityBoundingSet: "",
};

const host = {
  ...both,
  Description: "rcwarden, what startup files do to engines that come in by SSH",
  ExecStart: "/usr/bin/rcwarden agent",
  RuntimeDirectory: "rcwarden/host",
  StateDirectory: "rcwarden/host",
  PrivateMounts: "yes",
  ProtectKernelTunables: "yes",
  CapabilityBoundingSet:
    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD CAP_NET_ADMIN CAP_SETGID CAP_SETPCAP " +
    "CAP_SETUID CAP_SYS_ADMIN CAP_SYS_NICE CAP_SYS_PTRACE CAP_SYS_RESOURCE",
};

for (const [unit, expected] of [
  [units.account, account],
  [units.host, host],
] as const)
  test(`${unit}: it says what was tried, and nothing else`, () => {
    assert.deepEqual(Object.fromEntries(readUnit(unit).says), expected);
  });

/** A session would notice these, or they end the agent; test/packages/units.test.ts tries them. */
const mustStayOpen = [
  ...["ProtectSystem", "ProtectHome", "ReadOnlyPaths", "InaccessiblePaths", "PrivateTmp", "ProtectProc", "ProcSubset"],
  ...["PrivateUsers", "PrivateDevices", "PrivateNetwork", "IPAddressDeny", "ProtectClock", "ProtectKernelLogs"],
  ...["ProtectKernelModules", "ProtectControlGroups", "ProtectHostname", "RestrictNamespaces", "RestrictSUIDSGID"],
  ...["RestrictRealtime", "RestrictAddressFamilies", "LockPersonality", "SystemCallFilter", "SystemCallArchitectures"],
  ...["MemoryDenyWriteExecute", "RemoveIPC", "Nice", "LimitNOFILE"],
];

for (const unit of [units.account, units.host])
  test(`${unit}: each directive that stays open has its reason beside it, and is not set`, () => {
    const { says, leftOpen } = readUnit(unit);
    for (const name of mustStayOpen) assert.ok((leftOpen.get(name) ?? "").length > 5, `${name} has no reason`);
    for (const name of leftOpen.keys()) assert.ok(!says.has(name), `${name} is said to be open, and is set`);
  });

test("what removes an account's own things is set for the sender alone", () => {
  for (const unit of [units.account, units.host]) assert.ok(!/^(RemoveIPC|DynamicUser)=/m.test(readUnit(unit).text));
});

test("the sender's unit starts what the agent would start, for root alone", () => {
  const sender = readUnit(units.sender).says;
  assert.equal(
    sender.get("ExecStart"),
    `/usr/lib/rcwarden/bin/node ${senderFlags.join(" ")} /usr/lib/rcwarden/sender.cjs`,
  );
  assert.equal(sender.get("User"), "rcwarden");
  assert.equal(sender.get("StandardInput"), "socket");
  assert.equal(sender.get("CapabilityBoundingSet"), "");
  const socket = readUnit(units.socket).says;
  assert.equal(socket.get("ListenStream"), senderSocket);
  assert.equal(socket.get("SocketMode"), "0600");
  assert.equal(socket.get("Accept"), "yes");
  assert.ok(!socket.has("SocketUser") && !socket.has("SocketGroup"), "it would be another's than root's");
});

test("no unit is enabled where a distribution enables what it does not know", () => {
  const text = readFileSync(join(packaging, "preset/90-rcwarden.preset"), "utf8");
  const installable = readdirSync(unitFolder).filter((file) => /^\[Install\]/m.test(readUnit(file).text));
  assert.deepEqual(Array.from(text.matchAll(/^disable (\S+)$/gm), ([, unit]) => unit).sort(), installable.sort());
  assert.ok(!/^enable/m.test(text));
});

test("systemd-sysusers makes group and user, once, and the sender is not of the group that may read", (t) => {
  const root = rootFor(t);
  const folder = join(root, "usr/lib/sysusers.d");
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(packaging, "sysusers/rcwarden.conf"), join(folder, "rcwarden.conf"));
  const make = () => execFileSync("systemd-sysusers", [`--root=${root}`], { stdio: "ignore" });
  make();
  const entry = (file: string, name: string) =>
    readFileSync(join(root, "etc", file), "utf8")
      .split("\n")
      .find((line) => line.startsWith(`${name}:`))
      ?.split(":") ?? [];
  const [, , viewers, members] = entry("group", "rcwarden");
  const [, , gid] = entry("group", "rcwarden-sender");
  const user = entry("passwd", "rcwarden");
  assert.equal(members, "");
  assert.equal(user[3], gid);
  assert.notEqual(user[3], viewers);
  assert.match(user[6] ?? "", /nologin$/);
  const before = readFileSync(join(root, "etc/passwd"), "utf8");
  make();
  assert.equal(readFileSync(join(root, "etc/passwd"), "utf8"), before);
});

test("systemd-tmpfiles makes folders that everybody passes and only root changes", (t) => {
  const root = rootFor(t);
  const folder = join(root, "usr/lib/tmpfiles.d");
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(packaging, "tmpfiles/rcwarden.conf"), join(folder, "rcwarden.conf"));
  for (let times = 0; times < 2; times++)
    execFileSync("systemd-tmpfiles", [`--root=${root}`, "--create", "rcwarden.conf"], { stdio: "inherit" });
  const found = execFileSync("stat", ["-c", "%a %u %g", join(root, "run/rcwarden"), join(root, "var/lib/rcwarden")]);
  assert.equal(found.toString(), "755 0 0\n755 0 0\n");
});

test("AppArmor's parser takes the profile, and its name is that of what it is about", (t) => {
  const text = readFileSync(profile, "utf8");
  const [, path = ""] = /^profile \S+ (\S+) flags=\(unconfined\) \{$/m.exec(text) ?? [];
  assert.equal(basename(profile), path.slice(1).replaceAll("/", "."));
  assert.match(text, /^ {2}userns,$/m);
  assert.match(text, /^abi <abi\/4\.0>,$/m);
  const version = execFileSync("apparmor_parser", ["--version"], { encoding: "utf8" });
  const isOld = Number(/version (\d+)/.exec(version)?.[1]) < 4;
  // Before 4.0 a parser knows neither the rule nor the features that it belongs to: the rest is what it can judge.
  const judged = isOld ? text.replace(/^(abi <abi\/4\.0>| {2}userns),$/gm, "") : text;
  if (isOld) t.diagnostic(`apparmor_parser ${version.split("\n")[0]?.trim()} is too old for userns: judged without`);
  const parse = (input: string) => spawnSync("apparmor_parser", ["-Q", "-K"], { input, encoding: "utf8" });
  assert.equal(parse(judged).status, 0, parse(judged).stderr);
  assert.notEqual(parse(judged.replace("unconfined", "perhaps")).status, 0);
});
