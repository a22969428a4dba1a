/** `check --with FILE=NEW` tells before a file is saved what it says afterwards, and nothing of the host changes. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Report } from "../../agent/evaluate/index.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { findings, rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const fine = "set history = 10\n";
const waits = "set history = 10\nalias cp 'cp -i'\n";
const guarded = "if ($?prompt) then\n  alias cp 'cp -i'\nendif\n";

interface End {
  readonly status: number | null;
  readonly stderr: string;
  readonly stdout: string;
  readonly report: Report;
}

/** As root, or as the account itself. */
type Who = "root" | "the account";

async function check(account: TestAccount, who: Who, more: readonly string[]): Promise<End> {
  const as = who === "root" ? [] : ["runuser", "-u", account.name, "--", "env", `HOME=${account.home}`];
  const whose = more.includes("--home") ? [] : ["--account", account.name];
  const words = ["check", ...whose, "--mode", "ssh-command", "--json", ...more];
  const { status, stdout, stderr } = await rcwarden(words, as);
  return { status, stdout, stderr, report: stdout === "" ? null : JSON.parse(stdout) };
}

/** What of a home a change would show in: names, contents, inodes, owners, modes and times of change. */
function stateOf(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { ino, uid, gid, mode, size, mtimeMs, ctimeMs, nlink } = lstatSync(join(folder, name));
      return { name, ino, uid, gid, mode, size, mtimeMs, ctimeMs, nlink };
    });
}

describe("check --with", { skip: noSshd }, () => {
  let sshd: TestSshd;
  let folder: string;
  before(async () => {
    // Limits as sshd has them: without one that runs they are only guessed.
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), "rcwarden-with-"));
    chmodSync(folder, 0o755);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await sshd[Symbol.asyncDispose]();
  });
  const fresh = (text: string | Buffer, mode = 0o644) => {
    const path = join(mkdtempSync(join(folder, "new-")), "new");
    chmodSync(join(path, ".."), 0o755);
    writeFileSync(path, text, { mode });
    return path;
  };

  for (const who of ["root", "the account"] as const) {
    test(`${who} asks before a file is saved, and hears what is so afterwards`, async () => {
      await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": fine } });
      const path = `${account.home}/.cshrc`;
      const before = stateOf(account.home);
      const saved = await check(account, who, []);
      const asked = await check(account, who, ["--with", `~/.cshrc=${fresh(waits)}`]);
      assert.deepEqual(stateOf(account.home), before);
      assert.equal(readFileSync(path, "utf8"), fine);
      assert.equal(saved.status, 0, JSON.stringify(saved));
      assert.equal(asked.status, 1, JSON.stringify(asked));
      const [found] = findings(asked.report, "engine-commands");
      assert.deepEqual(found?.where, { file: path, line: 2, column: 1, through: [] });
      assert.deepEqual(
        asked.report.replaced?.map(({ file, readIn }) => ({ file, readIn })),
        [{ file: path, readIn: ["ssh-command"] }],
      );

      account.write(".cshrc", waits);
      const afterwards = await check(account, who, []);
      assert.deepEqual(afterwards.report.findings, asked.report.findings);
      // The other way round: what is there waits, what is to be saved does not.
      const mended = await check(account, who, ["--with", `${path}=${fresh(guarded)}`]);
      assert.equal(mended.status, 0, JSON.stringify(mended.report.findings));
    });

    test(`${who} asks about a file that is not there yet, and about one that a link leads to`, async () => {
      await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { "dot/cshrc": fine } });
      const link = (name: string, target: string) => {
        const path = join(account.home, name);
        symlinkSync(target, path);
        return path;
      };
      const linked = link(".cshrc", "dot/cshrc");
      const before = stateOf(account.home);
      const cases = [
        { file: "~/.tcshrc", at: `${account.home}/.tcshrc` },
        { file: "~/.cshrc", at: linked },
        { file: "~/dot/cshrc", at: linked },
      ];
      for (const { file, at } of cases) {
        const { report, status } = await check(account, who, ["--with", `${file}=${fresh(waits)}`]);
        assert.equal(status, 1, `${file} ${JSON.stringify(report)}`);
        assert.equal(findings(report, "engine-commands")[0]?.where?.file, at, file);
      }
      assert.deepEqual(stateOf(account.home), before);
      rmSync(linked);
      const dangling = link(".cshrc", "dot/none");
      const { report, status } = await check(account, who, ["--with", `~/.cshrc=${fresh(waits)}`]);
      assert.equal(status, 1, JSON.stringify(report));
      assert.equal(findings(report, "engine-commands")[0]?.where?.file, dangling);
      assert.equal(readlinkSync(dangling), "dot/none");
      assert.deepEqual(readdirSync(join(account.home, "dot")), ["cshrc"]);
    });
  }

  test("several files at once, one of them new in a folder that is looped over", async () => {
    const files = { ".bashrc": 'for f in ~/.bashrc.d/*.sh; do\n  . "$f"\ndone\n', ".bashrc.d/a.sh": "true\n" };
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty", files });
    const more = [
      ...["--with", `~/.bashrc.d/b.sh=${fresh('# ours\ncp() { command cp -i "$@"; }\n')}`],
      ...["--with", `~/.bashrc.d/a.sh=${fresh("echo hello\n")}`],
    ];
    const { report } = await check(account, "root", more);
    const where = (kind: string) => findings(report, kind).map((finding) => finding.where);
    const through = [`${account.home}/.bashrc`];
    const at = (name: string, line: number) => ({
      file: `${account.home}/.bashrc.d/${name}`,
      line,
      column: 1,
      through,
    });
    assert.deepEqual(where("engine-commands").slice(0, 1), [at("b.sh", 2)]);
    assert.deepEqual(where("startup-output"), [at("a.sh", 1)]);
    assert.deepEqual(readdirSync(`${account.home}/.bashrc.d`), ["a.sh"]);
  });

  test("the line is found in the new text also where only a run can know it", async () => {
    await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": fine } });
    const text = "set what = cp\nset y = 2\neval \"alias $what '$what -i'\"\nset z = 3\n";
    const { report } = await check(account, "root", ["--with", `~/.cshrc=${fresh(text)}`]);
    assert.equal(findings(report, "engine-commands")[0]?.where?.line, 3, JSON.stringify(report.findings));
  });

  test("owner and permissions stay those of the file; what the account may not read it is not given", async () => {
    await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty" });
    const path = account.write(".cshrc", fine, 0o640);
    chownSync(path, 0, account.gid);
    const readable = await check(account, "root", ["--with", `~/.cshrc=${fresh(waits)}`]);
    assert.equal(readable.status, 1, JSON.stringify(readable.report));
    chmodSync(path, 0o600);
    const barred = await check(account, "root", ["--with", `~/.cshrc=${fresh(waits)}`]);
    assert.equal(barred.status, 2, JSON.stringify(barred.report));
    assert.match(barred.stderr, new RegExp(`a file that ${account.name} may read, found .*Permission denied`));
  });

  test("a file that no startup reads is no pass, and a ~ of the calling shell is told", async () => {
    await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": fine } });
    const { status, report } = await check(account, "root", ["--with", `~/.zshrc=${fresh(waits)}`]);
    assert.equal(status, 3);
    assert.match(JSON.stringify(report), /was to hold something else, and no startup file/);
    const as = ["env", "HOME=/root"];
    const words = ["check", "--account", account.name, "--with", `/root/.cshrc=${fresh(waits)}`];
    const { status: meant, stderr } = await rcwarden(words, as);
    assert.equal(meant, 2);
    assert.match(stderr, /may read, found \/root\/\.cshrc: .*; quote it, so that ~ stays the account's home/);
  });

  test("what cannot be done is refused with what to do", async () => {
    await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": fine } });
    const secret = fresh(waits, 0o600);
    const cases: readonly (readonly [Who, string, RegExp])[] = [
      ["the account", `/etc/csh.cshrc=${fresh(waits)}`, /in a folder that you may write to.*run it as root/],
      ["the account", `~/.cshrc=${secret}`, /a file that you may read, found .*: permission denied/],
      ["the account", `~/.cshrc=${folder}`, /a file that you may read, found .*: a folder/],
      ["root", `~/no/folder/x=${secret}`, /a folder to save it in, found none at .*no\/folder/],
      ["root", `/etc/environment=${secret}`, /what a shell reads, found \/etc\/environment/],
      ["root", `/etc/passwd=${secret}`, /what a shell reads, found \/etc\/passwd/],
      ["root", `~=${secret}`, /an absolute path or ~\/\.\.\., found ~/],
      ["root", `/dev/null=${secret}`, /a file, or none yet, found \/dev\/null/],
      ["root", `~/.cshrc=${fresh(Buffer.alloc(1_048_577, "x"))}`, /at most 1 MiB/],
    ];
    const before = stateOf(account.home);
    for (const [who, wish, says] of cases) {
      const { status, stderr } = await check(account, who, ["--with", wish]);
      assert.equal(status, 2, `${wish} ${stderr}`);
      assert.match(stderr, says);
    }
    assert.deepEqual(stateOf(account.home), before);
    // What a calling shell opens for <(...) is closed when the program begins.
    const opened = ["bash", "-c", `exec "$0" "$@" --with "~/.cshrc="<(echo x)`];
    const { status: substituted, stderr } = await rcwarden(["check", "--account", account.name], opened);
    assert.equal(substituted, 2);
    assert.match(stderr, /none there by now; use - for stdin/);
    const piped = ["bash", "-c", `echo "alias cp 'cp -i'" | "$0" "$@"`];
    const { status: read } = await rcwarden(["check", "--account", account.name, "--with", "~/.cshrc=-"], piped);
    assert.equal(read, 1);
    // Root may read it, and says so by asking.
    const { status } = await check(account, "root", ["--with", `~/.cshrc=${secret}`]);
    assert.equal(status, 1);
  });

  test("a home of no account is measured as its owner, and never as root", async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
    const home = join(folder, "home");
    mkdirSync(home);
    writeFileSync(join(home, ".cshrc"), waits);
    for (const path of [home, join(home, ".cshrc")]) chownSync(path, 64_123, 64_123);
    const before = stateOf(home);
    const asked = ["--home", home, "--shell", "/bin/tcsh"];
    const { status, report } = await check(account, "root", asked);
    assert.equal(status, 1, JSON.stringify(report));
    const [of] = report.accounts;
    assert.deepEqual([of?.name, of?.uid, of?.shell.personality], ["uid-64123", 64_123, "tcsh"]);
    assert.equal(findings(report, "engine-commands")[0]?.where?.file, `${home}/.cshrc`);
    const mended = await check(account, "root", [...asked, "--with", `~/.cshrc=${fresh(guarded)}`]);
    assert.equal(mended.status, 0, JSON.stringify(mended.report));
    assert.deepEqual(stateOf(home), before);

    const others = await check(account, "the account", asked);
    assert.equal(others.status, 2);
    assert.match(others.stderr, /a folder of your own, for you are not root, found .*, of uid 64123; run it as root/);
    for (const path of [home, join(home, ".cshrc")]) chownSync(path, account.uid, account.gid);
    const own = await check(account, "the account", asked);
    assert.equal(own.status, 1, own.stderr);
    assert.equal(own.report.accounts[0]?.uid, account.uid);
    chownSync(home, 0, 0);
    const roots = await check(account, "root", asked);
    assert.equal(roots.status, 2);
    assert.match(roots.stderr, /a folder of somebody else than root, found .*, of uid 0/);
  });
});
