/** The live command line as it is installed: from the host, through a real sshd, through a forwarded socket, over a restart. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { columns } from "../../agent/facts/layout.ts";
import { shapes } from "../../agent/status/index.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { dist, rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const asksAlways = 'cp() { command cp "$@" -i; }\n';
const patience = { timeout: 180_000 };

interface Followed {
  readonly child: ChildProcess;
  /** Resolves once it said so on stdout or stderr. */
  says(what: RegExp): Promise<void>;
  ended(): Promise<number | null>;
}

function following(agent: TestAgent, words: readonly string[]): Followed {
  const program = [`${dist}/rcwarden`, "events", "--follow", "--socket", agent.socket, ...words];
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", ...program], {
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let said = "";
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const tell of heard) tell();
    });
  }
  return {
    child,
    async says(what) {
      while (!what.test(said)) {
        const more = Promise.withResolvers<void>();
        heard.add(more.resolve);
        const gone = closed.then(() => assert.match(said, what));
        await Promise.race([more.promise, gone]);
        heard.delete(more.resolve);
      }
    },
    async ended() {
      await closed;
      return child.exitCode;
    },
  };
}

/** The agent's socket here, as `ssh -L LOCAL:REMOTE` brings it. */
async function forwarded(sshd: TestSshd, account: string, remote: string, local: string): Promise<ChildProcess> {
  const options = [
    ...["-F", "none", "-i", sshd.keyFor(account), "-p", String(sshd.port), "-o", "BatchMode=yes"],
    ...["-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", `UserKnownHostsFile=${sshd.folder}/known`],
    ...["-o", "LogLevel=ERROR", "-o", "ExitOnForwardFailure=yes"],
  ];
  const words = [
    "--pdeathsig",
    "KILL",
    "/usr/bin/ssh",
    ...options,
    "-N",
    "-L",
    `${local}:${remote}`,
    `${account}@127.0.0.1`,
  ];
  const child = spawn("/usr/bin/setpriv", words, { stdio: "ignore" });
  const deadline = performance.now() + 60_000;
  while (!existsSync(local)) {
    assert.ok(child.exitCode === null && performance.now() < deadline, "ssh -L did not listen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

describe("the live command line", { skip: noAccounts || noSshd }, () => {
  test("status tells the story here, by ssh host CMD and through a forwarded socket", patience, async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": asksAlways } });
    await using agent = await startAgent({ accounts: [account.name] });
    await using sshd = await startSshd({ config: `SetEnv PATH=${dist}:/usr/bin:/bin` });
    const folder = mkdtempSync(join(tmpdir(), "rcw-live-"));
    const local = join(folder, "agent.sock");
    const forwarding = await forwarded(sshd, account.name, agent.socket, local);
    try {
      const here = await rcwarden(["status", "--socket", agent.socket]);
      const told = [account.name, "ssh-command", ".bashrc:1", "waits for ever", "Change", "rcwarden "];
      for (const what of told) assert.ok(here.stdout.includes(what), `${what} in ${here.stdout}${here.stderr}`);
      for (const line of here.stdout.split("\n")) assert.ok(columns(line) <= 100, line);
      assert.equal(here.status, 1);

      const ticket = await rcwarden(["status", "--ticket", "--socket", agent.socket]);
      assert.ok(ticket.stdout.trimEnd().split("\n").length <= 15, ticket.stdout);
      assert.ok(ticket.stdout.includes(`${account.home}/.bashrc:1`), ticket.stdout);

      const there = await sshd.ssh(account.name, [`rcwarden status --json --socket ${agent.socket}`]);
      const own = shapes().Status.parse(JSON.parse(there.stdout));
      assert.deepEqual(
        own.accounts.map(({ name }) => name),
        [account.name],
      );
      assert.ok(own.findings.some(({ status, where }) => status === "fail" && where?.line === 1));
      assert.equal(there.status, 1);

      const through = await rcwarden(["status", "--json", "--socket", local]);
      assert.equal(through.status, 1, through.stderr);
      assert.deepEqual(
        shapes()
          .Status.parse(JSON.parse(through.stdout))
          .findings.map(({ fingerprint }) => fingerprint)
          .toSorted(),
        own.findings.map(({ fingerprint }) => fingerprint).toSorted(),
      );
    } finally {
      forwarding.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("events --follow goes on over a restart of the agent, and Ctrl-C ends it with exit 0", patience, async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    await using first = await startAgent({ accounts: [account.name] });
    const followed = following(first, []);
    try {
      await followed.says(/agent\.started/);
      assert.equal(await first.end("SIGTERM"), 0);
      await followed.says(/expected an agent, found none; .*trying again/);
      await using _second = await startAgent({ accounts: [account.name], folder: first.folder });
      await followed.says(/it answers again/);
      account.write(".bashrc", asksAlways);
      await followed.says(/finding\.opened/);
      followed.child.kill("SIGINT");
      assert.equal(await followed.ended(), 0);
      await followed.says(/--after 2\.[0-9a-f]{8}-\d+ goes on from here/);
    } finally {
      followed.child.kill("SIGKILL");
    }
  });

  test(
    "events --follow says so where its place is of another state, and goes on with a snapshot",
    patience,
    async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
      await using agent = await startAgent({ accounts: [account.name] });
      const followed = following(agent, ["--after", "1.00000000-3", "--json"]);
      try {
        await followed.says(/what came after 1\.00000000-3 is no longer held/);
        await followed.says(/state\.snapshot/);
        followed.child.kill("SIGTERM");
        assert.equal(await followed.ended(), 0);
      } finally {
        followed.child.kill("SIGKILL");
      }
    },
  );

  test(
    "doctor has nothing to say against a copy that was just unpacked, by an account and by root",
    patience,
    async () => {
      await using account = await makeAccount({ home: "empty" });
      for (const as of [["/usr/sbin/runuser", "-u", account.name, "--"], []]) {
        const { stdout, stderr, status } = await rcwarden(
          ["doctor", "--socket", "/nonexistent/agent.sock", "--json"],
          as,
        );
        const { checks } = JSON.parse(stdout);
        const faults = checks
          .flatMap(({ outcomes }: { outcomes: { kind: string }[] }) => outcomes)
          .filter(({ kind }: { kind: string }) => kind !== "ok");
        assert.deepEqual(faults, [], stderr);
        assert.equal(status, 0);
      }
    },
  );

  test("status without an agent says so, names check, and is exit 3", async () => {
    const { stdout, stderr, status } = await rcwarden(["status", "--socket", "/nonexistent/agent.sock"]);
    assert.equal(stdout, "");
    assert.match(stderr, /\/nonexistent\/agent\.sock: expected an agent, found none; .*rcwarden check/);
    assert.equal(status, 3);
  });

  test("what is not plainly a call of status goes to the whole command line", async () => {
    const help = await rcwarden(["status", "--help"]);
    assert.match(help.stdout, /^Usage: rcwarden status/);
    assert.equal(help.status, 0);
    const mistyped = await rcwarden(["status", "--acount", "oracle"]);
    assert.match(mistyped.stderr, /did you mean --account\?/);
    assert.equal(mistyped.status, 2);
    const equals = await rcwarden(["status", "--socket=/nonexistent/agent.sock"]);
    assert.equal(equals.status, 3);
  });
});
