// Too many processes are ended by pid 1 of the sandbox itself, whatever the agent does meanwhile.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { after, before, describe, test } from "node:test";
import { type Ended, run, type Spec } from "./drive.ts";
import { type Account, as, type Build, groundOf, makeAccount, type Sandbox, shellSpec, skip } from "./ground.ts";
import { watchdog } from "./watchdog.ts";

const sandboxes: readonly Sandbox[] = ["whole-root", "own-account"];

describe("the ceiling of processes", { skip }, () => {
  let account: Account;
  before(() => {
    account = makeAccount();
  });
  after(() => account.remove());

  /** `last`: what is said of it last, should that not be the first of `exit` and `ceiling`. */
  type Bomb = {
    readonly build?: Build;
    readonly sandbox: Sandbox;
    readonly command: string;
    readonly more?: Spec;
    readonly last?: string;
  };
  /** What is said of a command; if it is that there are too many, once they are gone. */
  const said = async ({ build = groundOf().plain, sandbox, command, more = [], last }: Bomb): Promise<Ended> => {
    await using dog = await watchdog();
    let bitten = false;
    const ended = await run(
      {
        ...as(build, sandbox, account),
        atGate: ({ init }) => dog.watch(init),
        async atEnd({ init }, launcher) {
          if (last !== undefined) await launcher.until(last);
          if (launcher.lines.some(([word]) => word === "ceiling")) await alone(init);
          bitten = await dog.off();
        },
      },
      shellSpec(sandbox, account, command, more),
    );
    assert.equal(bitten, false, "pid 1 left it to the watchdog");
    assert.equal(ended.complaint, "");
    return ended;
  };
  /** Waits until pid 1 has nobody below it any more, or is gone itself. */
  const alone = async (init: number): Promise<void> => {
    while (below(init) > 0) await new Promise((done) => setImmediate(done));
  };
  const below = (init: number): number => {
    try {
      return readdirSync(`/proc/${init}/root/proc`).filter((name) => /^\d+$/.test(name)).length - 1;
    } catch {
      return 0;
    }
  };
  const words = (ended: Ended): string[] =>
    ended.lines.map((line) => line.join(" ")).filter((line) => !/^(note|ready|warn) /.test(line));

  for (const sandbox of sandboxes)
    for (const kind of ["processes", "sessions"])
      test(`${kind} without end are ended in ${sandbox}, with a witness and without`, async () => {
        for (const build of groundOf().builds)
          for (const witness of ["1", "0"]) {
            const ended = await said({
              build,
              sandbox,
              command: `${groundOf().many} ${kind}; :`,
              more: [["witness", witness]],
            });
            assert.deepEqual(words(ended), ["ceiling processes", "gone"]);
          }
      });

  test("those of a shell that has ended are ended, too, and its end was told", async () => {
    const command = `{ while kill -0 $$ 2>/dev/null; do :; done; ${groundOf().many} processes; } & exit 3`;
    const ended = await said({ sandbox: "whole-root", command, last: "ceiling" });
    assert.deepEqual(words(ended), ["exit 3 0", "ceiling processes", "gone"]);
  });

  test("who waits for the witness is ended like everybody", async () => {
    // Each of them does little but ask for what is sent to pid 1.
    const command = "f() { (( $1 )) && f $(($1 - 1)) & while :; do /bin/true; done; }; f 500";
    for (const sandbox of sandboxes) {
      const ended = await said({ sandbox, command, more: [["processes", "60"]] });
      assert.deepEqual(words(ended), ["ceiling processes", "gone"]);
    }
  });

  test("as many as may be are left alone, and one more is not", async () => {
    const command = "for i in {1..20}; do sleep 60 & done; (( $1 )) && wait; kill %{1..20}; wait";
    for (const [processes, waits, end] of [
      ["21", "0", "exit 0 0"],
      ["20", "1", "ceiling processes"],
    ] as const) {
      const more = [
        ["arg", "bash"],
        ["arg", waits],
        ["processes", processes],
      ] as const;
      const ended = await said({ sandbox: "whole-root", command, more });
      assert.deepEqual(words(ended), [end, "gone"]);
    }
  });

  const [major = 0, minor = 0] = release().split(".").map(Number);
  const unheld = major > 5 || (major === 5 && minor >= 14) ? false : "the kernel holds no such limit before 5.14";
  test("own-account has one of the kernel's that its ulimit does not show", { skip: unheld }, async () => {
    const limits = "ulimit -Su; ulimit -Hu";
    const ours = execFileSync("/bin/bash", ["-c", limits], { encoding: "utf8" });
    const command = `${limits}; ${groundOf().many} threads; :`;
    for (const build of groundOf().builds)
      for (const [shown, more] of [
        [ours, []],
        ["4000\n5000\n", [["limit", "nproc:4000:5000"]]],
      ] as const) {
        const ended = await said({ build, sandbox: "own-account", command, more: [["processes", "100"], ...more] });
        // 133 less pid 1, the shell and the one that counts; threads are not counted as processes.
        assert.equal(ended.stdout, `${shown}130\n`);
        assert.deepEqual(words(ended), ["exit 0 0", "gone"]);
      }
  });

  const ungranted = spawnSync("chrt", ["-r", "1", "true"]).status === 0 ? false : "no real-time class is granted here";
  test("pid 1 comes before ordinary processes, and its shell does not", { skip: ungranted }, async () => {
    const scheduling = (pid: number | string): string[] => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return [fields[38] ?? "", fields[16] ?? ""]; // policy and niceness
    };
    let first: readonly string[] = [];
    const ended = await run(
      {
        enter: groundOf().plain.enter,
        atEnd({ init }) {
          first = scheduling(init);
        },
      },
      shellSpec("whole-root", account, "cat /proc/$$/stat"),
    );
    const fields = ended.stdout.replace(/^.*\) /s, "").split(" ");
    assert.deepEqual([fields[38], fields[16]], scheduling("self"));
    assert.equal(first[0], "2"); // SCHED_RR
  });
});
