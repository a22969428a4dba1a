/** A host on which every self-check finds all in order, with an agent that answers; and what is otherwise. */
import type { DoctorWorld } from "../../../agent/cli/doctor/world.ts";
import { loadDocuments } from "../../../agent/documents/index.ts";
import { shapes } from "../../../agent/status/index.ts";
import sample from "../../../packaging/sample-status.json" with { type: "json" };

export const calmStatus = shapes().Status.parse({ ...sample, findings: [], lead: null });
export const hostSocket = "/run/rcwarden/host/agent.sock";
export const noDocuments = { ...loadDocuments([], { checks: [], shipped: [], nowMs: 0 }), paths: ["/etc/rcwarden"] };

const oracle = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/bin/tcsh" };
const root = { name: "root", uid: 0, gid: 0, groups: [0], home: "/root", shell: "/bin/bash" };
const folder = { kind: "there", type: "folder", uid: 0, gid: 0, mode: 0o755, changedMs: 0 } as const;

const find: DoctorWorld["find"] = async (path) => {
  if (path === "/home/oracle") return { ...folder, uid: 501 };
  return /\/(enter|host\.node|node)$/.test(path) ? { ...folder, type: "file" } : folder;
};

export function doctorWorldOf(other: Partial<DoctorWorld> = {}): DoctorWorld {
  return {
    callerUid: 0,
    monotonicMs: () => 0,
    version: "0.1.0",
    nodeVersion: "24.0.0",
    hostFolder: "/etc/rcwarden",
    stateFolder: "/var/lib/rcwarden/host",
    sockets: [hostSocket],
    now: () => new Date("2026-11-23T09:55:02Z"),
    account: async (name) => (name === "oracle" ? { kind: "account", account: oracle } : { kind: "absent" }),
    accountOfUid: async () => ({ kind: "account", account: root }),
    automated: async () => ({
      accounts: [{ account: oracle, reasons: [], keys: 1, loginsWithoutTty: 0, lastLogin: null, cronLines: 0 }],
      root: null,
      notListed: { withoutShell: 0, withoutSign: 0 },
      doubts: [],
    }),
    configuration: async () => noDocuments,
    measure: async ({ account, mode }) => ({
      ...{
        mode,
        sandbox: "whole-root",
        evidence: "",
        seconds: 0.1,
        shell: { path: account.shell, personality: "bash" },
      },
      ...{
        startup: null,
        startupFiles: [],
        aliases: [],
        functions: [],
        options: [],
        variables: [],
        traps: [],
        commands: [],
      },
      ...{ umask: "0022", cwd: "/", home: "/", homeReal: "/", limits: {}, output: [], leftRunning: [], tried: [] },
      ...{ mismatches: [], gaps: [] },
    }),
    status: async () => ({ kind: "answer", socket: hostSocket, value: calmStatus }),
    answers: async () => true,
    principal: async () => "its owner",
    find,
    findFar: other.find ?? find,
    names: async () => [],
    text: (path) => (path === "/proc/1/stat" ? "1 (init)" : null),
    freeBytes: async () => 40 * 2 ** 30,
    writeAndWatch: async () => ({ folder: "/tmp", event: { kind: "seen", ms: 1.2 }, aheadMs: 3 }),
    watchLimits: () => ({ watches: 65_536, waitingEvents: 16_384 }),
    watchesUsed: async () => 36,
    knowsShell: async () => true,
    knownShells: () => "bash, zsh, tcsh",
    sshd: async () => ({ kind: "read" }),
    keyFilesProblem: async () => null,
    certificateEnds: async () => null,
    forbidding: () => null,
    missingCapabilities: () => [],
    programs: [
      { name: "the launcher", path: "/opt/rcwarden/dist/enter", runs: true },
      { name: "the addon", path: "/opt/rcwarden/dist/host.node", runs: false },
      { name: "Node", path: "/opt/rcwarden/dist/node", runs: true },
    ],
    addonProblem: () => null,
    ...other,
  };
}
