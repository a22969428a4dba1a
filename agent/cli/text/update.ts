/** What is otherwise since the last round of `check --watch`. */
import type { KeptFinding } from "../../drift/index.ts";
import type { Verdict } from "../../evaluate/index.ts";
import type { Account } from "../../facts/index.ts";
import { folded, pad, paragraph, rows, shortened } from "../../facts/layout.ts";
import { localSecond } from "../../facts/moment.ts";
import type { CheckedAccount } from "../checked.ts";
import type { Update } from "../watching.ts";
import { guiltyOf, undecidedOf } from "./blocks.ts";
import { tilde } from "./chain.ts";
import { guiltyText } from "./guilty.ts";
import { type Line, span } from "./printable.ts";
import { undecidedText } from "./undecided.ts";

interface Clock {
  now(): Date;
  offsetMinutes(at: Date): number;
}

/** Paths that are named; more are counted. */
const mostPaths = 3;

export function updateText(update: Update, clock: Clock): Line[] {
  const { opened, altered, resolved, round } = update;
  const now = clock.now();
  const news = [
    ...(opened.length > 0 ? [`${opened.length} opened`] : []),
    ...(altered.length > 0 ? [`${altered.length} changed`] : []),
    ...(resolved.length > 0 ? [`${resolved.length} resolved`] : []),
  ];
  const head = `${localSecond(now, clock.offsetMinutes(now))}  ${changedWords(update.changed)}`;
  const says = news.length === 0 ? "nothing is otherwise" : news.join(", ");
  const fresh = new Set([...opened, ...altered].map(({ fingerprint }) => fingerprint));
  const { measured, verdicts } = round.checked;
  const accounts = measured.map(({ account, modes }) => {
    const own = verdicts.filter((verdict) => verdict.account === account.name && fresh.has(verdict.fingerprint));
    return { account, modes, verdicts: own };
  });
  const { pass, fail, unknown } = round.outcome.report.summary;
  return [
    ...paragraph(`${head}: ${says}; now ${fail} fail, ${unknown} unknown, ${pass} pass.`),
    ...accounts.flatMap(accountText),
    ...resolved.flatMap((finding): Line[] => [[], ...resolvedText(finding, measured)]),
    ...(news.length > 0 ? [[]] : []),
  ];
}

function changedWords(paths: readonly string[]): string {
  if (paths.length === 0) return "looked again";
  const named = paths.slice(0, mostPaths).map((path) => shortened(path, 200));
  const more = paths.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""} changed`;
}

function accountText(checked: CheckedAccount): Line[] {
  if (checked.verdicts.length === 0) return [];
  const hasUndecided = checked.verdicts.some(({ status }: Verdict) => status === "unknown");
  return [
    [],
    ...folded([span(checked.account.name, "bold")]),
    ...guiltyOf(checked.verdicts).flatMap((block) => [[], ...guiltyText(block, checked)]),
    ...(hasUndecided ? undecidedOf(checked).flatMap((block) => [[], ...undecidedText(block, checked)]) : []),
  ];
}

function resolvedText(finding: KeptFinding, measured: readonly { readonly account: Account }[]): Line[] {
  const { account, mode, subject, where, message, policy, rule } = finding;
  const whose = measured.find((each) => each.account.name === account)?.account;
  const file = where === null || whose === undefined ? where?.file : tilde(where.file, whose);
  const place = where === null ? "" : ` (${file}:${where.line})`;
  return [
    ...folded(["  ", span(pad("RESOLVED", 10), "green"), span(`${account}  ${mode}  ${subject}`, "bold")], 12),
    ...rows("It was", [shortened(`${message}${place}`)]),
    ...rows("Rule", [`${policy} / ${rule}`]),
  ];
}
