/** The planted story, measured for real, in each format and in each text that needs no agent. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { formats } from "../../agent/cli/format/index.ts";
import { columns, pageColumns } from "../../agent/facts/layout.ts";
import { signsOf } from "../cli/format/support/signs.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { rcwarden } from "../support/rcwarden.ts";

let account: TestAccount;
const skip = noAccounts;

before(async () => {
  if (skip !== false) return;
  const cshrc = "# site\nalias cp 'cp -i'\n";
  account = await makeAccount({ shell: "/bin/tcsh", home: "empty", files: { ".cshrc": cshrc } });
});

after(async () => {
  if (skip === false) await account[Symbol.asyncDispose]();
});

for (const { id } of formats) {
  test(`${id}: one command fails`, { skip }, async () => {
    const { stdout, status } = await rcwarden(["check", "--account", account.name, "--format", id]);
    assert.deepEqual(signsOf(id, [stdout]), [{ ran: true, failed: 1, undecided: 0, problems: 0 }]);
    assert.equal(status, id === "nagios" ? 2 : 1);
    assert.ok(id === "prometheus" || stdout.includes(`${account.home}/.cshrc`), "the file is named");
  });
}

const told: readonly (readonly [verb: string, ...words: string[]])[] = [["check"], ["ready"], ["explain", "cp"]];
for (const [verb, ...words] of told) {
  test(`${verb}: tells account, mode, line, what happens and what to do, within 100 columns`, { skip }, async () => {
    const { stdout } = await rcwarden([verb, ...words, "--account", account.name]);
    const joined = stdout.replace(/\n +/g, " ");
    for (const says of [account.name, "ssh-command", "~/.cshrc:2", "waits for ever at: cp: overwrite"])
      assert.ok(joined.includes(says), `expected ${says} in\n${stdout}`);
    assert.match(joined, /Change +(move|put) line 2|rcwarden check --account/);
    for (const line of stdout.split("\n")) assert.ok(columns(line) <= pageColumns, line);
  });
}
