/** Clean-up: what may go, what stays and why, and how the volume is filled. */
import { counted, countWords, sizeWords } from "../../facts/amounts.ts";
import { command } from "./command.ts";
import { code, type Html, html, nothing, type Part } from "./html.ts";
import { mark } from "./marks.ts";
import type { Cleanup, Reading } from "./reading.ts";
import { section } from "./section.ts";
import { type Clock, inUnit, roughly, sentence, type Unit, unitFor } from "./words.ts";

/** The rest is a link away. */
const mostRows = 5;
/** Of a plan's hash: as many name it. */
const digits = 12;

/** One section a Retention; the first is where the headline leads. */
export function cleanupOf(reading: Reading): Part {
  const rows = reading.status.cleanup;
  const more = rows.length - mostRows;
  return [
    ...rows.slice(0, mostRows).map((row, at) => one(reading, row, at)),
    more > 0 && html`<p class="small-text"><a href="/v1/cleanup">${counted(more, "more Retention")}</a> as JSON</p>`,
  ];
}

function one(reading: Reading, row: Cleanup, at: number): Html {
  const { problem, root } = row;
  const shares = sharesOf(row);
  return section({
    id: at === 0 ? "cleanup" : `cleanup-${at + 1}`,
    title: html`Clean-up of ${code(root)}`,
    sentence: problem === "" ? sentenceOf(row, reading.clock) : html`${mark("unknown")} ${sentence(problem)}`,
    body: html`${shares !== null && [volume(shares), table(shares)]}${lastRun(row, reading.clock)}${apply(reading, row)}`,
  });
}

function sentenceOf({ plan, backlog, state, retention }: Cleanup, clock: Clock): Part {
  if (plan === null) return state === "waiting" ? `${retention} has no plan yet.` : `${retention} is being looked at.`;
  const goes =
    plan.files === 0
      ? "Nothing may go now."
      : `${counted(plan.files, "file")} may go now, ${sizeWords(plan.bytes)}${worth(plan.bytes, backlog)}.`;
  const full = backlog?.fullInSeconds ?? null;
  if (full === null || backlog === null) return goes;
  // Of a file system that hardly grows it is further away than a date can be.
  const at = () => new Date(clock.nowMs + full * 1_000).toISOString();
  const when = full < 20 * 3_600 ? `at about ${clock.minute(at())}` : `in about ${roughly(full)}`;
  return html`${goes} <b class="unk">Without that the volume is full ${when}.</b>`;
}

/** What is projected says on which basis. */
function worth(bytes: number, backlog: Cleanup["backlog"]): string {
  const pace = backlog?.growthBytesPerHour ?? 0;
  return pace <= 0
    ? ""
    : `, about ${roughly((bytes / pace) * 3_600)} at ${sizeWords(pace)}/h, the pace of the last looks`;
}

type Kind = "other" | "kept" | "waits" | "goes" | "free";

interface Share {
  readonly kind: Kind;
  readonly what: string;
  readonly why: string;
  /** Null where files are not counted. */
  readonly files: number | null;
  readonly bytes: number;
}

/** In the order of the volume's bar. Null where the volume was not looked at. */
function sharesOf({ plan, backlog }: Cleanup): readonly Share[] | null {
  if (plan === null || backlog === null || backlog.totalBytes === 0) return null;
  const stays = plan.stays.filter(({ code: word, files }) => !outside.includes(word) && files > 0);
  const waits = stays.filter(({ code: word }) => word === "not-released");
  const kept = stays.filter(({ code: word }) => word !== "not-released");
  const matching = plan.bytes + stays.reduce((sum, { bytes }) => sum + bytes, 0);
  const other = Math.max(0, backlog.totalBytes - backlog.freeBytes - matching);
  return [
    { kind: "other", what: "Other data", why: "outside this retention", files: null, bytes: other },
    ...kept.map(
      (stay): Share => ({ kind: "kept", what: "Kept", why: whyOf(stay.code), files: stay.files, bytes: stay.bytes }),
    ),
    ...waits.map(
      (stay): Share => ({
        kind: "waits",
        what: "Waiting for release",
        why: whyOf(stay.code),
        files: stay.files,
        bytes: stay.bytes,
      }),
    ),
    ...(plan.files > 0
      ? [
          {
            kind: "goes",
            what: "Removable",
            why: "as this retention says",
            files: plan.files,
            bytes: plan.bytes,
          } as const,
        ]
      : []),
    { kind: "free", what: "Free", why: "", files: null, bytes: backlog.freeBytes },
  ];
}

/** What no Retention is about: on the bar it is other data. */
const outside: readonly string[] = ["not-matched", "not-a-regular-file", "another-owner", "mount", "name-refused"];

const why: Readonly<Record<string, string>> = {
  "not-released": "nobody has said that a copy is safe",
  "released-other-content": "changed since the release",
  "too-young": "too young",
  newest: "the newest",
  "over-limit": "over the limits of one plan",
  "would-empty": "nothing that matches would stay",
  "clock-not-trusted": "of no known age: this host’s clock is not trusted",
  "held-open": "a process has them open",
  "open-unknown": "whether a process has them open cannot be told",
  changed: "changed while they were looked at",
  database: "a database’s",
  "archived-log": "archived redo logs, not released with their sha256",
  "several-links": "of several links",
};

function whyOf(word: string): string {
  return why[word] ?? word;
}

function volume(shares: readonly Share[]): Html {
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  const unit = unitFor(total);
  const blocks = shares.reduce<{ readonly at: number; readonly drawn: readonly Html[] }>(
    ({ at, drawn }, { kind, bytes }) => {
      const width = (100 * bytes) / total;
      const block = html`<rect class="v-${kind}" x="${at.toFixed(2)}%" width="${width.toFixed(2)}%" height="44"/>`;
      return { at: at + width, drawn: [...drawn, block] };
    },
    { at: 0, drawn: [] },
  );
  const says = shares.map(({ what, bytes }) => `${inUnit(bytes, unit)} ${what.toLowerCase()}`).join(", ");
  return html`<div class="volume"><svg height="44" role="img" aria-label="Volume of ${inUnit(total, unit)} ${unit.name}: ${says}">${blocks.drawn}</svg>
<div class="ends"><span>0</span><span>${inUnit(total, unit)} ${unit.name}</span></div></div>`;
}

/** What may go first, then what waits, then why the rest stays. */
const order: readonly Kind[] = ["goes", "waits", "kept", "other", "free"];

function table(shares: readonly Share[]): Html {
  const unit = unitFor(shares.reduce((sum, { bytes }) => sum + bytes, 0));
  const rows = order.flatMap((kind) =>
    shares.filter((share) => share.kind === kind).map((share, at) => tableRow(share, at === 0, unit)),
  );
  return html`<table class="sizes"><caption class="unseen">What lies on the volume</caption>
<thead><tr><th scope="col">What</th><th scope="col" class="number">Files</th><th scope="col" class="number">${unit.name}</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

/** Of several reasons to keep, the first row names what they share. */
function tableRow({ kind, what, why: reason, files, bytes }: Share, isFirst: boolean, unit: Unit): Html {
  const swatch = html`<svg class="swatch" aria-hidden="true"><rect class="v-${kind}" width="14" height="14"/></svg>`;
  const name = isFirst ? html`${swatch}<b>${what}</b>` : html`<span class="unseen">${what}</span>`;
  return html`<tr><th scope="row">${name}${reason !== "" && html`<small>${reason}</small>`}</th><td class="number">${files === null ? "" : countWords(files)}</td><td class="number">${inUnit(bytes, unit)}</td></tr>\n`;
}

function lastRun({ run }: Cleanup, clock: Clock): Html {
  if (run === null) return nothing;
  const removed = run.outcomes.filter(({ outcome }) => outcome === "removed");
  const files = removed.reduce((sum, each) => sum + each.files, 0);
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
  return html`<p class="small-text">Last removed at ${clock.exact(run.at)}: ${counted(files, "file")}, ${sizeWords(bytes)}.</p>`;
}

/** Only for a plan that can still be applied, and by nobody who looks at an old state. */
function apply(reading: Reading, { plan, retention, granted, apply: how }: Cleanup): Part {
  if (plan === null || plan.files === 0) return nothing;
  if (granted === "plan-only")
    return html`<p class="small-text">${retention} stays a plan: the Grant lets nothing be removed here.</p>`;
  const isOver = Date.parse(plan.expiresAt) <= reading.clock.nowMs;
  if (isOver || reading.isStale) return nothing;
  const does = how === "automatically" && granted === "automatically" ? "applies its plans by itself" : "only plans";
  const exactly = `To remove exactly these ${countWords(plan.files)}:`;
  return html`<div class="now"><p class="small-text">${retention} ${does}. ${exactly}</p>
${command({ groups: ["rcwarden cleanup apply", `--plan ${plan.hash.slice(0, digits)}`], what: `the command that removes ${counted(plan.files, "file")}` })}</div>`;
}
