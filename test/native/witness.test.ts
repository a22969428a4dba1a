// The witness notes each kind of call that a sandbox answers differently, and lets all but the keyring's go on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, type Spec } from "./drive.ts";
import { type Account, as, groundOf, makeAccount, type Sandbox, shellSpec, skip } from "./ground.ts";

const sandboxes: readonly Sandbox[] = ["whole-root", "own-account"];

describe("the witness", { skip }, () => {
  let account: Account;
  before(() => {
    account = makeAccount();
  });
  after(() => account.remove());

  /** The notes of a command, without those of the name service that the shell's own start asks. */
  const notes = async (sandbox: Sandbox, command: string, more: Spec = [], build = groundOf().plain) => {
    const ended = await run(as(build, sandbox, account), shellSpec(sandbox, account, command, more));
    assert.equal(ended.complaint, "");
    const found = ended.lines
      .filter(([word, kind, , what]) => word === "note" && !(kind === "connect" && what?.endsWith("/nscd/socket")))
      .map((line) => line.slice(1).join(" "));
    return { ...ended, notes: found };
  };

  for (const sandbox of sandboxes)
    test(`each kind of call is noted in ${sandbox}`, async () => {
      const { calls, builds } = groundOf();
      const file = statSync(calls);
      const names =
        "alarm setitimer cpu-timer posix timerfd bad-timer connect inet sendmsg flock fcntl keyring io-uring";
      for (const build of builds) {
        const ended = await notes(sandbox, `${calls} ${names} kill-1 kill-all; :`, [], build);
        assert.deepEqual(
          ended.notes,
          [
            "timer alarm 3 0 5000 0 0",
            "timer alarm 3 0 0 0 0",
            "timer alarm 3 0 2500 3000 0",
            "timer posix 3 0 7001 0 0",
            "timer timerfd 3 3 7001 0 1",
            "timer timerfd 3 9 -1 0 0",
            "connect 3 unix:/no such%socket",
            "connect 3 unix:@abstract",
            "socket 3 2",
            "connect 3 inet:192.0.2.1:22",
            "socket 3 10",
            "connect 3 inet6:::1:80",
            "connect 3 unix:/run/journal",
            `lock 3 flock ${calls} ${file.dev} ${file.ino}`,
            `lock 3 fcntl ${calls} ${file.dev} ${file.ino}`,
            "keyring 3",
            "io-uring 3",
            "signal 3 1",
            "signal 4 -1",
          ],
          ended.stderr,
        );
        assert.equal(ended.stdout, "keyctl Function not implemented\n");
      }
    });

  test("calls of a 32-bit program are noted, and its keyring refused", {
    skip: process.arch === "x64" ? false : "only x86_64 has them",
  }, async () => {
    const ended = await notes("whole-root", `${groundOf().calls} i386; :`);
    assert.deepEqual(
      ended.notes.map((line) => line.replace(/ [3-9] /, " PID ").replace(/ [3-9]$/, " PID")),
      ["timer alarm PID 0 11000 0 0", "timer alarm PID 0 9000 0 0", "socket PID 2", "keyring PID", "socket PID 2"],
    );
    assert.equal(ended.stdout, "keyctl -38\n");
  });

  test("set-id programs are noted by their real name, what is found nowhere is not", async () => {
    const ended = await notes(
      "whole-root",
      "/bin/su --version >/dev/null; no-such-program; cd /usr/bin; ./passwd --help; :",
    );
    assert.deepEqual(
      ended.notes.filter((line) => line.startsWith("set-id")).map((line) => line.split(" ")[2]),
      ["/usr/bin/su", "/usr/bin/passwd"],
    );
  });

  test("programs with capabilities are noted like set-id ones", async (context) => {
    const program = join(groundOf().folder, "capable");
    copyFileSync("/bin/true", program);
    chmodSync(program, 0o755);
    try {
      execFileSync("setcap", ["cap_net_raw=ep", program], {
        stdio: "ignore",
        env: { PATH: "/usr/sbin:/sbin:/usr/bin" },
      });
    } catch {
      return context.skip("no setcap here");
    }
    const ended = await notes("whole-root", `${program}; :`);
    assert.equal(ended.notes.at(0)?.replace(/ \d+ /, " PID "), `set-id PID ${program}`);
  });

  test("what takes the shell's place is noted, what it starts is not", async () => {
    const ended = await notes("whole-root", "/bin/true; exec sh -c '/bin/true; exec /bin/echo end'");
    assert.deepEqual(ended.notes, ["exec /usr/bin/sh", "exec /bin/echo"]);
    assert.equal(ended.stdout, "end\n");
  });

  test("a flood is capped and counted", async () => {
    for (const build of groundOf().builds) {
      const ended = await notes("whole-root", `${groundOf().calls} flood connect; :`, [], build);
      assert.equal(ended.notes.filter((line) => line.startsWith("timer")).length, 200);
      assert.equal(ended.notes.filter((line) => line.startsWith("connect")).length, 2);
      assert.equal(ended.notes.at(-1), "lost 801");
    }
  });

  test("an agent that reads nothing stops nobody", async () => {
    let paused = false;
    const ended = await run(
      {
        enter: groundOf().plain.enter,
        atGate: (_, launcher) => {
          launcher.control.pause();
          paused = true;
          setTimeout(() => launcher.control.resume(), 50);
        },
      },
      shellSpec(
        "whole-root",
        account,
        `for i in 1 2 3 4 5 6 7 8; do ${groundOf().calls} flood connect inet; done; echo end`,
      ),
    );
    assert.ok(paused);
    assert.equal(ended.stdout, "end\n");
    assert.ok(ended.lines.some((line) => line.join(" ") === "exit 0 0"));
  });

  for (const sandbox of sandboxes)
    test(`without a witness ${sandbox} notes nothing and still refuses the keyring`, async () => {
      for (const build of groundOf().builds) {
        const command = `${groundOf().calls} alarm connect keyring; grep Seccomp: /proc/self/status; :`;
        const ended = await notes(sandbox, command, [["witness", "0"]], build);
        assert.deepEqual(ended.notes, []);
        assert.equal(ended.stdout, "keyctl Function not implemented\nSeccomp:\t2\n");
      }
    });

  test("where somebody else listens already the run goes on without a witness, and says so", async () => {
    for (const build of groundOf().builds) {
      const command = `${groundOf().calls} alarm keyring; :`;
      const ended = await run(
        { enter: build.enter, before: [groundOf().obstacle, "listener"] },
        shellSpec("whole-root", account, command),
      );
      const lines = ended.lines.map((line) => line.join(" "));
      assert.ok(lines.includes("warn no-witness Device or resource busy"), lines.join("\n"));
      assert.ok(!lines.some((line) => line.startsWith("note")));
      assert.equal(ended.stdout, "keyctl Function not implemented\n");
      assert.equal(ended.complaint, "");
    }
  });
});
