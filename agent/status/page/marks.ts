/** The four marks. Shape, colour and a word, always the three: the word stands beside the mark or is for screen readers. */
import { type Html, html } from "./html.ts";

export type Mark = "fails" | "holds" | "unknown" | "waived";

const looks: Readonly<Record<Mark, { readonly symbol: string; readonly colour: string }>> = {
  fails: { symbol: "m-fails", colour: "fail" },
  holds: { symbol: "m-holds", colour: "hold" },
  unknown: { symbol: "m-unknown", colour: "unk" },
  waived: { symbol: "m-waived", colour: "quiet" },
};

/** Says nothing by itself. */
export function mark(of: Mark): Html {
  const { symbol, colour } = looks[of];
  return html`<svg class="mark ${colour}" aria-hidden="true"><use href="#${symbol}"/></svg>`;
}

export function colourOf(of: Mark): string {
  return looks[of].colour;
}

/** Drawn once a page, and used by name. */
export const symbols = html`<svg class="symbols" width="0" height="0" aria-hidden="true"><defs>
<symbol id="m-fails" viewBox="0 0 20 20"><path d="M10 0 20 10 10 20 0 10z"/><path class="cut" d="M9 5h2v6.4H9zM9 13h2v2H9z"/></symbol>
<symbol id="m-holds" viewBox="0 0 20 20"><circle class="line" cx="10" cy="10" r="8.2"/><path class="line" d="m6.2 10.3 2.6 2.6 5-5.4"/></symbol>
<symbol id="m-unknown" viewBox="0 0 20 20"><rect class="line dashed" x="2" y="2" width="16" height="16" rx="2"/><path class="line" d="M7.5 8.2c0-1.6 1-2.6 2.5-2.6s2.5 1 2.5 2.3c0 1.7-2.4 1.9-2.4 3.6"/><path d="M9.1 13h2v2h-2z"/></symbol>
<symbol id="m-waived" viewBox="0 0 20 20"><path class="line" d="M3 10h14"/></symbol>
<pattern id="p-waits" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch-wait" d="M0 0v7"/></pattern>
<pattern id="p-unseen" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch-unseen" d="M0 0v8"/></pattern>
</defs></svg>`;
