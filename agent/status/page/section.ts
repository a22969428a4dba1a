/** A section is one sentence and its evidence. */
import { type Html, html, type Part } from "./html.ts";

export interface Section {
  readonly id: string;
  readonly title: Part;
  /** Whoever reads only the sentences has read the page. */
  readonly sentence: Part;
  /** The evidence. */
  readonly body: Part;
  /** It moves into the first screen of a wide window. */
  readonly isFirst?: boolean;
}

export function section({ id, title, sentence, body, isFirst = false }: Section): Html {
  return html`<section class="section${isFirst && " first"}" id="${id}" aria-labelledby="h-${id}">
<header><h2 id="h-${id}">${title}</h2>
<p>${sentence}</p></header>
<div>${body}</div>
</section>
`;
}

/** Rows of name and value. */
export function pairs(rows: readonly (readonly [name: Part, value: Part])[]): Html {
  return html`<dl class="pairs">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
}
