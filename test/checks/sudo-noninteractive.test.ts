import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sudoNoninteractive } from "../../agent/checks/sudo-noninteractive.ts";
import type { Account, SudoEntry } from "../../agent/facts/index.ts";
import { account } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

const all: SudoEntry = { runAs: ["ALL"], options: [], commands: ["ALL"] };
const free: SudoEntry = { ...all, options: ["!authenticate"] };

interface Told {
  readonly entries?: readonly SudoEntry[];
  readonly defaults?: readonly string[];
  readonly specific?: readonly string[];
}

function asking(told: Told, parameters = {}, who: Account = account) {
  const sudo = { kind: "told", defaults: [], specific: [], entries: [], ...told } as const;
  return only(judge(sudoNoninteractive, { sudo, account: who }, parameters));
}

describe("sudo-noninteractive", () => {
  test("says that sudo asks for a password, and what to write", () => {
    assert.partialDeepStrictEqual(asking({ entries: [all] }), {
      subject: "/usr/bin/true",
      status: "fail",
      consequence: "failed-command",
      message: "sudo asks for a password before /usr/bin/true as root",
      change: "give the account NOPASSWD: /usr/bin/true in /etc/sudoers.d, behind all other entries that are for it",
    });
  });

  test("with a terminal it is a hang", () => {
    const sudo = { kind: "told", defaults: [], specific: [], entries: [all] } as const;
    assert.equal(only(judge(sudoNoninteractive, { sudo, mode: "ssh-command-pty" })).consequence, "hang");
  });

  test("the last entry that fits decides", () => {
    assert.equal(asking({ entries: [all, free] }).status, "pass");
    assert.equal(asking({ entries: [free, { ...all, options: ["authenticate"] }] }).status, "fail");
    const not = { ...free, commands: ["ALL", "!/usr/bin/true"] };
    assert.equal(asking({ entries: [not] }).message, "sudo does not allow /usr/bin/true as root");
    assert.equal(asking({ entries: [not] }, { commands: ["/usr/bin/id"] }).status, "pass");
  });

  test("an entry's own word on passwords stands over the defaults", () => {
    assert.equal(asking({ entries: [all], defaults: ["!authenticate"] }).status, "pass");
    assert.equal(
      asking({ entries: [{ ...all, options: ["authenticate"] }], defaults: ["!authenticate"] }).status,
      "fail",
    );
  });

  test("of contradicting defaults the last holds", () => {
    const entries = [free];
    assert.equal(asking({ entries, defaults: ["requiretty", "!requiretty"] }).status, "pass");
    assert.partialDeepStrictEqual(asking({ entries, defaults: ["!requiretty", "requiretty"] }), {
      status: "fail",
      message: "sudo refuses without a terminal (requiretty)",
    });
  });

  test("an entry for somebody else is none", () => {
    assert.equal(asking({ entries: [{ ...free, runAs: ["postgres"] }] }).status, "fail");
    assert.equal(asking({ entries: [{ ...free, runAs: ["postgres"] }] }, { runAs: "postgres" }).status, "pass");
    assert.equal(asking({ entries: [{ ...free, runAs: ["#0"] }] }).status, "pass");
    assert.equal(asking({ entries: [{ ...free, runAs: ["%dba"] }] }, { runAs: "postgres" }).status, "unknown");
  });

  test("near-miss: other words behind the program are another command", () => {
    const restart = { ...free, commands: ["/usr/bin/systemctl restart db", '/usr/bin/id ""'] };
    const asked = {
      commands: ["/usr/bin/systemctl restart db", "/usr/bin/systemctl restart", "/usr/bin/id", "/usr/bin/id -u"],
    };
    const sudo = { kind: "told", defaults: [], specific: [], entries: [restart] } as const;
    assert.deepEqual(statuses(judge(sudoNoninteractive, { sudo }, asked)), [
      "/usr/bin/systemctl restart db: pass",
      "/usr/bin/systemctl restart: fail",
      "/usr/bin/id: pass",
      "/usr/bin/id -u: fail",
    ]);
    assert.equal(
      asking({ entries: [{ ...free, commands: ["/usr/bin/id"] }] }, { commands: ["/usr/bin/id -u"] }).status,
      "pass",
    );
  });

  test("what only sudo can tell is unknown", () => {
    for (const command of ["/usr/bin/*", "/usr/bin/", "sha256:abc /usr/bin/true", "^/usr/bin/t.*$"])
      assert.equal(asking({ entries: [{ ...free, commands: [command] }] }).status, "unknown", command);
    assert.equal(asking({ entries: [free], specific: ["Defaults!/usr/bin/true authenticate"] }).status, "unknown");
    assert.equal(asking({ entries: [all], defaults: ["noninteractive_auth"] }).status, "unknown");
    assert.equal(only(judge(sudoNoninteractive, { sudo: null })).status, "unknown");
  });

  test("nobody asks root for a password", () => {
    assert.equal(asking({ entries: [all] }, {}, { ...account, name: "root", uid: 0 }).status, "pass");
  });

  test("refuses commands that sudoers cannot name", () => {
    for (const commands of [[], ["true"], ["/bin/a  b"], [""]])
      assert.equal(sudoNoninteractive.parameters.safeParse({ commands }).success, false);
  });
});
