/** An engine that asks before a job: through the very shell that is broken, over a real sshd. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { describe, test } from "node:test";
import { unframe } from "../../agent/cli/framed.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { ask, startAgent } from "../support/agent.ts";
import { dist } from "../support/rcwarden.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

/** What a startup file does that lets no command through. */
const planted = ["exit 0", "read x", "exec cat", "kill -STOP $$"];

describe("pre-flight through the broken shell", { skip: noAccounts || noSshd }, () => {
  for (const line of planted)
    test(line, async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": `${line}\n` } });
      await using agent = await startAgent({ accounts: [account.name] });
      await using sshd = await startSshd();
      const local = `/run/rcw-forward-${process.pid}-${planted.indexOf(line)}.sock`;
      const forwarding = sshd.ssh(account.name, [], {
        client: ["-N", "-o", "ExitOnForwardFailure=yes", "-L", `${local}:${agent.socket}`],
        timeoutMs: 60_000,
      });
      try {
        const answer = await forwarded(local, `/v1/accounts/${account.name}?engine=exec-channel`);
        assert.equal(answer.status, 200);
        assert.equal(answer.json.verdict, "no-go", JSON.stringify(answer.json));
        assert.ok(answer.json.because.length > 0);
        const calls = [
          `${dist}/rcwarden ready --framed --socket ${agent.socket}`,
          `${dist}/rcwarden ready --framed --engine exec-channel`,
        ];
        for (const call of calls) {
          const end = await sshd.ssh(account.name, [call], { timeoutMs: 5_000 });
          const frame = unframe(end.stdout);
          if (frame.kind === "report") assert.notEqual(JSON.parse(frame.json).verdict, "go", end.stdout);
        }
      } finally {
        rmSync(local, { force: true });
      }
      void forwarding.catch(() => {});
    });

  test("where nothing is wrong the frame says go, and so does the forwarded socket", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "echo hello >&2\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    await using sshd = await startSshd();
    const end = await sshd.ssh(account.name, [`${dist}/rcwarden ready --framed --socket ${agent.socket}`]);
    const frame = unframe(end.stdout);
    assert.equal(frame.kind, "report", `${end.stdout}${end.stderr}`);
    assert.equal(frame.kind === "report" && JSON.parse(frame.json).verdict, "go", end.stdout);
    assert.equal(end.status, 0);
  });
});

async function forwarded(local: string, path: string) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await ask(local, path);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
