import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sshd } from "../../agent/checks/example-facts.ts";
import { sshServer } from "../../agent/checks/ssh-server.ts";
import type { SshServerFacts } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

const key = { where: at(1), command: null, permitsTerminal: true, permitsUserRc: true, forwardsSockets: true };
const file = { path: "/home/oracle/.ssh/authorized_keys", why: "", change: "", state: "read" as const };
const all = ["login", "command", "terminal", "rc", "environment", "forwarding", "sessions", "idle"] as const;

function of(name: (typeof all)[number], server: SshServerFacts, mode: "ssh-command" | "ssh-login" = "ssh-command") {
  return only(judge(sshServer, { mode, sshServer: server }, { asks: [name] }));
}

describe("ssh-server", () => {
  test("judges ways in by sshd alone, and terminals where one is asked for", () => {
    assert.deepEqual(judge(sshServer, { mode: "cron", sshServer: sshd({}) }, { asks: [...all] }), []);
    assert.equal(judge(sshServer, { mode: "ssh-login", sshServer: sshd({}) }, { asks: [...all] }).length, 8);
    assert.equal(judge(sshServer, { mode: "ssh-command", sshServer: sshd({}) }, { asks: [...all] }).length, 7);
  });

  test("names each setting that an engine suffers from", () => {
    const other = sshd({
      permitsUserEnvironment: "yes",
      forwardsSockets: false,
      maxSessions: 1,
      endsIdleAfter: 300,
      forceCommand: "/opt/menu",
    });
    const found = judge(
      sshServer,
      { sshServer: { ...other, rc: { path: "/etc/ssh/sshrc", of: "system" } } },
      { asks: [...all] },
    );
    assert.deepEqual(statuses(found), [
      "login: pass",
      "command: fail",
      "rc: fail",
      "environment: fail",
      "forwarding: fail",
      "sessions: fail",
      "idle: fail",
    ]);
  });

  test("takes one free key for enough, and every key with command= for a lock", () => {
    const forced = { ...key, command: "/opt/menu", where: at(2) };
    const with_ = (keys: readonly (typeof forced | typeof key)[]) => ({ ...sshd({}), keyFiles: [{ ...file, keys }] });
    assert.equal(of("command", with_([forced, key])).status, "pass");
    assert.deepEqual(of("command", with_([forced])).where, at(2));
    const hidden = { ...file, path: "/k2", state: "unreadable" as const, why: "/k2: no answer", keys: [] };
    const some = { ...with_([forced]), keyFiles: [...with_([forced]).keyFiles, hidden] };
    assert.equal(of("command", some).status, "unknown");
  });

  test("leaves undecided what a block for some clients sets, and nothing else", () => {
    const server = { ...sshd({}), doubts: [{ about: ["forcecommand"], says: "it depends on the client", change: "" }] };
    assert.equal(of("command", server).status, "unknown");
    assert.equal(of("login", server).status, "pass");
  });

  test("takes keys from elsewhere for undecided", () => {
    const server = {
      ...sshd({ keysCommand: "/opt/keys" }),
      doubts: [{ about: ["keys"], says: "asks a command", change: "" }],
    };
    assert.equal(of("command", server).status, "unknown");
  });

  test("guesses nothing where no sshd is installed", () => {
    assert.equal(of("login", { ...sshd({}), isInstalled: false, settings: null }).status, "unknown");
  });
});
