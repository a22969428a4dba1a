/** The code on the page YOUR-ENGINE.md runs as it stands there, and keeps its promises. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { parseManifest } from "../../agent/cli/cleanup/manifest.ts";
import { unframe } from "../../agent/cli/framed.ts";
import { type EventDraft, parseRelease, releaseAnswers, stateDigest } from "../../agent/store/index.ts";
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
  answered: Record<string, string>;
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

test("the page has its blocks, and its engine no more than sixty lines", () => {
  const scripts = ["forward.sh", "ready.sh", "framed.sh", "pull.sh", "post.sh", "release.sh"];
  assert.deepEqual([...blocks.keys()].sort(), [...scripts, "engine.mjs"].sort());
  const lines = (blocks.get("engine.mjs") ?? "").split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 60, `${lines.length} lines`);
});

test("the releases that the page shows are releases, and each answer that there is stands in its table", () => {
  const [, shown = ""] = /^```json\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const lines = shown.trim().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines) {
    const parsed = parseRelease(JSON.parse(line.replace("<64 hex digits>", "ab".repeat(32))), "release");
    assert.equal(parsed.kind, "asked", parsed.kind === "wrong" ? parsed.message : "");
  }
  for (const answer of releaseAnswers) assert.ok(page.includes(`| \`${answer}\` |`), answer);
});

const stored = ["a.arc", "sub/b.arc"].map((path) => ({
  ...{ retention: "oracle-staging", path, size: 7, sha256: "ab".repeat(32) },
}));

function answered(path: string, answer: string): EventDraft {
  const answers = [{ path, size: "7", sha256: "ab".repeat(32), answer }];
  const data = { retention: "oracle-staging", account: "oracle", by: { kind: "engine", name: "engine" }, answers };
  return { type: "release.answered", subject: "oracle-staging", account: "oracle", data };
}

test("releasing by the answer to a batch: what is stored, until the host answers it", async (context) => {
  const folder = written(context);
  using home = scratch();
  using store = open(home.state);
  tellSome(store, 1, 1);
  await using reference = await startEngine();
  const own = reference.authority.issue("page", { names: ["DNS:localhost"] });
  const port = await freePort();
  writeFileSync(`${folder}/stored.json`, JSON.stringify(stored));
  const files = { KEEP: `${folder}/engine.json`, STORED: `${folder}/stored.json` };
  const proofs = { CERT: own.certFile, KEY: own.keyFile, CA: reference.authority.caFile };
  await using _engine = nodeOf(folder, "serve", { ...files, PORT: String(port), ...proofs });
  const released: string[] = [];
  const url = `https://localhost:${port}/events`;
  await using ran = run(store, sinkOf(reference, { url, ...reference.client }), {
    released(sink, asked) {
      const names = asked.map(({ path }) => Buffer.from(path.join("2f"), "hex").toString());
      released.push(`${sink} ${names.join(" ")}`);
      return { kind: "released", answers: asked.map(() => ({ answer: "accepted", message: "" })) };
    },
  });
  await delivered(ran);
  assert.equal(released[0], "engine a.arc sub/b.arc");
  assert.equal(ran.sink.state().note, undefined);
  for (const [path, left] of [
    ["sub/b.arc", "engine a.arc"],
    ["a.arc", null],
  ] as const) {
    store.commit({ nowMs: Date.now(), events: [answered(path, "accepted")] });
    await delivered(ran);
    const before = released.length;
    tellSome(store, 2, 2);
    await delivered(ran);
    assert.deepEqual(released.slice(before), left === null ? [] : [left]);
  }
});

test("releasing through the forwarded socket, by Node and by curl", async (context) => {
  const folder = written(context);
  const behind = await agentBehind(context);
  writeFileSync(`${folder}/stored.json`, JSON.stringify(stored));
  writeFileSync(`${folder}/releases.json`, JSON.stringify({ releases: stored }));
  const said = await shell(`${folder}/post.sh`, { LOCAL: behind.socket, RELEASES: `${folder}/releases.json` });
  const accepted = { answer: "accepted", message: "" };
  assert.deepEqual(JSON.parse(said), { answers: [accepted, accepted] });
  const asking = "release account oracle oracle-staging oracle-staging";
  assert.deepEqual(behind.asked.splice(0), [asking]);
  const { release } = behind.view;
  Object.assign(behind.view, {
    // As the agent does it: each is answered by an event, too.
    release(...released: Parameters<typeof release>) {
      behind.store.commit({ nowMs: Date.now(), events: stored.map(({ path }) => answered(path, "accepted")) });
      return release(...released);
    },
  });
  const env = { KEEP: `${folder}/engine.json`, LOCAL: behind.socket, STORED: `${folder}/stored.json` };
  await using _engine = nodeOf(folder, "pull", env);
  const answers = () => (existsSync(env.KEEP) ? kept(folder).answered : {});
  await until(() => Object.keys(answers()).length === 2);
  assert.deepEqual(behind.asked, [asking], "what is answered is not posted again");
  assert.deepEqual(answers(), { "oracle-staging a.arc": "accepted", "oracle-staging sub/b.arc": "accepted" });
  behind.store.commit({ nowMs: Date.now(), events: [answered("a.arc", "removed")] });
  await until(() => answers()["oracle-staging a.arc"] === "removed");
});

test("releasing by a command: the manifest goes in by stdin, and no word of it is for a shell", async (context) => {
  const folder = written(context);
  const manifest = stored.map((each) => `${JSON.stringify(each)}\n`).join("");
  writeFileSync(`${folder}/manifest`, manifest);
  const wanted = "oracle@host rcwarden cleanup release --retention oracle-staging --manifest -";
  writeFileSync(`${folder}/ssh`, `#!/bin/sh\ntest "$*" = "${wanted}" && cat > ${folder}/came\n`);
  chmodSync(`${folder}/ssh`, 0o755);
  const about = { RETENTION: "oracle-staging", MANIFEST: `${folder}/manifest` };
  await shell(`${folder}/release.sh`, { SSH: `${folder}/ssh`, HOST: "oracle@host", ...about });
  assert.equal(readFileSync(`${folder}/came`, "utf8"), manifest);
  assert.equal(parseManifest(manifest, "-", "oracle-staging").kind, "releases");
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
