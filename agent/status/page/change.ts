/** What to change, how to look again, and what then remains to be ended. */
import { counted } from "../../facts/amounts.ts";
import { accountFlag, command, replacement } from "./command.ts";
import { type Html, html, nothing, type Part, quoting } from "./html.ts";
import type { Finding, Reading } from "./reading.ts";
import { stuckOf } from "./sessions.ts";
import { sentence } from "./words.ts";

/** Null where nothing fails or is undecided. */
export function change(reading: Reading): Html | null {
  const { leading } = reading;
  if (leading === null) return null;
  const { finding } = leading;
  const what =
    finding.change === ""
      ? "Nothing is known that would help; the finding says what was seen."
      : quoting(sentence(finding.change));
  return html`<section class="change" id="change" aria-labelledby="h-change">
<h2 id="h-change">What to change</h2>
<p>${what}</p>
${again(finding.account)}
<p class="note quiet">rcwarden changes nothing itself. Once the file is saved it measures again; the command does so at once, and says what came of it.</p>
${tried(finding)}${then(reading)}
</section>`;
}

function again(account: string): Html {
  const flag = accountFlag(account);
  if (flag === null && account !== "-") return nothing;
  const groups = flag === null ? ["rcwarden check"] : ["rcwarden check", flag];
  return command({ groups, what: "the command that measures again", isFirst: true });
}

/** A changed copy of the file, before anybody meets it. */
function tried({ account, where }: Finding): Part {
  const flag = accountFlag(account);
  const instead = where === null ? null : replacement(where.file);
  if (flag === null || instead === null) return nothing;
  const copy = command({ groups: ["rcwarden check", flag, instead], what: "the command that tries a changed copy" });
  return html`<div class="then">Before it is saved, try a changed copy, <code>new</code>:${copy}</div>`;
}

/** Withheld where the state is old: what is named here may be gone, and something else in its place. */
function then({ status, isStale }: Reading): Part {
  const count = stuckOf(status.sessions).reduce((sum, group) => sum + group.count, 0);
  if (count === 0 || isStale) return nothing;
  const end = command({
    groups: ["rcwarden sessions --pids", "|", "xargs -r kill"],
    what: "the command that ends the stuck sessions",
  });
  return html`<div class="then now">Then end the ${counted(count, "stuck session")}:${end}</div>`;
}
