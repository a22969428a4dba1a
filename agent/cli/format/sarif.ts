/**
 * SARIF 2.1.0 (OASIS), for code scanning and CI.
 *
 * What could not be decided is a result of kind `open`: the rule was evaluated, and there was not enough to decide
 * (3.27.9); `notApplicable` would say that the rule is not about this account, which is another thing. A result that is
 * no failure has level `none` (3.27.10), so viewers may pass it over: what left it undecided is a notification of the
 * run as well, with level `error` where an account was not measured at all.
 */
import { type AnyCheckKind, checkKinds, type Severity } from "../../checks/index.ts";
import type { Finding } from "../../evaluate/index.ts";
import { jsonText } from "../../facts/index.ts";
import { printable } from "../text/printable.ts";
import { type Format, gapsOf, type Outcome, type Refusal } from "./format.ts";

export const sarif: Format = {
  id: "sarif",
  summary: "SARIF 2.1.0, for code scanning",
  answer(outcome: Outcome): string {
    const { report, missing, code } = outcome;
    const { accounts, applied, replaced, summary } = report;
    const notifications = [
      ...gapsOf(outcome).map(({ account, mode, code: id, message, change }) =>
        notification(id, "warning", sentences([`${account}, ${mode}: ${message}`, change])),
      ),
      ...missing.map(({ account, code: id, message }) =>
        notification(id, "error", sentences([`${account} was not measured: ${message}`])),
      ),
    ];
    const invocation = {
      executionSuccessful: true,
      exitCode: code,
      endTimeUtc: report.time,
      ...(notifications.length > 0 && { toolExecutionNotifications: notifications }),
    };
    const measured = accounts.map(({ name, uid, shell, modes }) => {
      return { name, uid, shell, modes: modes.map(({ mode, sandbox, ended }) => ({ mode, sandbox, ended })) };
    });
    const rules = checkKinds.filter(({ id }) => report.findings.some(({ check }) => check === id));
    return document(report.rcwarden, report.host.name, rules, {
      invocations: [invocation],
      results: report.findings.map((finding) => resultOf(finding, rules)),
      properties: { host: report.host, summary, applied, ...(replaced && { replaced }), accounts: measured },
    });
  },
  refusal({ time, host, version, problems }: Refusal): string {
    const notifications = problems.map(({ code, message, where }) => ({
      ...notification(code, "error", message),
      ...(where !== null && { locations: [{ physicalLocation: physical(where) }] }),
    }));
    const invocation = {
      executionSuccessful: false,
      exitCode: 2,
      exitCodeDescription: "The call or a document is wrong; nothing was evaluated.",
      endTimeUtc: time,
      toolConfigurationNotifications: notifications,
    };
    // `results` is left out: an empty list would say that rules ran and found nothing (3.14.23).
    return document(version, host.name, [], { invocations: [invocation] });
  },
};

/** How bad a viewer shows it. */
const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

/** A check kind that some finding is of. */
type Rule = Pick<AnyCheckKind, "id" | "summary" | "why" | "consequence">;

function document(
  version: string,
  host: string,
  rules: readonly Rule[],
  run: Readonly<Record<string, unknown>>,
): string {
  const driver = {
    name: "rcwarden",
    semanticVersion: version,
    rules: rules.map(({ id, summary, why, consequence }) => ({
      id,
      shortDescription: { text: summary },
      fullDescription: { text: why },
      help: { text: `${summary} ${why} Where it does not hold an engine suffers: ${consequence}.` },
      properties: { tags: [consequence] },
    })),
  };
  const id = `rcwarden-check/${encodeURIComponent(host.toWellFormed())}/`;
  const whole = { tool: { driver }, automationDetails: { id }, columnKind: "unicodeCodePoints", ...run };
  return `${jsonText(harmless({ $schema: schema, version: "2.1.0", runs: [whole] }))}\n`;
}

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

function resultOf(finding: Finding, rules: readonly Rule[]) {
  const { check, status, severity, consequence, policy, rule, account, mode, subject, message, change } = finding;
  const { where, evidence, gaps, fingerprint } = finding;
  const failed = status === "fail";
  const through = (where?.through ?? []).map((file) => ({
    physicalLocation: { artifactLocation: { uri: uriOf(file) } },
    message: { text: text(`read ${where?.file ?? ""}`) },
  }));
  const ruleIndex = rules.findIndex(({ id }) => id === check);
  return {
    ruleId: check,
    ...(ruleIndex >= 0 && { ruleIndex }),
    kind: failed ? "fail" : "open",
    level: failed ? levels[severity] : "none",
    message: {
      text: text(sentences([`${subject}: ${message}`, whoOf(finding), change === "" ? "" : `Change: ${change}`])),
    },
    locations: [
      {
        ...(where !== null && { physicalLocation: physical(where) }),
        logicalLocations: [{ name: account, fullyQualifiedName: `${account}/${mode}`, kind: "account" }],
      },
    ],
    ...(through.length > 0 && { relatedLocations: through }),
    partialFingerprints: { "rcwardenFinding/v1": fingerprint },
    suppressions: suppressionsOf(finding),
    properties: {
      policy,
      rule,
      account,
      mode,
      subject,
      severity,
      consequence,
      change,
      evidence,
      ...(gaps && { gaps }),
    },
  };
}

function whoOf({ account, mode, policy, rule }: Finding): string {
  const where = account === "-" ? "This host" : mode === "-" ? `Account ${account}` : `Account ${account}, ${mode}`;
  return `${where} (${policy} / ${rule})`;
}

/** An empty list says that it is not suppressed; left out it would be unknown (3.27.23). */
function suppressionsOf({ waived }: Finding) {
  if (waived === undefined) return [];
  const { exception, reason, until } = waived;
  const justification = text(`exception ${exception}, to the end of ${until} (UTC): ${reason}`);
  return [{ kind: "external", status: "accepted", justification }];
}

function notification(id: string, level: "warning" | "error", message: string) {
  return { descriptor: { id }, level, message: { text: text(message) } };
}

function physical({ file, line, column }: { readonly file: string; readonly line: number; readonly column: number }) {
  const artifactLocation = { uri: uriOf(file) };
  if (line < 1) return { artifactLocation };
  return { artifactLocation, region: { startLine: line, ...(column >= 1 && { startColumn: column }) } };
}

function uriOf(path: string): string {
  const segments = path.toWellFormed().split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${segments}` : segments;
}

function sentences(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== "")
    .map((part) => (/[.!?]$/.test(part) ? part : `${part}.`))
    .join(" ");
}

/**
 * A plain text message: `{file}`, the word for what a command gets, is written FILE, for braces stand for arguments and
 * are doubled (3.11.5), which few viewers undo; and no text of the host may become a link (3.11.6).
 */
function text(message: string): string {
  return message
    .replace(/\{(file|existing|folder|new)\}/g, (_, name: string) => name.toUpperCase())
    .replace(/[{}]/g, "$&$&")
    .replaceAll("](", "\\](");
}

/** Viewers show what they parse: no text in it may hold a hostile character, escaped for JSON or not. */
function harmless(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(harmless);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, harmless(each)]));
}
