/** What shells of the sh family do with one startup file after the other, and what `explain --json` says of it. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FactsDocument, ModeDocument } from "../../agent/evaluate/index.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

type Way = "ssh-command" | "ssh-login-notty" | "ssh-login";

interface Tested {
  readonly name: string;
  readonly binary: string;
  /** Under which name it is started; its own where this is not said. */
  readonly as?: string;
  /** Files and the ways of coming in that read them. */
  readonly files: Readonly<Record<string, readonly Way[]>>;
}

const logins: readonly Way[] = ["ssh-login-notty", "ssh-login"];
const tested: readonly Tested[] = [
  { name: "dash", binary: "/bin/dash", files: { ".profile": logins } },
  { name: "bashsh", binary: "/bin/bash", as: "sh", files: { ".profile": logins, ".bashrc": [] } },
  { name: "ash", binary: "/bin/busybox", as: "ash", files: { ".profile": logins } },
  { name: "zshsh", binary: "/bin/zsh", as: "sh", files: { ".profile": logins, ".zshenv": [] } },
  { name: "zshksh", binary: "/bin/zsh", as: "ksh", files: { ".profile": logins, ".kshrc": [] } },
  { name: "ksh93", binary: "/bin/ksh93", files: { ".profile": logins, ".kshrc": ["ssh-login"] } },
  { name: "mksh", binary: "/bin/mksh", files: { ".profile": logins, ".mkshrc": ["ssh-login"] } },
  { name: "yash", binary: "/bin/yash", files: { ".yash_profile": logins, ".yashrc": ["ssh-login"] } },
  { name: "yashsh", binary: "/bin/yash", as: "sh", files: { ".profile": [], ".yash_profile": [] } },
  { name: "posh", binary: "/bin/posh", files: { ".profile": logins } },
];

const planted = `alias probe_alias='echo by alias' 2>/dev/null
probe_function() { echo by function; }
PATH=$HOME/bin:$PATH
set -C
echo from startup
`;
/** What a session says; each word of it can only come from what was planted. */
const asking =
  "probe_alias; probe_function; probe_path; /bin/true >made; /bin/true >made && echo clobbered; echo that is all";

interface Seen {
  readonly alias: boolean;
  readonly function: boolean;
  readonly path: boolean;
  readonly noclobber: boolean;
  /** Null where commands are typed at a terminal: nobody tells what startup writes from prompt and echo there. */
  readonly stdout: boolean | null;
}
const nothing: Seen = { alias: false, function: false, path: false, noclobber: false, stdout: false };

let sshd: TestSshd;
let links: string;
const ours = new AsyncDisposableStack();
const accounts = new Map<string, TestAccount>();

before(async () => {
  if (noSshd !== false) return;
  links = mkdtempSync(join(tmpdir(), "rcw-links-"));
  ours.defer(() => rmSync(links, { recursive: true, force: true }));
  chmodSync(links, 0o755);
  sshd = ours.use(await startSshd());
  for (const { name, binary, as } of tested) {
    const shell = as === undefined ? binary : link(name, binary, as);
    const account = ours.use(await makeAccount({ shell, home: "empty" }));
    sshd.keyFor(account.name);
    accounts.set(name, account);
  }
});
after(() => ours.disposeAsync());

function link(name: string, binary: string, as: string): string {
  const folder = mkdtempSync(join(links, `${name}-`));
  chmodSync(folder, 0o755);
  symlinkSync(binary, join(folder, as));
  return join(folder, as);
}

function place(account: TestAccount, files: readonly string[], file: string, text: string): void {
  for (const one of [...files, "made"]) rmSync(join(account.home, one), { force: true });
  account.write(file, text);
  account.write("bin/probe_path", "#!/bin/sh\necho by path\n", 0o755);
  // The first of these keeps yash's own away, which has greetings.
  if (files.includes(".yashrc") && file !== ".yashrc") account.write(".yashrc", "");
  account.write(".hushlogin", "");
}

async function session(account: TestAccount, way: Way): Promise<{ readonly said: string; readonly noise: string }> {
  const typed = { text: `${asking}\nexit\n` };
  const ended =
    way === "ssh-command"
      ? await sshd.ssh(account.name, [asking])
      : await sshd.ssh(account.name, [], {
          tty: way === "ssh-login",
          stdin: typed,
          client: way === "ssh-login" ? [] : ["-T"],
        });
  return { said: ended.stdout, noise: ended.stderr };
}

function seenOf(said: string, way: Way): Seen {
  // A terminal echoes what is typed: there the words stand behind `echo`.
  const lines = said.split(/\r?\n/).map((line) => line.trim());
  const says = (words: string) => lines.some((line) => line.endsWith(words) && !line.includes("echo"));
  return {
    alias: says("by alias"),
    function: says("by function"),
    path: says("by path"),
    noclobber: says("that is all") && !says("clobbered"),
    stdout: way === "ssh-login" ? null : says("from startup"),
  };
}

async function explained(account: TestAccount, way: Way): Promise<ModeDocument> {
  const end = await rcwarden(["explain", "--account", account.name, "--mode", way, "--json"]);
  const document: FactsDocument = JSON.parse(end.stdout);
  const [mode] = document.modes;
  assert.ok(mode !== undefined, end.stderr);
  return mode;
}

function toldOf(mode: ModeDocument, home: string, way: Way): Seen {
  const path = mode.variables.find(({ name }) => name === "PATH")?.value ?? "";
  return {
    alias: mode.aliases.some(({ name, effective }) => name === "probe_alias" && effective),
    function: mode.functions.some(({ name, effective }) => name === "probe_function" && effective),
    path: path.startsWith(`${home}/bin:`),
    noclobber: mode.options.some(({ name, value }) => name === "noclobber" && value === "on"),
    stdout: way === "ssh-login" ? null : mode.output.some(({ stream, bytes }) => stream === "stdout" && bytes > 0),
  };
}

describe("explain says what a real session of the sh family does", { skip: noSshd, concurrency: 3 }, () => {
  for (const one of tested)
    test(one.name, async () => {
      const account = accounts.get(one.name);
      assert.ok(account !== undefined);
      const files = Object.keys(one.files);
      for (const [at, [file, ways]] of Object.entries(one.files).entries()) {
        const others: readonly Way[] = at === 0 ? ["ssh-command"] : ways.length === 0 ? ["ssh-login-notty"] : [];
        for (const way of [...others, ...ways]) {
          const here = `${file} by ${way}`;
          place(account, files, file, planted);
          const { said, noise } = await session(account, way);
          const told = await explained(account, way);
          const seen = seenOf(said, way);
          assert.deepEqual(
            toldOf(told, account.home, way),
            seen,
            `${here}: ${said} ${noise} ${JSON.stringify(told.gaps)}`,
          );
          assert.deepEqual(
            seen,
            ways.includes(way)
              ? {
                  alias: one.name !== "posh",
                  function: true,
                  path: true,
                  noclobber: true,
                  stdout: way === "ssh-login" ? null : true,
                }
              : nothing,
            here,
          );
          assert.deepEqual(told.gaps, [], here);
          if (!ways.includes(way)) continue;
          const where = told.functions.find(({ name }) => name === "probe_function")?.where;
          assert.deepEqual([where?.file, where?.line], [join(account.home, file), 2], here);
        }
        const [way] = ways;
        if (way === undefined || at > 0) continue;
        place(account, files, file, "exit 0\n");
        assert.ok(!seenOf((await session(account, way)).said, way).noclobber, file);
        assert.equal((await explained(account, way)).ended, "exited", file);
      }
    });
});

test("without ~/.yashrc yash's package has a cp that asks at a terminal, and the line is named", {
  skip: noSshd,
}, async () => {
  await using account = await makeAccount({ shell: "/bin/yash", home: "empty" });
  const mode = await explained(account, "ssh-login");
  const cp = mode.functions.find(({ name }) => name === "cp");
  assert.equal(cp?.where?.file, "/usr/share/yash/initialization/common", JSON.stringify(mode.functions));
  assert.deepEqual((await explained(account, "ssh-login-notty")).functions, []);
});
