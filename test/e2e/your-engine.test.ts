/** The page for those who build an engine: its blocks are taken from it and run, against an agent and a real sshd. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { makeAuthority } from "../support/engine/authority.ts";
import { dist } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const page = readFileSync(fileURLToPath(new URL("../../agent/YOUR-ENGINE.md", import.meta.url)), "utf8");
const blocks = new Map(
  Array.from(page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm), ([, name = "", text = ""]) => [name, text]),
);

function block(name: string): string {
  const text = blocks.get(name);
  assert.ok(text, `the page has no block ${name}`);
  return text;
}

/** A folder with the page's blocks as files. */
function unpacked(): { readonly folder: string; readonly [Symbol.dispose]: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "rcw-page-"));
  for (const [name, text] of blocks) writeFileSync(join(folder, name), text, { mode: 0o755 });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function surroundings(sshd: TestSshd, account: string, agent: TestAgent, folder: string): NodeJS.ProcessEnv {
  const key = sshd.keyFor(account);
  const options = [
    ...["-F", "none", "-i", key, "-p", String(sshd.port), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"],
    ...["-o", `UserKnownHostsFile=${sshd.folder}/known_hosts`, "-o", "HostKeyAlias=rcwarden-test"],
    ...["-o", "GlobalKnownHostsFile=none", "-o", "LogLevel=ERROR"],
  ];
  return {
    PATH: "/usr/bin:/bin",
    HOME: folder,
    SSH: `ssh ${options.join(" ")}`,
    HOST: `${account}@127.0.0.1`,
    ACCOUNT: account,
    ENGINE: "exec-channel",
    AGENT: agent.socket,
    LOCAL: join(folder, "agent.sock"),
    KEEP: join(folder, "engine.json"),
  };
}

const run = promisify(execFile);

/** Runs a block until what it prints is JSON that holds. */
async function says<T>(script: string, env: NodeJS.ProcessEnv, holds: (json: T) => boolean): Promise<T> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const { stdout } = await run("sh", [script], { env }).catch((error: { stdout?: string }) => ({
      stdout: error.stdout ?? "",
    }));
    const json = stdout.startsWith("{") ? JSON.parse(stdout) : null;
    if (json !== null && holds(json)) return json;
    if (performance.now() > deadline) throw new Error(`${script}: found ${stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function mortal(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  return spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", file, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("your engine in an afternoon", { skip: noAccounts || noSshd }, () => {
  test("it is sixty lines", () => {
    const lines = block("engine.mjs")
      .split("\n")
      .filter((line) => line.trim() !== "");
    assert.ok(lines.length <= 60, `engine.mjs has ${lines.length} lines`);
  });

  test("before a job: a forwarded socket, a frame; then events, by curl and by Node", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    await using sshd = await startSshd({ config: `SetEnv PATH=${dist}:/usr/bin:/bin` });
    using place = unpacked();
    const env = surroundings(sshd, account.name, agent, place.folder);
    const forwarding = mortal("/bin/sh", [join(place.folder, "forward.sh")], env);
    const pulling: ReturnType<typeof mortal>[] = [];
    try {
      const ready = join(place.folder, "ready.sh");
      await says<{ verdict: string }>(ready, env, ({ verdict }) => verdict === "go");
      const framed = await says<{ verdict: string }>(join(place.folder, "framed.sh"), env, () => true);
      assert.equal(framed.verdict, "go");

      const engine = mortal(process.execPath, [join(place.folder, "engine.mjs"), "pull"], env);
      pulling.push(engine);
      let told = "";
      engine.stdout.setEncoding("utf8").on("data", (text: string) => {
        told += text;
      });
      account.write(".bashrc", 'cp() { command cp "$@" -i; }\nexit 0\n');
      await says<{ verdict: string }>(ready, env, ({ verdict }) => verdict === "no-go");
      const silent = await says<{ verdict: string }>(join(place.folder, "framed.sh"), env, () => true);
      assert.equal(silent.verdict, "no-go");
      while (!told.includes("finding.opened")) await once(engine.stdout, "data");
      const page = await says<{ items: { type: string }[] }>(join(place.folder, "pull.sh"), env, () => true);
      assert.ok(page.items.some(({ type }) => type === "dev.rcwarden.finding.opened"));
      const kept = JSON.parse(readFileSync(String(env.KEEP), "utf8"));
      const [source] = Object.values<{ state: Record<string, { finding: { account: string } }> }>(kept.sources);
      const found = Object.values(source?.state ?? {});
      assert.ok(found.length > 0);
      assert.ok(found.every(({ finding }) => finding.account === account.name));
    } finally {
      for (const child of [forwarding, ...pulling]) child.kill("SIGKILL");
    }
  });

  test("or it is sent them: the page's engine receives what the page's sink sends", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "# nothing\n" } });
    using place = unpacked();
    const authority = makeAuthority(place.folder);
    const engine = authority.issue("engine", { names: ["DNS:localhost"] });
    const host = authority.issue("host", {});
    const port = await freePort();
    const env = {
      PATH: "/usr/bin:/bin",
      KEEP: join(place.folder, "engine.json"),
      PORT: String(port),
      CERT: engine.certFile,
      KEY: engine.keyFile,
      CA: authority.caFile,
    };
    const serving = mortal(process.execPath, [join(place.folder, "engine.mjs"), "serve"], env);
    try {
      const sink = page
        .split("```yaml\n")[1]
        ?.split("```")[0]
        ?.replace("engine.example:8443", `localhost:${port}`)
        .replace("engine.crt", host.certFile)
        .replace("engine.key", host.keyFile)
        .replace("ca.pem", authority.caFile);
      await using agent = await startAgent({ accounts: [account.name], documents: { "agent.yaml": sink ?? "" } });
      account.write(".bashrc", 'cp() { command cp "$@" -i; }\n');
      let told = "";
      serving.stdout.setEncoding("utf8").on("data", (text: string) => {
        told += text;
      });
      while (!told.includes("finding.opened")) await once(serving.stdout, "data");
      const kept = JSON.parse(readFileSync(env.KEEP, "utf8"));
      const source = `rcwarden://${(await agent.ask("/v1/status")).json.host.id}/host`;
      assert.deepEqual(Object.keys(kept.sources), [source]);
    } finally {
      serving.kill("SIGKILL");
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
