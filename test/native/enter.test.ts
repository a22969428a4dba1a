// The launcher's protocol, and what the shell is: identity, descriptors, signals, terminal.
import assert from "node:assert/strict";
import { closeSync, fchownSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { ReadStream } from "node:tty";
import { netstrings, ready, run, type Spec, start } from "./drive.ts";
import { type Account, as, type Build, groundOf, makeAccount, type Sandbox, shellSpec, skip } from "./ground.ts";

const sandboxes: readonly Sandbox[] = ["whole-root", "own-account"];

describe("the launcher", { skip }, () => {
  let account: Account;
  let builds: readonly Build[] = [];
  before(() => {
    builds = groundOf().builds;
    account = makeAccount();
  });
  after(() => account.remove());

  const specOf = (more: Spec = []): Spec => shellSpec("whole-root", account, ":", more);
  const without = (key: string): Spec => specOf().filter(([name]) => name !== key);
  const failure = async (build: Build, bytes: Buffer, end = false): Promise<readonly string[] | undefined> => {
    const launcher = start({ enter: build.enter }, bytes);
    if (end) launcher.control.end();
    assert.equal(await launcher.over, 125);
    assert.equal(launcher.complaint(), "");
    return launcher.lines.find((line) => line[0] === "fail")?.slice(1);
  };

  test("a spec that is not understood ends with its reason", async () => {
    const cases: [Buffer, readonly string[]][] = [
      [netstrings(specOf([["colour", "red"]])), ["spec", "unknown-key", "colour"]],
      [netstrings(specOf([["uid", "0"]])), ["spec", "twice", "uid"]],
      [netstrings(without("uid")), ["spec", "missing-key", "uid"]],
      [netstrings(without("program")), ["spec", "missing-key", "program"]],
      [netstrings(without("home")), ["spec", "missing-key", "home"]],
      [netstrings(without("arg")), ["spec", "missing-key", "arg"]],
      [netstrings([...without("uid"), ["uid", "-1"]]), ["spec", "bad-number", "uid"]],
      [netstrings([...without("uid"), ["uid", "4294967295"]]), ["spec", "bad-number", "uid"]],
      [netstrings([...without("uid"), ["uid", "99999999999999999999"]]), ["spec", "bad-number", "uid"]],
      [netstrings([...without("uid"), ["uid", ""]]), ["spec", "bad-number", "uid"]],
      [netstrings(specOf([["umask", "9"]])), ["spec", "bad-number", "umask"]],
      [netstrings(specOf([["processes", "0"]])), ["spec", "bad-value", "processes"]],
      [netstrings(specOf([["processes", "4194305"]])), ["spec", "bad-number", "processes"]],
      [netstrings(specOf([["cwd", "here"]])), ["spec", "bad-path", "cwd"]],
      [netstrings(specOf([["env", "NOVALUE"]])), ["spec", "bad-value", "env"]],
      [netstrings(specOf([["env", Buffer.from("A=1\0B")]])), ["spec", "bad-byte", "env"]],
      [netstrings(specOf([["limit", "nofile:1"]])), ["spec", "bad-limit", "nofile:1"]],
      [netstrings(specOf([["limit", "nofile:2:1"]])), ["spec", "bad-limit", "nofile"]],
      [netstrings(specOf([["limit", "colour:1:2"]])), ["spec", "bad-limit", "colour"]],
      [netstrings(specOf([["place", "f 600 /x"]])), ["spec", "bad-place"]],
      [netstrings(specOf([["place", Buffer.from("q 600 /x\0")]])), ["spec", "bad-place"]],
      [netstrings(specOf([["place", Buffer.from("f 600 x\0")]])), ["spec", "bad-path", "place"]],
      [netstrings(specOf([["sandbox", "none"]])), ["spec", "twice", "sandbox"]],
      [netstrings(specOf([["stays", "1"]])), ["spec", "bad-value", "stays"]],
      [Buffer.concat([netstrings(specOf()), Buffer.from("g")]), ["spec", "bytes-after-the-end"]],
      [Buffer.from("5:uid=1;"), ["spec", "bad-netstring"]],
      [Buffer.from("x"), ["spec", "bad-netstring"]],
      [Buffer.from(":,"), ["spec", "bad-netstring"]],
      [Buffer.from("3:uid,"), ["spec", "bad-netstring"]],
      [Buffer.from("99999999:"), ["spec", "too-long"]],
    ];
    for (const build of builds)
      for (const [bytes, expected] of cases)
        assert.deepEqual(await failure(build, bytes), expected, `${build.name} ${bytes.toString().slice(0, 300)}`);
    for (const build of builds)
      assert.deepEqual(await failure(build, Buffer.from("7:uid=1"), true), ["spec", "cut-short"]);
  });

  test("a spec longer than 8 MiB ends with its reason", async () => {
    const long = Buffer.alloc((1 << 20) - 64, "x");
    const many = Array.from({ length: 9 }, () => ["env", Buffer.concat([Buffer.from("A="), long])] as const);
    for (const build of builds)
      assert.deepEqual(await failure(build, netstrings(specOf(many))), ["spec", "too-long"], build.name);
  });

  test("another parent than the one named ends it", async () => {
    for (const build of builds) {
      const bytes = netstrings([...without("parent"), ["parent", "1"]]);
      assert.deepEqual(await failure(build, bytes), ["parent", "not-the-agent", String(process.pid)]);
    }
  });

  test("an ordinary user gets neither whole-root nor another account", async () => {
    const cases: [Spec, string][] = [
      [specOf(), "not-root"],
      [[...shellSpec("own-account", account, ":").filter(([key]) => key !== "uid"), ["uid", "0"]], "another-account"],
    ];
    for (const [spec, reason] of cases) {
      const launcher = start(as(groundOf().plain, "own-account", account), netstrings(spec));
      assert.equal(await launcher.over, 125);
      assert.deepEqual(launcher.lines.at(-1), ["fail", "identity", reason]);
    }
  });

  test("a word that is not `g`, or the end of the control socket, ends everything", async () => {
    for (const word of ["x", "end"]) {
      const launcher = start({ enter: groundOf().plain.enter }, netstrings(specOf()));
      const { init } = await ready(launcher);
      if (word === "end") launcher.control.end();
      else launcher.control.write(word);
      assert.equal(await launcher.over, 125);
      assert.throws(() => process.kill(init, 0));
    }
  });

  const facts = [
    'echo "uid $(id -u) gid $(id -g)"',
    'for f in 0 1 2; do echo "fd $f $(stat -L -c "%F %u %g %a" /proc/$$/fd/$f)"; done',
    "(cd /proc/$$/fd && echo open *)",
    'echo "session" $(cut -d" " -f5,6,7,8 /proc/$$/stat) $$',
    "grep -E '^(Cap|NoNew|Sig|Shd|Groups)' /proc/self/status",
    'echo "oom $(cat /proc/$$/oom_score_adj)"',
    'echo "umask $(umask) cwd $PWD nofile $(ulimit -Sn) $(ulimit -Hn) core $(ulimit -c)"',
    'echo "arg0 $0"',
    "echo to-stdout >/dev/stdout; echo to-stderr >/dev/stderr",
    "echo environment $(tr '\\0' ' ' </proc/$$/environ)",
  ].join("\n");

  for (const sandbox of sandboxes)
    test(`the shell of ${sandbox} is what sshd would have started`, async () => {
      const more: Spec = [
        ["umask", "027"],
        ["limit", "nofile:256:512"],
        ["limit", "core:0:unlimited"],
        ["env", "ODD=a b%\u00e9"],
      ];
      for (const build of builds) {
        const spec = shellSpec(sandbox, account, facts, more);
        const ended = await run(as(build, sandbox, account), spec);
        const say = `${build.name}\n${ended.stdout}\n${ended.stderr}\n${JSON.stringify(ended.lines)}`;
        assert.equal(ended.complaint, "", say);
        assert.equal(ended.status, 0, say);
        assert.deepEqual(ended.lines.at(-1), ["gone"], say);
        assert.ok(
          ended.lines.some((line) => line.join(" ") === "exit 0 0"),
          say,
        );
        const lines = ended.stdout.split("\n");
        const has = (line: string): void => assert.ok(lines.includes(line), `${line} in\n${say}`);
        has(`uid ${account.uid} gid ${account.gid}`);
        for (const fd of [0, 1, 2]) has(`fd ${fd} fifo ${account.uid} ${account.gid} 600`);
        has("open 0 1 2");
        const session = lines.find((line) => line.startsWith("session"))?.split(" ") ?? [];
        // pgrp and session are the shell's own pid, there is no terminal and so no foreground group
        assert.deepEqual(session.slice(1, 5), [session[5], session[5], "0", "-1"], say);
        for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) has(`Cap${set}:\t0000000000000000`);
        has("NoNewPrivs:\t1");
        for (const set of ["SigPnd", "ShdPnd", "SigBlk", "SigIgn"]) has(`${set}:\t0000000000000000`);
        has("oom 1000");
        has(`umask 0027 cwd ${account.home} nofile 256 512 core 0`);
        has("arg0 bash");
        has("to-stdout");
        assert.equal(ended.stderr, "to-stderr\n", say);
        has(`environment PATH=/usr/bin:/bin HOME=${account.home} ODD=a b%\u00e9`);
        if (sandbox === "whole-root") {
          const groups = lines
            .find((line) => line.startsWith("Groups"))
            ?.split("\t")[1]
            ?.trim()
            .split(" ")
            .map(Number);
          assert.deepEqual(
            groups,
            [...account.groups].sort((a, b) => a - b),
            say,
          );
        }
      }
    });

  test("groups of the agent do not reach the shell", async () => {
    const before = ["setpriv", "--groups", "0,4,27"];
    const ended = await run(
      { enter: groundOf().plain.enter, before },
      shellSpec("whole-root", account, "exec grep ^Groups /proc/self/status"),
    );
    assert.deepEqual(
      ended.stdout.split("\t")[1]?.trim().split(" ").map(Number),
      [...account.groups].sort((a, b) => a - b),
    );
  });

  test("own-account says that supplementary groups have no names there", async () => {
    const before = ["setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, `--groups=${account.groups.join()}`];
    const ended = await run({ enter: groundOf().plain.enter, before }, shellSpec("own-account", account, "id -nG"));
    assert.ok(
      ended.lines.some((line) => line.join(" ") === "warn groups-unmapped"),
      JSON.stringify(ended.lines),
    );
    assert.match(ended.stdout, /nogroup/);
  });

  test("stdin is the agent's alone, and reaches the shell", async () => {
    const ended = await run(
      { enter: groundOf().plain.enter, input: "one\ntwo\n" },
      shellSpec("whole-root", account, "cat"),
    );
    assert.equal(ended.stdout, "one\ntwo\n");
  });

  test("the end of the shell is told: its status, its signal, that it stopped", async () => {
    const cases: [string, string][] = [
      ["exit 7", "exit 7 0"],
      ["kill -9 $$", "exit -1 9"],
    ];
    for (const build of builds)
      for (const [command, line] of cases) {
        const ended = await run({ enter: build.enter }, shellSpec("whole-root", account, command));
        assert.deepEqual(ended.lines.slice(-2), [line.split(" "), ["gone"]]);
      }
    const launcher = start(
      { enter: groundOf().plain.enter },
      netstrings(shellSpec("whole-root", account, "kill -STOP $$")),
    );
    const { init } = await ready(launcher);
    launcher.control.write("g");
    assert.deepEqual(await launcher.until("stopped", "exit"), ["stopped", "19"]);
    process.kill(init, "SIGKILL");
    assert.equal(await launcher.over, 0);
  });

  test("a program that cannot be executed is a failure with its reason", async () => {
    const spec: Spec = [...without("program"), ["program", "/no/such"]];
    const ended = await run({ enter: groundOf().plain.enter }, spec);
    assert.ok(
      ended.lines.some((line) => line.join(" ") === "fail exec No such file or directory /no/such"),
      JSON.stringify(ended.lines),
    );
  });

  test("a folder that cannot be entered is / as with sshd", async () => {
    for (const cwd of ["/no/such", "/root"]) {
      const ended = await run(
        { enter: groundOf().plain.enter },
        shellSpec("whole-root", account, "pwd", [["cwd", cwd]]),
      );
      assert.equal(ended.stdout, "/\n");
    }
  });

  const native: { open(columns: number, rows: number): { master: number; slave: number } } = createRequire(
    import.meta.url,
  )("node-pty").native;

  for (const sandbox of sandboxes)
    test(`a terminal of ${sandbox} has its name, its owner and job control`, async () => {
      for (const build of builds) {
        const { master, slave } = native.open(80, 24);
        const screen = new ReadStream(master);
        let text = "";
        screen.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        screen.on("error", () => {}); // EIO once the other side is closed
        const hungUp = new Promise((done) => screen.on("close", done));
        const command = [
          'tty; test -t 0 && echo "is one"; stty size; readlink /proc/self/fd/0',
          'stat -c "owner %u %g %a" "$(tty)"; (cd /proc/$$/fd && echo open *)',
          "set -m; sleep 100 & jobs; kill %1; wait 2>/dev/null; ps -o tty= -p $$ | tr -d ' '",
          'echo "through" >/dev/tty; read -r line </proc/$$/stat; set -- $line; echo "$6 $8"; ls /dev/pts | xargs',
        ].join("\n");
        // An ordinary agent owns the terminals that it opens.
        if (sandbox === "own-account") fchownSync(slave, account.uid, account.gid);
        const spec = shellSpec(sandbox, account, command, [["terminal", "1"]]);
        const ended = await run({ ...as(build, sandbox, account), stdio: [slave, slave, slave] }, spec);
        closeSync(slave);
        await hungUp;
        const say = `${build.name}\n${text}\n${JSON.stringify(ended.lines)}`;
        assert.equal(ended.status, 0, say);
        const lines = text.split("\r\n");
        assert.deepEqual(lines.slice(0, 4), ["/dev/pts/0", "is one", "24 80", "/dev/pts/0"], say);
        const group = sandbox === "whole-root" ? 5 : account.gid;
        assert.ok(lines.includes(`owner ${account.uid} ${group} 620`), say);
        assert.ok(lines.includes("open 0 1 2"), say);
        assert.ok(
          lines.some((line) => /^\[1\]\+ +Running +sleep 100 &/.test(line)),
          say,
        );
        assert.ok(lines.includes("through"), say);
        assert.ok(lines.includes("2 2"), say); // session and foreground group are the shell's
        assert.ok(lines.includes("0 ptmx"), say);
      }
    });

  test("a reader has the account's identity and nothing else taken away", async () => {
    for (const build of builds) {
      const node = process.execPath;
      const script =
        "console.log(process.getuid(), process.getgroups().sort((a, b) => a - b).join(), process.env.A, require('fs').readdirSync('/proc/self/fd').length > 0); console.log(require('fs').readFileSync('/proc/self/status', 'utf8'))";
      const spec: Spec = [
        ["sandbox", "none"],
        ["parent", String(process.pid)],
        ["uid", String(account.uid)],
        ["gid", String(account.gid)],
        ...account.groups.map((group) => ["group", String(group)] as const),
        ["program-fd", node],
        ["arg", "node"],
        ["arg", "-e"],
        ["arg", script],
        ["env", "A=1"],
      ];
      const launcher = start({ enter: build.enter, stdio: ["ignore", "pipe", "pipe"] }, netstrings(spec));
      let text = "";
      launcher.child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      const at = await ready(launcher);
      assert.equal(at.init, launcher.child.pid);
      assert.deepEqual(at.descriptors, [-1, -1, -1]);
      const status = readFileSync(`/proc/${at.init}/status`, "utf8");
      assert.match(status, new RegExp(`Uid:\t${account.uid}\t${account.uid}\t${account.uid}\t${account.uid}\n`));
      launcher.control.write("g");
      assert.equal(await launcher.over, 0, launcher.complaint());
      assert.equal(launcher.complaint(), "");
      assert.ok(text.startsWith(`${account.uid} ${[...account.groups].sort((a, b) => a - b).join()} 1 true\n`), text);
      assert.match(text, /NoNewPrivs:\t1/);
      assert.match(text, /CapBnd:\t0000000000000000/);
    }
  });

  test("a reader's time is bounded, and that of a child that stays is not", async () => {
    for (const build of builds) {
      for (const [more, expected] of [
        [[], /^[1-9]\d*$/],
        [[["stays", "1"]], /^0$/],
      ] as const) {
        const spec: Spec = [
          ["sandbox", "none"],
          ["parent", String(process.pid)],
          ["uid", String(account.uid)],
          ["gid", String(account.gid)],
          ...account.groups.map((group) => ["group", String(group)] as const),
          ["program", "/usr/bin/python3"],
          ["arg", "python3"],
          ["arg", "-c"],
          ["arg", "import signal; print(signal.alarm(0))"],
          ...more,
        ];
        const launcher = start({ enter: build.enter, stdio: ["ignore", "pipe", "pipe"] }, netstrings(spec));
        let text = "";
        launcher.child.stdout?.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        await ready(launcher);
        launcher.control.write("g");
        assert.equal(await launcher.over, 0, launcher.complaint());
        assert.match(text.trim(), expected);
      }
    }
  });
});
