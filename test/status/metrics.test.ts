import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as z from "zod";
import { consequences, severities } from "../../agent/checks/check-kind.ts";
import { shapes } from "../../agent/status/index.ts";
import { measuredOf, metricsText, mostNamed, stoppedText } from "../../agent/status/metrics.ts";
import { groupOf, known, now, rowOf, sinkOf, status, time } from "./known.ts";
import { agentBehind, ask, finding, nowMs, watched } from "./world.ts";

/** Series with their labels as they stand, but for `agent`, and what their values are. */
function seriesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const series = lines.map((line) => {
    const at = line.lastIndexOf(" ");
    const name = line
      .slice(0, at)
      .replace(/,?agent="host"/, "")
      .replace("{}", "");
    return [name, Number(line.slice(at + 1))] as const;
  });
  assert.equal(new Set(series.map(([name]) => name)).size, series.length, "a series stands there twice");
  return new Map(series);
}

/** Of one metric, `LABELS VALUE` each. */
function valuesOf(series: ReadonlyMap<string, number>, name: string): string[] {
  return [...series].flatMap(([key, value]) => (key === name || key.startsWith(`${name}{`) ? [`${key} ${value}`] : []));
}

test("each metric has the value that the state has", async () => {
  const series = seriesOf(await metricsText(known()));
  const zeros = new Map([...series].filter(([, value]) => value === 0));
  const rest = [...series]
    .filter(([key]) => !zeros.has(key))
    .map(([key, value]) => `${key.slice("rcwarden_".length)} ${value}`);
  assert.deepEqual(rest, [
    ...["up 1", `updated_timestamp_seconds ${now}`, 'build_info{version="0.1.0"} 1', "ready 1"],
    ...["process_start_time_seconds 1795424400", "process_resident_memory_bytes 70000000"],
    ...["process_memory_limit_bytes 268435456", "process_cpu_seconds_total 1.5"],
    ...['accounts{state="measuring"} 1', 'accounts{state="measured"} 1', 'accounts{state="unavailable"} 1'],
    "accounts_pending 1",
    ...['verdicts{status="pass"} 13', 'verdicts{status="fail"} 2', 'verdicts{status="unknown"} 1'],
    ...['findings{severity="critical",status="fail"} 1', 'findings{severity="high",status="fail"} 1'],
    ...['findings{severity="high",status="unknown"} 1', 'findings{severity="medium",status="waived"} 1'],
    'findings{severity="low",status="fail"} 1',
    ...['failing{consequence="hang"} 1', 'failing{consequence="silent-success"} 1', 'failing{consequence="slow"} 1'],
    'account_failing{account="oracle"} 2',
    ...["watched_paths 27", "watched_paths_absent 9", "watched_paths_by_events 18"],
    ...['watch_degraded{code="overflow"} 1', "watch_blind 1", "watches 36", "watch_limit 65536"],
    ...["watch_latency_seconds 0.008", `last_reconcile_timestamp_seconds ${now}`],
    ...["documents_problems 1", `documents_loaded_timestamp_seconds ${now}`, "grant_broken 1"],
    ...['sink_waiting_events{sink="engine"} 7', 'sink_waiting_bytes{sink="engine"} 700'],
    ...['sink_dead_letters{sink="engine"} 2', 'sink_stopped{sink="engine"} 1'],
    ...["store_events 41", "store_bytes 4100", "store_failing 1", "events_lost_total 3"],
    ...["sessions 55", "sessions_stuck 50", "sessions_stuck_oldest_seconds 2400", "sessions_unread 1"],
    ...['account_sessions_stuck{account="oracle"} 40', 'account_sessions_stuck{account="postgres"} 10'],
    ...['backlog_files{retention="staging"} 12', 'backlog_bytes{retention="staging"} 12000'],
    ...['backlog_waiting_bytes{retention="staging"} 8000', 'backlog_oldest_waiting_seconds{retention="staging"} 3600'],
    ...['volume_free_bytes{retention="staging"} 500', 'volume_size_bytes{retention="staging"} 20000'],
    ...['volume_full_seconds{retention="staging"} 7200', 'cleanup_hindered{retention="archive"} 1'],
    'cleanup_removed_files_total{retention="staging"} 4',
    'cleanup_removed_bytes_total{retention="staging"} 3500',
    ...['runs_total{ended="measured"} 1', 'runs_total{ended="timed-out"} 1'],
    ...["0.25", "0.5", "1", "2.5", "5", "10", "30"].map((le) => `run_duration_seconds_bucket{le="${le}"} 1`),
    ...["60", "120", "+Inf"].map((le) => `run_duration_seconds_bucket{le="${le}"} 2`),
    ...["run_duration_seconds_sum 31.2", "run_duration_seconds_count 2"],
    ...["1", "2", "5", "10", "30", "60", "300", "+Inf"].map((le) => `detection_seconds_bucket{le="${le}"} 1`),
    ...["detection_seconds_sum 0.7", "detection_seconds_count 1", "probe_timeouts_total 2"],
  ]);
  // What is not the case now is 0, not missing: an alert on it would never come, and a rate would miss the first.
  for (const name of [
    'accounts{state="suspended"}',
    'watch_degraded{code="watch-limit"}',
    'failing{consequence="lock-out"}',
    'findings{severity="critical",status="unknown"}',
    'runs_total{ended="failed"}',
    'sink_last_taken_timestamp_seconds{sink="file"}',
    "last_full_run_timestamp_seconds",
    'cleanup_removed_bytes_total{retention="archive"}',
    'cleanup_hindered{retention="plan"}',
  ])
    assert.equal(zeros.get(`rcwarden_${name}`), 0, name);
});

test("what is not known is left out, and so is what is no number", async () => {
  const watching = { ...status.watching, latencyMs: null, watchLimit: null, paths: Number.NaN };
  const series = seriesOf(await metricsText(known({ status: { ...status, watching }, findings: [] })));
  for (const name of [
    "watch_latency_seconds",
    "watch_limit",
    "watched_paths",
    'volume_full_seconds{retention="archive"}',
  ])
    assert.equal(series.has(`rcwarden_${name}`), false, name);
  assert.deepEqual(valuesOf(series, "rcwarden_account_failing"), []);
  assert.equal(series.get("rcwarden_watches"), 36);
});

test("each has help and a name after the conventions, and none is a name that node_exporter has itself", async () => {
  const text = await metricsText(known());
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type] as const);
  const helps = [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name, help]) => [name, help] as const);
  assert.deepEqual(
    helps.map(([name]) => name),
    types.map(([name]) => name),
  );
  assert.ok(types.length > 50);
  for (const [name, type] of types) {
    assert.match(name, /^rcwarden_[a-z]+(_[a-z]+)*$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
  }
  for (const [name, help] of helps) assert.match(help ?? "", /^[A-Z0-9i].*\.$/, name);
  const checked = spawnSync("/usr/bin/promtool", ["check", "metrics"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.deepEqual([checked.status, checked.stdout, checked.stderr], [0, "", ""]);
});

test("the words of labels are all that there are", async () => {
  const text = await metricsText(
    known({ findings: [], retentions: [], sessions: { at: time, groups: [], problem: "" } }),
  );
  const words = (label: string, name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{(?:.*,)?${label}="([^"]+)"`, "gm"))].map(([, word]) => word);
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(z.toJSONSchema(shapes().Status));
  const states = z.object({
    items: z.object({ properties: z.object({ state: z.object({ enum: z.array(z.string()) }) }) }),
  });
  assert.deepEqual(words("state", "rcwarden_accounts"), states.parse(properties.accounts).items.properties.state.enum);
  assert.deepEqual(words("consequence", "rcwarden_failing"), [...consequences]);
  assert.deepEqual([...new Set(words("severity", "rcwarden_findings"))], [...severities]);
});

const hostile = 'x"} 1\nrcwarden_up 0\r\\\u001b]0;\u202egpj.exe';

test("a name of the host cannot say another thing than its own, here or on a terminal", async () => {
  const plain = known();
  const text = await metricsText({
    ...plain,
    status: { ...status, instance: hostile },
    sessions: { at: time, groups: [groupOf(hostile, 2)], problem: "" },
    findings: [finding(hostile)],
  });
  assert.doesNotMatch(text, /[^\n\x20-\x7e]/);
  assert.equal(text.match(/^rcwarden_up[ {]/gm)?.length, 1);
  const shown = 'x\\"} 1\\\\x0arcwarden_up 0\\\\x0d\\\\\\\\x1b]0;\\\\xe2\\\\x80\\\\xaegpj.exe';
  assert.ok(text.includes(`rcwarden_account_sessions_stuck{account="${shown}",agent="${shown}"} 2\n`), text);
  const checked = spawnSync("/usr/bin/promtool", ["check", "metrics"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.deepEqual([checked.status, checked.stderr], [0, ""]);
});

test("an ordinary host has fewer than 200 series, and a thousand accounts, sinks and retentions do not make them many", async () => {
  const ordinary = known({ retentions: [rowOf("staging"), rowOf("archive")] });
  assert.ok(seriesOf(await metricsText(ordinary)).size < 200);
  const many = <Each>(make: (name: string, index: number) => Each) =>
    Array.from({ length: 1_000 }, (_, index) => make(`n${String(index).padStart(4, "0")}`, index));
  const crowded = known({
    status: {
      ...status,
      accounts: many((name) => watched(name)),
      sinks: many((name, waiting) => sinkOf(name, { waiting })),
    },
    findings: many((name, index) => Array.from({ length: 1 + (index % 7) }, () => finding(name))).flat(),
    sessions: { at: time, groups: many((name, index) => groupOf(name, index + 1)), problem: "" },
    retentions: many((name) => rowOf(name)),
  });
  const series = seriesOf(await metricsText(crowded));
  for (const name of ["account_failing", "account_sessions_stuck", "sink_waiting_events", "backlog_bytes"])
    assert.equal(valuesOf(series, `rcwarden_${name}`).length, mostNamed, name);
  assert.ok(series.size < 110 + 17 * mostNamed, `${series.size} series`);
  // The worst ones have rows, and totals hold all.
  assert.equal(
    valuesOf(series, "rcwarden_account_sessions_stuck")[0],
    'rcwarden_account_sessions_stuck{account="n0999"} 1000',
  );
  assert.equal(series.get('rcwarden_account_failing{account="n0006"}'), 7);
  assert.equal(series.get("rcwarden_sessions_stuck"), 500_500);
  assert.equal(series.get('rcwarden_sink_waiting_events{sink="n0980"}'), 980);
});

test("to read it counts nothing", async () => {
  const state = known();
  assert.equal(await metricsText(state), await metricsText(state));
});

test("an agent that was stopped says so, and nothing else that would be no longer true", async () => {
  const text = await stoppedText(nowMs, "host");
  assert.deepEqual(
    [...seriesOf(text)],
    [
      ["rcwarden_up", 0],
      ["rcwarden_updated_timestamp_seconds", now],
    ],
  );
});

test("over the socket it is the text format, and of the state behind it", async (t) => {
  const { socket, view } = await agentBehind(t);
  view.measures.detected(3);
  const { status: code, headers, text } = await ask(socket, "/metrics");
  assert.deepEqual([code, headers["content-type"]], [200, "text/plain; version=0.0.4; charset=utf-8"]);
  const series = seriesOf(text);
  assert.equal(series.get("rcwarden_detection_seconds_count"), 1);
  assert.equal(series.get("rcwarden_store_events"), view.store.size.events);
  assert.equal(series.get('rcwarden_findings{severity="critical",status="fail"}'), 2);
  assert.deepEqual([...series.keys()], [...seriesOf(await metricsText(measuredOf(view))).keys()]);
});
