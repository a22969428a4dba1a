/**
 * Prometheus' text format, for node_exporter's textfile collector. No label names what a host may have without end: a
 * finding is counted under its rule, account and mode, and its subject is left to the other formats.
 */
import { printable } from "../text/printable.ts";
import { type Format, gapsOf, type Outcome, type Refusal } from "./format.ts";

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

export const prometheus: Format = {
  id: "prometheus",
  summary: "metrics for node_exporter's textfile collector",
  answer(outcome: Outcome): string {
    const { report, missing } = outcome;
    const { pass, fail, unknown, waived = 0, tried } = report.summary;
    const modes = report.accounts.flatMap(({ name, modes: all }) => all.map((facts) => ({ account: name, ...facts })));
    return [
      ...head(report, report.rcwarden, true),
      gauge("verdicts", "Rules judged, by what came of them.", [
        ...Object.entries({ pass, fail, unknown, waived }).map(([status, value]) => ({ labels: { status }, value })),
      ]),
      gauge("findings", "What failed or could not be decided, by rule, account and mode.", findings(outcome)),
      gauge("commands_tried", "Commands tried in the sandbox.", [{ value: tried }]),
      gauge(
        "gaps",
        "Facts that could not be had, by reason.",
        counted(gapsOf(outcome).map(({ account, mode, code }) => ({ account, mode, code }))),
      ),
      gauge(
        "accounts_missing",
        "Accounts that are meant and were not measured, by reason.",
        counted(missing.map(({ account, code }) => ({ account, code }))),
      ),
      gauge(
        "measuring_seconds",
        "How long it took to measure, by account and mode.",
        modes.map(({ account, mode, seconds }) => ({ labels: { account, mode }, value: seconds })),
      ),
    ].join("");
  },
  refusal(refusal: Refusal): string {
    return [
      ...head(refusal, refusal.version, false),
      gauge("problems", "What is wrong with the call or with documents: nothing was evaluated.", [
        { value: refusal.problems.length },
      ]),
    ].join("");
  },
};

function head({ time }: { readonly time: string }, version: string, isEvaluated: boolean): string[] {
  return [
    gauge("info", "The rcwarden that checked.", [{ labels: { version }, value: 1 }]),
    gauge("success", "1 where the rules were evaluated, 0 where the call or a document is wrong.", [
      { value: isEvaluated ? 1 : 0 },
    ]),
    gauge("last_run_timestamp_seconds", "When it was checked, in seconds since 1970.", [
      { value: Date.parse(time) / 1000 },
    ]),
  ];
}

function findings({ report }: Outcome): Sample[] {
  return counted(
    report.findings.map(({ account, mode, policy, rule, check, severity, consequence, status, waived }) => {
      const state = waived === undefined ? status : "waived";
      return { account, mode, policy, rule, check, severity, consequence, status: state };
    }),
  );
}

/** How often each set of labels is there, in the order in which they first come. */
function counted(all: readonly Labels[]): Sample[] {
  const groups = Map.groupBy(all, (labels) => JSON.stringify(Object.entries(labels).map(([, value]) => shown(value))));
  return [...groups.values()].map((group) => ({ labels: group[0] ?? {}, value: group.length }));
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const metric = `rcwarden_check_${name}`;
  const lines = samples.map(({ labels = {}, value }) => `${metric}${labelText(labels)} ${value}\n`);
  return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${shown(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A label's value is UTF-8 in which backslash, quote and newline are escaped; all other controls become \xNN before. */
function shown(value: string): string {
  return printable(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
