/** States over time, drawn and told. */
import { type Html, html, type Part } from "./html.ts";
import type { Span } from "./reading.ts";
import type { Clock } from "./words.ts";

interface Frame {
  readonly from: string;
  readonly to: string;
  /** Of the view box. */
  readonly width: number;
  readonly height: number;
  /** A gap in a long past is no news; in the last day it is hatched. */
  readonly unseen: "hatched" | "left-out";
}

/** Narrower, a block would not be seen. */
export const narrowest = 4;

/** A line where it holds, a block where it fails, a dashed double line where unknown; where nobody looked, as `unseen` has it. */
export function bar(spans: readonly Span[], { from, to, width, height, unseen }: Frame): Part {
  const start = Date.parse(from);
  const whole = Math.max(1, Date.parse(to) - start);
  const at = (time: string) => Math.round(Math.min(1, Math.max(0, (Date.parse(time) - start) / whole)) * width);
  const shown = unseen === "hatched" ? spans : spans.filter(({ state }) => state !== "unseen");
  return shown.map(({ from: begin, to: end, state }) => drawn[state](at(begin), at(end), width, height));
}

type Drawn = (from: number, to: number, width: number, height: number) => Html;

const drawn: Readonly<Record<Span["state"], Drawn>> = {
  holds: (from, to, _, height) => html`<path class="s-hold" d="M${from} ${height / 2}H${to}"/>`,
  fails(from, to, width, height) {
    const wide = Math.max(narrowest, to - from);
    return html`<rect class="f-fail" x="${Math.min(from, width - wide)}" width="${wide}" height="${height}"/>`;
  },
  unknown: (from, to, _, height) => html`<path class="s-unk" d="M${from} 3H${to}M${from} ${height - 3}H${to}"/>`,
  unseen: (from, to, _, height) => html`<rect class="f-unseen" x="${from}" width="${to - from}" height="${height}"/>`,
};

/** `held until 09:14, fails since`; a gap: `not observed 02:10 to 02:31`. */
export function spanWords(spans: readonly Span[], clock: Clock): string {
  if (spans.every(({ state }) => state === "holds")) return "held all day";
  const first = spans.length > mostTold ? null : spans[0];
  const shown = spans.slice(-mostTold);
  return shown
    .map((span, at) => {
      const [from, to] = [clock.minute(span.from), clock.minute(span.to)];
      if (at === shown.length - 1) return lastly[span.state](from);
      return span === first && span.state === "unseen" ? `not observed before ${to}` : before[span.state](from, to);
    })
    .join(", ");
}

/** The last ones tell enough. */
const mostTold = 8;

const before: Readonly<Record<Span["state"], (from: string, to: string) => string>> = {
  holds: (_, to) => `held until ${to}`,
  fails: (from, to) => `failed ${from} to ${to}`,
  unknown: (from, to) => `unknown ${from} to ${to}`,
  unseen: (from, to) => `not observed ${from} to ${to}`,
};

const lastly: Readonly<Record<Span["state"], (from: string) => string>> = {
  holds: (from) => `holds since ${from}`,
  fails: (from) => `fails since ${from}`,
  unknown: (from) => `unknown since ${from}`,
  unseen: (from) => `not observed since ${from}`,
};
