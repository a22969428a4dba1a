/** Findings with the last 30 days of each. The same in several modes is one row. */
import { countWords } from "../../facts/amounts.ts";
import { code, type Html, html, joined, listed, nothing, type Part, quoting } from "./html.ts";
import { colourOf, type Mark, mark } from "./marks.ts";
import { type Finding, inTenses, pathFor, type Reading } from "./reading.ts";
import { pairs, section } from "./section.ts";
import { bar } from "./spans.ts";
import { marked, tellingOf } from "./telling.ts";
import { type Clock, capital, duration, sentence } from "./words.ts";

/** The rest is a link away. */
const mostRows = 60;
const historyDays = 30;

/** Null where there are none. */
export function findingsOf(reading: Reading): Html | null {
  const { failing, undecided, waived } = reading;
  const all = [...failing, ...undecided, ...waived];
  if (all.length === 0) return null;
  const groups = [...Map.groupBy(all, sameButMode).values()];
  const more = groups.slice(mostRows).reduce((sum, group) => sum + group.length, 0);
  const rest = more === 0 ? nothing : html`<p><a href="/v1/findings">${countWords(more)} more</a> as JSON.</p>`;
  return section({
    id: "findings",
    title: "Findings",
    sentence: html`${sentenceOf(reading)}${all.some(({ past }) => past.length > 0) && ` Bars show the last ${historyDays} days.`}`,
    body: html`${groups.slice(0, mostRows).map((group) => row(reading, group))}${rest}`,
  });
}

/** Of a finding in the page; the cells of the matrix lead there. */
export function anchorOf(fingerprint: string): string {
  return `f-${fingerprint}`;
}

function sameButMode(finding: Finding): string {
  const { policy, rule, account, subject, status, severity, message, where, since, waived } = finding;
  return JSON.stringify([policy, rule, account, subject, status, severity, message, where, since, waived]);
}

function sentenceOf({ failing, undecided, waived }: Reading): string {
  const parts = [
    ...(failing.length > 0 ? [`${countWords(failing.length)} ${failing.length === 1 ? "fails" : "fail"}`] : []),
    ...(undecided.length > 0 ? [`${countWords(undecided.length)} could not be decided`] : []),
    ...(waived.length > 0 ? [`${countWords(waived.length)} ${waived.length === 1 ? "is" : "are"} waived`] : []),
  ];
  return `${parts.join(", ")}.`;
}

function row(reading: Reading, group: readonly Finding[]): Html {
  const [finding, ...others] = group;
  if (finding === undefined) return nothing;
  const of: Mark = finding.waived !== undefined ? "waived" : finding.status === "fail" ? "fails" : "unknown";
  const word = of === "waived" ? "Waived" : of === "unknown" ? "Unknown" : capital(finding.severity);
  const { who, does } = tellingOf(finding);
  const says = of === "unknown" ? "could not be decided" : inTenses(does);
  const anchors = others.map(({ fingerprint }) => html`<span id="${anchorOf(fingerprint)}"></span>`);
  return html`<article class="finding" id="${anchorOf(finding.fingerprint)}">${mark(of)}<div>${anchors}
<h3><span class="${colourOf(of)}">${word}.</span> ${marked(who)} ${says}</h3>
<p class="small-text">${saysOf(reading, finding)}${placeOf(reading, group)}.</p>
<details${of === "fails" && html` open`}><summary>What was seen</summary>${pairs(seen(group))}</details></div>
${pastOf(finding, reading.clock)}</article>
`;
}

/** What the title does not say: until when it is waived, or why it is undecided; where a line says it, nothing. */
function saysOf({ clock }: Reading, { where, message, waived, status }: Finding): Part {
  if (waived !== undefined) return html`Until ${clock.date(`${waived.until}T12:00:00Z`)}: “${waived.reason}”. `;
  return status === "unknown" || where === null ? `${sentence(message)} ` : nothing;
}

/** `~/.cshrc:14:1, by ssh-command, since 09:14:07` */
function placeOf(reading: Reading, group: readonly Finding[]): Part {
  const [finding] = group;
  if (finding === undefined) return nothing;
  const { where, account, since, flapping } = finding;
  const modes = group.map(({ mode }) => mode).filter((mode) => mode !== "-");
  const time = reading.clock.exact(since);
  const parts = [
    ...(where === null ? [] : [code(`${pathFor(reading, account, where.file)}:${where.line}:${where.column}`)]),
    ...(modes.length === 0 ? [] : [html`by ${listed(modes.map(code))}`]),
  ];
  const turns = flapping === true && ", turning more than 6 times within an hour";
  return html`${joined(parts, ", ")}${parts.length === 0 ? "Since" : ", since"} ${time}${turns}`;
}

type Row = readonly [name: Part, value: Part];

function seen(group: readonly Finding[]): Row[] {
  const [finding] = group;
  if (finding === undefined) return [];
  const { evidence, gaps = [], where } = finding;
  const text = (name: string) => (typeof evidence[name] === "string" ? evidence[name] : "");
  const rows: readonly (Row | null)[] = [
    text("sent") === "" ? null : ["Sent", code(text("sent"))],
    ["Outcome", finding.message],
    text("atEnd") === "" ? null : ["With stdin at its end", text("atEnd")],
    text("prompt").trim() === "" ? null : ["Prompt", code(text("prompt"))],
    ["", text("prompt").trim()].includes(text("stderr").trim()) ? null : ["Written to stderr", code(text("stderr"))],
    finding.was === undefined ? null : ["Before", "failed"],
    where === null || where.through.length === 0 ? null : ["Read through", joined(where.through.map(code), ", ")],
    ...gaps.map(
      ({ code: word, message, change }): Row => ["Gap", html`${code(word)}: ${sentence(message)} ${sentence(change)}`],
    ),
    finding.change === "" ? null : ["Change", quoting(sentence(finding.change))],
    finding.masked.length === 0 ? null : ["Kept on this host", `${finding.masked.join(", ")}, as the Grant says`],
    ["Rule", `${finding.policy} / ${finding.rule}`],
    [
      group.length === 1 ? "Fingerprint" : "Fingerprints",
      joined(
        group.map(({ fingerprint }) => code(fingerprint)),
        " ",
      ),
    ],
  ];
  return rows.filter((each) => each !== null);
}

const hourly = 24 * historyDays;

function pastOf({ past, status, waived }: Finding, clock: Clock): Html {
  const [first] = past;
  const last = past.at(-1);
  if (first === undefined || last === undefined) return nothing;
  const drawn = bar(past, { from: first.from, to: last.to, width: hourly, height: 14, unseen: "left-out" });
  return html`<div class="past-bar${waived !== undefined && " waived"}"><svg class="drawn" viewBox="0 0 ${hourly} 14" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>${pastWords(past, status === "fail" ? "fails" : "unknown", clock)}</div>`;
}

function pastWords(past: Finding["past"], now: "fails" | "unknown", clock: Clock): string {
  const earlier = past.slice(0, -1);
  const failed = earlier.filter(
    ({ state }, at) => state === "fails" && !(now === "fails" && at === earlier.length - 1),
  );
  const latest = failed.at(-1);
  if (latest !== undefined) {
    const length = duration((Date.parse(latest.to) - Date.parse(latest.from)) / 1_000);
    const times = failed.length === 1 ? "Before" : `${countWords(failed.length)} times before, last`;
    return `${times}: ${clock.momentText(latest.from)}, for ${length}`;
  }
  const before = earlier.at(-1);
  if (before === undefined) return "Unchanged for 30 days";
  return `${before.state === "unseen" ? "Not looked at before" : "Held until"} ${clock.momentText(before.to)}`;
}
