/** The first questions are asked while the reader still reads, and count only where nothing changed meanwhile. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Account } from "../../agent/facts/index.ts";
import { identityNow } from "../../agent/host/identity.ts";
import { childrenOf } from "../../agent/host/process.ts";
import { measure, type Sources } from "../../agent/probe/measure.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { accountOf, useBuiltLauncher } from "./asking.ts";

before(useBuiltLauncher);

/** A reader that does `first` before it looks. */
function sourcesOf(home: string, first: () => Promise<void>): Sources {
  return {
    isRoot: true,
    async read() {
      await first();
      const path = `${home}/.bashrc`;
      return {
        files: [{ path, state: "read", through: [] }],
        identities: [{ path, identity: identityNow(path) }],
        ...{ dependsOn: [], statements: [], guards: [], lines: {}, environmentFiles: {}, doubts: [] },
      };
    },
    ground: async () => ({
      env: { HOME: home, PATH: "/usr/bin:/bin", SSH_CLIENT: "192.0.2.1 40000 22" },
      ...{ umask: 0o022, limits: [], evidence: "none", doubts: [] },
    }),
  };
}

/** Names and values of the aliases that are found. */
async function aliases(account: Account, known: readonly string[], first: () => Promise<void>) {
  const wish = { account, mode: "ssh-command", sends: [], names: [], withinMs: 30_000, how: "running", known } as const;
  const facts = await measure(wish, sourcesOf(account.home, first));
  assert.deepEqual(facts.gaps, []);
  return facts.aliases.map(({ name, value }) => `${name}=${value}`);
}

/** Sessions of this process began, and all have ended. */
async function sessionsCameAndWent(): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (const isWanted of [(count: number) => count > 0, (count: number) => count === 0]) {
    while (!isWanted(childrenOf(process.pid).length)) {
      assert.ok(performance.now() < deadline, "no session began before the reader had read");
      await pause(1);
    }
  }
}

describe("while a reader reads", { skip: noAccounts }, () => {
  const bashrc = "shopt -s expand_aliases\nalias one=1\n";

  test("the first questions are asked, and their answers count where nothing changed", async () => {
    await using made = await makeAccount({ home: "empty", files: { ".bashrc": bashrc } });
    const found = await aliases(accountOf(made), [`${made.home}/.bashrc`], sessionsCameAndWent);
    assert.deepEqual(found, ["one=1"]);
  });

  test("a file that changes makes them be asked again", async () => {
    await using made = await makeAccount({ home: "empty", files: { ".bashrc": bashrc } });
    const found = await aliases(accountOf(made), [`${made.home}/.bashrc`], async () => {
      await sessionsCameAndWent();
      made.write(".bashrc", "alias two=2\n");
    });
    assert.deepEqual(found, ["two=2"]);
  });

  test("so does a file that nobody knew of", async () => {
    await using made = await makeAccount({ home: "empty", files: { ".bashrc": bashrc } });
    const found = await aliases(accountOf(made), [`${made.home}/.profile`], async () => {
      await sessionsCameAndWent();
      made.write(".bashrc", "alias two=2\n");
    });
    assert.deepEqual(found, ["two=2"]);
  });
});
