/**
 * The agent's state as Prometheus reads it: text format 0.0.4. One row a metric, each with what it is read from; what is
 * counted while it happens stands in measures.ts. Values are of the last state: nothing is measured for an answer.
 *
 * Series are bounded, whatever the host has: labels are closed words, but for account, sink and retention, and of those
 * the worst twenty have rows; a total without that label holds all. No name begins with process_ and each series says
 * which agent it is, for node_exporter, which reads them from a file, fails as a whole where two series are the same.
 */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Registry from "prom-client/lib/registry.js";
import type { SessionsFacts, SinkState } from "../facts/index.ts";
import { printable } from "../facts/lines.ts";
import type { KeptFinding } from "../store/index.ts";
import type { AgentView, CleanupRow, StatusBody, WatchedAccount } from "./agent-view.ts";
import type { Measures } from "./measures.ts";

/** What there is to say, at one moment. */
export interface Measured {
  readonly nowMs: number;
  readonly status: StatusBody;
  readonly findings: readonly KeptFinding[];
  readonly sessions: SessionsFacts;
  readonly retentions: readonly CleanupRow[];
  readonly measures: Measures;
  /** Processor time of the process since it began. */
  readonly cpuSeconds: number;
}

interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: what it is, and how it is read. */
interface Row {
  readonly type: "gauge" | "counter";
  readonly name: string;
  readonly help: string;
  readonly label: readonly string[];
  values(measured: Measured): readonly Value[];
}

/** Rows of one account, sink or retention that a metric has at most. */
export const mostNamed = 20;

const severities = ["critical", "high", "medium", "low", "info"] as const;
const consequences = [
  ...["hang", "silent-success", "failed-command", "corrupted-stream", "wrong-target"],
  ...["slow", "leak", "lock-out", "security"],
] as const;
const accountStates: readonly WatchedAccount["state"][] = [
  ...(["waiting", "measuring", "measured", "not-granted"] as const),
  ...(["quiet", "suspended", "unavailable", "elsewhere"] as const),
];
const degradations: readonly StatusBody["watching"]["degraded"][number]["code"][] = [
  ...(["watch-limit", "sentinel-late", "overflow", "network-mount", "no-answer", "watch-error"] as const),
];

export const metricRows: readonly Row[] = [
  gauge("up", "1 while the agent runs; the file for node_exporter says 0 after it was stopped.", () => 1),
  gauge("updated_timestamp_seconds", "When these values were read.", ({ nowMs }) => nowMs / 1000),
  {
    ...{ type: "gauge", name: "rcwarden_build_info", help: "The program's version; always 1.", label: ["version"] },
    values: ({ status }) => [{ labels: { version: status.rcwarden }, value: 1 }],
  },
  gauge("ready", "Whether every account was looked at once.", ({ status }) => one(status.ready)),
  gauge("process_start_time_seconds", "When the agent began.", ({ status }) => seconds(status.startedAt)),
  gauge("process_resident_memory_bytes", "Of the agent itself.", ({ status }) => status.resources.rssBytes),
  gauge("process_memory_limit_bytes", "What limits.memory of its Agent document says.", ({ status }) => {
    return status.resources.memoryLimitBytes;
  }),
  counter("process_cpu_seconds_total", "Processor time of the agent itself.", ({ cpuSeconds }) => cpuSeconds),

  each("accounts", "Accounts by state.", "state", accountStates, ({ status: { accounts } }, state) => {
    return accounts.filter((account) => account.state === state).length;
  }),
  gauge("accounts_pending", "Accounts of which something changed that was not looked at yet.", ({ status }) => {
    return status.accounts.filter(({ pending }) => pending).length;
  }),
  each("verdicts", "Rules as they were judged, by what came out.", "status", ["pass", "fail", "unknown"], verdicts),
  {
    ...{ type: "gauge", name: "rcwarden_findings", label: ["severity", "status"] },
    help: "Findings by severity and status; waived: an Exception stands.",
    values: ({ findings }) =>
      severities.flatMap((severity) =>
        (["fail", "unknown", "waived"] as const).map((status) => ({
          labels: { severity, status },
          value: findings.filter((each) => each.severity === severity && statusOf(each) === status).length,
        })),
      ),
  },
  each(
    "failing",
    "Findings that fail and are not waived, by what an engine would suffer.",
    "consequence",
    consequences,
    ({ findings }, consequence) =>
      findings.filter((each) => each.consequence === consequence && statusOf(each) === "fail").length,
  ),
  named(
    "account_failing",
    "Findings that fail and are not waived, of the accounts with the most.",
    "account",
    (all) => {
      const failing = all.findings.filter((each) => statusOf(each) === "fail" && each.account !== "-");
      const counts = Map.groupBy(failing, ({ account }) => account);
      return [...counts].map(([account, { length }]) => [account, length]);
    },
  ),

  gauge("watched_paths", "Paths that are to be watched.", ({ status }) => status.watching.paths),
  gauge("watched_paths_absent", "Of these those that are not there yet.", ({ status }) => status.watching.absent),
  gauge("watched_paths_by_events", "Of these those that events are had of; the others are swept.", ({ status }) => {
    return status.watching.byEvents;
  }),
  each("watch_degraded", "Why events are not had, or not trusted.", "code", degradations, ({ status }, code) => {
    return one(status.watching.degraded.some((each) => each.code === code));
  }),
  gauge("watch_blind", "Whether changes could go unseen: then nothing is confirmed.", ({ status }) => {
    return one(status.watching.blind);
  }),
  gauge("watches", "inotify watches of the agent.", ({ status }) => status.watching.watches),
  gauge("watch_limit", "What its user may have of them at most.", ({ status }) => status.watching.watchLimit),
  gauge("watch_latency_seconds", "From a write of its own to the event of it.", ({ status: { watching } }) => {
    return watching.latencyMs === null ? null : watching.latencyMs / 1000;
  }),
  gauge("last_reconcile_timestamp_seconds", "The last look at everything watched; 0 before the first.", (all) => {
    return seconds(all.status.watching.lastSweep);
  }),
  gauge("last_full_run_timestamp_seconds", "When every account was measured last; 0 before the first.", (all) => {
    return seconds(all.status.watching.lastFullRun);
  }),

  gauge("documents_problems", "Problems of the documents that were read last.", ({ status }) => {
    return status.documents.problems.length;
  }),
  gauge("documents_loaded_timestamp_seconds", "When those in force were read.", ({ status }) => {
    return seconds(status.documents.loadedAt);
  }),
  gauge("grant_broken", "Whether the Grant cannot be taken: then nobody is measured.", ({ status }) => {
    return one(status.documents.grant === "broken");
  }),

  sink("waiting_events", "Events that wait for it.", ({ waiting }) => waiting),
  sink("waiting_bytes", "Bytes of these.", ({ bytes }) => bytes),
  sink("dead_letters", "Events that it refused for good.", ({ deadLetters }) => deadLetters),
  sink("stopped", "Whether a fault stops it that somebody must mend.", ({ state }) => one(state === "stopped")),
  sink("last_taken_timestamp_seconds", "When all that was offered was taken last; 0 before the first.", (each) => {
    return seconds(each.lastTaken);
  }),

  gauge("store_events", "Events that the store holds.", ({ status }) => status.store.events),
  gauge("store_bytes", "Bytes of these.", ({ status }) => status.store.bytes),
  gauge("store_failing", "Whether the store does not take what was found.", ({ status }) => {
    return one(status.store.problem !== null);
  }),
  counter("events_lost_total", "Events that were dropped before they were taken.", ({ status }) => status.store.lost),

  gauge("sessions", "SSH sessions of watched accounts.", ({ sessions }) => sumOf(sessions.groups)),
  gauge("sessions_stuck", "Of these those that wait for what nobody gives.", ({ sessions }) => sumOf(stuck(sessions))),
  gauge("sessions_stuck_oldest_seconds", "Since the oldest of these began; 0 where there is none.", ({ sessions }) => {
    return Math.max(0, ...stuck(sessions).map(({ oldestSeconds }) => oldestSeconds));
  }),
  gauge("sessions_unread", "Whether sessions could not be read, or not all.", ({ sessions }) => {
    return one(sessions.problem !== "");
  }),
  named("account_sessions_stuck", "Stuck SSH sessions, of the accounts with the most.", "account", ({ sessions }) => {
    const counts = Map.groupBy(stuck(sessions), ({ account }) => account);
    return [...counts].map(([account, groups]) => [account, sumOf(groups)]);
  }),

  retention("gauge", "backlog_files", "Files that match the Retention.", ({ backlog }) => backlog?.files),
  retention("gauge", "backlog_bytes", "Bytes of files that match the Retention.", ({ backlog }) => backlog?.bytes),
  retention("gauge", "backlog_waiting_bytes", "Of these what neither age nor count keeps.", ({ backlog }) => {
    return backlog?.waiting.bytes;
  }),
  retention("gauge", "backlog_oldest_waiting_seconds", "For how long the oldest waits.", ({ backlog }) => {
    return backlog === null ? undefined : (backlog.waiting.oldestSeconds ?? 0);
  }),
  retention("gauge", "volume_free_bytes", "Free of the Retention's file system.", ({ backlog }) => backlog?.freeBytes),
  retention("gauge", "volume_size_bytes", "Size of the Retention's file system.", ({ backlog }) => backlog?.totalBytes),
  retention(
    "gauge",
    "volume_full_seconds",
    "Until it is full at this growth; none while that is not known.",
    (each) => {
      return each.backlog?.fullInSeconds;
    },
  ),
  retention("gauge", "cleanup_hindered", "Whether something keeps it from what the Grant lets it do.", (row) => {
    return one(row.state === "stuck" || (row.granted !== "plan-only" && row.problem !== ""));
  }),
  retention("counter", "cleanup_removed_files_total", "Files that were removed.", ({ retention: name }, measures) => {
    return measures.removed(name).files;
  }),
  retention("counter", "cleanup_removed_bytes_total", "Bytes of files that were removed.", (each, measures) => {
    return measures.removed(each.retention).bytes;
  }),
];

/** What the agent knows now. */
export function measuredOf(view: AgentView): Measured {
  const { user, system } = process.cpuUsage();
  return {
    nowMs: view.nowMs(),
    status: view.status(),
    findings: view.store.findings().map(({ finding }) => finding),
    sessions: view.sessions(),
    retentions: view.cleanup().retentions,
    measures: view.measures,
    cpuSeconds: (user + system) / 1e6,
  };
}

export async function metricsText(measured: Measured): Promise<string> {
  const state = new Registry();
  for (const row of metricRows) put(state, row, row.values(measured));
  return written([state, measured.measures.registry], measured.status.instance);
}

/** What stays in the file for node_exporter when the agent was stopped: nothing else would be true. */
export async function stoppedText(nowMs: number, instance: string): Promise<string> {
  const registry = new Registry();
  for (const row of metricRows) {
    if (row.name === "rcwarden_up") put(registry, row, [{ labels: {}, value: 0 }]);
    if (row.name === "rcwarden_updated_timestamp_seconds") put(registry, row, [{ labels: {}, value: nowMs / 1000 }]);
  }
  return written([registry], instance);
}

async function written(registries: Registry[], instance: string): Promise<string> {
  const all = Registry.merge(registries);
  all.setDefaultLabels({ agent: labelText(instance) });
  return all.metrics();
}

/** A metric of which nothing is known is left out. Nothing but numbers gets in: prom-client throws for all of them. */
function put(registry: Registry, { type, name, help, label }: Row, values: readonly Value[]): void {
  const finite = values.filter(({ value }) => Number.isFinite(value));
  if (finite.length === 0) return;
  const config = { name, help, labelNames: [...label], registers: [registry] };
  const metric = type === "gauge" ? new Gauge(config) : new Counter(config);
  for (const { labels, value } of finite) metric.inc(labels, value);
}

type Read = (measured: Measured) => number | null;

function single(type: Row["type"], name: string, help: string, read: Read): Row {
  return {
    ...{ type, name: `rcwarden_${name}`, help, label: [] },
    values(measured) {
      const value = read(measured);
      return value === null ? [] : [{ labels: {}, value }];
    },
  };
}

function gauge(name: string, help: string, read: Read): Row {
  return single("gauge", name, help, read);
}

function counter(name: string, help: string, read: Read): Row {
  return single("counter", name, help, read);
}

/** One series a word, also where it is 0. */
function each<Word extends string>(
  name: string,
  help: string,
  label: string,
  words: readonly Word[],
  read: (measured: Measured, word: Word) => number,
): Row {
  return {
    ...{ type: "gauge", name: `rcwarden_${name}`, help, label: [label] },
    values: (measured) => words.map((word) => ({ labels: { [label]: word }, value: read(measured, word) })),
  };
}

/** One series a name that the host or its owner chose: of many those with the highest values. */
function named(
  name: string,
  help: string,
  label: string,
  read: (measured: Measured) => readonly (readonly [string, number])[],
): Row {
  return {
    ...{ type: "gauge", name: `rcwarden_${name}`, help, label: [label] },
    values: (measured) =>
      [...read(measured)]
        .sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
        .slice(0, mostNamed)
        .map(([text, value]) => ({ labels: { [label]: labelText(text) }, value })),
  };
}

function sink(name: string, help: string, read: (sink: SinkState) => number): Row {
  return {
    ...{ type: "gauge", name: `rcwarden_sink_${name}`, help, label: ["sink"] },
    values: ({ status: { sinks } }) =>
      [...sinks]
        .sort((a, b) => b.waiting - a.waiting || b.deadLetters - a.deadLetters)
        .slice(0, mostNamed)
        .map((each) => ({ labels: { sink: labelText(each.name) }, value: read(each) })),
  };
}

function retention(
  type: Row["type"],
  name: string,
  help: string,
  read: (row: CleanupRow, measures: Measures) => number | null | undefined,
): Row {
  return {
    ...{ type, name: `rcwarden_${name}`, help, label: ["retention"] },
    values: ({ retentions, measures }) =>
      [...retentions]
        .sort((a, b) => (b.backlog?.bytes ?? 0) - (a.backlog?.bytes ?? 0))
        .slice(0, mostNamed)
        .map((row) => ({ labels: { retention: labelText(row.retention) }, value: read(row, measures) ?? Number.NaN })),
  };
}

/** As a reader of the text may see it; quotes, backslashes and newlines prom-client escapes. */
function labelText(text: string): string {
  return printable(text);
}

function statusOf({ status, waived }: KeptFinding): "fail" | "unknown" | "waived" {
  return waived === undefined ? status : "waived";
}

function verdicts({ status: { accounts } }: Measured, status: "pass" | "fail" | "unknown"): number {
  return accounts.reduce((sum, account) => sum + account[status], 0);
}

function stuck({ groups }: SessionsFacts) {
  return groups.filter(({ isStuck }) => isStuck);
}

function sumOf(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

function one(holds: boolean): 0 | 1 {
  return holds ? 1 : 0;
}

/** Epoch seconds of an RFC 3339 time; 0 where there is none. */
function seconds(time: string | null): number {
  return time === null ? 0 : Date.parse(time) / 1000;
}
