/** The top line, the band of an old state, and the foot. */
import { counted, countWords } from "../../facts/amounts.ts";
import { inThreeWords } from "./delivery.ts";
import { type Html, html, nothing, type Part } from "./html.ts";
import { mark } from "./marks.ts";
import type { Reading } from "./reading.ts";
import { duration } from "./words.ts";

export function top(reading: Reading): Html {
  const { status, clock } = reading;
  const words = inThreeWords(reading);
  const asOf = html`<time datetime="${status.time}">${clock.second(status.time)} ${clock.zone()}</time>`;
  return html`<header class="top">
<p><b>${status.host.name}</b></p>
<p class="quiet spare">rcwarden ${status.rcwarden}, running for ${duration(clock.since(status.startedAt))}</p>
${words !== null && html`<p class="quiet spare now">${words}</p>`}
<p class="quiet as-of"><span id="as-of">As of ${asOf}</span> <span class="again">· <a href="/">Read again</a></span><a id="newer" href="/" hidden></a></p>
</header>
`;
}

/** Shown while the state is old; the script fills it where the agent does not answer. */
export function band(reading: Reading): Html {
  return html`<p class="band">${mark("unknown")}<span id="band">${bandWords(reading)}</span></p>
`;
}

function bandWords({ isStale, state, clock, knownAt }: Reading): Part {
  if (!isStale) return "This is what was known when the page was made.";
  if (state === "quiet")
    return html`Nothing is measured in this time, as the Grant says. This is what was known at ${clock.exact(knownAt)}.`;
  return html`Nothing was confirmed since ${clock.exact(knownAt)}. This is what was known then.`;
}

export function foot({ status, principal }: Reading): Html {
  const { paths, absent } = status.watching;
  const watched =
    paths === 0
      ? nothing
      : html`<span>${counted(paths, "startup file")} watched${absent > 0 && `, ${countWords(absent)} of them not there yet`}</span>`;
  const metrics = principal === "account" ? nothing : html`<a href="/metrics">/metrics</a>`;
  return html`<footer class="foot"><span>This page shows the last state and starts nothing.</span>${watched}<a href="/v1/status">/v1/status</a>${metrics}<a href="/openapi.json">/openapi.json</a></footer>
`;
}
