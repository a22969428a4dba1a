/** What becomes of a command that the engine sends. */
import { type Html, html, type Part } from "./html.ts";
import type { Lead, Reading } from "./reading.ts";
import { sentence } from "./words.ts";

/** Null where the finding is about no command, or its text may not be seen. */
export function becomes({ leading }: Reading): Html | null {
  if (leading === null || leading.lead === null) return null;
  const { finding, lead } = leading;
  if (lead.sent === null) return null;
  const waits = finding.evidence.outcome === "hang";
  const shell = lead.runs === null ? [] : [[`${shellOf(lead)} runs`, added(lead.sent, lead.runs)] as const];
  const end = lead.waitsAt ?? (waits ? "" : finding.message);
  const rows: readonly (readonly [string, Part])[] = [
    ["The engine sends", lead.sent],
    ...shell,
    waits
      ? ["It waits at", html`${end === "" ? "nothing that it says" : end} <span class="caret"></span>`]
      : ["What happens", sentence(end)],
  ];
  return html`<section class="becomes" aria-labelledby="h-becomes"><h2 id="h-becomes">What becomes of a command</h2>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl></section>`;
}

/** `tcsh`, of `/bin/tcsh -c` or `-tcsh -c`; what starts it stands before it. */
function shellOf({ chain }: Lead): string {
  return /^(?:-|.*\/)?([\w.+-]+)(?: -c)?$/.exec(chain[1]?.what ?? "")?.[1] ?? "The shell";
}

/** The words that run, with those marked that nobody sent. */
function added(sent: string, runs: string): Part {
  const rest = sent.split(" ");
  return runs.split(" ").map((word, at) => {
    const blank = at === 0 ? "" : " ";
    const found = rest.indexOf(word);
    if (found === -1) return html`${blank}<ins>${word}</ins>`;
    rest.splice(0, found + 1);
    return `${blank}${word}`;
  });
}
