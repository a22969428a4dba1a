// What a hostile account could reach through the launcher's children: the caller's terminal and keys, the host's cgroups,
// memory that no process owns, sockets below read-only mounts, file servers of other users.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, netstrings, ready, run, type Spec, start } from "./drive.ts";
import { type Account, type Build, groundOf, makeAccount, rootAccount, shellSpec, skip } from "./ground.ts";

const reachSource = join(import.meta.dirname, "reach.c");

describe("out of reach", { skip }, () => {
  let account: Account;
  let plain: Build;
  let program = "";
  before(() => {
    plain = groundOf().plain;
    account = makeAccount();
    program = join(groundOf().folder, "reach");
    execFileSync("cc", ["-O1", "-w", "-pthread", reachSource, "-o", program]);
  });
  after(() => account.remove());

  const reach = (who: Account, tries: readonly string[], more: Spec = [], prefix: readonly string[] = []) =>
    run({ enter: plain.enter, before: prefix }, shellSpec("whole-root", who, [program, ...tries].join(" "), more));
  const answers = ({ stdout }: Ended) => stdout.trim().split("\n");

  test("a reader is in a session of its own and has none of the caller's keys", async () => {
    const spec: Spec = [
      ["sandbox", "none"],
      ["parent", String(process.pid)],
      ["uid", String(account.uid)],
      ["gid", String(account.gid)],
      ...account.groups.map((group) => ["group", String(group)] as const),
      ["program", "/usr/bin/keyctl"],
      ["arg", "keyctl"],
      ["arg", "id"],
      ["arg", "@s"],
    ];
    const launcher = start({ enter: plain.enter, stdio: ["ignore", "pipe", "pipe"] }, netstrings(spec));
    const { init } = await ready(launcher);
    const [, , , session, terminal] = (readFileSync(`/proc/${init}/stat`, "latin1").split(") ")[1] ?? "").split(" ");
    assert.deepEqual({ session, terminal }, { session: String(init), terminal: "0" });
    let said = "";
    launcher.child.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    launcher.control.write("g");
    assert.equal(await launcher.over, 0, launcher.complaint());
    const own = execFileSync("/usr/bin/keyctl", ["id", "@s"], { encoding: "utf8" });
    assert.match(said, /^\d+\n$/);
    assert.notEqual(said, own);
  });

  test("the agent that it starts has none of the caller's keys either", () => {
    const id = (...words: readonly string[]) => execFileSync(words[0] ?? "", words.slice(1), { encoding: "utf8" });
    const apart = id(plain.enter, "/usr/bin/keyctl", "id", "@s");
    assert.match(apart, /^\d+\n$/);
    assert.notEqual(apart, id("/usr/bin/keyctl", "id", "@s"));
  });

  for (const witness of ["1", "0"]) {
    test(`what reaches beyond the sandbox is refused, root's own files included, witness=${witness}`, async () => {
      const hosts = ["shmall", "sem", "msgmni"].map((name) => `/proc/sys/kernel/${name}`);
      const earlier = hosts.map((path) => readFileSync(path, "latin1"));
      const root = rootAccount(`reach-root-${witness}`);
      try {
        for (const who of [account, root]) {
          const tries = ["shm", "sem", "vsock", "uring", "userfault", "keyring", "namespace", "cgroup", "fsopen"];
          const ended = await reach(who, tries, [["witness", witness]]);
          assert.deepEqual(answers(ended), [
            "shm: ENOSPC",
            "sem: EINVAL",
            "vsock: EAFNOSUPPORT",
            "uring: ENOSYS",
            "userfault: EPERM",
            "keyring: ENOSYS",
            "namespace: done",
            "cgroup: EPERM",
            "fsopen: EPERM",
          ]);
          const noted = ended.lines.filter(([kind, what]) => kind === "note" && what === "mount");
          assert.equal(noted.length, witness === "1" ? 2 : 0, JSON.stringify(ended.lines));
        }
      } finally {
        root.remove();
      }
      assert.deepEqual(
        hosts.map((path) => readFileSync(path, "latin1")),
        earlier,
      );
    });
  }

  test("threads without end are stopped like processes without end", async () => {
    const launcher = start({ enter: plain.enter }, netstrings(shellSpec("whole-root", account, `${program} threads`)));
    const { init } = await ready(launcher);
    launcher.control.write("g");
    assert.deepEqual(await launcher.until("ceiling"), ["ceiling", "processes"]);
    process.kill(init, "SIGKILL");
    await launcher.over;
  });

  test("no core goes to a program of the host's, and to wish for one is no mistake", async () => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "latin1");
    for (const witness of ["1", "0"]) {
      const ended = await reach(
        account,
        ["core"],
        [
          ["witness", witness],
          ["limit", "core:0:unlimited"],
        ],
      );
      assert.deepEqual(answers(ended), ["core: done", /^[|@]/.test(pattern) ? "core is 1" : "core is -1"]);
    }
  });

  test("nobody listens to a socket below a read-only mount", async () => {
    const folder = join(groundOf().folder, "served");
    mkdirSync(folder);
    const server = createServer((client) => client.destroy());
    server.listen(join(folder, "socket"));
    await once(server, "listening");
    try {
      chmodSync(join(folder, "socket"), 0o777);
      const bind = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
      const ended = await reach(account, [`connect=${folder}/socket`], [], ["unshare", "-m", "sh", "-c", bind, folder]);
      assert.deepEqual(answers(ended), ["connect: ECONNREFUSED"]);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  test("a file system that another user serves is left out, so that nobody waits for him", async () => {
    const folder = join(account.home, "served");
    mkdirSync(folder);
    chownSync(folder, account.uid, account.gid);
    const prefix = [groundOf().deadMount, `${folder}@${account.uid}`];
    const ended = await run(
      { enter: plain.enter, before: prefix },
      shellSpec("whole-root", account, `ls ${folder}; pwd`),
    );
    assert.equal(ended.stdout, `${account.home}\n`);
    const atHome = [groundOf().deadMount, `${account.home}@${account.uid}`];
    const refused = await run({ enter: plain.enter, before: atHome }, shellSpec("whole-root", account, "pwd"));
    assert.deepEqual(refused.lines.at(-1), ["fail", "home", "on-a-mount-left-out", account.home]);
  });
});
