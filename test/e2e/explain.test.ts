/** What `explain --json` says is what a real session of that account says of itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { FactsDocument, ModeDocument } from "../../agent/evaluate/index.ts";
import { modes } from "../../agent/facts/index.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { startAgent } from "../support/agent.ts";
import { rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const sh = `umask 027
alias cp='cp -i'
alias ll='ls -l'
rm() { command rm -v "$@"; }
export ORACLE_SID=PROD
export PATH=$HOME/bin:$PATH
ulimit -n 300
set -o noclobber
`;
const csh = `umask 027
alias cp 'cp -i'
alias ll 'ls -l'
setenv ORACLE_SID PROD
setenv PATH $HOME/bin:$PATH
limit descriptors 300
set noclobber
`;

interface Tested {
  readonly shell: string;
  readonly file: string;
  readonly text: string;
  /** Asks the shell what a name is; a word of `kinds` is in its answer. */
  readonly kind: (name: string) => string;
  readonly kinds: Readonly<Record<string, readonly string[]>>;
  /** `NAME` and value of each alias as the shell prints them. */
  readonly aliases: (said: string) => Record<string, string>;
  readonly names: readonly string[];
}

const quoted = (said: string, start: string) =>
  Object.fromEntries(
    said.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^([^=]+)='?(.*?)'?$/.exec(line.replace(start, "")) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );

const tested: readonly Tested[] = [
  {
    shell: "/bin/bash",
    file: ".bashrc",
    text: `shopt -s expand_aliases\n${sh}`,
    kind: (name) => `type -t ${name} || echo none`,
    kinds: {
      alias: ["alias"],
      function: ["function"],
      builtin: ["builtin"],
      keyword: ["keyword"],
      file: ["file"],
      none: ["none"],
    },
    aliases: (said) => quoted(said, "alias "),
    names: ["cp", "rm", "cd", "if", "mv", "own", "nonesuch"],
  },
  {
    shell: "/bin/zsh",
    file: ".zshenv",
    text: sh,
    kind: (name) => `whence -w ${name}`,
    kinds: {
      alias: ["alias"],
      function: ["function"],
      builtin: ["builtin"],
      keyword: ["reserved"],
      file: ["command"],
      none: ["none"],
    },
    aliases: (said) => quoted(said, ""),
    names: ["cp", "rm", "cd", "if", "mv", "own", "nonesuch"],
  },
  {
    shell: "/bin/tcsh",
    file: ".cshrc",
    text: csh,
    kind: (name) => `which ${name}`,
    kinds: {
      alias: ["aliased to"],
      builtin: ["shell built-in"],
      file: ["/mv", "/own"],
      none: ["Command not found", "not found"],
    },
    aliases: (said) =>
      Object.fromEntries(
        said.split(/\r?\n/).flatMap((line) => {
          const [name, value] = line.split("\t");
          return name === undefined || value === undefined ? [] : [[name, value.replace(/^\((.*)\)$/, "$1")]];
        }),
      ),
    names: ["cp", "cd", "mv", "own", "nonesuch"],
  },
];

async function explained(account: TestAccount, words: readonly string[], as: readonly string[] = []) {
  const { stdout, stderr, status } = await rcwarden(["explain", ...words, "--account", account.name, "--json"], as);
  assert.equal(stderr, "");
  const document: FactsDocument = JSON.parse(stdout);
  return { document, status };
}

function modeOf(document: FactsDocument, id: string): ModeDocument {
  const mode = document.modes.find((each) => each.mode === id);
  assert.ok(mode !== undefined, `expected ${id}, found ${document.modes.map((each) => each.mode)}`);
  return mode;
}

describe("explain", { skip: noSshd }, () => {
  let sshd: TestSshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd[Symbol.asyncDispose]());

  for (const { shell, file, text, kind, kinds, aliases, names } of tested) {
    test(`${shell}: all its facts are those of a real session`, async () => {
      await using account = await makeAccount({ shell, home: "empty", files: { [file]: text } });
      account.write("bin/own", "#!/bin/sh\n", 0o755);
      const real = async (command: string, tty = false) => {
        const { stdout, stderr } = await sshd.ssh(account.name, [command], { tty });
        return `${stdout}${stderr}`.trim();
      };
      const { document, status } = await explained(account, []);
      assert.equal(status, 0, JSON.stringify(document.modes.map(({ gaps }) => gaps)));
      assert.deepEqual(
        document.modes.map(({ mode }) => mode),
        modes.filter(({ start }) => start !== "derived").map(({ id }) => id),
      );
      for (const id of ["ssh-command", "ssh-command-pty"]) {
        const mode = modeOf(document, id);
        const tty = id === "ssh-command-pty";
        const told = Object.fromEntries(
          mode.aliases.map(({ name, value }) => [name, value.replace(/^\((.*)\)$/, "$1")]),
        );
        assert.deepEqual(told, aliases(await real("alias", tty)));
        assert.equal(mode.umask, (await real("umask", tty)).padStart(4, "0"));
        assert.equal(mode.cwd, await real("pwd", tty));
        const limit = shell === "/bin/tcsh" ? "limit descriptors" : "ulimit -n";
        assert.match(await real(limit, tty), new RegExp(`\\b${mode.limits.nofile}\\b`));
        const exported = mode.variables.filter((each) => each.exported && each.brought).map(({ name }) => name);
        assert.deepEqual(exported.sort(), ["ORACLE_SID", "PATH"]);
        for (const name of exported) {
          const value = mode.variables.find((each) => each.name === name)?.value;
          assert.equal(value, await real(`printenv ${name}`, tty));
        }
        // Each with the line that says so, and nothing that no line says.
        const lines = text.split("\n");
        const placed = [
          ...mode.aliases.filter(({ brought }) => brought).map((each) => ({ ...each, says: `alias ${each.name}` })),
          ...mode.functions.filter(({ brought }) => brought).map((each) => ({ ...each, says: `${each.name}()` })),
          ...mode.variables
            .filter(({ brought, exported }) => brought && exported)
            .map((each) => ({ ...each, says: each.name })),
        ];
        assert.ok(placed.length >= 4, JSON.stringify(placed));
        for (const { where, says } of placed) {
          assert.equal(where?.file, `${account.home}/${file}`, says);
          assert.ok(lines[(where?.line ?? 0) - 1]?.includes(says), `${says} in line ${where?.line}`);
        }
        const noclobber = mode.options.find(({ name }) => name === "noclobber");
        // tcsh has no options of its own: its variables are.
        if (shell !== "/bin/tcsh") assert.deepEqual([noclobber?.value, noclobber?.brought], ["on", true]);
      }

      for (const name of names) {
        const { document: one } = await explained(account, [name, "--mode", "ssh-command"]);
        const is = modeOf(one, "ssh-command").commands.find((each) => each.name === name)?.is ?? "not told";
        const said = await real(kind(name));
        assert.ok(
          kinds[is]?.some((word) => said.includes(word)),
          `${name} is ${is}, and the session says: ${said}`,
        );
      }
    });

    test(`${shell}: where startup files do nothing, nothing is called theirs`, async () => {
      await using account = await makeAccount({ shell, home: "empty", files: { [file]: "# nothing\n" } });
      const { document, status } = await explained(account, []);
      assert.equal(status, 0);
      for (const {
        mode,
        aliases,
        functions,
        options,
        variables,
        removed,
        bare,
        umask,
        cwd,
        limits,
      } of document.modes) {
        const all = [aliases, functions, options, variables].flat();
        const inHome = all.filter(({ where }) => where?.file.startsWith(account.home));
        assert.deepEqual(inHome, [], mode);
        // What the host's own files say is theirs; a bare shell of this host tells the rest. What Debian's zshrc autoloads
        // for people is found in no line.
        if (mode === "ssh-login" && shell === "/bin/zsh") continue;
        const unplaced = all.filter(({ brought, where }) => brought && where === null);
        assert.deepEqual(unplaced, [], mode);
        assert.deepEqual(removed, { aliases: [], variables: [] });
        assert.deepEqual([umask, cwd, limits], [bare?.umask, bare?.cwd, bare?.limits]);
      }
    });
  }

  test("a name is only ever a name, whatever it would be in a shell", async () => {
    for (const { shell, file } of tested) {
      await using account = await makeAccount({ shell, home: "empty", files: { [file]: "# nothing\n" } });
      for (const name of ["$(exit)", "`kill$IFS$$`", "a;exit", "'", "*", "-x-"]) {
        const words = ["explain", "--account", account.name, "--mode", "ssh-command", "--json", "--", name];
        const { stdout, stderr, status } = await rcwarden(words);
        const document: FactsDocument = JSON.parse(stdout);
        const { commands, ended, gaps } = modeOf(document, "ssh-command");
        const said = `${shell} ${name} ${status} ${stderr} ${JSON.stringify(gaps)}`;
        assert.equal(ended, "ready", said);
        // tcsh has no way to quote such a name for `which`.
        if (shell === "/bin/tcsh") {
          assert.deepEqual([status, commands], [3, []], said);
          assert.match(gaps[0]?.message ?? "", /was not asked about/);
          continue;
        }
        assert.deepEqual([status, commands[0]?.name, commands[0]?.is], [0, name, "none"], said);
      }
    }
  });

  test("a name is told with what becomes of what is sent, which line decides and which guard is below it", async () => {
    const files = { ".cshrc": "set history = 10\nalias cp 'cp -i'\nif ($?prompt) then\n  set x\nendif\n" };
    await using account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files });
    const { stdout, status } = await rcwarden(["explain", "cp", "--account", account.name]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^ {2}ssh-command +alias "cp -i" +waits for ever +~\/\.cshrc:2:1$/m);
    assert.match(stdout, /^ +2: alias cp 'cp -i' +<- here$/m);
    assert.match(stdout, /^ +3: if \(\$\?prompt\) then +\(inside is for people\)$/m);
    assert.match(stdout, /move line 2 below/);
  });

  test("the account itself is told the same, without root, config or agent", async () => {
    const files = { ".bashrc": "shopt -s expand_aliases\nalias cp='cp -i'\n" };
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty", files });
    const as = ["runuser", "-u", account.name, "--", "env", `HOME=${account.home}`];
    const [own, roots] = [await explained(account, ["cp"], as), await explained(account, ["cp"])];
    const told = ({ document }: { document: FactsDocument }) =>
      document.modes.map(({ mode, commands, tried, startupFiles }) => ({
        mode,
        commands,
        tried: tried.map(({ command, outcome, where }) => ({ command, outcome, where })),
        startupFiles,
      }));
    assert.deepEqual(told(own), told(roots));
    assert.deepEqual([...new Set(own.document.modes.map(({ sandbox }) => sandbox))], ["own-account"]);
  });

  test("an agent knows since when, and what was before", async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty", files: { ".bashrc": "# nothing\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    account.write(".bashrc", '# nothing\ncp() { command cp "$@" -i; }\n');
    await agent.until<{ items: readonly unknown[] }>("/v1/findings", ({ items }) => items.length > 0, "a finding");
    const asked = ["explain", "cp", "--account", account.name, "--mode", "ssh-command", "--socket", agent.socket];
    const { stdout } = await rcwarden(asked);
    assert.match(stdout, /what is sent fails since 20\d\d-\d\d-\d\d \d\d:\d\d \S+; before, it did not/);
    assert.match(stdout, new RegExp(`the file was saved 20\\S+ \\S+ \\S+; it is of uid ${account.uid}`));
  });
});
