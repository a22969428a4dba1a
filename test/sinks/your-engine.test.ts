/** The code on the page YOUR-ENGINE.md runs as it stands there, and keeps its promises. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { unframe } from "../../agent/cli/framed.ts";
import { stateDigest } from "../../agent/store/index.ts";
import { agentBehind } from "../status/world.ts";
import { startEngine } from "../support/engine/engine.ts";
import { finding, open, scratch, tell, tellSome } from "./state.ts";
import { delivered, run, sinkOf, until } from "./support.ts";

const page = readFileSync(new URL("../../agent/YOUR-ENGINE.md", import.meta.url), "utf8");
const blocks = new Map(
  [...page.matchAll(/^```\w+ ([\w.]+)\n([\s\S]*?)^```$/gm)].map(([, name = "", text = ""]) => [name, text]),
);

/** The page's code as files in a folder of its own. */
function written(context: TestContext): string {
  const folder = mkdtempSync(`${tmpdir()}/rcwarden-page-`);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of blocks) writeFileSync(`${folder}/${name}`, text);
  return folder;
}

/** The page's own program, killed at the end of the scope. */
function nodeOf(folder: string, what: string, env: Record<string, string>): AsyncDisposable {
  const child = spawn(process.execPath, [`${folder}/engine.mjs`, what], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const closed = once(child, "close");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function shell(file: string, env: Record<string, string>): Promise<string> {
  const path = process.env.PATH ?? "/usr/bin:/bin";
  return (await promisify(execFile)("sh", [file], { env: { PATH: path, ...env } })).stdout;
}

function kept(folder: string): {
  cursor: string | null;
  sources: Record<string, { have: string; state: Record<string, { finding: { status: string }; digest: string }> }>;
} {
  return JSON.parse(readFileSync(`${folder}/engine.json`, "utf8"));
}

function held(folder: string, source: string): string {
  const states = Object.entries(kept(folder).sources[source]?.state ?? {});
  return stateDigestOf(
    states.map(
      ([
        fingerprint,
        {
          finding: { status },
          digest,
        },
      ]) => ({ fingerprint, status, digest }),
    ),
  );
}

/** As the page's own `digest` counts, here by the agent's. */
function stateDigestOf(all: readonly { fingerprint: string; status: string; digest: string }[]): string {
  return stateDigest(
    all.map(({ fingerprint, status, digest }) => {
      const known = finding(1).finding;
      return { digest, finding: { ...known, fingerprint, status: status === "fail" ? "fail" : "unknown" } };
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("the page has its blocks, and says nothing of what does not work yet", () => {
  assert.deepEqual([...blocks.keys()], ["forward.sh", "ready.sh", "framed.sh", "engine.mjs", "pull.sh"]);
  assert.ok(!/releas/i.test(page));
  const lines = (blocks.get("engine.mjs") ?? "").split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 60, `${lines.length} lines`);
});

test("being sent events: it ends in the host's state, also when it is killed on the way", async (context) => {
  const folder = written(context);
  using home = scratch();
  using store = open(home.state);
  tellSome(store, 1, 1_500);
  // For its authority alone; it takes nothing.
  await using reference = await startEngine();
  const own = reference.authority.issue("page", { names: ["DNS:localhost"] });
  const port = await freePort();
  const env = {
    KEEP: `${folder}/engine.json`,
    PORT: String(port),
    CERT: own.certFile,
    KEY: own.keyFile,
    CA: reference.authority.caFile,
  };
  const start = () => nodeOf(folder, "serve", env);
  const first = start();
  const url = `https://localhost:${port}/events`;
  await using ran = run(store, sinkOf(reference, { url, ...reference.client }));
  await until(() => existsSync(`${folder}/engine.json`));
  await first[Symbol.asyncDispose]();
  tell(store, [finding(7)], "finding.resolved");
  tell(store, [finding(8, 1)], "finding.changed");
  await using _second = start();
  await delivered(ran);
  assert.equal(held(folder, ran.source), stateDigest(store.findings()));
  assert.equal(Object.keys(kept(folder).sources[ran.source]?.state ?? {}).length, 1_499);
});

test("fetching events: pages through the socket, with a cursor of its own, by Node and by curl", async (context) => {
  const folder = written(context);
  const behind = await agentBehind(context);
  tellSome(behind.store, 1, 5);
  const env = { KEEP: `${folder}/engine.json`, LOCAL: behind.socket };
  await using _engine = nodeOf(folder, "pull", env);
  const source = behind.view.source;
  const isWhole = () =>
    existsSync(`${folder}/engine.json`) && held(folder, source) === stateDigest(behind.store.findings());
  await until(isWhole);
  tell(behind.store, [finding(3)], "finding.resolved");
  await until(isWhole);

  const first = JSON.parse(await shell(`${folder}/pull.sh`, { LOCAL: behind.socket }));
  assert.equal(first.items.length, behind.store.size.events);
  const rest = await shell(`${folder}/pull.sh`, { LOCAL: behind.socket, AFTER: first.items[1].id });
  assert.equal(JSON.parse(rest).items.length, first.items.length - 2);
});

test("asking before a job by curl", async (context) => {
  const folder = written(context);
  const behind = await agentBehind(context);
  const env = { LOCAL: behind.socket, ACCOUNT: "oracle", ENGINE: "exec-channel" };
  const answer = JSON.parse(await shell(`${folder}/ready.sh`, env));
  assert.equal(answer.verdict, "no-go");
  assert.equal(answer.because.length, 1);
});

test("asking by a command: the frame is found in noise, and a false or missing one is a no-go", async (context) => {
  const folder = written(context);
  const { framed } = await import("../../agent/cli/framed.ts");
  const json = JSON.stringify({ verdict: "go", note: "é" }, null, 2);
  const frame = framed(json);
  assert.equal(unframe(frame).kind, "report");
  const cases: readonly [output: string, verdict: string][] = [
    [`Welcome!\n${frame}bye\n`, "go"],
    [frame.replaceAll("\n", "\r\n"), "go"],
    [frame.replace('"go"', '"gx"'), "no-go"],
    [`${frame}${framed('{"verdict": "go"}')}`, "no-go"],
    [frame.slice(0, frame.indexOf("é")), "no-go"],
    ["", "no-go"],
  ];
  for (const [output, verdict] of cases) {
    writeFileSync(`${folder}/said`, output);
    writeFileSync(
      `${folder}/ssh`,
      `#!/bin/sh\ntest "$*" = "oracle@host rcwarden ready --framed --engine e" && cat ${folder}/said\n`,
    );
    chmodSync(`${folder}/ssh`, 0o755);
    const env = { SSH: `${folder}/ssh`, HOST: "oracle@host", ENGINE: "e" };
    const answer = JSON.parse(await shell(`${folder}/framed.sh`, env));
    assert.equal(answer.verdict, verdict, JSON.stringify(output));
  }
});
