/** The state in one line, what happens since when, because of which line, and what follows: read first, and often alone. */

import { counted } from "../../facts/amounts.ts";
import { code, type Html, html, listed, nothing, type Part } from "./html.ts";
import { colourOf, type Mark, mark } from "./marks.ts";
import { inTenses, openWays, pathFor, type Reading, type State, tense } from "./reading.ts";
import { stuckOf } from "./sessions.ts";
import { marked, plain, tellingOf } from "./telling.ts";
import { capital, duration, roughly, sentence } from "./words.ts";

interface Headline {
  readonly mark: Mark;
  /** The state's shape says what; this says for how long, or of how many. */
  readonly state: Part;
  /** What happens since when. */
  readonly first: Part;
  /** Because of what. */
  readonly second: Part;
  /** The window's name: it begins with the state. */
  readonly title: string;
}

export interface Told {
  readonly title: string;
  readonly mark: Mark;
  readonly html: Html;
}

/** Longer, a message is no headline. */
const longest = 140;
const longestPath = 40;

export function headline(reading: Reading): Told {
  const said = byState[reading.state](reading);
  const stale = reading.isStale && reading.state !== "quiet";
  const title = stale ? `? Not known since ${reading.clock.momentText(reading.knownAt)}` : said.title;
  const shape = reading.isStale ? "unknown" : said.mark;
  const old = html`<span class="past unk">${mark("unknown")}</span>`;
  return {
    title: `${title} · ${reading.status.host.name}`,
    mark: shape,
    html: html`<p class="state ${colourOf(said.mark)}"><span class="now">${mark(said.mark)}</span>${old}<span>${said.state}</span></p>
<h1 id="what">${said.first} <span class="second">${said.second}${notSince(reading.state)}</span></h1>
${ledeOf(reading)}`,
  };
}

function notSince(state: State): Html {
  const isState = state === "fails" || state === "unknown" || state === "holds";
  return isState ? html`<span class="past"> Not known since.</span>` : nothing;
}

const byState: Readonly<Record<State, (reading: Reading) => Headline>> = {
  fails,
  unknown,
  holds,
  quiet({ status }) {
    const until = status.accounts.map(({ says }) => /\buntil (\d\d:\d\d)\b/.exec(says)?.[1]).find((time) => time);
    const first = until === undefined ? "Quiet by the Grant." : `Quiet until ${until} by the Grant.`;
    return {
      mark: "unknown",
      state: "Nothing is measured now",
      first,
      second: "What follows was known before.",
      title: `? ${first.slice(0, -1)}`,
    };
  },
  "first-start": ({ status }) => ({
    mark: "unknown",
    state: status.ready ? "Waiting" : "First start",
    first: "Nothing is measured yet.",
    second: "First answer in about 20 s.",
    title: "? Nothing is measured yet",
  }),
  "no-account": () => ({
    mark: "unknown",
    state: "Nobody to measure",
    first: "No account is watched.",
    second: "Name one in a Grant.",
    title: "? No account is watched",
  }),
  unmeasured: ({ status }) => ({
    mark: "unknown",
    state: counted(status.accounts.length, "account"),
    first: "Nothing can be measured.",
    second: sentence(status.accounts[0]?.says ?? ""),
    title: "? Nothing can be measured",
  }),
};

function fails(reading: Reading): Headline {
  const { finding } = reading.leading ?? absent();
  const { clock } = reading;
  const { who, does } = tellingOf(finding);
  const severity = capital(finding.severity);
  return {
    mark: "fails",
    state: tense(`${severity} for ${duration(clock.since(finding.since))}`, `${severity} when last known`),
    first: html`${marked(who)} <em>${inTenses(does)}</em> since ${clock.moment(finding.since)}.`,
    second: becauseOf(reading),
    title: `✗ ${plain(who)} ${does.now} since ${clock.momentText(finding.since)}`,
  };
}

/** `Line 14 of ~/.cshrc makes it ask.` */
function becauseOf(reading: Reading): Part {
  const { finding, lead } = reading.leading ?? absent();
  const { where, account } = finding;
  if (where !== null) {
    const { line } = tellingOf(finding);
    return html`Line ${where.line} of ${code(middle(pathFor(reading, account, where.file)))} ${inTenses(line)}.`;
  }
  if (lead !== null && lead.says !== "") return `Line not known: ${lead.says}.`;
  return sentence(cut(finding.message));
}

function unknown({ status, undecided, clock, leading }: Reading): Headline {
  const open = undecided.length === 0 ? openWays(status).length : undecided.length;
  const says = `Nothing fails; ${open} could not be decided`;
  const since = leading === null ? "" : ` for ${duration(clock.since(leading.finding.since))}`;
  return {
    mark: "unknown",
    state: tense(`Unknown${since}`, "Unknown when last known"),
    first: tense(`${says}.`, `Nothing failed; ${open} could not be decided.`),
    second: whyOpen(status, leading),
    title: `? ${says}`,
  };
}

/** What left the first of them undecided. */
function whyOpen({ unmeasured }: Reading["status"], leading: Reading["leading"]): string {
  if (leading !== null) {
    const { finding } = leading;
    return `${cut(`${plain(tellingOf(finding).who)}: ${finding.message}`)}.`;
  }
  return unmeasured[0] === undefined ? "" : sentence(cut(unmeasured[0].message));
}

function holds(reading: Reading): Headline {
  const { status, clock, knownAt } = reading;
  const cells = status.ways.flatMap(({ ways }) => ways.filter(({ state }) => state !== "none"));
  const open = cells.filter(({ state }) => state === "unknown").length;
  const number = cells.length === 0 ? status.accounts.reduce((sum, { pass }) => sum + pass, 0) : cells.length;
  const some = open === 0 && number > 1 ? `All ${number}` : `${number - open}`;
  const rest = open === 0 ? "" : `, ${open} unknown where no engine comes in`;
  const how = `${some} ${number - open === 1 ? "holds" : "hold"}${rest}`;
  const confirmed = status.accounts.flatMap(({ confirmedAt }) => confirmedAt ?? []).sort()[0];
  const since = confirmed === undefined ? "" : `, confirmed ${duration(clock.since(confirmed))} ago`;
  const waiting = status.accounts.filter(({ measuredAt }) => measuredAt === null).length;
  const second = waiting === 0 ? "Nothing to do." : `${counted(waiting, "account")} not measured.`;
  return {
    mark: "holds",
    state: tense(`${how}${since}`, `${how}, when last known`),
    first: html`What the engine sends ${tense("does what it says.", `did what it said at ${clock.minute(knownAt)}.`)}`,
    second: html`<span class="now">${second}</span>`,
    title: "All holds",
  };
}

/** A path keeps its beginning and its end. */
function middle(path: string): string {
  const characters = Array.from(path);
  if (characters.length <= longestPath) return path;
  return `${characters.slice(0, 12).join("")}…${characters.slice(12 - longestPath).join("")}`;
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join("")}…`;
}

/** One sentence of what follows, in each tense; each part leads to its section. */
function ledeOf(reading: Reading): Part {
  const consequences = { fails: consequencesOf, unknown: consequencesOf, holds: calmly, quiet: consequencesOf };
  const { state } = reading;
  if (state === "no-account" || state === "first-start" || state === "unmeasured") return nothing;
  const { now, past } = consequences[state](reading);
  return html`<p class="lede now">${now}</p>
<p class="lede past">${past}</p>`;
}

interface Lede {
  readonly now: Part;
  readonly past: Part;
}

function consequencesOf(reading: Reading): Lede {
  const parts = [...stuckPart(reading), ...waitingPart(reading), ...fullPart(reading), ...morePart(reading)];
  if (parts.length === 0) {
    const isSeen = reading.status.sessions.problem === "";
    if (reading.state !== "fails") return isSeen ? both("No session is stuck.", "No session was stuck.") : both("", "");
    return isSeen
      ? both("Nothing else fails and no session is stuck.", "Nothing else failed and no session was stuck.")
      : both("Nothing else fails.", "Nothing else failed.");
  }
  const sentenceOf = (words: readonly Part[]) => html`${listed(words)}.`;
  return { now: sentenceOf(parts.map(({ now }) => now)), past: sentenceOf(parts.map(({ past }) => past)) };
}

function both(now: string, past: string): Lede {
  return { now, past };
}

function linked(target: string, text: string, now: string, past: string): Lede {
  const link = html`<a class="whole" href="#${target}">${text}</a>`;
  return { now: html`${link} ${now}`, past: html`${link} ${past}` };
}

function stuckPart({ status, leading }: Reading): Lede[] {
  const groups = stuckOf(status.sessions);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return [];
  const asks = typeof leading?.finding.evidence.prompt === "string";
  const isIts =
    asks && groups.every(({ account, waitsFor }) => account === leading?.finding.account && waitsFor === "input");
  const where = isIts ? " at its question" : "";
  const one = count === 1;
  return [
    linked(
      "sessions",
      counted(count, "session"),
      `${one ? "is" : "are"} stuck${where}`,
      `${one ? "was" : "were"} stuck${where}`,
    ),
  ];
}

function waitingPart({ status }: Reading): Lede[] {
  const stays = status.cleanup.flatMap(({ plan }) => plan?.stays ?? []);
  const files = stays.filter(({ code }) => code === "not-released").reduce((sum, stay) => sum + stay.files, 0);
  if (files === 0) return [];
  return [
    linked(
      "cleanup",
      counted(files, "file"),
      files === 1 ? "waits for release" : "wait for release",
      "waited for release",
    ),
  ];
}

function fullPart({ status }: Reading): Lede[] {
  const filling = status.cleanup.flatMap(({ backlog }) =>
    backlog === null || backlog.fullInSeconds === null ? [] : [{ root: backlog.root, seconds: backlog.fullInSeconds }],
  );
  const [first] = filling.sort((a, b) => a.seconds - b.seconds);
  if (first === undefined) return [];
  const { root, seconds } = first;
  return [{ now: html`<b>${root} is full in ${roughly(seconds)}</b>`, past: html`<b>${root} was filling</b>` }];
}

function morePart({ failing, undecided, state }: Reading): Lede[] {
  const more = state === "fails" ? failing.length - 1 : 0;
  const open = state === "unknown" ? undecided.length - 1 : undecided.length;
  return [
    ...(more > 0 ? [linked("findings", `${more} more`, more === 1 ? "fails" : "fail", "failed")] : []),
    ...(open > 0
      ? [
          linked(
            "findings",
            `${open}${state === "unknown" ? " more" : ""}`,
            "could not be decided",
            "could not be decided",
          ),
        ]
      : []),
  ];
}

function calmly(reading: Reading): Lede {
  const { status } = reading;
  const cells = status.ways.flatMap(({ ways }) => ways.filter(({ state }) => state !== "none"));
  const modes = new Set(cells.map(({ mode }) => mode)).size;
  const stuck = stuckPart(reading);
  const parts = [
    counted(status.accounts.length, "account"),
    ...(modes === 0 ? [] : [counted(modes, "way in", "ways in")]),
    ...(status.sessions.problem === "" && stuck.length === 0 ? ["no session stuck"] : []),
  ].join(", ");
  const full = status.cleanup.flatMap(({ backlog }) =>
    backlog === null || backlog.totalBytes === 0
      ? []
      : [{ root: backlog.root, percent: Math.round(100 * (1 - backlog.freeBytes / backlog.totalBytes)) }],
  );
  const discs = (verb: string) =>
    full.slice(0, 2).map(({ root, percent }) => html` <span class="whole">${root} ${verb} ${percent} % full.</span>`);
  const sessions = (which: "now" | "past") => stuck.map((each) => html` ${each[which]}.`);
  return {
    now: html`${parts}.${sessions("now")}${discs("is")}`,
    past: html`${parts}.${sessions("past")}${discs("was")}`,
  };
}

function absent(): never {
  throw new Error("a state that fails or is unknown, and no finding");
}
