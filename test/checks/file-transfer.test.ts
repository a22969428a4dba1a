import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CheckFacts } from "../../agent/checks/check-kind.ts";
import { sshd } from "../../agent/checks/example-facts.ts";
import { fileTransfer } from "../../agent/checks/file-transfer.ts";
import type { CommandFact, ModeId, Output } from "../../agent/facts/index.ts";
import { at, ready } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

const programs: readonly CommandFact[] = ["scp", "rsync", "git-upload-pack", "git-receive-pack"].map((name) => ({
  name,
  is: "file",
  // biome-ignore lint/suspicious/noThenProperty: the fact's name in the documented JSON
  then: `/usr/bin/${name}`,
  where: null,
}));

function writes(head: string, bytes = head.length): Output {
  return { stream: "stdout", bytes, head, where: at(3), guard: "`case $-`" };
}

const arrived = { sentBytes: 2400, arrivedBytes: 2400, isTail: true, where: null };

function by(mode: ModeId, other: Partial<CheckFacts> = {}) {
  return only(judge(fileTransfer, { mode, sshServer: sshd({}), commands: programs, stdin: arrived, ...other }));
}

const transfers: readonly ModeId[] = ["scp", "scp-legacy", "sftp", "rsync", "git"];

describe("file-transfer", () => {
  test("judges the derived modes and no other", () => {
    assert.deepEqual(judge(fileTransfer, { mode: "ssh-command", sshServer: sshd({}) }), []);
    for (const mode of transfers) assert.equal(by(mode).status, "pass");
  });

  test("says what each client prints at a greeting", () => {
    const said = transfers.map((mode) => by(mode, { output: [writes("hello\n")] }).evidence?.client);
    assert.deepEqual(said, [
      "the client says: scp: Received message too long 1751477356",
      "the client says: hello",
      "the client says: Received message too long 1751477356",
      "the client says: protocol version mismatch -- is your shell clean?",
      "the client says: fatal: protocol error: bad line length character: hell",
    ]);
  });

  test("says that scp -O waits for the end of a line that never comes", () => {
    for (const head of ["\n", " ", "hello"]) {
      assert.equal(by("scp-legacy", { output: [writes(head)] }).consequence, "hang");
    }
    assert.equal(by("scp-legacy", { output: [writes("\nhello\n")] }).consequence, "corrupted-stream");
  });

  test("says that git takes hexadecimal digits for a length", () => {
    assert.equal(by("git", { output: [writes("ab")] }).consequence, "hang");
    assert.equal(by("git", { output: [writes("\n")] }).consequence, "corrupted-stream");
  });

  test("leaves sftp and scp alone where sshd answers by itself, whatever startup does", () => {
    const sshServer = sshd({ sftp: { kind: "internal" } });
    const bad = { sshServer, output: [writes("hello\n")], startup: { ...ready, ended: "hang" as const } };
    assert.deepEqual(
      transfers.map((mode) => by(mode, bad).status),
      ["pass", "fail", "pass", "fail", "fail"],
    );
  });

  test("tells a held stderr, which sshd does not wait for in a subsystem, from a held stdout", () => {
    const held = (holds: readonly ("stdout" | "stderr")[]) => ({
      startup: { ...ready, held: [{ command: "sleep 30", holds }] },
    });
    assert.deepEqual(
      transfers.map((mode) => by(mode, held(["stderr"])).status),
      ["pass", "fail", "pass", "fail", "fail"],
    );
    for (const mode of transfers) assert.equal(by(mode, held(["stdout", "stderr"])).consequence, "hang");
  });

  test("says that scp -O gets nothing and exit 0 where startup ends the shell with it", () => {
    const startup = { ...ready, ended: "exited" as const, exit: { status: 0, signal: null } };
    assert.equal(by("scp-legacy", { startup }).consequence, "silent-success");
    assert.match(by("rsync", { startup }).message, /connection unexpectedly closed/);
  });

  test("says that nothing answers where sshd has no subsystem, or its program is not there", () => {
    const missing = sshd({ sftp: { kind: "missing" } });
    assert.match(by("sftp", { sshServer: missing }).message, /subsystem request failed on channel 0/);
    assert.equal(by("rsync", { sshServer: missing }).status, "pass");
    const gone = sshd({ sftp: { kind: "external", command: "/usr/lib/none -e", isThere: false } });
    assert.match(by("scp", { sshServer: gone }).message, /is not there: \/usr\/lib\/none -e/);
  });

  test("names the key whose command answers instead", () => {
    const key = {
      command: "/opt/menu",
      permitsTerminal: true,
      permitsUserRc: true,
      forwardsSockets: true,
      where: at(1),
    };
    const file = { path: "/k", state: "read" as const, why: "", change: "" };
    const server = { ...sshd({}), keyFiles: [{ ...file, keys: [key] }] };
    const found = by("git", { sshServer: server });
    assert.match(found.message, /sshd runs \/opt\/menu instead of what is sent \(command= of the key\)/);
    assert.deepEqual(found.where, at(1));
    const other = { ...server, keyFiles: [{ ...file, keys: [key, { ...key, command: null }] }] };
    assert.equal(by("git", { sshServer: other }).status, "pass");
  });

  test("guesses nothing where sshd's settings are not known, and lets silence hold", () => {
    const stale = {
      ...sshd({}),
      doubts: [{ about: [], says: "sshd_config changed after sshd was started", change: "" }],
    };
    const noisy = { sshServer: stale, output: [writes("hello\n")] };
    assert.deepEqual(
      transfers.map((mode) => by(mode, noisy).status),
      ["unknown", "fail", "unknown", "fail", "fail"],
    );
    for (const mode of transfers) assert.equal(by(mode, { sshServer: stale }).status, "pass");
  });

  test("takes the account for good where no sshd is installed and startup is silent", () => {
    const none = { ...sshd({}), isInstalled: false, settings: null };
    assert.match(by("sftp", { sshServer: none }).message, /no sshd is installed/);
    assert.equal(by("sftp", { sshServer: none, output: [writes("hi\n")] }).status, "fail");
  });

  test("says where a trap's last word comes too late for all but scp -O", () => {
    const effect = { writes: ["stdout"] as const, changesStatus: false };
    const traps = [{ signal: "EXIT", action: "echo bye", effect, where: at(4) }];
    assert.deepEqual(
      transfers.map((mode) => by(mode, { traps }).status),
      ["pass", "fail", "pass", "pass", "pass"],
    );
  });

  test("stands on startup only where the shell answers", () => {
    const startup = ready;
    const needs = (mode: ModeId, settings = {}, path = "/bin/bash", output: Output[] = []) => {
      const shell = { path, personality: null };
      return fileTransfer.needsOf?.(mode, { mode, sends: [], shell, startup, output, sshServer: sshd(settings) });
    };
    assert.deepEqual(needs("sftp", { sftp: { kind: "internal" } }), ["sshServer"]);
    assert.deepEqual(needs("sftp"), ["startup", "output", "sshServer", "stdin"]);
    assert.deepEqual(needs("sftp", {}, "/bin/bash", [writes("hello\n")]), ["startup", "output", "sshServer"]);
    assert.deepEqual(needs("git"), ["startup", "output", "sshServer", "commands"]);
    assert.deepEqual(needs("rsync"), ["startup", "output", "sshServer", "stdin", "commands"]);
    assert.deepEqual(needs("rsync", {}, "/usr/sbin/nologin"), ["sshServer"]);
  });

  test("says who waits where startup reads what a client sends first", () => {
    const stdin = { ...arrived, arrivedBytes: 2360, where: at(2) };
    assert.deepEqual(
      transfers.map((mode) => by(mode, { stdin }).consequence ?? "none"),
      ["hang", "hang", "hang", "hang", "none"],
    );
    assert.equal(by("sftp", { stdin: null }).status, "unknown");
  });

  test("knows what nologin says to each client", () => {
    const shell = { path: "/usr/sbin/nologin", personality: null };
    assert.match(by("sftp", { shell }).message, /Received message too long 1416128883/);
  });
});
