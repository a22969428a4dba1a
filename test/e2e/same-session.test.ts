import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sessionGround } from "../../agent/collectors/session-ground.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { asker } from "../../agent/probe/asker.ts";
import { personalityOf } from "../../agent/shells/index.ts";
import { makeAccount } from "../support/accounts.ts";
import { startSshd, type TestSshd } from "../support/sshd.ts";

let sshd: TestSshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd[Symbol.asyncDispose]());

// Only what both must show alike; each line of output starts with what it is about.
const snapshot = [
  "echo id $(id)",
  "echo umask $(umask)",
  "ulimit -a | sed 's/^/soft /'",
  "ulimit -Ha | sed 's/^/hard /'",
  "for n in 0 1 2; do echo kind $n $(readlink /proc/self/fd/$n | sed 's/[0-9][0-9]*/N/'); done",
  "for n in 0 1 2; do echo owner $n $(stat -L -c '%u %a' /proc/$$/fd/$n); done",
  // By a plain command: while the shell makes a pipe for a substitution it has one descriptor more for a moment.
  "find /proc/$$/fd -type l -printf 'open %f\\n'",
  "env | sed 's/^/env /'",
  "echo cwd $PWD",
  "echo zero $0 flags $-",
  "grep -E '^(SigIgn|Uid|Gid|Groups|CapEff|CapPrm|CapInh)' /proc/$$/status | sed 's/^/status /'",
  "echo nice $(nice)",
  "echo leader $(awk '{print ($1==$5), ($1==$6)}' /proc/$$/stat)",
].join("; ");

/**
 * What may differ, each with its reason. `env` rows of SSH_CLIENT and SSH_CONNECTION hold documentation addresses inside;
 * SSH_TTY and the terminal's number are /dev/pts/0 inside.
 */
const mayDiffer: readonly RegExp[] = [/^env SSH_(CLIENT|CONNECTION|TTY)=/, /^env _=/];

function comparable(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line !== "" && !mayDiffer.some((row) => row.test(line)))
    .map((line) => line.replace(/\/dev\/pts\/\d+/, "/dev/pts/N"))
    .sort();
}

for (const mode of ["ssh-command", "ssh-command-pty"] as const) {
  test(`${mode}: identity, limits, descriptors and environment inside are those of a real session`, async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty", groups: ["games", "users"] });
    sshd.keyFor(account.name);
    const tty = mode === "ssh-command-pty";
    const real = await sshd.ssh(account.name, [snapshot], { tty, timeoutMs: 10_000 });
    assert.equal(real.status, 0, real.stderr);

    const found = await accountByName(account.name);
    assert.ok(found.kind === "account");
    const shell = personalityOf({ path: "/bin/bash", resolved: "/usr/bin/bash" });
    assert.ok(shell !== null);
    const ground = await sessionGround({ account: found.account, mode, environmentFiles: {} });
    const questions = asker({
      account: found.account,
      shell,
      mode,
      terminal: tty,
      sandbox: "whole-root",
      env: ground.env,
      umask: ground.umask,
      limits: ground.limits,
      until: performance.now() + 10_000,
    });
    const { run } = await questions.ask(() => snapshot, "empty");
    assert.equal(run.ended, "exited", JSON.stringify(run.refusal));
    assert.deepEqual(comparable(run.stdout.head.toString()), comparable(real.stdout));
  });
}
