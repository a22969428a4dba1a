/** How a session comes to the guilty line, and the line with its neighbours. */
import { code, type Html, html, nothing, type Part } from "./html.ts";
import type { Finding, Lead, Reading } from "./reading.ts";

/** Null where nothing of it is known. */
export function because({ leading }: Reading): Html | null {
  if (leading === null || leading.lead === null) return null;
  const { finding, lead } = leading;
  if (lead.chain.length === 0 && lead.lines === null && finding.where === null) return null;
  const known = finding.where !== null;
  return html`<section class="because" aria-labelledby="h-because">
<h2 id="h-because">${known ? "Because of this line" : "How a command comes in"}</h2>
${chain(lead, known)}
${linesOf(finding, lead)}
</section>`;
}

type Node = Lead["chain"][number];

/** More stand folded between the first and the last two. */
const mostNodes = 5;

function chain({ chain: nodes, lines }: Lead, known: boolean): Html {
  if (nodes.length === 0) return nothing;
  const shown =
    nodes.length <= mostNodes
      ? nodes.map(node)
      : [...nodes.slice(0, 1).map(node), folded(nodes.slice(1, -2)), ...nodes.slice(-2).map(node)];
  return html`<ol class="chain${known ? reach(lines) : " open"}">${shown}</ol>`;
}

function node({ what, does }: Node): Html {
  return html`<li>${code(what)} <span class="quiet">${does}</span></li>\n`;
}

function folded(nodes: readonly Node[]): Html {
  return html`<li class="folded"><details><summary>${nodes.length} more</summary><ol>${nodes.map(node)}</ol></details></li>\n`;
}

/** How many lines stand above the guilty one in a narrow and in a wide window: so long is the wire that ends on it. */
function reach(lines: Lead["lines"]): string {
  const above =
    lines === null
      ? 0
      : Math.max(
          0,
          lines.findIndex(({ isGuilty }) => isGuilty),
        );
  return ` n${Math.min(above, 1)} w${Math.min(above, 2)}`;
}

function linesOf({ where }: Finding, { lines, says }: Lead): Part {
  if (where === null)
    return html`<p class="unknown-line quiet">Line not known: ${says === "" ? "nothing names it" : says}.</p>`;
  if (lines === null) {
    const kept = says === "" ? "the Grant keeps its text on this host" : says;
    return html`<ol class="lines" aria-label="Line ${where.line} of ${where.file}"><li class="hit"><i>${where.line}</i><span class="kept">${kept}</span></li></ol>`;
  }
  const guilty = lines.findIndex(({ isGuilty }) => isGuilty);
  const rows = lines.flatMap((line, at) => {
    const before = lines[at - 1];
    const isNear = Math.abs(at - guilty) <= 1;
    const gap =
      before !== undefined && before.number < line.number - 1
        ? [html`<li class="wide"><i>⋮</i><span></span></li>\n`]
        : [];
    return [...gap, lineRow(line, isNear, line.isGuilty ? where.column : 1)];
  });
  const label = `Lines ${lines[0]?.number ?? where.line} to ${lines.at(-1)?.number ?? where.line} of ${where.file}`;
  return html`<ol class="lines" aria-label="${label}">${rows}</ol>`;
}

type Line = NonNullable<Lead["lines"]>[number];

function lineRow({ number, text, isGuilty, note }: Line, isNear: boolean, column: number): Html {
  const kind = isGuilty ? "hit" : isNear ? "" : "wide";
  const said = note === "" ? nothing : html`<small>${note}</small>`;
  return html`<li class="${kind}"><i>${number}</i><span>${shortened(text, column)}</span>${said}</li>\n`;
}

const widest = 60;

/** What stands around the column, at most 60 characters; columns count from 1. A tab is four blanks wide. */
export function shortened(line: string, column: number): string {
  const characters = Array.from(line);
  if (characters.length <= widest) return spread(characters);
  const start = Math.min(Math.max(0, column - 1 - widest / 2), characters.length - widest);
  const end = start + widest;
  return `${start > 0 ? "…" : ""}${spread(characters.slice(start, end))}${end < characters.length ? "…" : ""}`;
}

function spread(characters: readonly string[]): string {
  return characters.join("").replaceAll("\t", "    ");
}
