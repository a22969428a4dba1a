/** Every way in: accounts by modes. */
import { counted, countWords } from "../../facts/amounts.ts";
import { modeIds, modes } from "../../facts/index.ts";
import { anchorOf } from "./findings.ts";
import { code, type Html, html, listed, nothing, type Part } from "./html.ts";
import { type Mark, mark } from "./marks.ts";
import type { Reading, Way, Ways } from "./reading.ts";
import { section } from "./section.ts";

/** With more accounts, those that hold in every way are folded. */
const mostAccounts = 12;
/** With more columns, a narrow window moves the table, not the page. */
const mostColumns = 8;

/** Null where no way was measured. */
export function waysOf(reading: Reading): Html | null {
  const { ways } = reading.status;
  const columns = columnsOf(ways);
  if (columns.length === 0) return null;
  return section({
    id: "ways",
    title: "Every way in",
    sentence: sentenceOf(ways, columns),
    body: html`${tables(reading, columns)}${key(ways, columns)}`,
    isFirst: reading.state === "holds",
  });
}

interface Column {
  readonly mode: string;
  readonly standsFor: string;
  readonly isEngines: boolean;
}

/** In the order of the modes; those that apply to nobody are left out. */
function columnsOf(ways: readonly Ways[]): Column[] {
  const cells = ways.flatMap((each) => each.ways);
  const known = modes.map(({ id, standsFor }) => ({ mode: id, standsFor: standsFor }));
  const others = [...new Set(cells.map(({ mode }) => mode))].filter((mode) => !modeIds.some((id) => id === mode));
  return [...known, ...others.map((mode) => ({ mode, standsFor: "" }))].flatMap(({ mode, standsFor }) => {
    const here = cells.filter((each) => each.mode === mode && each.state !== "none");
    return here.length === 0 ? [] : [{ mode, standsFor, isEngines: here.some(({ isEngines }) => isEngines) }];
  });
}

function sentenceOf(ways: readonly Ways[], columns: readonly Column[]): Part {
  const cells = ways.flatMap((each) => each.ways.filter(({ state }) => state !== "none"));
  const holding = cells.filter(({ state }) => state === "holds").length;
  const engines = columns.filter(({ isEngines }) => isEngines).map(({ mode }) => code(mode));
  const comesIn = engines.length === 0 ? nothing : html` The engine comes in by ${listed(engines)}.`;
  const failing = ways.filter((each) => each.ways.some(({ state }) => state === "fails"));
  if (failing.length > 0) return html`${failingWords(failing, ways)}${comesIn}${spared(failing)}`;
  const unknown = cells.filter(({ state }) => state === "unknown").length;
  const open = unknown === 0 ? "" : `, ${countWords(unknown)} ${unknown === 1 ? "is" : "are"} unknown`;
  const others = engines.length > 0 && columns.length > engines.length ? " The others are measured as well." : "";
  return html`${countWords(holding)} of ${countWords(cells.length)} hold${open}.${comesIn}${others}`;
}

function failingWords(failing: readonly Ways[], all: readonly Ways[]): Part {
  const [first, ...more] = failing;
  if (first === undefined) return nothing;
  if (more.length === 0) {
    const own = first.ways.filter(({ state }) => state !== "none");
    const number = own.filter(({ state }) => state === "fails").length;
    const only = all.length === 1 ? "" : "Only ";
    return `${only}${first.account} fails, in ${number === own.length ? `all of its ${counted(own.length, "way")}` : `${number} of its ${counted(own.length, "way")}`} in.`;
  }
  if (failing.length > 3) return `${countWords(failing.length)} of ${counted(all.length, "account")} fail.`;
  return html`${listed(failing.map(({ account }) => account))} fail.`;
}

/** Said only where it is the one way that holds. */
function spared(failing: readonly Ways[]): string {
  const holds = failing.map(({ ways }) =>
    ways
      .filter(({ state }) => state === "holds")
      .map(({ mode }) => mode)
      .join(),
  );
  return holds.every((each) => each === "cron") ? " cron is spared, for sh reads no startup file." : "";
}

function tables(reading: Reading, columns: readonly Column[]): Part {
  const { ways } = reading.status;
  if (ways.length <= mostAccounts) return table(reading, ways, columns, "Account by way of coming in");
  const isOpen = ({ ways: own }: Ways) => own.some(({ state }) => state === "fails" || state === "unknown");
  const open = ways.filter(isOpen);
  const held = ways.filter((each) => !isOpen(each));
  const rest = html`<details><summary>${open.length === 0 ? `${countWords(held.length)} hold in every way` : `${countWords(held.length)} more hold in every way`}</summary>
${table(reading, held, columns, "Accounts that hold in every way")}</details>`;
  return [open.length > 0 && table(reading, open, columns, "Account by way of coming in"), held.length > 0 && rest];
}

function table(reading: Reading, ways: readonly Ways[], columns: readonly Column[], caption: string): Html {
  const heads = columns.map(
    ({ mode, standsFor, isEngines }) =>
      html`<th scope="col"${isEngines && html` class="engine"`}><span>${breakable(mode)}</span><small>${standsFor}</small></th>`,
  );
  const body = html`<table class="ways${columns.length < mostColumns && ` c${columns.length}`}"><caption class="unseen">${caption}</caption>
<thead><tr><th scope="col">Account</th>${heads}</tr></thead>
<tbody>
${ways.map((each) => rowOf(reading, each, columns))}</tbody></table>`;
  if (columns.length <= mostColumns) return body;
  return html`<div class="sideways" role="region" tabindex="0" aria-label="${caption}, to be moved sideways">${body}</div>`;
}

/** A mode may break after a hyphen. */
function breakable(mode: string): Part {
  return mode.split("-").map((part, at, all) => (at === all.length - 1 ? part : html`${part}-<wbr>`));
}

function rowOf(reading: Reading, { account, shell, ways }: Ways, columns: readonly Column[]): Html {
  const cells = columns.map(({ mode, isEngines }) => {
    const way = ways.find((each) => each.mode === mode);
    return html`<td${isEngines && html` class="engine"`}>${cell(reading, account, way)}</td>`;
  });
  return html`<tr><th scope="row">${account}<small>${shell}</small></th>${cells}</tr>\n`;
}

function cell(reading: Reading, account: string, way: Way | undefined): Html {
  if (way === undefined || way.state === "none")
    return html`${mark("waived")}<span class="unseen">does not apply</span>`;
  const { state, word } = way;
  if (state === "holds") return html`${mark("holds")}<span class="unseen">holds</span>`;
  const target = targetOf(reading, account, way);
  const said = word === "" ? state : word;
  if (target === null) return html`<div class="${colours[state]}">${mark(state)}<span>${said}</span></div>`;
  return html`<a class="${colours[state]}" href="#${target}">${mark(state)}<span>${said}</span></a>`;
}

const colours: Readonly<Record<Exclude<Mark, "holds">, string>> = { fails: "fail", unknown: "unk", waived: "quiet" };

/** Where it is told why: under the findings, or under what is not measured. */
function targetOf({ status }: Reading, account: string, { finding, mode }: Way): string | null {
  if (finding !== null && status.findings.some(({ fingerprint }) => fingerprint === finding)) return anchorOf(finding);
  return status.unmeasured.some((each) => each.account === account && [mode, "-"].includes(each.mode))
    ? "unmeasured"
    : null;
}

function key(ways: readonly Ways[], columns: readonly Column[]): Html {
  const shown = new Set(columns.map(({ mode }) => mode));
  const cells = ways.flatMap((each) => each.ways.filter(({ mode }) => shown.has(mode)));
  const states = new Set(cells.map(({ state }) => state));
  const rows: readonly (readonly [Mark, string, boolean])[] = [
    ["holds", "does what it says", states.has("holds")],
    ["fails", "fails", states.has("fails")],
    ["unknown", "unknown, with a reason", states.has("unknown")],
    ["waived", "waived, or does not apply", states.has("waived") || states.has("none")],
  ];
  const told = rows.filter(([, , is]) => is).map(([of, says]) => html`<li>${mark(of)}${says}</li>\n`);
  return html`<ul class="key">${told}<li><i></i>the engine’s way in</li></ul>`;
}
