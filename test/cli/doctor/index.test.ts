/** Each self-check is content where all is in order, and each can fail: here with the fault that it is there for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { selfChecks } from "../../../agent/cli/doctor/index.ts";
import type { DoctorWorld } from "../../../agent/cli/doctor/world.ts";
import { loadDocuments } from "../../../agent/documents/index.ts";
import { calmStatus, doctorWorldOf, hostSocket, noDocuments } from "../support/doctor-world.ts";

const oracle = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/opt/odd/sh" };
const folder = { kind: "there", type: "folder", uid: 0, gid: 0, mode: 0o755, changedMs: 0 } as const;
const file = { ...folder, type: "file" } as const;
const nobody = { kind: "no-agent", message: "found none" } as const;
const says = (other: object) => ({
  status: async () => ({ kind: "answer", socket: hostSocket, value: { ...calmStatus, ...other } }) as const,
});
const at = (path: string, found: Awaited<ReturnType<DoctorWorld["find"]>>) => {
  const good = doctorWorldOf();
  return { find: async (asked: string) => (asked === path ? found : good.find(asked)) };
};
const written = (text: string) => {
  const loaded = loadDocuments([], {
    checks: [],
    shipped: [],
    nowMs: 0,
    host: [{ file: "/etc/rcwarden/agent.yaml", shipped: false, bytes: new TextEncoder().encode(text) }],
  });
  return { configuration: async () => ({ ...loaded, paths: ["/etc/rcwarden", "/etc/rcwarden/agent.yaml"] }) };
};
const sink = written(`apiVersion: rcwarden/v1
kind: Agent
metadata: { name: db07 }
spec:
  sinks:
    - { name: engine, kind: engine, url: "https://engine.example/events", certFile: engine.crt, keyFile: engine.key }
`);
const inDays = (days: number) => Date.parse("2026-11-23T09:55:02Z") + days * 86_400_000;
const account = (found: typeof oracle) => ({
  automated: async () => ({
    accounts: [{ account: found, reasons: [], keys: 0, loginsWithoutTty: 0, lastLogin: null, cronLines: 0 }],
    root: null,
    notListed: { withoutShell: 0, withoutSign: 0 },
    doubts: [],
  }),
});

/** What is planted, what it is told as, and what that says. */
type Fault = readonly [planted: Partial<DoctorWorld>, kind: "warn" | "fail", says: RegExp];

const faults: Readonly<Record<string, readonly Fault[]>> = {
  program: [
    [at("/opt/rcwarden/dist/enter", { kind: "absent" }), "fail", /expected the launcher, found none/],
    [at("/opt/rcwarden/dist/enter", { ...file, mode: 0o644 }), "fail", /chmod 755 \/opt\/rcwarden\/dist\/enter/],
    [at("/opt/rcwarden/dist/node", { ...file, mode: 0o757 }), "fail", /chmod o-w/],
    [
      at("/opt/rcwarden/dist/node", { ...file, uid: 501 }),
      "fail",
      /expected root to own what root runs, found uid 501/,
    ],
    [{ addonProblem: () => "host.node: expected the addon" }, "fail", /host\.node: expected the addon/],
  ],
  namespaces: [
    [{ missingCapabilities: () => ["CAP_SYS_ADMIN"] }, "fail", /CAP_SYS_ADMIN is missing/],
    [
      {
        callerUid: 501,
        forbidding: () => ({
          setting: "kernel.apparmor_restrict_unprivileged_userns",
          found: "1",
          change: "give rcwarden a profile",
        }),
      },
      "fail",
      /apparmor_restrict_unprivileged_userns: expected .* found 1.*give rcwarden a profile, or use sudo/s,
    ],
  ],
  sandbox: [
    [
      {
        measure: async (request) => ({
          ...(await doctorWorldOf().measure(request)),
          sandbox: "none",
          gaps: [
            {
              code: "sandbox-forbidden",
              message: "clone: not permitted",
              change: "sysctl -w user.max_user_namespaces=1000",
              of: [],
            },
          ],
        }),
      },
      "fail",
      /clone: not permitted.*sysctl/s,
    ],
    [{ accountOfUid: async () => ({ kind: "absent" }) }, "fail", /expected an account to try it with/],
  ],
  inotify: [
    [
      { writeAndWatch: async () => ({ folder: "/tmp", event: { kind: "late" }, aheadMs: 0 }) },
      "fail",
      /within 2 s, found none/,
    ],
    [
      { writeAndWatch: async () => ({ folder: "/tmp", event: { kind: "failed", code: "ENOSPC" }, aheadMs: 0 }) },
      "fail",
      /found ENOSPC.*sysctl -w fs\.inotify\.max_user_watches=131072/s,
    ],
    [{ watchesUsed: async () => 60_000 }, "warn", /found 60,000 of 65,536 used/],
  ],
  names: [
    [
      {
        monotonicMs: (
          (ms) => () =>
            (ms += 1_500)
        )(0),
      },
      "warn",
      /found one after 1500 ms/,
    ],
    [
      { accountOfUid: async () => ({ kind: "unavailable", why: "getent: did not answer within 3 s" }) },
      "fail",
      /did not answer/,
    ],
    [{ accountOfUid: async () => ({ kind: "absent" }) }, "fail", /expected an account, found none/],
  ],
  processes: [[{ text: () => null }, "warn", /hidepid/]],
  sshd: [[{ sshd: async () => ({ kind: "unavailable", why: "sshd -T: exit 255" }) }, "fail", /exit 255.*sshd -t/s]],
  clock: [
    [
      at("/var/lib/rcwarden/host/state.db", { ...file, changedMs: inDays(1) }),
      "fail",
      /24 h|1 d ahead: the clock went back/,
    ],
    [
      { writeAndWatch: async () => ({ folder: "/tmp", event: { kind: "seen", ms: 1 }, aheadMs: -90_000 }) },
      "warn",
      /found it 1 min behind/,
    ],
  ],
  documents: [[written("kind: Agnet\n"), "fail", /agent\.yaml:\d+:\d+: expected/]],
  owners: [
    [at("/etc/rcwarden", { ...folder, uid: 501 }), "fail", /uid 501 owns it.*chown root \/etc\/rcwarden/s],
    [at("/etc/rcwarden", { ...folder, gid: 100, mode: 0o775 }), "fail", /found group 100 may.*chmod g-w/s],
    [at("/etc/rcwarden", { ...folder, mode: 0o777 }), "fail", /found everybody may.*chmod o-w/s],
  ],
  grant: [
    [
      { configuration: async () => ({ ...noDocuments, host: { ...noDocuments.host, grant: { kind: "broken" } } }) },
      "fail",
      /nobody is measured/,
    ],
  ],
  certificates: [
    [{ ...sink, keyFilesProblem: async () => "engine.key: expected 0600" }, "fail", /engine\.key: expected 0600/],
    [
      { ...sink, certificateEnds: async () => inDays(9) },
      "warn",
      /expires in 9 days.*renew \/etc\/rcwarden\/engine\.crt/s,
    ],
    [{ ...sink, certificateEnds: async () => inDays(-2) }, "fail", /expired 2 days ago/],
  ],
  shells: [
    [{ ...account(oracle), knowsShell: async () => false }, "warn", /\/opt\/odd\/sh is no shell that rcwarden knows/],
  ],
  homes: [
    [at("/home/oracle", { kind: "absent" }), "warn", /found none: sessions start in \//],
    [at("/home/oracle", { ...folder, uid: 777 }), "warn", /found uid 777's/],
    [at("/home/oracle", { kind: "unreadable", code: "EIO" }), "warn", /found EIO/],
    [at("/home/oracle", file), "warn", /expected a folder/],
  ],
  state: [
    [{ freeBytes: async () => 1024 }, "fail", /found 1\.0 KiB/],
    [{ freeBytes: async () => 20 * 2 ** 20 }, "warn", /found 20\.0 MiB/],
    [at("/var/lib/rcwarden/host", { ...folder, mode: 0o777 }), "fail", /chmod 700/],
    [at("/var/lib/rcwarden/host", { ...folder, uid: 501 }), "fail", /expected uid 0 to own it/],
    [at("/var/lib/rcwarden/host", file), "fail", /expected a folder/],
    [at("/var/lib/rcwarden/host", { kind: "unreadable", code: "EACCES" }), "fail", /EACCES/],
  ],
  socket: [
    [
      { status: async () => ({ kind: "failed", message: "agent.sock: expected a socket, found something else" }) },
      "fail",
      /expected a socket/,
    ],
    [{ status: async () => ({ kind: "refused", message: "found nobody" }) }, "warn", /found nobody.*group rcwarden/s],
    [says({ ready: false }), "warn", /has not looked at every account/],
  ],
  enabled: [
    [
      { names: async () => ["rcwarden.service"], answers: async () => false },
      "fail",
      /rcwarden\.service: .*\/run\/rcwarden\/host\/agent\.sock.*systemctl status rcwarden\.service/s,
    ],
    [
      {
        names: async () => ["rcwarden@oracle.service", "rcwarden.service", "rcwarden-sender.socket"],
        answers: async (socket) => socket === "/run/rcwarden/host/agent.sock",
      },
      "fail",
      /rcwarden@oracle\.service: .*\/run\/rcwarden\/oracle\/agent\.sock.*systemctl status rcwarden@oracle/s,
    ],
  ],
  version: [[says({ rcwarden: "0.0.9" }), "warn", /expected an agent of 0\.1\.0, found 0\.0\.9/]],
  watching: [
    [says({ watching: { ...calmStatus.watching, blind: true } }), "fail", /some could/],
    [
      says({ watching: { ...calmStatus.watching, degraded: [{ code: "watch-limit", message: "27 of 36" }] } }),
      "warn",
      /27 of 36.*sysctl/s,
    ],
    [says({ resources: { ...calmStatus.resources, over: ["memory 300 MiB of 256"] } }), "warn", /memory 300 MiB/],
    [says({ store: { ...calmStatus.store, problem: { code: "x", message: "no room" } } }), "fail", /no room/],
  ],
  engines: [
    [
      says({
        sinks: calmStatus.sinks.map((each) => ({
          ...each,
          waiting: 31,
          problem: { code: "x", message: "found ECONNREFUSED" },
        })),
      }),
      "fail",
      /ECONNREFUSED; 31 events wait/,
    ],
  ],
};

test("there are at most 20, each by a name of its own, and each is shown to fail here", () => {
  const ids = selfChecks.map(({ id }) => id);
  assert.ok(ids.length <= 20);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(Object.keys(faults).toSorted(), ids.toSorted());
});

for (const check of selfChecks) {
  test(`${check.id}: all is in order with an agent, without one, and for who is not root`, async () => {
    const own = { callerUid: 501, accountOfUid: async () => ({ kind: "account", account: oracle }) as const };
    for (const other of [{}, { status: async () => nobody }, own]) {
      const outcomes = await check.look(doctorWorldOf(other));
      assert.ok(outcomes.length > 0);
      assert.deepEqual(
        outcomes.filter(({ kind }) => kind !== "ok"),
        [],
      );
    }
  });
  for (const [planted, kind, told] of faults[check.id] ?? []) {
    test(`${check.id}: ${kind}s where ${told.source}`, async () => {
      const outcomes = await check.look(doctorWorldOf(planted));
      const found = outcomes.filter((outcome) => outcome.kind === kind);
      assert.ok(found.length > 0, JSON.stringify(outcomes));
      assert.match(JSON.stringify(found), told);
      for (const outcome of found) assert.ok(outcome.kind !== "ok" && outcome.change !== "");
    });
  }
}
