/**
 * A plugin of Nagios, Icinga, Naemon: a first line with performance data behind a pipe, then details; exit status 0 OK,
 * 1 WARNING, 2 CRITICAL, 3 UNKNOWN (Monitoring Plugins Development Guidelines, 2 and 3). What failed comes before what
 * could not be told, as everywhere; severity critical or high is CRITICAL, the rest WARNING, and below `--fail-on` OK.
 */
import type { Finding, Report } from "../../evaluate/index.ts";
import type { ExitCode } from "../verb.ts";
import { decides, type Format, gapsOf, type Outcome, type Refusal } from "./format.ts";

const states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;
const unknown = 3;
/** Nagios keeps 8 KiB of all output; the first line goes into text messages. */
const most = { firstLine: 300, line: 600, lines: 10 } as const;

export const nagios: Format = {
  id: "nagios",
  summary: "a plugin of Nagios or Icinga, with exit codes of theirs: 0 OK to 3 UNKNOWN",
  answer(outcome: Outcome): string {
    const told = tellingOf(outcome);
    const [first] = told;
    const more = told.length > 1 ? ` (and ${told.length - 1} more)` : "";
    const headline = first === undefined ? sumOf(outcome.report) : first.short + more;
    const details = told.map(({ whole }) => whole);
    return text(stateOf(outcome), headline, performanceOf(outcome), details);
  },
  refusal({ problems }: Refusal): string {
    const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}, nothing was evaluated`;
    const messages = problems.map(({ message }) => message);
    return text(unknown, `${count}: ${messages[0] ?? ""}`, "", messages);
  },
  exits: { answer: stateOf, refusal: unknown },
};

function stateOf(outcome: Outcome): ExitCode {
  if (outcome.code === 3) return unknown;
  const worst = outcome.report.findings.filter((finding) => decides(finding, outcome));
  if (worst.length === 0) return 0;
  return worst.some(({ severity }) => severity === "critical" || severity === "high") ? 2 : 1;
}

interface Told {
  /** For the first line. */
  readonly short: string;
  readonly whole: string;
}

/** What is wrong, most important first. What is undecided for one reason is said once. */
function tellingOf(outcome: Outcome): Told[] {
  const standing = outcome.report.findings.filter(({ waived }) => waived === undefined);
  const undecided = Map.groupBy(
    standing.filter(({ status }) => status === "unknown"),
    ({ account, mode, message }) => `${account} ${mode}: ${message}`,
  );
  const gaps = gapsOf(outcome)
    .map(({ account, mode, message }) => `${account} ${mode}: ${message}`)
    .filter((gap) => !undecided.has(gap))
    .map((gap) => ({ short: gap, whole: `UNKNOWN ${gap}` }));
  return [
    ...standing.filter((finding) => decides(finding, outcome)).map(failedOf),
    ...[...undecided].map(([why, findings]) => undecidedOf(why, findings)),
    ...gaps,
    ...outcome.missing.map(({ account, message }) => {
      const short = `${account}: was not measured: ${message}`;
      return { short, whole: `UNKNOWN ${short}` };
    }),
  ];
}

function failedOf({ account, mode, subject, where, severity, consequence, message, change }: Finding): Told {
  const head = `${account} ${mode}: ${subject}`;
  const place = where === null ? "" : `, ${where.file}:${where.line}`;
  const advice = change === "" ? "" : `, change: ${change}`;
  return {
    short: `${head}: ${consequence}${place}`,
    whole: `${severity.toUpperCase()} ${head}: ${message}${place}${advice}`,
  };
}

function undecidedOf(why: string, findings: readonly Finding[]): Told {
  const [first] = findings;
  const subjects = [...new Set(findings.map(({ subject }) => subject))].join(", ");
  const change = first === undefined || first.change === "" ? "" : `, change: ${first.change}`;
  return { short: `${why}, ${findings.length} undecided`, whole: `UNKNOWN ${why}, undecided: ${subjects}${change}` };
}

function sumOf({ accounts, summary }: Report): string {
  const waived = summary.waived === undefined ? "" : `, ${summary.waived} waived`;
  const counts = `${summary.fail} fail, ${summary.unknown} unknown, ${summary.pass} pass${waived}`;
  return `${accounts.length} ${accounts.length === 1 ? "account" : "accounts"} measured: ${counts}`;
}

function performanceOf({ report, missing }: Outcome): string {
  const { pass, fail, unknown: undecided, waived = 0, tried } = report.summary;
  const seconds = report.accounts.flatMap(({ modes }) => modes.map((facts) => facts.seconds));
  const took = seconds.reduce((sum, each) => sum + each, 0).toFixed(3);
  const counts = { fail, unknown: undecided, pass, waived, missing: missing.length, tried };
  return [...Object.entries(counts).map(([label, value]) => `${label}=${value};;;0`), `time=${took}s;;;0`].join(" ");
}

function text(state: ExitCode, headline: string, performance: string, details: readonly string[]): string {
  const first = `RCWARDEN ${states[state]}: ${shown(headline, most.firstLine)}`;
  const shownDetails = details.slice(0, most.lines).map((line) => shown(line, most.line));
  const left = details.length - shownDetails.length;
  const more = left > 0 ? [`${left} more: rcwarden check`] : [];
  const lines = [performance === "" ? first : `${first} | ${performance}`, ...shownDetails, ...more];
  return `${lines.join("\n")}\n`;
}

/**
 * What Nagios or a shell behind it would take for its own: the pipe parts text from performance data; notifications are
 * shell commands into which the text is put, often by way of `printf %b`, so that a backslash is no safe escape either.
 * They become %NN, as in a URL; quotes only part words, and fall away, and a semicolon becomes a comma.
 */
const meant = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}|\\`$<>&~%]/gu;

function shown(host: string, mostCharacters: number): string {
  const characters = [...host.replace(/["']/g, "").replaceAll(";", ",")];
  const cut = characters.length <= mostCharacters ? characters : [...characters.slice(0, mostCharacters - 3), "..."];
  return cut.join("").replace(meant, percent).trim();
}

function percent(character: string): string {
  const bytes = Buffer.from(character, "utf8");
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("");
}
