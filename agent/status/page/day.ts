/** The last 24 hours: a lane for each account that turned, one for the others, and what happened beside. x is minutes. */
import { counted, countWords } from "../../facts/amounts.ts";
import { code, type Html, html, joined, listed, nothing, type Part } from "./html.ts";
import { type Day, pathFor, type Reading, type Span } from "./reading.ts";
import { section } from "./section.ts";
import { bar, narrowest, spanWords } from "./spans.ts";
import { type Clock, duration } from "./words.ts";

const minutes = 1_440;
const laneHeight = 14;
const stuckHeight = 30;
/** More would push what comes next out of sight. */
const mostLanes = 8;

/** Null where nobody looked at any account yet. */
export function dayOf(reading: Reading): Html | null {
  const { day } = reading.status;
  if (day.accounts.length === 0) return null;
  return section({
    id: "day",
    title: "The last 24 hours",
    sentence: sentenceOf(reading),
    body: html`<div class="day">
${turnOf(reading)}
${accountLanes(day, reading.clock)}${stuckLane(day, reading.clock)}${savesLane(reading)}${loginsLane(day, reading.clock)}
${axis(day, reading.clock)}
</div>`,
    isFirst: true,
  });
}

/** Minutes since the day's beginning, from 0 to 1440. */
function minuteOf({ from, to }: Day, time: string): number {
  const whole = Date.parse(to) - Date.parse(from);
  const part = whole <= 0 ? 0 : (Date.parse(time) - Date.parse(from)) / whole;
  return Math.round(Math.min(1, Math.max(0, part)) * minutes);
}

function sentenceOf(reading: Reading): Part {
  const { day } = reading.status;
  const spans = day.accounts.flatMap((each) => each.spans);
  return joined([heldWords(reading, spans) || null, ...saveWords(reading), ...unseenWords(day, reading.clock)], " ");
}

function heldWords({ leading, clock, status: { day } }: Reading, spans: readonly Span[]): string {
  const failed = day.accounts.filter((each) => each.spans.some(({ state }) => state === "fails"));
  const held = spans.some(({ state }) => state === "holds");
  if (failed.length === 0) {
    const isOpen = spans.some(({ state }) => state === "unknown");
    return isOpen ? "Nothing failed, and not all could be decided." : held ? "Held all day." : "";
  }
  const who = names(failed.map(({ account }) => account));
  const since = leading?.finding.status === "fail" ? leading.finding.since : null;
  if (since === null) return `${who} failed for a time.`;
  if (Date.parse(since) < Date.parse(day.from)) return `${who} failed all day.`;
  const first = spans.flatMap(({ state, from }) => (state === "fails" ? [from] : [])).sort()[0] ?? since;
  if (Date.parse(first) < Date.parse(since) - 60_000)
    return `${who} failed for a time, and again since ${clock.minute(since)}.`;
  return held ? `All held until ${clock.minute(since)}.` : `${who} failed from ${clock.minute(since)} on.`;
}

/** Who was logged in is said, never who did it. */
function saveWords(reading: Reading): Part[] {
  const { leading, clock, status } = reading;
  const hint = leading?.lead?.hint ?? null;
  const { finding } = leading ?? {};
  if (hint !== null && hint.savedAt !== null && finding !== undefined && finding.where !== null) {
    const { savedAt, loggedIn, seenAfterMs } = hint;
    const when = Date.parse(savedAt) >= Date.parse(status.day.from) ? clock.exact(savedAt) : clock.moment(savedAt);
    const who =
      loggedIn === null || loggedIn.length === 0
        ? nothing
        : html` while ${listed(loggedIn.slice(0, 5))} ${loggedIn.length === 1 ? "was" : "were"} logged in`;
    const seen = seenAfterMs === null ? nothing : html`; rcwarden saw it ${milliseconds(seenAfterMs)} later`;
    return [html`${code(pathFor(reading, finding.account, finding.where.file))} was saved at ${when}${who}${seen}.`];
  }
  const saved = status.day.saves.length;
  return saved === 0 ? [] : [`${counted(saved, "startup file")} ${saved === 1 ? "was" : "were"} saved.`];
}

function milliseconds(ms: number): string {
  if (ms < 1_000) return `${Math.max(1, Math.round(ms))} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : duration(ms / 1_000);
}

/** Once, however many accounts had nobody to look at them then. */
function unseenWords(day: Day, clock: Clock): string[] {
  const unseen = day.accounts.flatMap(({ spans }) => spans.filter(({ state }) => state === "unseen"));
  const times = [
    ...new Set(
      unseen.map(({ from, to }) =>
        Date.parse(from) <= Date.parse(day.from)
          ? `before ${clock.minute(to)}`
          : `${clock.minute(from)} to ${clock.minute(to)}`,
      ),
    ),
  ];
  if (times.length === 0) return [];
  return [times.length > 3 ? `Not observed ${countWords(times.length)} times.` : `Not observed ${times.join(", ")}.`];
}

function turnOf({ leading, clock, status: { day } }: Reading): Html {
  const { finding } = leading ?? {};
  if (finding === undefined || finding.status !== "fail" || Date.parse(finding.since) <= Date.parse(day.from))
    return nothing;
  const at = percent(minuteOf(day, finding.since));
  return html`<svg class="turned-at" height="18" aria-hidden="true"><text class="end" x="${at}" dx="-6" y="13">${clock.minute(finding.since)}</text></svg>
<svg class="turned" aria-hidden="true"><line x1="${at}" x2="${at}" y1="0" y2="100%"/></svg>`;
}

function percent(minute: number): string {
  return `${((100 * minute) / minutes).toFixed(2)}%`;
}

function lane(name: string, height: number, says: string, drawing: Part): Html {
  return html`<div class="lane"><span>${name}</span><svg class="drawn" height="${height}" viewBox="0 0 ${minutes} ${height}" preserveAspectRatio="none" role="img" aria-label="${name}: ${says}">${drawing}</svg></div>\n`;
}

/** Accounts of which the same is to be said share a lane; those that turned come first. */
function accountLanes(day: Day, clock: Clock): Part {
  const groups = [...Map.groupBy(day.accounts, ({ spans }) => JSON.stringify(spans)).values()];
  const turned = (group: (typeof groups)[number]) =>
    group[0]?.spans.some(({ state }) => state === "fails" || state === "unknown") ?? false;
  const sorted = [...groups.filter(turned), ...groups.filter((group) => !turned(group))];
  const lanes = sorted.slice(0, mostLanes).map((group) => {
    const spans = group[0]?.spans ?? [];
    const drawn = bar(spans, { from: day.from, to: day.to, width: minutes, height: laneHeight, unseen: "hatched" });
    return lane(names(group.map(({ account }) => account)), laneHeight, spanWords(spans, clock), drawn);
  });
  const more = sorted.slice(mostLanes).reduce((sum, group) => sum + group.length, 0);
  return [...lanes, more > 0 && html`<p class="quiet small-text">${counted(more, "more account")}, not drawn</p>\n`];
}

function names(accounts: readonly string[]): string {
  if (accounts.length <= 3) return accounts.join(", ");
  return `${accounts.slice(0, 2).join(", ")} and ${countWords(accounts.length - 2)} more`;
}

function stuckLane(day: Day, clock: Clock): Part {
  const last = day.stuck.at(-1);
  if (last === undefined) return nothing;
  const most = Math.max(...day.stuck.map(({ count: stuck }) => stuck));
  if (most === 0)
    return lane("stuck sessions", laneHeight, "none", html`<path class="s-rule" d="M0 13.5H${minutes}"/>`);
  const steps = day.stuck.map(
    ({ at, count: stuck }) =>
      `H${Math.min(minuteOf(day, at), minutes - narrowest)}V${(stuckHeight - (stuck / most) * (stuckHeight - 1)).toFixed(1)}`,
  );
  const first = day.stuck.find(({ count: stuck }) => stuck > 0);
  const says = `none until ${clock.minute(first?.at ?? day.from)}, at most ${countWords(most)}, ${countWords(last.count)} now`;
  const drawing = html`<path class="s-rule" d="M0 29.5H${minutes}"/><path class="f-fail" d="M0 ${stuckHeight}${steps.join("")}H${minutes}V${stuckHeight}z"/>`;
  return lane("stuck sessions", stuckHeight, says, drawing);
}

/** More are drawn as they are and told as a number. */
const mostTold = 6;

function savesLane(reading: Reading): Part {
  const {
    clock,
    status: { day },
  } = reading;
  if (day.saves.length === 0) return nothing;
  const told = day.saves
    .slice(-mostTold)
    .map(({ account, path, at }) => `${pathFor(reading, account, path)} of ${account} at ${clock.minute(at)}`);
  const strokes = [...new Set(day.saves.map(({ at }) => minuteOf(day, at)))].map(
    (minute) => `M${minute} 0V${laneHeight}`,
  );
  return lane(
    "files saved",
    laneHeight,
    tellSome(told, day.saves.length),
    html`<path class="s-ink" d="${strokes.join("")}"/>`,
  );
}

function loginsLane(day: Day, clock: Clock): Part {
  const logins = day.logins ?? [];
  if (logins.length === 0) return nothing;
  const told = logins
    .slice(-mostTold)
    .map(({ user, from, to }) => `${user} ${clock.minute(from)} to ${to === null ? "now" : clock.minute(to)}`);
  const blocks = logins.map(({ from, to }) => {
    const start = minuteOf(day, from);
    const width = Math.max(3, minuteOf(day, to ?? day.to) - start);
    return `M${Math.min(start, minutes - width)} 4h${width}v6h-${width}z`;
  });
  return lane(
    "people logged in",
    laneHeight,
    tellSome(told, logins.length),
    html`<path class="f-mark" d="${blocks.join("")}"/>`,
  );
}

function tellSome(told: readonly string[], all: number): string {
  const before = all - told.length;
  return `${before > 0 ? `${countWords(before)} before, then ` : ""}${told.join(", ")}`;
}

/** The weekday at the left, each six hours of the host's clock, and the end. */
function axis(day: Day, clock: Clock): Html {
  const start = Date.parse(day.from);
  const first = 360 - (clock.minuteOfDay(start) % 360);
  const marks = [0, 1, 2, 3]
    .map((step) => first + step * 360)
    .filter((minute) => minute > 90 && minute < minutes - 90)
    .map((minute, at) => {
      const text = clock.minute(new Date(start + minute * 60_000).toISOString());
      return html`<text class="mid${at % 2 === 0 && " spare"}" x="${percent(minute)}" y="15">${text}</text>`;
    });
  return html`<svg class="axis" height="20" aria-hidden="true"><text x="0" y="15">${clock.weekday(day.from)}</text>${marks}<text class="end" x="100%" y="15">${clock.minute(day.to)}</text></svg>`;
}
