import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseSudo, sudoOf } from "../../agent/collectors/sudo.ts";
import { accountOf } from "../probe/asking.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";

const root = { skip: noAccounts || (existsSync("/usr/bin/sudo") ? false : "needs sudo") };

describe("what sudo allows", { concurrency: false }, () => {
  test("by sudo's own list, with what its defaults and entries say", root, async () => {
    await using account = await makeAccount();
    const file = `/etc/sudoers.d/${account.name}`;
    try {
      const rules = [
        `Defaults:${account.name} requiretty, passwd_tries=3`,
        "Defaults!/usr/bin/id !requiretty",
        `${account.name} ALL=(ALL) PASSWD: ALL, NOPASSWD: /usr/bin/true, !/usr/bin/su`,
        `${account.name} ALL=(postgres,root:adm) NOPASSWD: NOEXEC: /usr/bin/id ""`,
        `${account.name} ALL=/usr/bin/ls`,
      ];
      writeFileSync(file, `${rules.join("\n")}\n`, { mode: 0o440 });
      const answer = await sudoOf(accountOf(account));
      assert.ok(answer.kind === "told" && answer.sudo.kind === "told");
      assert.ok(answer.sudo.defaults.includes("requiretty") && answer.sudo.defaults.includes("passwd_tries=3"));
      assert.deepEqual(answer.sudo.specific, ["Defaults!/usr/bin/id !requiretty"]);
      assert.deepEqual(answer.sudo.entries, [
        { runAs: ["ALL"], options: ["authenticate"], commands: ["ALL"] },
        { runAs: ["ALL"], options: ["!authenticate"], commands: ["/usr/bin/true", "!/usr/bin/su"] },
        { runAs: ["postgres", "root"], options: ["noexec", "!authenticate"], commands: ['/usr/bin/id ""'] },
        { runAs: ["root"], options: [], commands: ["/usr/bin/ls"] },
      ]);
    } finally {
      rmSync(file, { force: true });
    }
  });

  test("nothing, for an account that no entry is for", root, async () => {
    await using account = await makeAccount();
    assert.deepEqual(await sudoOf(accountOf(account)), { kind: "told", sudo: { kind: "nothing-allowed" } });
  });

  test("is not known of an account that there is not, nor to somebody else than root", root, async () => {
    await using account = await makeAccount();
    const nobody = { ...accountOf(account), name: "no-such-account" };
    assert.equal((await sudoOf(nobody)).kind, "gap");
    assert.partialDeepStrictEqual(await sudoOf(accountOf(account), 65_534), { kind: "gap", change: "run it as root" });
  });

  test("is not read out of anything else", () => {
    for (const text of ["", "sudo: a password is required\n", "User a may run\n", "Sudoers entry:\n\tALL\n"])
      assert.equal(parseSudo(text), null);
  });
});
