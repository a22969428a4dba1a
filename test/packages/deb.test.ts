/** The .deb through its life on a booted Debian: installed, enabled, upgraded, not downgraded, removed, purged. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { asVersion, type Packages, packages } from "./made.ts";
import { type BootedHost, bootHost, type End, noBoot } from "./nspawn.ts";

const options = { timeout: 300_000, skip: noBoot };
const newer = "99.0.0";
const newest = "99.0.1";

const policy = `apiVersion: rcwarden/v1
kind: Policy
metadata: { name: hosts }
spec:
  accounts: [oracle]
  engines: [exec-channel]
  includes: [unattended-ssh]
  rules: []
---
apiVersion: rcwarden/v1
kind: Retention
metadata: { name: staging }
spec:
  account: oracle
  root: /srv/engine/staging
  match: ["*.arc"]
  after: release
  releasedBy: [account]
  apply: by-hand
  mayEmpty: true
`;
const grant = `apiVersion: rcwarden/v1
kind: Grant
metadata: { name: host }
spec:
  measure: { accounts: [oracle, tina], how: running }
  local: lines
  remove: [{ account: oracle, below: /srv/engine, apply: by-hand }]
`;

let made: Packages;
let host: BootedHost;
/** Every path of the host before the package came. */
let untouched: ReadonlySet<string> = new Set();

before(async () => {
  if (noBoot !== false) return;
  made = packages();
  const put = {
    "/root/now.deb": made.deb,
    "/root/newer.deb": asVersion(made, newer),
    "/root/newest.deb": asVersion(made, newest),
  };
  const accounts =
    "useradd -m -p '*' -s /bin/tcsh oracle; useradd -m -p '*' -s /bin/bash tina; useradd -m vera; useradd -m nick";
  host = await bootHost({ put, before: [["sh", "-ec", accounts]] });
  untouched = await paths();
});
after(async () => {
  await host?.[Symbol.asyncDispose]();
  made?.[Symbol.dispose]();
});

/** Without what logs, dpkg and the account database write about what happened. */
async function paths(): Promise<ReadonlySet<string>> {
  const besides = [
    "/proc",
    "/sys",
    "/dev",
    "/tmp",
    "/run/systemd",
    "/run/dbus",
    "/var/log",
    "/var/lib/dpkg",
    "/var/lib/systemd",
  ];
  const skip = besides.flatMap((path) => ["-path", path, "-prune", "-o"]);
  const said = await host.must(["find", "/", ...skip, "-print"]);
  return new Set(
    said
      .split("\n")
      .filter((path) => !/^\/etc\/\.pwd\.lock$|^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/.test(path)),
  );
}

function as(name: string, ...argv: readonly string[]): Promise<End> {
  const who = ["setpriv", "--reuid", name, "--regid", name, "--init-groups"];
  return host.run([...who, ...argv], { env: { HOME: `/home/${name}` } });
}

async function must(what: string): Promise<string> {
  return host.must(["sh", "-ec", what]);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`expected ${what}, found ${(await host.run(["journalctl", "--no-pager", "-n", "40"])).stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Event {
  readonly id: string;
  readonly type: string;
}

async function events(): Promise<readonly Event[]> {
  const said = await host.must(["rcwarden", "events"]);
  return said
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function fingerprints(): Promise<readonly string[]> {
  const { stdout } = await host.run(["rcwarden", "status", "--json"]);
  return [...stdout.matchAll(/"fingerprint": ?"([0-9a-f]{16})"/g)].map(([, each]) => each ?? "").sort();
}

const installed = async () => (await host.must(["dpkg-query", "-W", "-f", "$" + "{Version}", "rcwarden"])).trim();
const mainPid = async () => (await host.must(["systemctl", "show", "rcwarden", "-p", "MainPID", "--value"])).trim();

test("installing twice starts nothing, enables nothing, opens nothing", options, async () => {
  const listening = await must("cat /proc/net/unix /proc/net/tcp | wc -l");
  await host.must(["dpkg", "-i", "/root/now.deb"]);
  await host.must(["dpkg", "-i", "/root/now.deb"]);
  assert.equal(await host.must(["systemctl", "list-units", "--all", "rcwarden*", "--no-legend"]), "");
  assert.equal((await host.run(["systemctl", "is-enabled", "rcwarden"])).stdout, "disabled\n");
  assert.equal((await host.run(["pgrep", "-f", "/usr/lib/rcwarden"])).stdout, "");
  assert.equal(await must("cat /proc/net/unix /proc/net/tcp | wc -l"), listening);
  assert.equal(
    await must("stat -c '%a %U %n' /run/rcwarden /var/lib/rcwarden /etc/rcwarden"),
    "755 root /run/rcwarden\n755 root /var/lib/rcwarden\n755 root /etc/rcwarden\n",
  );
});

test(
  "the installed agent names the line that makes an engine wait, to a viewer, and to no outsider",
  options,
  async () => {
    await host.must(["usermod", "-aG", "rcwarden", "vera"]);
    writeFileSync(host.outside("/etc/rcwarden/grant.yaml"), grant);
    writeFileSync(host.outside("/etc/rcwarden/policies/hosts.yaml"), policy);
    await must("install -d -o oracle -g oracle /srv/engine/staging");
    await host.must(["systemctl", "enable", "--now", "rcwarden"]);
    await until("a go", async () => (await as("vera", "rcwarden", "ready", "--account", "oracle")).status === 0);
    await must(
      "printf 'set prompt = x\\nalias cp \"cp -i\"\\n' >/home/oracle/.cshrc && chown oracle: /home/oracle/.cshrc",
    );
    await until("a no-go", async () => (await as("vera", "rcwarden", "ready", "--account", "oracle")).status === 1);
    const seen = await as("vera", "rcwarden", "status");
    assert.match(seen.stdout, /\.cshrc:2/);
    assert.match(seen.stdout, /alias cp "cp -i"/);
    const refused = await as(
      "nick",
      "rcwarden",
      "ready",
      "--account",
      "oracle",
      "--json",
      "--socket",
      "/run/rcwarden/host/agent.sock",
    );
    assert.notEqual(refused.status, 0);
    assert.doesNotMatch(refused.stdout + refused.stderr, /cshrc/);
  },
);

test("the installed agent removes exactly what was released, and nothing else", options, async () => {
  const content = "copied\n";
  const staging = "/srv/engine/staging";
  await must(
    `for name in a b; do printf '${content.trim()}\\n' >${staging}/$name.arc; done; chown oracle: ${staging}/*`,
  );
  const sha256 = createHash("sha256").update(content).digest("hex");
  const manifest = JSON.stringify({ path: "a.arc", size: content.length, sha256 });
  await must(`printf '%s\\n' '${manifest}' >/home/oracle/manifest; chown oracle: /home/oracle/manifest`);
  const released = await as(
    "oracle",
    "rcwarden",
    "cleanup",
    "release",
    "--retention",
    "staging",
    "--manifest",
    "/home/oracle/manifest",
  );
  assert.equal(released.status, 0, released.stderr);
  let hash = "";
  await until("a plan of one file", async () => {
    const { stdout } = await host.run(["rcwarden", "cleanup", "plan"]);
    hash = /cleanup apply --plan ([0-9a-f]{12})/.exec(stdout)?.[1] ?? "";
    return /remove +1 file/.test(stdout) && hash !== "";
  });
  await host.must(["rcwarden", "cleanup", "apply", "--plan", hash]);
  assert.equal(await must(`ls ${staging}`), "b.arc\n");
  assert.match(await host.must(["rcwarden", "cleanup", "journal", "--verify"]), /whole/);
});

test("an upgrade starts the agent that ran anew, with its state, its baseline and every event", options, async () => {
  await host.must(["rcwarden", "baseline", "accept", "--account", "oracle", "--reason", "as it is"]);
  const before = { events: await events(), pid: await mainPid() };
  const findings = await fingerprints();
  assert.ok(before.events.some(({ type }) => type.endsWith("finding.opened")));
  // What the owner wrote into a file of the package stays.
  await must("echo '# mine' >>/etc/rcwarden/agent.yaml");
  await host.must(["dpkg", "-i", "--force-confold", "/root/newer.deb"]);
  assert.equal(await installed(), newer);
  assert.match(readFileSync(host.outside("/etc/rcwarden/agent.yaml"), "utf8"), /# mine/);
  assert.notEqual(await mainPid(), before.pid);
  assert.equal((await host.run(["systemctl", "is-active", "rcwarden"])).stdout, "active\n");
  const since = await events();
  assert.deepEqual(
    since.slice(0, before.events.length).map(({ id }) => id),
    before.events.map(({ id }) => id),
  );
  assert.ok(since.slice(before.events.length).some(({ type }) => type.endsWith("agent.started")));
  await until("the same findings", async () => (await fingerprints()).join() === findings.join());
  assert.match(await host.must(["rcwarden", "baseline", "show", "--account", "oracle"]), /as it is/);
});

test("an agent that did not run is not started by an upgrade", options, async () => {
  await host.must(["systemctl", "stop", "rcwarden"]);
  await host.must(["dpkg", "-i", "--force-confold", "/root/newest.deb"]);
  assert.equal((await host.run(["systemctl", "is-active", "rcwarden"])).stdout, "inactive\n");
});

test("an older version is refused, and the newer one works on", options, async () => {
  const refused = await host.run(["dpkg", "-i", "/root/now.deb"]);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /expected to replace an older version, found 99\.0\.1/);
  assert.equal(await installed(), newest);
  assert.match(await host.must(["dpkg-query", "-W", "-f", "$" + "{Status}", "rcwarden"]), /^install ok installed$/);
  await host.must(["systemctl", "start", "rcwarden"]);
});

test("removing ends the agent, leaves nothing enabled, and keeps state and documents", options, async () => {
  await host.must(["dpkg", "-r", "rcwarden"]);
  assert.equal((await host.run(["pgrep", "-f", "rcwarden agent"])).stdout, "");
  assert.equal((await host.run(["find", "/etc/systemd", "-name", "rcwarden*"])).stdout, "");
  assert.ok(!existsSync(host.outside("/usr/lib/rcwarden")) && !existsSync(host.outside("/usr/bin/rcwarden")));
  assert.ok(existsSync(host.outside("/etc/rcwarden/grant.yaml")));
  assert.notEqual(await must("ls /var/lib/rcwarden/host"), "");
});

test("purging leaves nothing", options, async () => {
  await host.must(["dpkg", "--purge", "rcwarden"]);
  const own = /^\/(srv\/engine|home\/oracle\/)/;
  const left = [...(await paths())].filter((path) => !untouched.has(path) && !own.test(path));
  assert.deepEqual(left, []);
  assert.equal((await host.run(["getent", "group", "rcwarden", "rcwarden-sender"])).stdout, "");
  assert.equal((await host.run(["getent", "passwd", "rcwarden"])).stdout, "");
});

test("both units come up by themselves when the host boots", options, async () => {
  const setUp = `dpkg -i /root/now.deb
    useradd -m -p '*' -s /bin/bash oracle; useradd -m -p '*' -s /bin/bash tina
    systemctl enable rcwarden@tina rcwarden`;
  const files = { "/etc/rcwarden/policies/hosts.yaml": policy.split("---\n")[0] ?? "" };
  await using booted = await bootHost({ put: { "/root/now.deb": made.deb }, files, before: [["sh", "-ec", setUp]] });
  for (const unit of ["rcwarden", "rcwarden@tina"]) {
    const { stdout } = await booted.run(["systemctl", "is-active", unit]);
    assert.equal(stdout, "active\n", unit);
  }
  for (const instance of ["host", "tina"])
    await booted.must([
      "sh",
      "-ec",
      `[ -S /run/rcwarden/${instance}/agent.sock ] && [ "$(stat -c %a /var/lib/rcwarden/${instance})" = 700 ]`,
    ]);
  assert.equal((await booted.run(["systemctl", "--failed", "--no-legend", "rcwarden*"])).stdout, "");
});
