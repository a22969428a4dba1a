/** SSH sessions that wait for what nobody gives, by what they wait for. */
import { counted, countWords } from "../../facts/amounts.ts";
import type { StatusAnswer } from "../shapes.ts";
import { code, type Html, html, nothing, type Part } from "./html.ts";
import { mark } from "./marks.ts";
import type { Reading, SessionGroup } from "./reading.ts";
import { section } from "./section.ts";
import { capital, duration, sentence } from "./words.ts";

type Sessions = StatusAnswer["sessions"];

/** The rest is told as a number. */
const mostGroups = 20;

export function stuckOf({ groups }: Sessions): SessionGroup[] {
  return groups.filter(({ isStuck }) => isStuck);
}

/** Null where there is no session, and nothing that hid one. */
export function sessionsOf(reading: Reading): Html | null {
  const { sessions } = reading.status;
  if (sessions.groups.length === 0 && sessions.problem === "") return null;
  const stuck = stuckOf(sessions);
  const others = sessions.groups.filter(({ isStuck }) => !isStuck);
  const more = stuck.slice(mostGroups);
  return section({
    id: "sessions",
    title: "Stuck sessions",
    sentence: sentenceOf(sessions, stuck, others),
    body: html`<ul class="rows">
${stuck.slice(0, mostGroups).map((group) => stuckRow(reading, group))}
${more.length > 0 && html`<li><a href="/v1/sessions">${counted(sum(more), "more session")}</a> as JSON</li>`}
${others.length > 0 && othersRow(others)}</ul>`,
  });
}

function sum(groups: readonly SessionGroup[]): number {
  return groups.reduce((all, group) => all + group.count, 0);
}

function sentenceOf(
  { groups, problem }: Sessions,
  stuck: readonly SessionGroup[],
  others: readonly SessionGroup[],
): Part {
  if (groups.length === 0) return html`${mark("unknown")} Sessions could not be read: ${sentence(problem)}`;
  const hidden = problem === "" ? nothing : html` ${mark("unknown")} Not all could be read: ${sentence(problem)}`;
  const number = sum(stuck);
  if (number === 0) {
    const running = sum(others);
    return html`None. ${counted(running, "command")} ${running === 1 ? "runs and gets" : "run and get"} on.${hidden}`;
  }
  const oldest = Math.max(...stuck.map(({ oldestSeconds }) => oldestSeconds));
  const what =
    stuck.length === 1 && stuck[0]?.waitsFor === "input" ? "one answer that cannot come" : "what nobody gives";
  return html`${countWords(number)} ${number === 1 ? "waits" : "wait"} for ${what}. The oldest has waited for ${duration(oldest)}. rcwarden ends none by itself.${hidden}`;
}

function stuckRow(reading: Reading, group: SessionGroup): Html {
  const { account, command, says, prompt, count: number } = group;
  const title = prompt === null || prompt.trim() === "" ? capital(says) : html`Answer to ${code(prompt.trim())}`;
  return html`<li><h3>${title}</h3>
<p class="small-text quiet">${countWords(number)} of ${account}’s commands, ${code(command)}${fromWords(group)}, oldest ${duration(group.oldestSeconds)}</p>
${rug(reading, group)}</li>
`;
}

function fromWords({ from }: SessionGroup): string {
  if (from.length === 0) return "";
  return `, from ${from.slice(0, 3).join(", ")}${from.length > 3 ? ` and ${countWords(from.length - 3)} more` : ""}`;
}

const rugWidth = 1_000;

/** One stroke a session at its start; of more than are listed, the number alone is told. */
function rug({ status: { sessions }, clock }: Reading, { startedAt, count: number }: SessionGroup): Part {
  const [first] = startedAt;
  if (first === undefined || startedAt.length !== number || number < 3) return nothing;
  const start = Date.parse(first);
  const whole = Math.max(1, Date.parse(sessions.at) - start);
  const strokes = startedAt.map(
    (time) => `M${Math.round(2 + ((Date.parse(time) - start) / whole) * (rugWidth - 4))} 0V26`,
  );
  const label = `${counted(number, "session")}, begun from ${clock.minute(first)} to ${clock.minute(startedAt.at(-1) ?? first)}`;
  return html`<div class="rug"><svg class="drawn" height="26" viewBox="0 0 ${rugWidth} 26" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="s-fail" d="${strokes.join("")}"/></svg>
<div class="ends"><span>${clock.minute(first)}</span><span>one stroke is one session</span><span>${clock.minute(sessions.at)}</span></div></div>`;
}

function othersRow(groups: readonly SessionGroup[]): Html {
  const rows = groups
    .slice(0, mostGroups)
    .map(
      (group) =>
        html`<p class="small-text quiet">${code(group.command)}, ${countWords(group.count)} of ${group.account}’s${fromWords(group)}, ${group.says}, longest ${duration(group.oldestSeconds)}</p>\n`,
    );
  const number = sum(groups);
  return html`<li class="quiet"><h3>Nothing: ${counted(number, "command")} ${number === 1 ? "runs and gets" : "run and get"} on</h3>
${rows}</li>`;
}
