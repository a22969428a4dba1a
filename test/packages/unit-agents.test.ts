/** Agents and the sender under their units, from the package, on a booted host. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { makePackages } from "../../packaging/package/make.ts";
import { type Engine, startEngine } from "../support/engine/engine.ts";
import { dist } from "../support/rcwarden.ts";
import { type BootedHost, bootHost, type End, noBoot } from "./nspawn.ts";

const options = { timeout: 600_000, skip: noBoot };
const setUp = `
  dpkg -i /root/rcwarden.deb
  useradd -m -p '*' -s /bin/bash oracle
  useradd -m -p '*' -s /bin/bash -G rcwarden vera
  useradd -m -p '*' -s /bin/bash nick`;

let scratch = "";
let host: BootedHost;
before(async () => {
  if (noBoot !== false) return;
  scratch = mkdtempSync(join(tmpdir(), "rcw-unit-agents-"));
  const deb = makePackages(dirname(dist), scratch, 1_700_000_000, "none").find(({ file }) => file.endsWith(".deb"));
  assert.ok(deb !== undefined);
  host = await bootHost({ put: { "/root/rcwarden.deb": deb.file }, before: [["sh", "-ec", setUp]] });
});
after(async () => {
  await host?.[Symbol.asyncDispose]();
  if (scratch !== "") rmSync(scratch, { recursive: true, force: true });
});

/** As an account, by a login's environment. */
function as(name: string, ...argv: readonly string[]): Promise<End> {
  const who = ["setpriv", "--reuid", name, "--regid", name, "--init-groups"];
  return host.run([...(name === "root" ? [] : who), ...argv], {
    env: { HOME: name === "root" ? "/root" : `/home/${name}` },
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const { stdout } = await host.run(["journalctl", "--no-pager", "-n", "60"]);
      throw new Error(`expected ${what} within a minute, found ${stdout}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function inOrder(name: string): Promise<void> {
  const { status, stdout } = await as(name, "rcwarden", "doctor");
  assert.match(stdout, /all in order\.\n$/);
  assert.doesNotMatch(stdout, /^ {2}(FAIL|warn)/m);
  assert.equal(status, 0);
}

const hostSocket = "/run/rcwarden/host/agent.sock";
const ownSocket = "/run/rcwarden/oracle/agent.sock";

test("installed, nothing runs, is enabled or listens, and doctor finds all in order", options, async () => {
  const enabled = await host.must(["systemctl", "list-unit-files", "rcwarden*", "--no-legend"]);
  assert.deepEqual(
    enabled
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/).slice(0, 2).join(" "))
      .sort(),
    [
      "rcwarden-sender.socket disabled",
      "rcwarden-sender@.service static",
      "rcwarden.service disabled",
      "rcwarden@.service disabled",
    ],
  );
  assert.equal(await host.must(["systemctl", "list-units", "rcwarden*", "--no-legend"]), "");
  assert.equal(await host.must(["find", "/run/rcwarden", "/var/lib/rcwarden"]), "/run/rcwarden\n/var/lib/rcwarden\n");
  await inOrder("root");
  await inOrder("oracle");
});

test("the unit of one account runs as that account, and account, viewer and root find it", options, async () => {
  await host.must(["systemctl", "enable", "--now", "rcwarden@oracle"]);
  const shown = await host.must(["systemctl", "show", "rcwarden@oracle", "-p", "MainPID", "--value"]);
  assert.equal(await host.must(["stat", "-c", "%U", `/proc/${shown.trim()}`]), "oracle\n");
  assert.equal(await host.must(["stat", "-c", "%U %a", ownSocket]), "oracle 666\n");
  assert.equal(await host.must(["stat", "-c", "%U %a", "/var/lib/rcwarden/oracle"]), "oracle 700\n");
  await until("a first run", async () => (await as("oracle", "rcwarden", "ready")).status === 0);
  const viewer = await as("vera", "rcwarden", "status");
  assert.match(viewer.stderr, /accounts have their own: --socket \/run\/rcwarden\/oracle\/agent\.sock/);
  for (const name of ["vera", "root"])
    assert.match((await as(name, "rcwarden", "status", "--socket", ownSocket)).stdout, /1 watched/);
  const outsider = await as("nick", "rcwarden", "status", "--socket", ownSocket);
  assert.match(JSON.stringify(outsider), /expected owner or viewer or account, found nobody/);
  await inOrder("root");
  await inOrder("oracle");
});

test("by hand the account starts no second one beside that of its unit", options, async () => {
  const { status, stderr } = await as("oracle", "rcwarden", "agent");
  assert.equal(status, 2);
  assert.match(stderr, /\/var\/lib\/rcwarden\/oracle: expected no other agent/);
});

test("under its unit it sees a wrapper that asks, names its line, and takes it back", options, async () => {
  const file = "/home/oracle/.bashrc";
  await host.must(["cp", "-p", file, "/root/before"]);
  await host.must(["sed", "-i", '1i cp() { command cp -i "$@"; }', file]);
  await until("no-go", async () => (await as("oracle", "rcwarden", "ready")).status === 1);
  const { stdout } = await as("oracle", "rcwarden", "status");
  assert.match(stdout, /\.bashrc.*1|\.bashrc:1/);
  await host.must(["cp", "-p", "/root/before", file]);
  await until("go", async () => (await as("oracle", "rcwarden", "ready")).status === 0);
});

test("stopped, its socket is gone and its state stays", options, async () => {
  await host.must(["systemctl", "disable", "--now", "rcwarden@oracle"]);
  assert.equal((await host.run(["test", "-e", "/run/rcwarden/oracle"])).status, 1);
  assert.equal(await host.must(["stat", "-c", "%U %a", "/var/lib/rcwarden/oracle/state.db"]), "oracle 600\n");
});

/** Makes the engine's port one of the host's, which has a network of its own. */
async function reachable(engine: Engine): Promise<AsyncDisposable> {
  const path = join(engine.folder, "relay.sock");
  const outside = createServer((from) => {
    const to = connect(engine.port, "127.0.0.1");
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      one.on("error", () => other.destroy()).pipe(other);
  }).listen(path);
  await once(outside, "listening");
  const script = `require("node:net").createServer((from) => {
    const to = require("node:net").connect(${JSON.stringify(path)});
    for (const [one, other] of [[from, to], [to, from]]) one.on("error", () => other.destroy()).pipe(other);
  }).listen(${engine.port}, "127.0.0.1", () => process.stdout.write("listens"))`;
  const words = ["--pdeathsig", "KILL", "nsenter", "-t", String(host.leader), "-n", process.execPath, "-e", script];
  const within = spawn("/usr/bin/setpriv", words, { stdio: ["ignore", "pipe", "inherit"] });
  await once(within.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      within.kill("SIGKILL");
      await once(within, "close");
      outside.close();
    },
  };
}

/** Running senders: who they are, in which unit, and how many documents of the host they could see the names of. */
async function senders(): Promise<string[]> {
  const script =
    'for pid in $(pgrep -f "[s]ender\\.cjs"); do echo "$(stat -c %U:%G /proc/$pid) $(grep -E "^(CapEff|NoNewPrivs):" /proc/$pid/status | tr -d "\\n\\t") $(sed -n "s/^0::.*\\///p" /proc/$pid/cgroup) $(ls /proc/$pid/root/etc/rcwarden | wc -l)"; done';
  return (await host.must(["sh", "-c", script])).trim().split("\n").filter(Boolean);
}

test(
  "the whole host's unit sends by the sender's own unit where that is enabled, else by a child",
  options,
  async () => {
    await using engine = await startEngine();
    await using _ = await reachable(engine);
    await host.must(["mkdir", "-p", "/etc/rcwarden"]);
    const document = `apiVersion: rcwarden/v1
kind: Agent
metadata: { name: db07 }
spec: { sinks: [{ name: engine, kind: engine, url: "${engine.url}", caFile: /etc/rcwarden/ca.pem }] }
`;
    const ca = readFileSync(engine.authority.caFile, "utf8");
    for (const [file, text] of [
      ["agent.yaml", document],
      ["ca.pem", ca],
    ])
      await host.must(["sh", "-c", 'printf "%s" "$2" >"$1"', "sh", `/etc/rcwarden/${file}`, text ?? ""]);
    await host.must(["systemctl", "enable", "--now", "rcwarden-sender.socket"]);
    assert.equal(await host.must(["stat", "-c", "%U %a", "/run/rcwarden/sender.sock"]), "root 600\n");
    await host.must(["systemctl", "enable", "--now", "rcwarden"]);
    await engine.until(() => engine.arrivals.length > 0);
    const [byUnit, ...others] = await senders();
    assert.deepEqual(others, []);
    assert.match(byUnit ?? "", /^rcwarden:rcwarden-sender CapEff:0{16}NoNewPrivs:1 rcwarden-sender@\S+\.service 0$/);
    const told = await as("root", "rcwarden", "status", "--json");
    assert.match(told.stdout, /"sentBy": ?"rcwarden-sender\.service"/);
    await until("a first run", async () => (await as("root", "rcwarden", "ready", "--account", "root")).status === 0);
    await inOrder("root");

    await host.must(["systemctl", "disable", "--now", "rcwarden-sender.socket"]);
    assert.equal((await host.run(["test", "-e", "/run/rcwarden/sender.sock"])).status, 1);
    await host.must(["systemctl", "restart", "rcwarden"]);
    const before = engine.arrivals.length;
    await engine.until(() => engine.arrivals.length > before);
    const [byChild = ""] = (await senders()).filter((each) => / rcwarden\.service \d+$/.test(each));
    assert.match(byChild, /^rcwarden:rcwarden-sender CapEff:0{16}NoNewPrivs:1 /);
    assert.deepEqual(engine.violations, []);
    assert.equal(await host.must(["stat", "-c", "%U %a", hostSocket]), "root 666\n");
  },
);
