/**
 * The one way to HTML. Text that stands in a template is escaped, whatever a caller does or forgets; only what a template
 * made goes in as it is.
 */
import { hostile } from "../../facts/index.ts";

/** Markup that a template made. Nothing else makes one. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: `null` and `false` are nothing. */
export type Part = Html | string | number | null | false | readonly Part[];

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, at) => text + rendered(parts[at] ?? null)).join(""));
}

export const nothing = html``;

export function joined(parts: readonly Part[], between: string): Part {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [between, part]));
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly Part[]): Part {
  if (parts.length < 2) return parts;
  return [joined(parts.slice(0, -1), ", "), " and ", parts.at(-1) ?? null];
}

/** Words with what stands in double quotes as what a machine reads. */
export function quoting(text: string): Part {
  return text.split(/"([^"]+)"/).map((part, at) => (at % 2 === 1 ? code(part) : part));
}

/** Longer, it may break, so that the page need not be moved sideways. */
const longestWhole = 24;

/** What a machine reads. */
export function code(text: string): Html {
  return text.length > longestWhole ? html`<code>${text}</code>` : html`<code class="whole">${text}</code>`;
}

function rendered(part: Part): string {
  if (part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(rendered).join("");
  return escaped(printable(String(part)));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** Characters that must not reach a reader raw, as text that names them: `\x1b`, `\u202e`, `\u{e0041}`. */
export function printable(text: string): string {
  return text.replace(hostile, (character) => {
    const digits = (character.codePointAt(0) ?? 0).toString(16);
    if (digits.length < 3) return `\\x${digits.padStart(2, "0")}`;
    return digits.length < 5 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
  });
}
