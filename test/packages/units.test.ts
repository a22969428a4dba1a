/** The units on a booted host: agents run under them, and no session that they measure notices it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type BootedHost, bootHost, noBoot } from "./nspawn.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const inside = join(checkout, "test/packages/inside");
const node = join(checkout, "node_modules/.bin/node");
const look = "perl /usr/local/lib/look-around.pl";

const setUp = `
  useradd -m -p '*' -s /bin/bash -u 1501 oracle
  useradd -m -p '*' -s /bin/bash postgres
  groupadd dba; usermod -aG dba oracle
  for folder in opt usr etc var; do mkdir "/$folder/ours"; chown oracle "/$folder/ours"; done
  mkdir -p /usr/mounted /usr/lib/modules/6.1.0 /mnt/later /root/out /home/oracle/.ssh
  touch /home/postgres/seen-by-all /opt/ours/seen-by-all /var/tmp/seen-by-all /opt/ours/seen
  chmod 755 /home/postgres
  ssh-keygen -q -t ed25519 -N '' -f /root/key
  cp /root/key.pub /home/oracle/.ssh/authorized_keys; chown -R oracle: /home/oracle/.ssh`;

let host: BootedHost;
before(async () => {
  if (noBoot !== false) return;
  host = await bootHost({
    see: [checkout],
    put: {
      "/usr/local/lib/look-around.pl": join(inside, "look-around.pl"),
      "/usr/lib/systemd/system/rcwarden.service": join(checkout, "packaging/systemd/rcwarden.service"),
      "/usr/lib/systemd/system/rcwarden@.service": join(checkout, "packaging/systemd/rcwarden@.service"),
    },
    before: [["sh", "-ec", setUp]],
  });
  await host.must([
    "sh",
    "-ec",
    "touch /tmp/seen-by-all /dev/shm/seen-by-all /run/seen-by-all; mount -t tmpfs -o uid=1501 mounted /usr/mounted",
  ]);
});
after(() => host?.[Symbol.asyncDispose]());

/** Whose agent, and whose session: `oracle/oracle`, `root/oracle`. */
interface Pair {
  readonly agent: "oracle" | "root";
  readonly session: "oracle" | "root";
}

interface Looked {
  /** Null where no session was had. */
  readonly rows: readonly string[] | null;
  readonly said: string;
}

const words = ({ session }: Pair) => [node, join(inside, "session.ts"), session, look];

/** Sorted; what is another one at each look is taken out. */
function rowsOf(text: string): string[] {
  return text
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => row.replace(/\.(look|rcwarden)-[0-9a-f]+/g, ".$1"))
    .sort();
}

/** What a probe's session finds where no unit takes anything away: started as a user starts it by hand. */
async function bare(pair: Pair): Promise<readonly string[]> {
  const as = pair.agent === "root" ? [] : ["setpriv", "--reuid", pair.agent, "--regid", pair.agent, "--init-groups"];
  return rowsOf(await host.must([...as, ...words(pair)]));
}

/** The same under our unit, which these lines are added to. */
async function underUnit(pair: Pair, lines: readonly string[] = [], wait = ""): Promise<Looked> {
  const unit = pair.agent === "root" ? "rcwarden.service" : `rcwarden@${pair.agent}.service`;
  const command = words(pair).map((word) => `'${word}'`);
  const text = [
    "[Service]",
    "Type=oneshot",
    "ExecStart=",
    `ExecStart=/bin/sh -c "${wait} exec ${command.join(" ")}"`,
    "Restart=no",
    "WatchdogSec=0",
    "StandardOutput=truncate:/root/out/out",
    "StandardError=truncate:/root/out/err",
    ...lines,
  ].join("\n");
  const script = 'mkdir -p "$(dirname "$1")"; printf "%s\\n" "$2" >"$1"; systemctl daemon-reload';
  await host.must(["sh", "-ec", script, "sh", `/run/systemd/system/${unit}.d/try.conf`, text]);
  const { status } = await host.run(["systemctl", "start", unit]);
  const [out, err] = ["out", "err"].map((file) => readFileSync(host.outside(`/root/out/${file}`), "utf8"));
  await host.must([
    "sh",
    "-ec",
    'rm -r "$1"; systemctl reset-failed; systemctl daemon-reload',
    "sh",
    `/run/systemd/system/${unit}.d`,
  ]);
  return { rows: status === 0 ? rowsOf(out ?? "") : null, said: err ?? "" };
}

function differences(left: readonly string[], right: readonly string[]): string[] {
  return [
    ...left.filter((row) => !right.includes(row)).map((row) => `- ${row}`),
    ...right.filter((row) => !left.includes(row)).map((row) => `+ ${row}`),
  ];
}

const pairs: readonly Pair[] = [
  { agent: "oracle", session: "oracle" },
  { agent: "root", session: "oracle" },
  { agent: "root", session: "root" },
];
const title = ({ agent, session }: Pair) => `an agent of ${agent}'s, a session of ${session}'s`;
const options = { timeout: 600_000, skip: noBoot };

for (const pair of pairs)
  test(`${title(pair)}: under the unit it finds what it finds without`, options, async () => {
    const { rows, said } = await underUnit(pair);
    assert.ok(rows !== null && rows.length > 250, said);
    assert.deepEqual(differences(await bare(pair), rows), []);
  });

/** What a probe has otherwise than a session, as agent/ASSURANCE.md says; of an account's own agent the second list, too. */
const otherwise: readonly RegExp[] = [
  /^. env SSH_(CLIENT|CONNECTION)=/,
  /^. device net\/tun /,
  /^. folder \/sys/,
  /^. try (keyctl-session|add-key|io-uring|userfaultfd|mount-none) /,
];
const otherwiseWithoutRoot: readonly RegExp[] = [/^. folder /, /^. (group|status Groups:)/, /^. try setuid-0 /];

for (const pair of pairs.filter(({ session }) => session === "oracle"))
  test(`${title(pair)}: under the unit it finds what a real one finds, but for what is known`, options, async () => {
    const client = ["-F", "none", "-i", "/root/key", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"];
    const quiet = ["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
    const real = rowsOf(await host.must(["ssh", ...client, ...quiet, "oracle@127.0.0.1", look]));
    const { rows, said } = await underUnit(pair);
    assert.ok(rows !== null, said);
    const known = [...otherwise, ...(pair.agent === "root" ? [] : otherwiseWithoutRoot)];
    assert.deepEqual(
      differences(real, rows).filter((row) => !known.some((each) => each.test(row))),
      [],
    );
  });

test("what is mounted later is there for a probe, though the unit has mounts of its own", options, async () => {
  const wait = ": >/run/unit-waits; while [ ! -e /run/unit-goes ]; do sleep 0.05; done;";
  const ran = underUnit({ agent: "root", session: "oracle" }, [], wait);
  const script =
    "while [ ! -e /run/unit-waits ]; do sleep 0.05; done; mount -t tmpfs later /mnt/later; touch /mnt/later/seen; : >/run/unit-goes";
  await host.must(["sh", "-ec", script]);
  const { rows, said } = await ran;
  await host.must(["umount", "/mnt/later"]);
  assert.ok(rows?.includes("sees /mnt/later/seen yes"), said);
});

/**
 * Directives that the units leave open, each with what shows that it must: a row that changes, or `no session`. Null where
 * nothing of it shows here, with the reason for which it stays open all the same.
 */
const leftOpen: readonly {
  readonly line: string;
  readonly oracle: RegExp | "no session" | null;
  readonly root: RegExp | "no session" | null;
  readonly because?: string;
}[] = [
  { line: "PrivateMounts=yes", oracle: /folder \/var\/lib /, root: null, because: "it is set there" },
  { line: "ProtectSystem=full", oracle: /folder \/var\/lib /, root: /folder \/usr\/ours/ },
  { line: "ProtectSystem=strict", oracle: "no session", root: "no session" },
  { line: "ProtectHome=read-only", oracle: /folder \/home\/oracle/, root: /folder \/home\/oracle/ },
  { line: "ReadOnlyPaths=/opt", oracle: /folder \/opt\/ours/, root: /folder \/opt\/ours/ },
  { line: "InaccessiblePaths=/opt/ours", oracle: /sees \/opt\/ours\/seen/, root: /sees \/opt\/ours\/seen/ },
  { line: "PrivateTmp=yes", oracle: /sees \/tmp\/seen-by-all/, root: /sees \/tmp\/seen-by-all/ },
  { line: "ProtectClock=yes", oracle: /adjtimex-read/, root: /adjtimex-read/ },
  { line: "ProtectKernelModules=yes", oracle: /folder \/usr\/lib\/modules/, root: /folder \/usr\/lib\/modules/ },
  { line: "RestrictSUIDSGID=yes", oracle: /chmod 2755/, root: /chmod 2755/ },
  { line: "LockPersonality=yes", oracle: /setarch-uname/, root: /setarch-uname/ },
  {
    line: "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    oracle: /socket-packet/,
    root: /socket-packet/,
  },
  { line: "RestrictNamespaces=user mnt pid net ipc", oracle: /newuts/, root: /newuts/ },
  { line: "SystemCallFilter=~@debug", oracle: /ptrace-me/, root: /ptrace-me/ },
  { line: "SystemCallArchitectures=native", oracle: /program of 32 bits/, root: /program of 32 bits/ },
  { line: "MemoryDenyWriteExecute=yes", oracle: "no session", root: "no session" },
  { line: "PrivateDevices=yes", oracle: /ioperm-off/, root: "no session" },
  { line: "Nice=5", oracle: /nice/, root: /nice/ },
  { line: "ProcSubset=pid", oracle: /limit Max core/, root: /limit Max core/ },
  {
    line: "PrivateUsers=yes",
    oracle: null,
    root: "no session",
    because: "members of the group are nobody to an agent",
  },
];

for (const pair of pairs.slice(0, 2))
  test(`${title(pair)}: each directive that is left open would be noticed`, options, async () => {
    const without = await bare(pair);
    for (const row of leftOpen) {
      const expected = row[pair.agent];
      if (expected === null) continue;
      const { rows, said } = await underUnit(pair, [row.line]);
      const changed = rows === null ? [] : differences(without, rows);
      if (expected === "no session") assert.equal(rows, null, row.line);
      else
        assert.ok(
          changed.some((each) => expected.test(each)),
          `${row.line}: ${changed.join("\n")}${said}`,
        );
    }
  });

/** Capabilities of the host's unit without which a probe cannot be made, or is another one. */
const needed = [
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "MKNOD", "SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "SYS_PTRACE"],
  ...["FSETID", "NET_ADMIN"],
];

test("the host's unit gives no capability that a probe could do without, as far as one shows it", options, async () => {
  const pair = { agent: "root", session: "oracle" } as const;
  const without = await bare(pair);
  for (const name of needed) {
    const { rows } = await underUnit(pair, [`CapabilityBoundingSet=~CAP_${name}`]);
    assert.ok(rows === null || differences(without, rows).length > 0, name);
  }
});
