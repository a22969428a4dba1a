/** A state of which each metric is known. */
import type { SessionGroup, SinkState } from "../../agent/facts/index.ts";
import type { CleanupRow, StatusBody } from "../../agent/status/index.ts";
import { Measures } from "../../agent/status/measures.ts";
import type { Measured } from "../../agent/status/metrics.ts";
import { finding, nowMs, watched } from "./world.ts";

export const time = "2026-11-23T09:55:02.000Z";
export const now = 1_795_427_702;

export const status: StatusBody = {
  ...{ apiVersion: "rcwarden/v1", kind: "Status", time, rcwarden: "0.1.0", host: { id: "h", name: "db07" } },
  ...{ instance: "host", pid: 812, startedAt: "2026-11-23T09:00:00.000Z", ready: true },
  accounts: [
    watched("oracle", { pass: 9, fail: 2, unknown: 1 }),
    watched("postgres", { pass: 4, fail: 0, unknown: 0, pending: true, state: "measuring" }),
    watched("gone", { pass: 0, fail: 0, unknown: 0, state: "unavailable" }),
  ],
  watching: {
    ...{ paths: 27, absent: 9, byEvents: 18, blind: true, lastSweep: time, lastFullRun: null },
    degraded: [{ code: "overflow", message: "events were lost" }],
    ...{ latencyMs: 8, watches: 36, watchLimit: 65_536 },
  },
  documents: { loadedAt: time, inForce: [], problems: ["a.yaml: expected a name"], grant: "broken" },
  sinks: [sinkOf("engine", { waiting: 7, bytes: 700, deadLetters: 2, state: "stopped" }), sinkOf("file")],
  store: {
    ...{ epoch: "1.0123abcd", head: "1.0123abcd-2", events: 41, bytes: 4_100, lost: 3, notices: [] },
    problem: { code: "store-full", message: "no room" },
  },
  resources: { rssBytes: 70_000_000, memoryLimitBytes: 268_435_456, cpuPercent: 0.1, over: [] },
};

export function sinkOf(name: string, other: Partial<SinkState> = {}): SinkState {
  const idle = { waiting: 0, bytes: 0, deadLetters: 0, lastTaken: null, state: "idle", problem: null } as const;
  return { name, kind: "engine", to: "https://engine.example", nextTry: null, ...idle, ...other };
}

export function groupOf(account: string, count: number, other: Partial<SessionGroup> = {}): SessionGroup {
  return {
    ...{ account, count, command: "rm -f ...", waitsFor: "input", says: "input on its ssh channel", isStuck: true },
    ...{ from: ["192.0.2.7"], oldestSeconds: 60 * count, startedAt: [], pids: [], prompt: null },
    ...other,
  };
}

export function rowOf(retention: string, other: Partial<CleanupRow> = {}): CleanupRow {
  const row = {
    retention,
    account: "oracle",
    root: "/u01/staging",
    apply: "automatically",
    granted: "by-hand",
  } as const;
  const backlog = {
    ...{
      retention,
      account: "oracle",
      root: "/u01/staging",
      at: time,
      files: 12,
      bytes: 12_000,
      oldestSeconds: 90_000,
    },
    waiting: { files: 8, bytes: 8_000, oldestSeconds: 3_600, mayGo: 2 },
    ...{ growthBytesPerHour: 10, freeBytes: 500, totalBytes: 20_000, fullInSeconds: 7_200, nothingReclaimedHours: 0 },
    stays: [],
  };
  return { ...row, state: "waiting", plan: null, run: null, backlog, releases: {}, problem: "", ...other };
}

const waiver = { exception: "e", reason: "CHG1", until: "2027-01-01" };

export function known(other: Partial<Measured> = {}): Measured {
  const measures = new Measures();
  measures.runEnded("measured");
  measures.runEnded("timed-out");
  measures.measured({ seconds: 0.2, timeouts: 0 });
  measures.measured({ seconds: 31, timeouts: 2 });
  measures.detected(0.7);
  measures.removedFiles("staging", { files: 3, bytes: 3_000 });
  measures.removedFiles("staging", { files: 1, bytes: 500 });
  return {
    ...{ nowMs, status, measures, cpuSeconds: 1.5 },
    findings: [
      finding("oracle"),
      finding("oracle", { severity: "high", consequence: "silent-success" }),
      finding("oracle", { severity: "high", status: "unknown" }),
      finding("postgres", { severity: "medium", waived: waiver }),
      finding("-", { severity: "low", consequence: "slow" }),
    ],
    sessions: {
      at: time,
      groups: [groupOf("oracle", 40), groupOf("postgres", 10), groupOf("oracle", 5, { isStuck: false })],
      problem: "/proc is hidden (hidepid=2)",
    },
    retentions: [
      rowOf("staging"),
      rowOf("archive", { backlog: null, problem: "not everything could be seen" }),
      rowOf("plan", { backlog: null, problem: "there is no Grant", granted: "plan-only" }),
    ],
    ...other,
  };
}
