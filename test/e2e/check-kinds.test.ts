import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, lchownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { check, findings } from "../support/rcwarden.ts";

/** What is done to an account: files of its own, and what goes beyond those; that may leave something to take away. */
interface Home {
  readonly files?: Readonly<Record<string, string>>;
  does?(account: TestAccount): (() => void) | undefined;
}

interface Story {
  readonly kind: string;
  readonly says: string;
  readonly with?: object;
  readonly shell?: string;
  readonly planted: Home;
  /** What looks like it and is none. */
  readonly twin: Home;
  /** What fails, and the line where there is one. */
  readonly subject: string;
  readonly line?: number;
}

const guarded = (line: string) => ({ ".bashrc": `case $- in *i*) ;; *) return ;; esac\n${line}\n` });
const bashrc = (...lines: readonly string[]) => ({ ".bashrc": `${lines.join("\n")}\n` });
const tcshrc = (...lines: readonly string[]) => ({ ".tcshrc": `${lines.join("\n")}\n` });

const mode = (file: string, bits: number) => (account: TestAccount) => {
  chmodSync(join(account.home, file), bits);
  return undefined;
};
const owned = (file: string, by: (account: TestAccount) => number) => (account: TestAccount) => {
  chownSync(join(account.home, file), by(account), by(account));
  return undefined;
};
/** Makes ~/.bashrc a link. */
const link = (target: string) => (account: TestAccount) => {
  const path = join(account.home, ".bashrc");
  rmSync(path, { force: true });
  symlinkSync(target, path);
  lchownSync(path, account.uid, account.gid);
  return undefined;
};

/** Lines of sudoers for the account (NAME), for the time of one check. */
function sudoers(...lines: readonly string[]): Home {
  return {
    does({ name }) {
      const file = `/etc/sudoers.d/${name}`;
      writeFileSync(file, lines.map((line) => `${line.replaceAll("NAME", name)}\n`).join(""), { mode: 0o440 });
      return () => rmSync(file, { force: true });
    },
  };
}

const stories: readonly Story[] = [
  {
    kind: "variable",
    says: "libraries for every program",
    with: { names: ["LD_LIBRARY_PATH", "LD_PRELOAD"], is: "unset" },
    planted: { files: bashrc("umask 022", "export LD_LIBRARY_PATH=$HOME/lib") },
    twin: { files: guarded("export LD_LIBRARY_PATH=$HOME/lib") },
    subject: "LD_LIBRARY_PATH",
    line: 2,
  },
  {
    kind: "variable",
    says: "a secret that every program gets",
    with: { names: ["*SECRET*", "*PASSWORD*"], exported: "no" },
    planted: { files: bashrc("export AWS_SECRET_ACCESS_KEY=abc123") },
    twin: { files: bashrc("AWS_SECRET_ACCESS_KEY=abc123") },
    subject: "*SECRET*",
    line: 1,
  },
  {
    kind: "variable",
    says: "another database than the engine's",
    with: { names: ["ORACLE_SID"], equals: "PROD", exported: "yes" },
    shell: "/bin/tcsh",
    planted: { files: tcshrc("setenv ORACLE_HOME /u01", "setenv ORACLE_SID TEST") },
    twin: { files: tcshrc("setenv ORACLE_SID PROD") },
    subject: "ORACLE_SID",
    line: 2,
  },
  ...(
    [
      ["/bin/bash", ".bashrc", "set -o noclobber", "set +o noclobber"],
      ["/bin/zsh", ".zshenv", "setopt noclobber", "setopt clobber"],
      ["/bin/tcsh", ".tcshrc", "set noclobber", "unset noclobber"],
    ] as const
  ).map(
    ([shell, file, set, unset]): Story => ({
      kind: "option",
      says: `noclobber in ${shell}`,
      with: { names: ["noclobber"] },
      shell,
      planted: { files: { [file]: `umask 022\n${set}\n` } },
      twin: { files: { [file]: `${set}\n${unset}\n` } },
      subject: "noclobber",
      line: 2,
    }),
  ),
  {
    kind: "umask",
    says: "a mask that hides files from everybody else",
    with: { atMost: "027", atLeast: "022" },
    planted: { files: bashrc("umask 022", "umask 077") },
    twin: { files: bashrc("umask 077", "umask 022") },
    subject: "umask",
    line: 2,
  },
  {
    kind: "limit",
    says: "a limit that cuts big files",
    with: { name: "fsize", atLeast: "unlimited" },
    planted: { files: bashrc("ulimit -c 0", "ulimit -f 1024") },
    twin: { files: bashrc("ulimit -c 0", "(ulimit -f 1024)") },
    subject: "fsize",
    line: 2,
  },
  {
    kind: "path-entries",
    says: "the current folder in PATH",
    planted: { files: bashrc("umask 022", "export PATH=$PATH:.") },
    twin: { files: bashrc("umask 022", "export PATH=$PATH:$HOME/bin") },
    subject: "relative",
    line: 2,
  },
  {
    kind: "path-entries",
    says: "a folder into which everybody can put programs",
    with: { forbid: ["writable"] },
    planted: {
      files: { ...bashrc("export PATH=$HOME/tools:$PATH"), "tools/x": "" },
      does: mode("tools", 0o777),
    },
    twin: { does: mode("tools", 0o755) },
    subject: "writable",
    line: 1,
  },
  {
    kind: "startup-duration",
    says: "a sleep before every command",
    planted: { files: bashrc("umask 022", "sleep 2.5") },
    twin: { files: guarded("sleep 2.5") },
    subject: "startup",
    line: 2,
  },
  {
    kind: "background-process",
    says: "a job more for every command",
    planted: { files: bashrc("umask 022", "sleep 300 </dev/null >/dev/null 2>&1 &") },
    twin: { files: bashrc("umask 022", "sleep 0.1 </dev/null >/dev/null 2>&1 &", "wait") },
    subject: "background processes",
    line: 2,
  },
  {
    kind: "stdin-untouched",
    says: "a read that takes the first line",
    planted: { files: bashrc("umask 022", "read -t 1 junk") },
    twin: { files: bashrc("umask 022", "read -t 1 junk </dev/null") },
    subject: "stdin",
    line: 2,
  },
  {
    kind: "stdin-untouched",
    says: "a program that takes all of it",
    planted: { files: bashrc("umask 022", "cat >/dev/null") },
    twin: { files: bashrc("umask 022", "cat /dev/null") },
    subject: "stdin",
    line: 2,
  },
  {
    kind: "startup-file",
    says: "a startup file that everybody can change",
    with: { require: ["writable"] },
    planted: { files: bashrc("umask 022"), does: mode(".bashrc", 0o666) },
    twin: { files: bashrc("umask 022"), does: mode(".bashrc", 0o664) },
    subject: "writable",
  },
  {
    kind: "startup-file",
    says: "a file that a startup file brings in, of somebody else",
    with: { require: ["owner"] },
    planted: {
      files: { ...bashrc(". ~/.site"), ".site": "umask 022\n" },
      does: owned(".site", () => 65_534),
    },
    twin: {
      files: { ...bashrc(". ~/.site"), ".site": "umask 022\n" },
      does: owned(".site", () => 0),
    },
    subject: "owner",
  },
  {
    kind: "startup-file",
    says: "a startup file that leads out of the home",
    with: { require: ["link"] },
    planted: { does: link("/etc/bash.bashrc") },
    twin: { files: { "dot/bashrc": "umask 022\n" }, does: link("dot/bashrc") },
    subject: "link",
  },
  {
    kind: "startup-file",
    says: "a mistake that ends a startup file",
    with: { require: ["syntax"] },
    planted: { files: bashrc("export A=1", "if true; then", "export C=3") },
    twin: { files: bashrc("export A=1", "# if true; then", "export C=3") },
    subject: "syntax",
    line: 4,
  },
  {
    kind: "startup-file",
    says: "CR LF line ends",
    with: { require: ["text"] },
    planted: { files: { ".bashrc": "umask 022\nexport JAVA_HOME=/opt/jdk\r\n" } },
    twin: { files: { ".bashrc": "umask 022\nexport CR=$'\\r'\n" } },
    subject: "text",
    line: 2,
  },
  {
    kind: "home",
    says: "a home that everybody can write to",
    planted: { does: mode(".", 0o777) },
    twin: { does: mode(".", 0o711) },
    subject: "mode",
  },
  {
    kind: "home",
    says: "a home of somebody else",
    with: { require: ["owner"] },
    planted: { does: owned(".", () => 0) },
    twin: { does: owned(".", ({ uid }) => uid) },
    subject: "owner",
  },
  {
    kind: "home",
    says: "another HOME",
    with: { require: ["variable"] },
    planted: { files: bashrc("umask 022", "export HOME=/tmp") },
    twin: { files: bashrc("umask 022", "export HOME=~") },
    subject: "variable",
    line: 2,
  },
  {
    kind: "sudo-noninteractive",
    says: "a password",
    planted: sudoers("NAME ALL=(ALL) ALL"),
    twin: sudoers("NAME ALL=(ALL) ALL", "NAME ALL=(root) NOPASSWD: /usr/bin/true"),
    subject: "/usr/bin/true",
  },
  {
    kind: "sudo-noninteractive",
    says: "a terminal that is required",
    planted: sudoers("Defaults:NAME requiretty", "NAME ALL=(ALL) NOPASSWD: ALL"),
    twin: sudoers("Defaults:NAME !requiretty", "NAME ALL=(ALL) NOPASSWD: ALL"),
    subject: "/usr/bin/true",
  },
  {
    kind: "locale",
    says: "a locale that the host does not have",
    planted: { files: bashrc("umask 022", "export LC_ALL=xx_XX.UTF-8") },
    twin: { files: bashrc("export LANG=xx_XX.UTF-8", "export LC_ALL=C.UTF-8") },
    subject: "locale",
    line: 2,
  },
];

const folder = mkdtempSync(join(tmpdir(), "rcwarden-kinds-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** One rule of the kind, for an engine that enters by ssh host CMD. */
function policyFor({ kind, with: parameters = {} }: Story, name: string): string {
  const head = (is: string, named: string) => `apiVersion: rcwarden/v1\nkind: ${is}\nmetadata: { name: ${named} }\n`;
  const rule = `{ id: asked, check: ${kind}, severity: high, with: ${JSON.stringify(parameters)} }`;
  const path = join(folder, `${name}.yaml`);
  const engine = `${head("Engine", "comes-in")}spec: { enters: [ssh-command] }\n`;
  const policy = `${head("Policy", "one-rule")}spec:\n  accounts: all\n  engines: [comes-in]\n  rules:\n    - ${rule}\n`;
  writeFileSync(path, `${engine}---\n${policy}`);
  return path;
}

async function checked(story: Story, { files = {}, does }: Home, account: TestAccount) {
  for (const [file, text] of Object.entries(files)) account.write(file, text);
  const undo = does?.(account);
  try {
    const { report, stderr } = await check(account.name, "ssh-command", ["--policy", policyFor(story, account.name)]);
    return { found: findings(report, story.kind), said: `${stderr}\n${JSON.stringify(report)}` };
  } finally {
    undo?.();
    // Whatever was done to the home, its removal takes one that is the account's.
    chownSync(account.home, account.uid, account.gid);
  }
}

const lacks = (story: Story) =>
  story.kind === "sudo-noninteractive" && !existsSync("/usr/bin/sudo") ? "needs sudo" : noAccounts;

describe("what a check kind finds on a real account, and leaves alone in its harmless twin", { concurrency: 2 }, () => {
  for (const story of stories) {
    test(`${story.kind}: ${story.says}`, { skip: lacks(story) }, async () => {
      await using account = await makeAccount({ shell: story.shell ?? "/bin/bash" });
      const { found, said } = await checked(story, story.planted, account);
      assert.deepEqual(
        found.map(({ status, subject }) => `${status} ${subject}`),
        [`fail ${story.subject}`],
        said,
      );
      const [finding] = found;
      assert.ok(finding?.change, "says what to change");
      if (story.line === undefined) assert.equal(finding.where, null);
      else assert.partialDeepStrictEqual(finding.where, { line: story.line });
      if (finding.where !== null) assert.ok(finding.where.file.startsWith(`${account.home}/`), finding.where.file);
      assert.doesNotMatch(`${finding.message} ${finding.change} ${JSON.stringify(finding.evidence)}`, /abc123/);

      const twin = await checked(story, story.twin, account);
      assert.deepEqual(twin.found, [], twin.said);
    });
  }
});

test("every kind that asks for facts of its own has a story", () => {
  const own = ["variable", "option", "umask", "limit", "path-entries", "startup-duration", "background-process"];
  const others = ["stdin-untouched", "startup-file", "home", "sudo-noninteractive", "locale"];
  const told = new Set(stories.map(({ kind }) => kind));
  assert.deepEqual([...told].sort(), [...own, ...others].sort());
  for (const kind of told) assert.ok(checkKinds.some(({ id }) => id === kind));
});
