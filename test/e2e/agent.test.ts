/** The built agent, as its users run it: it finds what changes, tells it once, and stops when it is told to. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";

interface Found {
  readonly items: readonly {
    readonly account: string;
    readonly subject: string;
    readonly status: string;
    readonly where: { readonly file: string; readonly line: number } | null;
  }[];
}

const wrapper = 'cp() { command cp "$@" -i; }\n';
const waits = (found: Found, account: string) =>
  found.items.some((item) => item.account === account && item.status === "fail" && item.subject.startsWith("cp -f"));

async function events(agent: TestAgent) {
  const { json } = await agent.ask("/v1/events");
  const items: { type: string; subject: string; data: Record<string, unknown> }[] = json.items;
  return items;
}

describe("an agent", { skip: noAccounts }, () => {
  test("sees a line that was added, names it, and sees it go; each is told once", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    const none = await agent.ask("/v1/findings");
    assert.deepEqual(none.json.items, []);
    const go = await agent.ask(`/v1/accounts/${account.name}`);
    assert.equal(go.json.verdict, "go", JSON.stringify(go.json));

    account.write(".bashrc", `# nothing\n${wrapper}`);
    const found = await agent.until<Found>("/v1/findings", (json) => waits(json, account.name), "cp -f to wait");
    const guilty = found.items.find(({ subject }) => subject.startsWith("cp -f"));
    assert.equal(guilty?.where?.file, `${account.home}/.bashrc`);
    assert.equal(guilty?.where?.line, 2);
    const no = await agent.until<{ verdict: string }>(
      `/v1/accounts/${account.name}`,
      ({ verdict }) => verdict !== "unknown",
      "a verdict",
    );
    assert.equal(no.verdict, "no-go");

    account.write(".bashrc", "# nothing\n");
    await agent.until<Found>("/v1/findings", ({ items }) => items.length === 0, "nothing to be found");
    const told = (await events(agent)).filter(({ type }) => type.startsWith("dev.rcwarden.finding."));
    const ofCp = told.filter(({ data }) => (data.finding as { subject: string }).subject.startsWith("cp -f {file}"));
    assert.deepEqual(
      ofCp.map(({ type, data }) => `${type} ${data.because} ${data.how ?? ""}`.trim()),
      ["dev.rcwarden.finding.opened host", "dev.rcwarden.finding.resolved host pass"],
    );
  });

  test("sees a file that did not exist, an editor that renames, and a file that is included", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": ". ~/.more/aliases\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    const path = account.write(".more/aliases", "# not yet\n");
    account.write(".more/aliases.new", wrapper);
    renameSync(`${account.home}/.more/aliases.new`, path);
    const found = await agent.until<Found>("/v1/findings", (json) => waits(json, account.name), "cp -f to wait");
    const guilty = found.items.find(({ subject }) => subject.startsWith("cp -f"));
    assert.equal(guilty?.where?.file, path);
  });

  test("stops within five seconds of SIGTERM, flushed, and goes on where it was", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": `${wrapper}` } });
    await using first = await startAgent({ accounts: [account.name] });
    const before = (await first.ask("/v1/findings")).json;
    const started = performance.now();
    assert.equal(await first.end("SIGTERM"), 0, first.stderr());
    assert.ok(performance.now() - started < 5_000);
    await using second = await startAgent({ accounts: [account.name], folder: first.folder });
    const keys = (found: Found) => found.items.map(({ subject, status }) => `${subject} ${status}`).sort();
    assert.deepEqual(keys((await second.ask("/v1/findings")).json), keys(before));
    const types = (await events(second)).map(({ type }) => type.replace("dev.rcwarden.", ""));
    assert.equal(types.filter((type) => type === "agent.stopped").length, 1);
    assert.equal(types.filter((type) => type === "agent.started").length, 2);
    const subjects = (await events(second))
      .filter(({ type }) => type.endsWith("finding.opened"))
      .map(({ subject }) => subject);
    assert.equal(new Set(subjects).size, subjects.length, "a finding was opened twice");
  });

  test("a second agent on the same state, or on the same socket, does not start", async () => {
    await using account = await makeAccount({ home: "empty" });
    await using agent = await startAgent({ accounts: [account.name] });
    await using other = await startAgent({ accounts: [account.name], folder: agent.folder, waitFor: "nothing" });
    const [status] = await new Promise<unknown[]>((resolve) => {
      other.child.once("close", (...end) => resolve(end));
    });
    assert.equal(status, 2);
    assert.match(
      other.stderr(),
      new RegExp(`expected no other agent, found .*${agent.pid}.*; stop it, or use --state`),
    );
    assert.equal((await agent.ask("/healthz")).status, 200);
  });

  test("SIGHUP takes documents; refused ones change nothing, and status says so", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": `${wrapper}` } });
    await using agent = await startAgent({ accounts: [account.name] });
    writeFileSync(`${agent.config}/broken.yaml`, "kind: Agent\nspec: [\n");
    process.kill(agent.pid, "SIGHUP");
    interface Status {
      readonly documents: { readonly problems: readonly string[]; readonly grant: string };
    }
    const status = await agent.until<Status>(
      "/v1/status",
      ({ documents }) => documents.problems.length > 0,
      "problems of documents",
    );
    assert.match(status.documents.problems[0] ?? "", /broken\.yaml:/);
    writeFileSync(
      `${agent.config}/broken.yaml`,
      "apiVersion: rcwarden/v1\nkind: Exception\nmetadata: { name: copy }\nspec:\n" +
        `  finding: { policy: unattended-ssh, rule: commands-do-what-they-say, account: ${account.name}, mode: ssh-command, subject: "cp -f {file} {existing}" }\n` +
        `  reason: known\n  until: ${new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)}\n`,
    );
    interface Waived {
      readonly items: readonly { readonly subject: string; readonly waived?: { readonly exception: string } }[];
    }
    await agent.until<Waived>(
      "/v1/findings",
      ({ items }) => items.some(({ waived }) => waived?.exception === "copy"),
      "a waived finding",
    );
    const verdict = await agent.until<{ verdict: string; waived: unknown[] }>(
      `/v1/accounts/${account.name}`,
      (json) => json.verdict === "go",
      "go, for it is waived",
    );
    assert.equal(verdict.waived.length, 1);
  });

  test("nothing of who started it has an effect: NODE_OPTIONS, CHOKIDAR_*, SIGUSR1", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    const env = {
      NODE_OPTIONS: "--inspect=0 --require=/nonexistent.js",
      CHOKIDAR_USEPOLLING: "1",
      CHOKIDAR_INTERVAL: "100000",
      RCWARDEN_X: "1",
    };
    await using agent = await startAgent({ accounts: [account.name], env });
    process.kill(agent.pid, "SIGUSR1");
    account.write(".bashrc", wrapper);
    await agent.until<Found>("/v1/findings", (json) => waits(json, account.name), "cp -f to wait");
    const listening = execFileSync("ss", ["-Hltnp"], { encoding: "utf8" });
    assert.ok(!listening.includes(`pid=${agent.pid},`), listening);
    assert.doesNotMatch(agent.stderr(), /Debugger listening/);
  });

  test("a service manager is told READY when it answers, and STOPPING", async () => {
    await using account = await makeAccount({ home: "empty" });
    const listener = `/run/rcw-notify-${process.pid}.sock`;
    const script = `import socket,sys,os
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(sys.argv[1]);print("bound",flush=True)
while True: print(s.recv(4096).decode().replace("\\n"," "),flush=True)`;
    const { spawn } = await import("node:child_process");
    const receiver = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", "/usr/bin/python3", "-c", script, listener], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    const heard = (word: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (told.includes(word)) resolve();
          else receiver.stdout.once("data", () => setImmediate(look));
        };
        look();
      });
    receiver.stdout.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    try {
      await heard("bound");
      await using agent = await startAgent({
        accounts: [account.name],
        env: { NOTIFY_SOCKET: listener, WATCHDOG_USEC: "200000" },
        waitFor: "nothing",
      });
      await heard("READY=1");
      assert.equal((await agent.ask("/healthz")).status, 200);
      await heard("WATCHDOG=1");
      await heard("STATUS=");
      assert.equal(await agent.end("SIGTERM"), 0);
      await heard("STOPPING=1");
    } finally {
      receiver.kill("SIGKILL");
      execFileSync("rm", ["-f", listener]);
    }
  });

  test("an account without root watches itself, by its own agent", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    const folder = execFileSync("mktemp", ["-d", "/run/rcw-own-XXXXXX"], { encoding: "utf8" }).trim();
    execFileSync("chown", [`${account.uid}:${account.gid}`, folder]);
    try {
      const as = ["/usr/bin/setpriv", "--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--init-groups"];
      await using agent = await startAgent({ as, folder, env: { HOME: account.home } });
      const status = await agent.ask("/v1/status");
      assert.equal(status.json.instance, account.name);
      assert.deepEqual(
        status.json.accounts.map(({ name }: { name: string }) => name),
        [account.name],
      );
      appendFileSync(`${account.home}/.bashrc`, wrapper);
      await agent.until<Found>("/v1/findings", (json) => waits(json, account.name), "cp -f to wait");
    } finally {
      execFileSync("rm", ["-rf", folder]);
    }
  });

  test("a file rewritten without pause costs little, and its last state is what counts", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    const ticks = () => {
      const fields = readFileSync(`/proc/${agent.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    const before = ticks();
    const started = performance.now();
    for (let at = 0; at < 5_000; at++) {
      writeFileSync(`${account.home}/.bashrc`, `# ${at}\n`);
      if (at % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    writeFileSync(`${account.home}/.bashrc`, wrapper);
    const seconds = (performance.now() - started) / 1000;
    const share = (ticks() - before) / 100 / seconds;
    await agent.until<Found>("/v1/findings", (json) => waits(json, account.name), "cp -f to wait");
    assert.ok(share < 0.5, `the agent itself took ${(share * 100).toFixed(0)} % of a core`);
  });

  test("a socket that somebody holds open, or floods, keeps nobody else from an answer", async () => {
    await using account = await makeAccount({ home: "empty" });
    await using agent = await startAgent({ accounts: [account.name] });
    const script = `import socket,sys
held=[]
for _ in range(200):
  s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);held.append(s)
print("held",flush=True);sys.stdin.read()`;
    const as = ["--pdeathsig", "KILL", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const { spawn } = await import("node:child_process");
    const flood = spawn("/usr/bin/setpriv", [...as, "/usr/bin/python3", "-c", script, agent.socket], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      await new Promise((resolve, reject) => {
        flood.stdout.once("data", resolve);
        flood.once("close", () => reject(new Error("the flood ended before it held anything")));
      });
      assert.equal((await agent.ask("/healthz")).status, 200);
      assert.equal((await agent.ask("/v1/status")).status, 200);
    } finally {
      flood.kill("SIGKILL");
    }
  });
});
