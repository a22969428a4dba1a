import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { everyFact } from "../../agent/facts/index.ts";
import { accountFiles } from "../../agent/host/account-files.ts";
import { setLauncher } from "../../agent/host/enter.ts";
import { type Measurement, measure, type Sources } from "../../agent/probe/measure.ts";
import { read } from "../../agent/startup/index.ts";

const sources: Sources = {
  isRoot: process.geteuid?.() === 0,
  read: async (account, shell, mode, env) => read(shell, mode, account, env, accountFiles()),
  ground: async () => ({ env: {}, umask: 0o022, limits: [], evidence: "none", doubts: [] }),
};

test("where the Grant allows reading only, nothing is started, and what reading gives is there", async () => {
  const home = mkdtempSync(join(tmpdir(), "rcwarden-reading-"));
  // A launcher that is not there: whoever started anything would be told.
  setLauncher(join(home, "no-launcher"));
  try {
    writeFileSync(join(home, ".bashrc"), "alias rm='rm -i'\n");
    const uid = process.geteuid?.() ?? 0;
    const account = { name: "oracle", uid, gid: uid, groups: [uid], home, shell: "/bin/bash" };
    const sends = [{ command: "rm -f {file}", try: "effect" }] as const;
    const wish = { account, mode: "ssh-command", sends, names: [], withinMs: 5_000 } as const;
    const ask = (how: Measurement["how"]) => measure({ ...wish, how }, sources);

    const facts = await ask("reading");
    assert.deepEqual(
      facts.gaps.map(({ code }) => code),
      ["not-granted"],
    );
    const lost = facts.gaps[0]?.of ?? [];
    assert.deepEqual(
      everyFact.filter((fact) => !lost.includes(fact)),
      ["shell", "startupFiles", "limits"],
    );
    assert.deepEqual([facts.sandbox, facts.startup, facts.tried], ["none", null, []]);
    assert.equal(facts.shell.personality, "bash");
    const own = facts.startupFiles.find(({ path }) => path === join(home, ".bashrc"));
    assert.equal(own?.state, "read");

    // The same without that word does start something.
    const running = await ask("running").catch((error: unknown) => String(error));
    assert.match(JSON.stringify(running), /no-launcher/);
  } finally {
    setLauncher(null);
    rmSync(home, { recursive: true, force: true });
  }
});
