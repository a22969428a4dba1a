/**
 * JUnit's XML, as CI systems read it: a suite for each account and mode, a test for each rule and subject. A finding is a
 * failure, what could not be decided an error, what is waived or below `--fail-on` skipped; a gap that no rule asked about
 * is an error of the suite's own test, `measured`.
 */
import type { Verdict } from "../../evaluate/index.ts";
import { printable } from "../text/printable.ts";
import { decides, type Format, gapsOf, type Outcome, type Refusal } from "./format.ts";

interface Test {
  readonly className: string;
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  /** Without one it passed. */
  readonly ended?: {
    readonly as: "failure" | "error" | "skipped";
    readonly type: string;
    readonly message: string;
    readonly text: string;
  };
}

interface Suite {
  readonly name: string;
  readonly seconds: number;
  readonly tests: readonly Test[];
}

export const junit: Format = {
  id: "junit",
  summary: "JUnit XML: a test for each rule and subject",
  answer(outcome: Outcome): string {
    const { report } = outcome;
    return document(report.time, report.host.name, suitesOf(outcome));
  },
  refusal({ time, host, problems }: Refusal): string {
    const tests = problems.map(({ code, message, where }): Test => {
      const ended = { as: "error", type: code, message, text: `${message}; nothing was evaluated` } as const;
      const place = where === null ? {} : { file: where.file, ...(where.line > 0 && { line: where.line }) };
      return { className: "rcwarden.documents", name: where?.file ?? "the call", ...place, ended };
    });
    return document(time, host.name, [{ name: "rcwarden documents", seconds: 0, tests }]);
  },
};

function suitesOf(outcome: Outcome): Suite[] {
  const { report, verdicts, missing } = outcome;
  const gaps = gapsOf(outcome);
  const ofModes = report.accounts.flatMap(({ name, modes }) =>
    modes.map(({ mode, seconds }): Suite => {
      const own = verdicts.filter((verdict) => verdict.account === name && verdict.mode === mode);
      const lacks = gaps.filter((gap) => gap.account === name && gap.mode === mode);
      const tests = [measured(`${name}.${mode}`, lacks), ...own.map((verdict) => testOf(verdict, outcome))];
      return { name: `${name} ${mode}`, seconds, tests };
    }),
  );
  const inSuites = new Set(report.accounts.flatMap(({ name, modes }) => modes.map(({ mode }) => `${name} ${mode}`)));
  const others = Map.groupBy(
    verdicts.filter(({ account, mode }) => !inSuites.has(`${account} ${mode}`)),
    ({ account }) => account,
  );
  return [
    ...ofModes,
    ...[...others].map(([account, own]) => ({
      name: account === "-" ? "this host" : account,
      seconds: 0,
      tests: own.map((verdict) => testOf(verdict, outcome)),
    })),
    ...missing.map(({ account, code, message }) => ({
      name: account,
      seconds: 0,
      tests: [measured(account, [{ code, message, change: "" }])],
    })),
  ];
}

type Lack = { readonly code: string; readonly message: string; readonly change: string };

function measured(className: string, lacks: readonly Lack[]): Test {
  const [first] = lacks;
  const test = { className, name: "measured" };
  if (first === undefined) return test;
  const text = lacks.map(({ code, message, change }) => `${code}: ${message}${change === "" ? "" : `; ${change}`}`);
  return { ...test, ended: { as: "error", type: first.code, message: first.message, text: text.join("\n") } };
}

function testOf(verdict: Verdict, outcome: Outcome): Test {
  const { account, mode, policy, rule, subject, where } = verdict;
  const name = `${policy} / ${rule}: ${subject}`;
  const place = where === null || verdict.status === "pass" ? {} : { file: where.file, line: where.line };
  const ended = endOf(verdict, outcome);
  return { className: mode === "-" ? account : `${account}.${mode}`, name, ...place, ...(ended && { ended }) };
}

function endOf(verdict: Verdict, outcome: Outcome): Test["ended"] {
  const { status, waived, severity, consequence, gaps, message } = verdict;
  if (status === "pass") return undefined;
  const text = linesOf(verdict);
  if (waived !== undefined) {
    const by = `waived by exception ${waived.exception} to the end of ${waived.until} (UTC): ${waived.reason}`;
    return { as: "skipped", type: "waived", message: by, text };
  }
  if (status === "unknown") return { as: "error", type: gaps[0]?.code ?? "unknown", message, text };
  if (!decides(verdict, outcome))
    return {
      as: "skipped",
      type: consequence,
      message: `${severity} is below --fail-on ${outcome.failOn}: ${message}`,
      text,
    };
  return { as: "failure", type: consequence, message: `${severity}: ${message}`, text };
}

function linesOf({ message, where, change, gaps, fingerprint, account, mode, subject }: Verdict): string {
  return [
    `${account}, ${mode}: ${subject}: ${message}`,
    ...(where === null ? [] : [`Line: ${where.file}:${where.line}:${where.column}`]),
    ...gaps.map((gap) => `Because: ${gap.code}: ${gap.message}`),
    ...(change === "" ? [] : [`Change: ${change}`]),
    `Finding: ${fingerprint}`,
  ].join("\n");
}

function document(time: string, host: string, suites: readonly Suite[]): string {
  const all = suites.flatMap(({ tests }) => tests);
  const seconds = suites.reduce((sum, suite) => sum + suite.seconds, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: "rcwarden check", ...counts(all), time: seconds.toFixed(3) })}>`,
    ...suites.flatMap((suite) => suiteLines(suite, time, host)),
    "</testsuites>",
    "",
  ].join("\n");
}

function counts(tests: readonly Test[]) {
  const count = (as: string) => tests.filter(({ ended }) => ended?.as === as).length;
  return { tests: tests.length, failures: count("failure"), errors: count("error"), skipped: count("skipped") };
}

function suiteLines({ name, seconds, tests }: Suite, time: string, host: string): string[] {
  // Readers of this format know no zone and no fraction of a second.
  const timestamp = time.replace(/\.\d+Z$/, "").replace(/Z$/, "");
  const about = { name, ...counts(tests), time: seconds.toFixed(3), timestamp, hostname: host };
  return [`  <testsuite${attributes(about)}>`, ...tests.flatMap(testLines), "  </testsuite>"];
}

function testLines({ className, name, file, line, ended }: Test): string[] {
  const open = `    <testcase${attributes({ classname: className, name, ...(file !== undefined && { file }), ...(line !== undefined && { line }) })}`;
  if (ended === undefined) return [`${open}/>`];
  const { as, type, message, text } = ended;
  const about = as === "skipped" ? { message } : { type, message };
  return [`${open}>`, `      <${as}${attributes(about)}>${escaped(text)}</${as}>`, "    </testcase>"];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value).replaceAll("\n", " "))}"`)
    .join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no way to say most controls, not even escaped: they are made printable first, newlines of ours excepted. */
function escaped(text: string): string {
  return text
    .split("\n")
    .map((line) => printable(line).replace(/[&<>"']/g, (character) => entities[character] ?? ""))
    .join("\n");
}
