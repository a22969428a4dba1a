/** What is decided of scp, sftp, rsync and git without a question of their own, held against the real clients. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileTransfer } from "../../agent/checks/file-transfer.ts";
import { sshServerFacts } from "../../agent/collectors/ssh-server.ts";
import type { ModeFacts, ModeId } from "../../agent/facts/index.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { runCommand } from "../../agent/host/command.ts";
import { measureHere } from "../../agent/runs/measuring.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { checkFacts } from "../support/facts.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const transfers = ["scp", "scp-legacy", "sftp", "rsync", "git"] as const satisfies readonly ModeId[];
type Transfer = (typeof transfers)[number];
const needed = ["/usr/bin/scp", "/usr/bin/sftp", "/usr/bin/rsync", "/usr/bin/git"];
const missing = needed.filter((program) => !existsSync(program));
const skip = noSshd || noAccounts || (missing.length > 0 && `needs ${missing.join(", ")}`);

/** A client that has not ended by then waits for ever: nothing in these sessions takes time. */
const patienceMs = 10_000;

interface End {
  readonly is: "works" | "fails" | "waits";
  readonly said: string;
}

async function run(argv: readonly [string, ...string[]], sshd: TestSshd, account: TestAccount): Promise<End> {
  const options = ["-F none", `-i ${sshd.keyFor(account.name)}`, `-p ${sshd.port}`];
  const quiet = ["BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", "StrictHostKeyChecking=no"];
  const ssh = ["ssh", ...options, ...[...quiet, "UserKnownHostsFile=/dev/null"].map((each) => `-o ${each}`)].join(" ");
  const env = { PATH: "/usr/bin:/bin", HOME: "/", LC_ALL: "C", GIT_SSH_COMMAND: ssh, RSYNC_RSH: ssh };
  const outcome = await runCommand(argv, { deadlineMs: patienceMs, maxBytes: 1 << 20, env });
  if (outcome.kind !== "ended") return { is: "waits", said: "" };
  return { is: outcome.status === 0 ? "works" : "fails", said: outcome.stderr.toString() };
}

async function copied(
  sshd: TestSshd,
  account: TestAccount,
  [from, to]: readonly [string, string],
  client: readonly string[],
): Promise<End> {
  const end = await sshd.scp(account.name, from, to, { client, timeoutMs: patienceMs });
  return { is: end.timedOut ? "waits" : end.status === 0 ? "works" : "fails", said: end.stderr };
}

/** `fetches`: by scp -O a file is fetched, whose client speaks first; else it is sent. */
async function really(
  transfer: Transfer,
  sshd: TestSshd,
  account: TestAccount,
  { file, fetches }: { readonly file: string; readonly fetches: boolean },
): Promise<End> {
  const host = `${account.name}@127.0.0.1`;
  switch (transfer) {
    case "scp":
      return copied(sshd, account, [file, ":copied"], []);
    case "scp-legacy":
      return copied(sshd, account, fetches ? [":.bashrc", `${file}.fetched`] : [file, ":copied"], ["-O"]);
    case "sftp": {
      const end = await sshd.sftp(account.name, ["pwd"], { timeoutMs: patienceMs });
      return { is: end.timedOut ? "waits" : end.status === 0 ? "works" : "fails", said: end.stderr };
    }
    case "rsync":
      return run(["rsync", file, `${host}:synced`], sshd, account);
    case "git":
      return run(["git", "ls-remote", `ssh://${host}${account.home}/empty.git`], sshd, account);
  }
}

const reading = "a read with a time limit";

/** By what each startup file is known; what the clients do then is theirs to say. */
const plants: Readonly<Record<string, string>> = {
  nothing: "",
  "planted noise": "echo hello\n",
  "a lone newline": "echo\n",
  "exit 0": "exit 0\n",
  "stderr noise": "echo hello >&2\n",
  "a held stream": "sleep 60 &\n",
  "a held stderr": "sleep 60 >/dev/null &\n",
  [reading]: "read -t 1 line\n",
};

function decided(transfer: Transfer, facts: ModeFacts, sshServer: ModeFacts["sshServer"]) {
  const seen = checkFacts({ ...facts, mode: transfer, sshServer: sshServer ?? null });
  const [judgement] = fileTransfer.judge({}, seen);
  assert.ok(judgement !== undefined);
  return judgement;
}

for (const subsystem of ["internal-sftp", "/usr/lib/openssh/sftp-server"]) {
  describe(`with Subsystem sftp ${subsystem}`, { skip, concurrency: true }, () => {
    for (const [says, text] of Object.entries(plants)) {
      test(`after ${says} in ~/.bashrc each client does what is said of it`, async () => {
        await using account = await makeAccount();
        await using sshd = await startSshd({ config: `Subsystem sftp ${subsystem}\n` });
        const folder = mkdtempSync(join(tmpdir(), "rcw-derived-"));
        try {
          const file = join(folder, "file");
          writeFileSync(file, "payload\n");
          const repository = join(account.home, "empty.git");
          const init = ["git", "init", "-q", "--bare", repository];
          const made = await runCommand(["runuser", "-u", account.name, "--", ...init], {
            deadlineMs: 20_000,
            maxBytes: 65_536,
          });
          assert.ok(made.kind === "ended" && made.status === 0);
          account.write(".bashrc", text);
          const found = await accountByName(account.name);
          assert.ok(found.kind === "account");
          const names = ["scp", "rsync", "git-upload-pack", "git-receive-pack"];
          const request = {
            account: found.account,
            mode: "ssh-command",
            sends: [],
            names,
            withinMs: 30_000,
            how: "running",
            asks: ["stdin"],
          } as const;
          const facts = await measureHere(request, true);
          const server = await sshServerFacts(found.account, { listener: { pid: sshd.pid, ports: [sshd.port] } });
          const ends = await Promise.all(
            transfers.map((each) => really(each, sshd, account, { file, fetches: says === reading })),
          );
          for (const [at, transfer] of transfers.entries()) {
            const end = ends[at];
            const judgement = decided(transfer, facts, server);
            const expected =
              judgement.status === "pass" ? "works" : judgement.consequence === "hang" ? "waits" : "fails";
            assert.equal(end?.is, expected, `${transfer}: ${judgement.message}; the client: ${end?.said}`);
            const client = /the client says: (.*)$/.exec(judgement.message)?.[1];
            if (client !== undefined)
              assert.ok(end?.said.includes(client), `${transfer}: ${client}; found ${end?.said}`);
          }
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
    }
  });
}
