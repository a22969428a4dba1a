/** The built agent's metrics, read by what reads them: promtool, a real node_exporter, a real Prometheus with our rules. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";

const rules = fileURLToPath(new URL("../../packaging/alerts/rcwarden.rules.yml", import.meta.url));
const longestMs = 120_000;

const missing = ["/usr/bin/prometheus", "/usr/bin/promtool", "/usr/bin/prometheus-node-exporter"].filter(
  (path) => !existsSync(path),
);
const skip = missing.length > 0 ? `needs ${missing.join(", ")}` : noAccounts;

/** For anybody to read, as node_exporter's own folder is. */
function folderOf(t: TestContext, ...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-metrics-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  for (const name of names) mkdirSync(join(folder, name), { mode: 0o755 });
  return folder;
}

function agentDocument(metricsFile: string): Readonly<Record<string, string>> {
  const text = `apiVersion: rcwarden/v1\nkind: Agent\nmetadata: { name: db07 }\nspec: { metricsFile: ${metricsFile} }\n`;
  return { "agent.yaml": text };
}

interface Listening extends AsyncDisposable {
  /** `127.0.0.1:PORT`, a port that the kernel chose. */
  readonly address: string;
  said(): string;
}

/** Starts a server of Prometheus' family, which says where it listens; it ends with this process at the latest. */
async function startListening(command: string, ...words: readonly string[]): Promise<Listening> {
  const args = ["--pdeathsig", "KILL", command, ...words, "--web.listen-address=127.0.0.1:0"];
  const child = spawn("/usr/bin/setpriv", args, { cwd: "/", env: {}, stdio: ["ignore", "ignore", "pipe"] });
  const closed = once(child, "close");
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    const address = /msg="Listening on" address=(\S+)/.exec(said)?.[1];
    if (address !== undefined) resolve(address);
  });
  child.on("close", () => reject(new Error(`${command} ended: ${said}`)));
  const deadline = setTimeout(() => reject(new Error(`${command} does not listen: ${said}`)), longestMs);
  const dispose = async () => {
    child.kill("SIGKILL");
    await closed;
  };
  try {
    return { address: await promise, said: () => said, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** The body of a GET. */
function fetched(to: { readonly address: string } | { readonly socketPath: string }, path: string): Promise<string> {
  const where = "address" in to ? { host: "127.0.0.1", port: to.address.split(":")[1] } : to;
  return new Promise((resolve, reject) => {
    const asked = get({ ...where, path, agent: false, headers: { host: "localhost" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve(text));
      answer.on("error", reject);
    });
    asked.on("error", reject);
  });
}

/** Asks again until it holds. */
async function until<Answer>(ask: () => Promise<Answer>, holds: (answer: Answer) => boolean, what: string) {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > deadline) assert.fail(`expected ${what}, found ${JSON.stringify(answer).slice(0, 2_000)}`);
    await pause(100);
  }
}

/** Value by labels that are not those of the scrape, of an instant query. */
async function queried(prometheus: Listening, query: string): Promise<readonly (readonly [string, number])[]> {
  const text = await fetched(prometheus, `/api/v1/query?query=${encodeURIComponent(query)}`);
  const answer: { data: { result: { metric: Record<string, string>; value: [number, string] }[] } } = JSON.parse(text);
  return answer.data.result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])] as const);
}

function checked(text: string): void {
  const { status, stdout, stderr } = spawnSync("/usr/bin/promtool", ["check", "metrics"], {
    ...{ input: text, encoding: "utf8", timeout: 30_000 },
  });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
}

/** Inodes of this process' sockets, and those of all that listen or are connected by IP. */
function socketsByIp(pid: number): string[] {
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
  assert.ok(own.length > 0, "an agent has a socket");
  const tables = ["tcp", "tcp6", "udp", "udp6"].flatMap((name) => {
    const path = `/proc/${pid}/net/${name}`;
    return existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  });
  const byIp = new Set(tables.map((line) => line.trim().split(/\s+/)[9]));
  return own.filter((inode) => byIp.has(inode));
}

/** What the file says, as node_exporter would read it. */
function valueIn(path: string, name: string): string | undefined {
  return new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(readFileSync(path, "utf8"))?.[1];
}

/** Reads the documents anew, and writes the file with that. */
function reloads(agent: TestAgent): void {
  process.kill(agent.pid, "SIGHUP");
}

describe("metrics", { skip }, () => {
  test("from the agent's file through node_exporter to Prometheus, whose rules come", async (t) => {
    const folder = folderOf(t, "textfiles", "prometheus");
    const file = join(folder, "textfiles", "rcwarden.prom");
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": 'cp() { command cp "$@" -i; }\n' } });
    await using agent = await startAgent({ accounts: [account.name], documents: agentDocument(file) });

    const text = await fetched({ socketPath: agent.socket }, "/metrics");
    checked(text);
    assert.match(text, /^rcwarden_findings\{severity="critical",status="fail",agent="host"\} [1-9]/m);
    assert.match(text, new RegExp(`^rcwarden_account_failing\\{account="${account.name}",agent="host"\\} [1-9]`, "m"));
    assert.match(text, /^rcwarden_run_duration_seconds_count\{agent="host"\} [1-9]/m);
    assert.deepEqual(socketsByIp(agent.pid), [], "rcwarden opens no port");

    reloads(agent);
    await until(
      async () => valueIn(file, "rcwarden_ready"),
      (ready) => ready === "1",
      "a file of an agent that is ready",
    );
    checked(readFileSync(file, "utf8"));
    // Another agent of this host, with a file of its own beside this one.
    const another = readFileSync(file, "utf8").replaceAll('agent="host"', 'agent="postgres"');
    writeFileSync(join(folder, "textfiles", "postgres.prom"), another);
    await using exporter = await startListening(
      "/usr/bin/prometheus-node-exporter",
      "--collector.disable-defaults",
      "--collector.textfile",
      `--collector.textfile.directory=${join(folder, "textfiles")}`,
    );
    const exported = await fetched(exporter, "/metrics");
    assert.match(exported, /^node_textfile_scrape_error 0$/m, exporter.said());
    assert.match(exported, /^rcwarden_up\{agent="host"\} 1$/m);
    // Its own, which ours must not meet.
    assert.match(exported, /^process_resident_memory_bytes /m);

    const config = join(folder, "prometheus", "prometheus.yml");
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${rules}]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["${exporter.address}"] }]
`,
    );
    await using prometheus = await startListening(
      "/usr/bin/prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "prometheus", "data")}`,
    );
    await until(
      () => fetched(prometheus, "/-/ready"),
      (said) => said.includes("is Ready"),
      "Prometheus to be ready",
    );
    const ask = (query: string) => () => queried(prometheus, query);
    const one = (rows: readonly (readonly [string, number])[]) => rows.length === 1 && (rows[0]?.[1] ?? 0) >= 1;
    await until(ask('rcwarden_findings{severity="critical",status="fail",agent="host"}'), one, "the finding");
    await until(ask('rcwarden_run_duration_seconds_bucket{le="+Inf",agent="host"}'), one, "the histogram");
    await until(ask('ALERTS{alertname="RcwardenEngineHarmed",agent="host"}'), one, "the alert");
    await until(ask('ALERTS{alertname="RcwardenDeadMansSwitch",alertstate="firing"}'), one, "the dead man's switch");
    const [, count = 0] = (await queried(prometheus, 'count({__name__=~"rcwarden_.+",agent="host"})'))[0] ?? [];
    t.diagnostic(`${count} series`);
    assert.ok(count > 80 && count < 200, `${count} series`);
    const { data }: { data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } } =
      JSON.parse(
        await until(
          () => fetched(prometheus, "/api/v1/rules"),
          (said) => !said.includes('"unknown"'),
          "each rule to be tried",
        ),
      );
    const tried = data.groups.flatMap((group) => group.rules);
    assert.ok(tried.length > 20);
    assert.deepEqual(
      tried.filter(({ health }) => health !== "ok"),
      [],
    );

    assert.equal(await agent.end("SIGTERM"), 0, agent.stderr());
    assert.equal(valueIn(file, "rcwarden_up"), "0");
    assert.equal(valueIn(file, "rcwarden_findings"), undefined);
    const stopped = (rows: readonly (readonly [string, number])[]) => rows.length === 1 && rows[0]?.[1] === 0;
    await until(ask('rcwarden_up{agent="host"}'), stopped, "the agent to be stopped");
    await until(
      ask('rcwarden_findings{agent="host"}'),
      (rows) => rows.length === 0,
      "no findings of an agent that is stopped",
    );
  });

  test("an agent that is killed leaves a file that grows old; the next one goes on with it", async (t) => {
    const folder = folderOf(t, "textfiles");
    const file = join(folder, "textfiles", "rcwarden.prom");
    await using account = await makeAccount({ home: "empty" });
    await using first = await startAgent({ accounts: [account.name], documents: agentDocument(file) });
    await until(async () => existsSync(file), Boolean, "a file");
    await first.end("SIGKILL");
    const left = Number(valueIn(file, "rcwarden_updated_timestamp_seconds"));
    assert.equal(valueIn(file, "rcwarden_up"), "1");
    assert.ok(left > 1_600_000_000 && left <= Date.now() / 1000);
    await using _ = await startAgent({ accounts: [account.name], folder: first.folder });
    const updated = async () => Number(valueIn(file, "rcwarden_updated_timestamp_seconds"));
    await until(updated, (at) => at > left, "the file to be written anew");
  });

  test("a folder that others may write is refused: status says so, and nothing is written there", async (t) => {
    const folder = folderOf(t, "open");
    chmodSync(join(folder, "open"), 0o777);
    await using account = await makeAccount({ home: "empty" });
    await using agent = await startAgent({
      accounts: [account.name],
      documents: agentDocument(join(folder, "open", "rcwarden.prom")),
    });
    const { json } = await agent.ask("/v1/status");
    const expected = `${folder}/open: expected a folder that only root may write, found uid 0 and mode 777; name another one for metricsFile, or mend this one`;
    assert.deepEqual(json.documents.problems, [expected]);
    assert.deepEqual(readdirSync(join(folder, "open")), []);
    chmodSync(join(folder, "open"), 0o755);
    reloads(agent);
    await until(async () => existsSync(join(folder, "open", "rcwarden.prom")), Boolean, "a file");
    const well = (now: { documents: { problems: string[] } }) => now.documents.problems.length === 0;
    await agent.until("/v1/status", well, "no problem any more");
  });
});
