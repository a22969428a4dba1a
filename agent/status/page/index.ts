/**
 * The page at `/`: pure functions from the answer of `/v1/status` to one response that needs nothing else. One module is
 * one section; each is a sentence and its evidence, or null where it has nothing to say. It imports the shapes of status
 * and facts. To add a section: one module here, and its line in `sections`.
 */
import { createHash } from "node:crypto";
import type { StatusAnswer } from "../shapes.ts";
import { because } from "./because.ts";
import { becomes } from "./becomes.ts";
import { change } from "./change.ts";
import { cleanupOf } from "./cleanup.ts";
import { dayOf } from "./day.ts";
import { deliveryOf } from "./delivery.ts";
import { findingsOf } from "./findings.ts";
import { headline, type Told } from "./headline.ts";
import { Html, html, type Part } from "./html.ts";
import { type Mark, symbols } from "./marks.ts";
import { type Context, type Reading, readingOf } from "./reading.ts";
import { script } from "./script.ts";
import { sessionsOf } from "./sessions.ts";
import { noAccount } from "./start.ts";
import { styles } from "./styles.ts";
import { band, foot, top } from "./top.ts";
import { unmeasuredOf } from "./unmeasured.ts";
import { waysOf } from "./ways.ts";

export type { Context } from "./reading.ts";

export interface Page {
  readonly html: string;
  readonly headers: { readonly "Content-Security-Policy": string };
}

export function pageOf(status: StatusAnswer, context: Context): Page {
  const reading = readingOf(status, context);
  const told = headline(reading);
  const page = html`<!doctype html>
${root(
  reading,
  html`${head(told)}
${body(reading, told)}`,
)}
`;
  return { html: page.text, headers: { "Content-Security-Policy": pagePolicy } };
}

/** Of the very style and script that the page has: nothing else of it runs, and nothing is asked but the agent. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src '${hashOf(styles)}'`,
  `script-src '${hashOf(script)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

/** What the script has to know. */
function root({ status, isStale, clock }: Reading, content: Html): Html {
  return html`<html lang="en"${isStale && html` class="stale" data-stale="1"`} data-cursor="${status.store.head}" data-at="${status.time}" data-offset="${clock.offsetMinutes}">
${content}
</html>`;
}

/** A picture of the state for the window's tab, in the colours of the light theme. */
const icons: Readonly<Record<Mark, string>> = {
  fails: icon("<path d='M10 0 20 10 10 20 0 10z' fill='#b01e0a'/>"),
  holds: icon("<circle cx='10' cy='10' r='9' fill='#0a655d'/>"),
  unknown: icon("<path d='M1 1h18v18H1z' fill='#765300'/>"),
  waived: icon("<path d='M1 8h18v4H1z' fill='#7d8a90'/>"),
};

function icon(drawing: string): string {
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'>${drawing}</svg>`)}`;
}

function head({ title, mark }: Told): Html {
  return html`<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="${icons[mark]}">
<script>${new Html(script)}</script>
<style>${new Html(styles)}</style>
</head>`;
}

function body(reading: Reading, told: Told): Html {
  const skip =
    reading.leading === null
      ? html`<a class="skip" href="#what">Skip to the answer</a>`
      : html`<a class="skip" href="#change">Skip to what to change</a>`;
  return html`<body>
${symbols}
${skip}
${top(reading)}
<main>
${band(reading)}
<section class="answer" aria-labelledby="what">
${told.html}
${first(reading)}
</section>
${sections(reading)}
</main>
${foot(reading)}
<p class="unseen" id="told" role="status"></p>
</body>`;
}

/** Because of which line, what to change, and what becomes of a command: left out where nothing is to be done. */
function first(reading: Reading): Part {
  if (reading.state === "no-account") return noAccount();
  const parts = [because(reading), change(reading), becomes(reading)].filter((part) => part !== null);
  return (
    parts.length > 0 &&
    html`<div class="first-screen">
${parts}
</div>`
  );
}

/** With nothing wrong, what stands third moves up. */
function sections(reading: Reading): Part {
  return [
    dayOf(reading),
    waysOf(reading),
    findingsOf(reading),
    sessionsOf(reading),
    cleanupOf(reading),
    deliveryOf(reading),
    unmeasuredOf(reading),
  ];
}
