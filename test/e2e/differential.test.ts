import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { type Checked, check, findings } from "../support/rcwarden.ts";
import { type SshEnd, startSshd, type TestSshd } from "../support/sshd.ts";

/**
 * A startup file, and nothing about what should come of it: a real session is asked, check is asked, and both must say
 * the same. Only where a sandbox cannot know may check say less, and then it must say why.
 */
interface Case {
  readonly shell: "bash" | "zsh" | "tcsh";
  readonly startup: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Why check cannot know. */
  readonly undecided?: RegExp;
}

const live = "shopt -s expand_aliases; ";
const cases: readonly Case[] = [
  { shell: "bash", startup: "alias rm='rm -i' cp='cp -i' mv='mv -i'" },
  { shell: "bash", startup: `${live}alias rm='rm -i' cp='cp -i' mv='mv -i'` },
  { shell: "bash", startup: "export POSIXLY_CORRECT=1\nalias cp='cp -i'" },
  { shell: "bash", startup: `${live}alias cp='cp -n' mv='mv -v' rm='#'` },
  { shell: "bash", startup: 'rm() { command rm "$@" -i; }' },
  { shell: "bash", startup: 'rm() { mkdir -p ~/.trash; mv "$@" ~/.trash/; }\ncat() { command cat -n "$@"; }' },
  { shell: "bash", startup: 'cp() { command cp "$@"; return 3; }\nmkdir() { :; }; readonly -f mkdir' },
  { shell: "bash", startup: 'cat() { command cat "$@"; sleep 20 & }' },
  { shell: "bash", startup: "hash -p /bin/true rm\nenable -n echo test" },
  { shell: "bash", startup: "export PATH=$HOME/bin\ncommand_not_found_handle() { return 0; }" },
  { shell: "bash", startup: "set -Cfue; ulimit -n 65536 2>/dev/null || :; umask 777" },
  { shell: "bash", startup: "set -e\ngrep -q nothing /etc/hostname" },
  { shell: "bash", startup: "set -n" },
  { shell: "bash", startup: "ulimit -f 0" },
  { shell: "bash", startup: "trap 'exit 0' EXIT\ntrap 'true' DEBUG" },
  { shell: "bash", startup: "trap 'echo bye' EXIT" },
  { shell: "bash", startup: "exec < /dev/null\nexec 3>&1\nexec > >(tee -a ~/log)" },
  { shell: "bash", startup: "exec >>~/session.log 2>&1" },
  { shell: "bash", startup: "date +%s.%N; uptime" },
  { shell: "bash", startup: "seq 1 20000" },
  { shell: "bash", startup: `date +%N\n${live}alias cp='cp -v'` },
  { shell: "bash", startup: "(while sleep 0.5; do :; done) &" },
  { shell: "bash", startup: "(sleep 20; echo late) >/dev/null 2>&1 &" },
  { shell: "bash", startup: "ln -sfn ~ ~/me; cd ~/me" },
  { shell: "bash", startup: "mkdir -p ~/else; cd ~/else" },
  { shell: "bash", startup: "[ -t 0 ] || exit 3" },
  { shell: "bash", startup: "case $BASH_EXECUTION_STRING in rm*) exit 0 ;; esac" },
  { shell: "bash", startup: "bash --norc" },
  { shell: "bash", startup: "export A=1\r\nif true; then\r\n  echo hi\r\nfi\r" },
  { shell: "bash", startup: "pgrep -x sshd >/dev/null || echo alone", undecided: /which processes run/ },
  { shell: "bash", startup: "case $(cat /proc/$PPID/comm) in sshd) ;; *) echo hi ;; esac", undecided: /parent/ },
  { shell: "bash", startup: "", files: { ".ssh/rc": "echo from sshd\n" }, undecided: /\.ssh\/rc/ },
  { shell: "zsh", startup: "alias -g -- -f='-i'\nalias cp='nocorrect cp -i'" },
  { shell: "zsh", startup: "zshexit() { exit 0 }\nsetopt noglob noclobber" },
  { shell: "zsh", startup: "zmodload zsh/files\ndisable -r if\npath=(~/bin)" },
  { shell: "zsh", startup: "TRAPEXIT() { print bye }" },
  { shell: "zsh", startup: "read 'x?Name? '" },
  { shell: "zsh", startup: "", files: { ".zshrc": "exit 1\n" } },
  { shell: "tcsh", startup: "alias rm 'rm \\!* -i'\nalias cp 'cp -i'" },
  { shell: "tcsh", startup: "alias postcmd 'echo post'\nalias precmd 'echo pre'\nset noclobber" },
  { shell: "tcsh", startup: "setenv P $ORACLE_HOME\nalias cp 'cp -i'" },
  { shell: "tcsh", startup: "alias mkdir 'mkdir \\!:1; cd \\!:1'\nexit 3" },
  { shell: "tcsh", startup: "sleep 20 &" },
  { shell: "tcsh", startup: "set path = (~/bin $path)", files: { "bin/rm": "#!/bin/sh\nexit 0\n" } },
];

const startupFile = { bash: ".bashrc", zsh: ".zshenv", tcsh: ".cshrc" } as const;
const content = "what the file holds\n";

/** What the shipped engine sends, and whether it did what it says in a folder of a session's own. */
const sent: readonly { readonly command: string; readonly stdout?: string; did(folder: string): boolean }[] = [
  { command: "rm -f {file}", did: (at) => !existsSync(`${at}/file`) && existsSync(`${at}/existing`) },
  { command: "rm -rf {folder}", did: (at) => !existsSync(`${at}/folder`) },
  { command: "cp -f {file} {existing}", did: (at) => existsSync(`${at}/file`) && holds(`${at}/existing`) },
  { command: "mv -f {file} {existing}", did: (at) => !existsSync(`${at}/file`) && holds(`${at}/existing`) },
  { command: "mkdir -p {new}", did: (at) => existsSync(`${at}/new`) },
  { command: "cat {file}", stdout: content, did: () => true },
];

function holds(path: string): boolean {
  return readFileSync(path, "utf8") === content;
}

let sshd: TestSshd;
const ours = new AsyncDisposableStack();
const free = new Map<Case["shell"], TestAccount[]>();
before(async () => {
  sshd = ours.use(await startSshd());
  for (const shell of ["bash", "bash", "bash", "zsh", "tcsh"] as const) {
    const account = ours.use(await makeAccount({ shell: `/bin/${shell}`, home: "empty" }));
    sshd.keyFor(account.name);
    free.set(shell, [...(free.get(shell) ?? []), account]);
  }
});
after(() => ours.disposeAsync());

/** What was seen of a session, or said by check, in the same words. */
interface Seen {
  readonly startup: "ready" | "hang" | "ended";
  /** Whether startup, or the shell's end, put something on stdout; null where no command ran. */
  readonly writes: boolean | null;
  readonly startsAtHome: boolean | null;
  /** Whether `exit 42` was 42. */
  readonly keepsStatus: boolean | null;
  readonly sent: Readonly<Record<string, string>>;
}

const notStarted = { writes: null, startsAtHome: null, keepsStatus: null, sent: {} };

function place(account: TestAccount, one: Case): void {
  for (const entry of readdirSync(account.home)) rmSync(join(account.home, entry), { recursive: true, force: true });
  account.write(startupFile[one.shell], `${one.startup}\n`);
  for (const [file, text] of Object.entries(one.files ?? {}))
    account.write(file, text, file.startsWith("bin/") ? 0o755 : 0o644);
}

/** A folder with what commands work on. Beside the home, which startup may leave or change. */
function scratch(account: TestAccount, name: string): string {
  const at = account.write(`scratch/${name}/file`, content).slice(0, -"/file".length);
  account.write(`scratch/${name}/existing`, "old\n");
  account.write(`scratch/${name}/folder/one`, "1\n");
  return at;
}

async function real(account: TestAccount, one: Case, timeoutMs: number): Promise<Seen> {
  place(account, one);
  const control = join(sshd.folder, `control-${account.name}`);
  rmSync(control, { force: true });
  const through = ["-o", `ControlPath=${control}`];
  const master = sshd.ssh(account.name, [], { client: ["-M", "-N", ...through], timeoutMs: 6 * timeoutMs });
  while (!existsSync(control)) await new Promise((resolve) => setTimeout(resolve, 10));
  const run = (command: string) => sshd.ssh(account.name, [command], { client: through, timeoutMs });
  const leave = async () => {
    await sshd.ssh(account.name, [], { client: ["-O", "exit", ...through] });
    await master;
  };
  const at = scratch(account, "mark");
  let isMarked = false;
  const look = () => {
    isMarked = existsSync(`${at}/mark`);
  };
  // When the client gives up, the session sees the end of its input, and what waited goes on.
  const justBefore = setTimeout(look, timeoutMs - 300);
  const marked = await run(`: >${at}/mark`);
  clearTimeout(justBefore);
  if (!marked.timedOut) look();
  if (!isMarked) {
    await leave();
    return { startup: marked.timedOut ? "hang" : "ended", ...notStarted };
  }
  const [failing, , ...outcomes] = await Promise.all([
    run("exit 42"),
    run(`/bin/pwd -P >${at}/pwd`),
    ...sent.map(async (each, index): Promise<readonly [string, string]> => {
      const folder = scratch(account, String(index));
      const command = each.command.replaceAll(/\{(\w+)\}/g, (_, name) => `${folder}/${name}`);
      return [each.command, outcomeOf(await run(command), each, folder, marked)];
    }),
  ]);
  const pwd = readFileSync(`${at}/pwd`, "utf8").trim();
  await leave();
  return {
    startup: "ready",
    writes: marked.stdout !== "",
    startsAtHome: pwd === "" ? null : pwd === account.home,
    keepsStatus: failing.timedOut ? null : failing.status === 42,
    sent: Object.fromEntries(outcomes),
  };
}

function outcomeOf(ended: SshEnd, each: (typeof sent)[number], folder: string, marked: SshEnd): string {
  if (ended.timedOut) return "hang";
  if (ended.status !== 0) return "failed";
  if (!each.did(folder)) return "not-done";
  const lines = marked.stdout.split("\n").length - 1;
  const own = ended.stdout.split("\n").slice(lines).join("\n");
  // zsh runs a lone command in its own place, and then nothing at the shell's end.
  if ([own, ended.stdout].includes(each.stdout ?? "")) return "done";
  return ended.stdout.includes(each.stdout ?? "") ? "noisy" : "not-done";
}

function said({ report }: Checked): Seen {
  const mode = report.accounts[0]?.modes[0];
  const tried = Object.fromEntries((mode?.tried ?? []).map(({ command, outcome }) => [command, outcome]));
  if (mode?.ended === "hang" || mode?.ended === "stopped") return { startup: "hang", ...notStarted };
  if (mode?.ended === "exec" || mode?.ended === "exited") return { startup: "ended", ...notStarted };
  const failed = (kind: string) => findings(report, kind).filter(({ status }) => status === "fail");
  const [trap] = failed("trap");
  return {
    startup: "ready",
    writes: failed("startup-output").length > 0 || String(trap?.evidence.writes ?? "").includes("stdout"),
    startsAtHome: failed("working-directory").length === 0,
    keepsStatus: trap?.evidence.changesStatus !== true,
    sent: tried,
  };
}

/** Where the session could not tell, check may say what it likes. */
function comparable(check: Seen, session: Seen): Seen {
  return {
    ...check,
    startsAtHome: session.startsAtHome === null ? null : check.startsAtHome,
    keepsStatus: session.keepsStatus === null ? null : check.keepsStatus,
  };
}

async function borrowed<T>(shell: Case["shell"], use: (account: TestAccount) => Promise<T>): Promise<T> {
  const accounts = free.get(shell) ?? [];
  for (;;) {
    const account = accounts.pop();
    if (account === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    try {
      return await use(account);
    } finally {
      accounts.push(account);
    }
  }
}

describe("check says what a real session does", { concurrency: 5 }, () => {
  for (const one of cases) {
    const named = `${one.shell}: ${[one.startup, ...Object.entries(one.files ?? {}).flat()].join(" ").replaceAll(/\s+/g, " ")}`;
    test(named, () =>
      borrowed(one.shell, async (account) => {
        place(account, one);
        const checked = await check(account.name);
        const why = JSON.stringify([checked.report.accounts[0]?.modes, checked.report.findings]);
        if (one.undecided !== undefined) {
          assert.match(why, one.undecided);
          assert.equal(checked.status, 3, why);
          assert.ok(!checked.report.findings.some(({ status }) => status === "fail"), why);
          return;
        }
        const session = await real(account, one, 2500);
        const first = comparable(said(checked), session);
        // A busy machine makes a session look like one that hangs: then it gets more time.
        const again = JSON.stringify(first) === JSON.stringify(session) ? session : await real(account, one, 10_000);
        assert.deepEqual(comparable(said(checked), again), again, why);
      }),
    );
  }
});
