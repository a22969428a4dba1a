import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { ask, type Run } from "../../agent/probe/session.ts";
import { lineShown, typedOutput, typing } from "../../agent/probe/typing.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { accountOf, question, useBuiltLauncher } from "./asking.ts";

test("a line is what a terminal shows in the end", () => {
  assert.equal(lineShown("\x1b[?2004l\rrm: remove? "), "rm: remove? ");
  assert.equal(lineShown("\x1b[1m%\x1b[0m      \r \r\x1b[Jvm% "), "vm% ");
});

suite("a login shell", { skip: noAccounts, timeout: 60_000 }, () => {
  let account: TestAccount;
  before(async () => {
    await useBuiltLauncher();
    account = await makeAccount({ home: "empty" });
  });
  after(() => account[Symbol.asyncDispose]());

  /** Types a command into `-bash`; files hold what is said. */
  function login(command: string, terminal: boolean, profile = ""): Promise<Run> {
    account.write(".bash_profile", profile);
    const types = typing(command, terminal, () => null);
    return ask(question(accountOf(account), { argv: ["-bash"], terminal, typing: types }));
  }

  for (const terminal of [true, false]) {
    const where = terminal ? "at a terminal" : "without a terminal";

    test(`${where} runs what is typed, ends, and what it wrote is told from prompt and echo`, async () => {
      const run = await login("echo said; (exit 3)", terminal, "echo hello");
      assert.deepEqual([run.ended, run.exit?.status], ["exited", 3]);
      const own = typedOutput(run, terminal)?.toString() ?? "";
      assert.match(own, /said/);
      assert.doesNotMatch(own, /hello|echo/);
    });

    test(`${where} waits for ever where the command asks`, async () => {
      const run = await login("cat -", terminal);
      assert.deepEqual([run.ended, run.final, run.waiting?.command], ["hang", true, "cat -"]);
    });

    test(`${where} is typed into although something else goes on, and a limit of time runs`, async () => {
      const run = await login("echo said", terminal, "TMOUT=50\n(while :; do sleep 0.05; done) >&- 2>&- <&- &");
      assert.equal(run.ended, "exited", JSON.stringify(run.waiting));
    });
  }
});
