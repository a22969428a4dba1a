/** What readers of each format make of texts: they throw where one is no such format. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import ajvOf from "ajv-draft-04";
import formatsOf from "ajv-formats";

export interface Signs {
  /** Rules were evaluated. */
  readonly ran: boolean;
  readonly failed: number;
  readonly undecided: number;
  readonly problems: number;
}

/** As the format's own readers count it. */
export function signsOf(id: string, texts: readonly string[]): readonly Signs[] {
  const reader = readers[id];
  assert.ok(reader !== undefined, `a reader of ${id}`);
  return reader(texts);
}

interface Finding {
  readonly kind: string;
  readonly status: string;
  readonly waived?: unknown;
}
interface Document {
  readonly kind: string;
  readonly problems?: readonly unknown[];
  readonly missing?: readonly unknown[];
  readonly summary?: { readonly fail: number; readonly unknown: number };
  readonly findings?: readonly Finding[];
}

function ofDocument({ kind, problems = [], missing = [], findings = [] }: Document): Signs {
  const standing = findings.filter(({ waived }) => waived === undefined);
  const count = (status: string) => standing.filter((each) => each.status === status).length;
  return {
    ran: kind !== "Problems",
    failed: count("fail"),
    undecided: count("unknown") + missing.length,
    problems: problems.length,
  };
}

function ofLines(text: string): Signs {
  assert.ok(text.endsWith("\n"));
  const lines: Document[] = text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line));
  const last = lines.pop();
  assert.ok(last !== undefined && (last.kind === "Summary" || last.kind === "Problems"), "the last line sums up");
  const findings: Finding[] = JSON.parse(JSON.stringify(lines));
  assert.ok(findings.every(({ kind }) => kind === "Finding"));
  return ofDocument({ ...last, findings });
}

export interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results?: readonly SarifResult[];
      readonly invocations: readonly [
        {
          readonly executionSuccessful: boolean;
          readonly exitCode: number;
          readonly toolExecutionNotifications?: readonly SarifNotification[];
          readonly toolConfigurationNotifications?: readonly SarifNotification[];
        },
      ];
    },
  ];
}
interface SarifNotification {
  readonly level: string;
  readonly message: { readonly text: string };
}
export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly unknown[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly { readonly kind: string; readonly justification: string }[];
}

const isSarif = schemaOf(
  new URL("../../../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", import.meta.url),
);

function schemaOf(file: URL) {
  const ajv = new ajvOf.default({ strict: false, allErrors: true, unicodeRegExp: false });
  formatsOf.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(file, "utf8")));
}

/** Parsed, valid by OASIS' own schema, and without a character that a viewer would obey. */
export function sarifOf(text: string): Sarif {
  const log: Sarif = JSON.parse(text, (_, value: unknown) => {
    if (typeof value === "string") assert.doesNotMatch(value, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    return value;
  });
  assert.ok(isSarif(log), JSON.stringify(isSarif.errors, null, 1));
  return log;
}

function ofSarif(text: string): Signs {
  const [{ results, invocations }] = sarifOf(text).runs;
  const [{ executionSuccessful, toolExecutionNotifications = [], toolConfigurationNotifications = [] }] = invocations;
  assert.equal(results !== undefined, executionSuccessful, "results where and only where rules ran");
  const standing = (results ?? []).filter(({ suppressions }) => suppressions.length === 0);
  return {
    ran: executionSuccessful,
    failed: standing.filter(({ kind }) => kind === "fail").length,
    undecided: standing.filter(({ kind }) => kind === "open").length + toolExecutionNotifications.length,
    problems: toolConfigurationNotifications.length,
  };
}

const strict = `
import json, sys, xml.etree.ElementTree as tree
answers = []
for text in json.load(sys.stdin):
    root = tree.fromstring(text.encode("utf-8"))
    cases = list(root.iter("testcase"))
    count = lambda tag: sum(1 for case in cases if case.find(tag) is not None)
    told = {name: int(root.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert told == {"tests": len(cases), "failures": count("failure"), "errors": count("error"), "skipped": count("skipped")}, told
    assert all(len(case) <= 1 and case.get("name") and case.get("classname") is not None for case in cases)
    ran = not any(suite.get("name") == "rcwarden documents" for suite in root)
    answers.append({"ran": ran, "failed": count("failure"), "undecided": count("error") if ran else 0, "problems": 0 if ran else count("error")})
json.dump(answers, sys.stdout)
`;

/** By a strict parser, all in one go. */
function ofJunit(texts: readonly string[]): readonly Signs[] {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", strict], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  const signs: readonly Signs[] = JSON.parse(stdout);
  return signs;
}

const nagiosLine = /^RCWARDEN (OK|WARNING|CRITICAL|UNKNOWN): ([^|]+?)(?: \| ((?: ?[a-z]+=[\d.]+s?;;;0)+))?$/;

function ofNagios(text: string): Signs {
  const [first = "", ...details] = text.slice(0, -1).split("\n");
  const [, state, headline = "", performance] = nagiosLine.exec(first) ?? [];
  assert.ok(state !== undefined, first);
  for (const line of [headline, ...details]) assert.doesNotMatch(line, /[|`$<>&;'"\\]/);
  const value = (label: string) => Number(new RegExp(String.raw`\b${label}=(\d+)`).exec(performance ?? "")?.[1] ?? 0);
  return {
    ran: performance !== undefined,
    failed: value("fail"),
    undecided: value("unknown") + value("missing"),
    problems: performance === undefined ? Number(/^(\d+) problem/.exec(headline)?.[1] ?? 0) : 0,
  };
}

/** By Prometheus' own linter; then by its lines. */
function ofPrometheus(text: string): Signs {
  const lint = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8", timeout: 60_000 });
  assert.equal(`${lint.status} ${lint.stdout}${lint.stderr}`, "0 ");
  const sum = (metric: string, label = "") =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`rcwarden_check_${metric}`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return {
    ran: sum("success ") === 1,
    failed: sum("findings{", 'status="fail"} '),
    undecided: sum("findings{", 'status="unknown"} ') + sum("accounts_missing{"),
    problems: sum("problems "),
  };
}

const readers: Readonly<Record<string, (texts: readonly string[]) => readonly Signs[]>> = {
  json: (texts) => texts.map((text) => ofDocument(JSON.parse(text))),
  jsonl: (texts) => texts.map(ofLines),
  sarif: (texts) => texts.map(ofSarif),
  junit: ofJunit,
  nagios: (texts) => texts.map(ofNagios),
  prometheus: (texts) => texts.map(ofPrometheus),
};
