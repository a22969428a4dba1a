/** What to do where no account is watched. */
import { command } from "./command.ts";
import { type Html, html } from "./html.ts";

export function noAccount(): Html {
  return html`<section class="change" id="change" aria-labelledby="h-change">
<h2 id="h-change">What to do</h2>
<p>See which accounts look as if an engine came in by them, and name those in a Grant.</p>
${command({ groups: ["rcwarden accounts"], what: "the command that lists candidates", isFirst: true })}
</section>`;
}
