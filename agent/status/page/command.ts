/** Commands to copy. The page does nothing by itself: it has no form and no request but reading. */
import { hostile } from "../../facts/index.ts";
import { shellWord } from "../../facts/shell-word.ts";
import { type Html, html, joined, nothing } from "./html.ts";

export interface Command {
  /** Groups of words that belong together, quoted for a shell: they are kept on one line where there is room. */
  readonly groups: readonly string[];
  /** `the command that measures again`, for who does not see the button's place. */
  readonly what: string;
  /** The one command that stands out. */
  readonly isFirst?: boolean;
}

/** `--account NAME`; null where the name holds what no shell lets be typed. */
export function accountFlag(account: string): string | null {
  if (account === "-" || account === "" || account.search(hostile) !== -1) return null;
  return `--account${account.startsWith("-") ? "=" : " "}${shellWord(account)}`;
}

/** `--with FILE=new`; null where the path cannot be typed, or would be read as another one. */
export function replacement(file: string): string | null {
  if (!file.startsWith("/") || file.includes("=") || file.search(hostile) !== -1) return null;
  return `--with ${shellWord(`${file}=new`)}`;
}

/** A wider group may break, so that the page need not be moved sideways. */
const widestGroup = 26;

export function command({ groups, what, isFirst = false }: Command): Html {
  const text = joined(
    groups.map((group) => (group.length > widestGroup ? group : html`<span class="whole">${group}</span>`)),
    " ",
  );
  const hint = isFirst ? html`<span class="hint">One click or tap selects all of it.</span>` : nothing;
  const button = html`<button type="button">Copy<span class="unseen"> ${what}</span></button>`;
  return html`<div class="command${!isFirst && " small"}"><div><code>${text}</code>${hint}</div>${button}</div>`;
}
