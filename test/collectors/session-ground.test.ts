import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type SshMode, sessionGround } from "../../agent/collectors/session-ground.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { parseLimits } from "../../agent/host/limits.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { noSshd, type SshdWish, startSshd, type TestSshd } from "../support/sshd.ts";

const skip = noSshd || noAccounts;

/** What differs between two connections, and why it may. */
const allowed: Record<string, string> = {
  SSH_CLIENT: "addresses and ports are the connection's own",
  SSH_CONNECTION: "addresses and ports are the connection's own",
  SSH_TTY: "the terminal's number is the next free one",
};

interface Seen {
  readonly env: Record<string, string>;
  readonly umask: number;
  readonly limits: unknown;
}

/** What the account's shell itself was started with: /proc has it untouched by what startup files made of it. */
async function real(sshd: TestSshd, account: string, terminal: boolean): Promise<Seen> {
  const parts = ["tr '\\0' '\\n' </proc/$$/environ", "cat /proc/$$/limits", "grep Umask /proc/$$/status"];
  const said = await sshd.ssh(account, [`${parts.join("; echo =====; ")}; :`], { tty: terminal, timeoutMs: 60_000 });
  assert.equal(said.status, 0, `${said.stderr}${sshd.log()}`);
  const [env = "", limits = "", status = ""] = said.stdout.replaceAll(terminal ? "\r\n" : "\n", "\n").split("=====\n");
  return {
    env: Object.fromEntries(env.trimEnd().split("\n").map(pair)),
    limits: parseLimits(limits),
    umask: Number.parseInt(/\d+/.exec(status)?.[0] ?? "", 8),
  };
}

function pair(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

function comparable(seen: Omit<Seen, "limits"> & { readonly limits: unknown }): Seen {
  const env = Object.fromEntries(
    Object.entries(seen.env)
      .map(([name, value]) => [name, name in allowed ? "allowed" : value])
      .sort(),
  );
  return { env, umask: seen.umask, limits: seen.limits };
}

/** Asserts that what is said for the account is what its real sessions are given. */
async function assertSame(
  account: TestAccount | { name: "root"; home: string },
  wish: SshdWish,
  doubts: string[] = [],
) {
  await using sshd = await startSshd(wish);
  await assertSameOn(sshd, account, wish, doubts);
}

async function assertSameOn(
  sshd: TestSshd,
  account: TestAccount | { name: "root"; home: string },
  wish: SshdWish = {},
  doubts: string[] = [],
) {
  const answer = await accountByName(account.name);
  assert.ok(answer.kind === "account");
  const own = [".pam_environment", ".ssh/environment"].filter((name) => existsSync(join(account.home, name)));
  const files = Object.fromEntries(own.map((name) => [name, readFileSync(join(account.home, name), "utf8")]));
  // PAM's files are read alike for both: they are tried with one, which saves half the time.
  const modes: SshMode[] = wish.instead === undefined ? ["ssh-command", "ssh-command-pty"] : ["ssh-command"];
  for (const mode of modes) {
    const on = { config: join(sshd.folder, "sshd_config"), listener: sshd.pid, instead: wish.instead ?? {} };
    const ground = await sessionGround({ account: answer.account, mode, environmentFiles: files, on });
    assert.deepEqual(comparable(ground), comparable(await real(sshd, account.name, mode === "ssh-command-pty")), mode);
    assert.deepEqual(ground.doubts, doubts);
    assert.match(ground.evidence, new RegExp(`sshd \\(pid ${sshd.pid}\\)`));
  }
}

/** Text of PAM's own expressions. */
const value = (name: string) => `\${${name}}`;

const stack = () => readFileSync("/etc/pam.d/sshd", "utf8");

describe("what sshd and PAM hand to a session is said exactly", { skip }, () => {
  const made: { account?: TestAccount } = {};
  before(async () => {
    made.account = await makeAccount({ groups: ["adm", "tty"], files: { ".bashrc": "", ".hushlogin": "" } });
  });
  after(async () => made.account?.[Symbol.asyncDispose]());
  const account = (): TestAccount => {
    assert.ok(made.account);
    return made.account;
  };

  test("with this host's own configuration, for an account and for root", async () => {
    await using sshd = await startSshd();
    await assertSameOn(sshd, account());
    await assertSameOn(sshd, { name: "root", home: "/nonexistent" });
  });

  test("with SetEnv, ~/.ssh/environment and a Match block", async () => {
    account().write(".ssh/environment", "# no\n\n  A=1=2\nB='q'\nC=\n=x\nPATH=/own:/bin\n");
    const match = `Match User ${account().name}\n  SetEnv FROM=admin OTHER="two words"`;
    await assertSame(account(), { config: `PermitUserEnvironment yes\n${match}` });
    await assertSame(account(), {});
  });

  test("without PAM", async () => assertSame(account(), { config: "UsePAM no" }));

  test("with pam_env's files, however they are written", async () => {
    const conf = [
      "# comment",
      "PLAIN DEFAULT=one",
      'QUOTED DEFAULT="two words"',
      "BOTH DEFAULT=low OVERRIDE=high",
      'EMPTY DEFAULT=""',
      "NOTHING DEFAULT=",
      `REMOTE DEFAULT=localhost OVERRIDE=@{PAM_RHOST}x${value("NOTSET")}`,
      "HOMELY DEFAULT=@{HOME}/bin:@{SHELL}:@{PAM_USER}:@{NONE}",
      `CHAINED DEFAULT=${value("PLAIN")}-${value("QUOTED")}`,
      `ESCAPED DEFAULT=\\${value("PLAIN")}\\@{HOME}\\n$PLAIN@x`,
      "CUT DEFAULT=a#b",
      "LONG DEFAULT=one\\",
      "two",
      "  INDENTED DEFAULT=x",
      "BAD WRONG=x",
      'OPEN DEFAULT="open',
      'TAIL DEFAULT="tail"x',
      "PLAIN2 DEFAULT=a b",
      "TWICE DEFAULT=1 DEFAULT=2",
      `HIGHEMPTY DEFAULT=low OVERRIDE=${value("NOTSET")}`,
      "UNSET DEFAULT=x",
      "UNSET",
      "CRLF DEFAULT=x\r",
      "TABBED\tDEFAULT=tab\tOVERRIDE=",
    ].join("\n");
    const environment = [
      "# comment",
      "A=plain",
      'B="double quoted"',
      "C='single'",
      'D=in"side"',
      "E=trailing   ",
      "F=cut # comment",
      "export G=exported",
      "  H=indented",
      "I-J=bad",
      "K =space",
      "L= leading",
      "M=one\\",
      "two",
      "N",
      "O=",
      'P="it\'s"',
      "Q='a\"b'",
      `A2=$A ${value("A")}`,
      'R="',
      "PLAIN",
      "PATH=/opt/bin:/usr/bin:/bin",
      "S=ünï",
      'T="a"b"',
      "",
    ].join("\n");
    const locale = 'LANG="C.UTF-8"\nLC_TIME=de_DE.UTF-8\n';
    account().write(".pam_environment", `OWN DEFAULT=@{HOME}\nOWNPATH DEFAULT=${value("PATH")}:/own\nH\n`);
    const instead = {
      "/etc/security/pam_env.conf": `${conf}\n`,
      "/etc/environment": environment,
      "/etc/default/locale": locale,
    };
    // RHOST is the connection's.
    const ownAddress = { ...instead, "/etc/security/pam_env.conf": `${conf.replace("@{PAM_RHOST}", "r")}\n` };
    await assertSame(account(), { instead: ownAddress });
    const silent = stack()
      .replace("user_readenv=1", "user_readenv=0 readenv=0")
      .replace("pam_env.so #", "pam_env.so envfile=/etc/default/locale #");
    await assertSame(account(), { instead: { ...ownAddress, "/etc/pam.d/sshd": silent } });
  });

  test("with limits by name, group, number and for everybody", async () => {
    const { name, uid, gid } = account();
    const conf = [
      "# comment",
      "* soft nofile 1000",
      "* hard nofile 4000 # more",
      "* - nproc 3000",
      "@adm hard nproc 2000",
      "@adm soft nproc 2500",
      "@rcw-no-such soft nproc 1",
      `${name} soft stack 4096`,
      `${uid}: hard stack 16384`,
      `:${uid} soft core unlimited`,
      `1:${uid} - memlock 64`,
      `@:${gid} soft fsize 1000000`,
      `@${gid + 1}: soft fsize 1`,
      "* - fsize 5",
      "% - data 5",
      "* hard cpu 10",
      "* - nice -5",
      "* - rtprio 7",
      "* - locks infinity",
      "* - sigpending abc",
      "* - msgqueue 12x",
      "* soft",
      "* bad nofile 5",
      "* - rss -1",
      "nobody -",
    ].join("\n");
    const instead = { "/etc/security/limits.conf": `${conf}\n` };
    await assertSame(account(), { instead });
    const more = { "/etc/security/limits.d/b.conf": `${name} - nofile 5000\n* - as unlimited\n*\t-\tnproc\t9\n` };
    await assertSame(account(), { instead: { ...instead, ...more } });
    await assertSame(account(), { instead: { "/etc/security/limits.conf": "* - nofile unlimited\n" } });
    await assertSame(account(), { instead: { "/etc/security/limits.conf": `${conf}\n@adm -\n` } });
    await assertSame({ name: "root", home: "/nonexistent" }, { instead });
    const byName = { "/etc/security/limits.conf": "root - nofile 3000\n" };
    await assertSame({ name: "root", home: "/nonexistent" }, { instead: byName });
    const all = stack().replace("pam_limits.so", "pam_limits.so set_all");
    await assertSame(account(), { instead: { ...instead, "/etc/pam.d/sshd": all } });
  });

  test("with a umask from PAM, in each place that can say one", async () => {
    const withUmask = (args: string) => ({ "/etc/pam.d/sshd": `${stack()}\nsession optional pam_umask.so ${args}\n` });
    await assertSame(account(), { instead: withUmask("") });
    await assertSame(account(), { instead: withUmask("umask=0077") });
    await assertSame(account(), { instead: withUmask("usergroups umask=027") });
    await assertSame(account(), { instead: withUmask("nousergroups") });
    const definitions = { "/etc/login.defs": "UMASK\t027\nUSERGROUPS_ENAB no\n" };
    await assertSame(account(), { instead: { ...withUmask(""), ...definitions } });
    await using commented = await makeAccount({ comment: "Batch,umask=0007", files: { ".bashrc": "" } });
    await assertSame(commented, { instead: withUmask("umask=0077") });
  });

  test("with mail said in the environment, without the message of the day", async () => {
    const changed = stack()
      .replace(/pam_mail.so standard noenv/, "pam_mail.so standard")
      .replaceAll(/^.*pam_motd.*$/gm, "");
    await assertSame(account(), { instead: { "/etc/pam.d/sshd": changed } });
  });

  test("a line that may be skipped is a doubt, not a guess", async () => {
    const changed = `${stack().replace(/^.*pam_limits.*$/m, "")}\nsession [success=1 default=ignore] pam_permit.so\nsession required pam_limits.so\n`;
    const instead = { "/etc/pam.d/sshd": changed };
    await assertSame(account(), { instead }, ["pam_limits: an earlier line of PAM's stack may skip it"]);
  });
});

test("where no sshd is known, limits come from PID 1, and the evidence says so", async () => {
  const answer = await accountByName("root");
  assert.ok(answer.kind === "account");
  const on = { listener: 4_194_999, instead: { "/etc/pam.d/sshd": "" } };
  const ground = await sessionGround({ account: answer.account, mode: "ssh-command", environmentFiles: {}, on });
  assert.match(ground.evidence, /^no sshd runs: limits from PID 1/);
  assert.deepEqual(ground.limits, parseLimits(readFileSync("/proc/1/limits", "latin1")));
  assert.equal(ground.env.SSH_CONNECTION, "192.0.2.1 50022 192.0.2.2 22");
});
