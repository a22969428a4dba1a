/** The page as text: what it says in which state, what it leaves out, and that nothing of the host becomes markup. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { hostile } from "../../agent/facts/index.ts";
import type { StatusAnswer } from "../../agent/status/index.ts";
import { shortened } from "../../agent/status/page/because.ts";
import { accountFlag, replacement } from "../../agent/status/page/command.ts";
import { html, printable } from "../../agent/status/page/html.ts";
import { type Context, pageOf } from "../../agent/status/page/index.ts";
import { Clock, duration } from "../../agent/status/page/words.ts";
import { account, before, calm, finding, gib, nowMs, offsetMinutes, span, ways, wrong } from "./page-states.ts";

const context: Context = { principal: "owner", nowMs, offsetMinutes };

function page(status: StatusAnswer, other: Partial<Context> = {}): string {
  return pageOf(status, { ...context, ...other }).html;
}

/** What a reader sees in one of the tenses, without markup; blanks as one. */
function text(of: string, tense: "now" | "past" = "now"): string {
  const hidden = tense === "now" ? "past" : "now";
  return of
    .replace(/<(script|style)>.*?<\/\1>/gs, " ")
    .replace(new RegExp(`<(span|p|div)[^>]* class="(?:[^"]* )?${hidden}(?: [^"]*)?"[^>]*>.*?</\\1>`, "gs"), "")
    .replace(new RegExp(`<(span|p) class="(?:[^"]* )?${hidden}(?: [^"]*)?">.*?</\\1>`, "gs"), "")
    .replace(/<\/(dt|dd|h3|p|li)>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

function part(of: string, pattern: RegExp): string {
  return pattern.exec(of)?.[0] ?? "";
}

function h1(of: string, tense: "now" | "past" = "now"): string {
  return text(part(of, /<h1.*?<\/h1>/s), tense).trim();
}

function title(of: string): string {
  return text(part(of, /<title>.*?<\/title>/s));
}

/** Its sentence under the heading; "" where the section is left out. */
function section(of: string, id: string): string {
  return part(of, new RegExp(`<section class="section[^>]* id="${id}".*?</section>`, "s"));
}

test("the story: what happens since when, because of which line, what to change", () => {
  const wrongly = page(wrong());
  assert.equal(h1(wrongly), "oracle’s rm -f waits for ever since 09:14. Line 14 of ~/.cshrc makes it ask.");
  assert.equal(title(wrongly), "✗ oracle’s rm -f waits for ever since 09:14 · db07");
  const said = text(wrongly);
  assert.ok(said.includes("Critical for 41 min"));
  assert.ok(
    said.includes(
      "50 sessions are stuck at its question, 412 files wait for release, /u01/staging is full in 9 h and 1 could not be decided.",
    ),
    said.slice(0, 800),
  );
  assert.ok(said.includes("Move line 14 below the if ($?prompt) of line 22, or delete it."));
  assert.ok(said.includes("rcwarden check --account oracle --with /home/oracle/.cshrc=new"));
  assert.ok(said.includes("tcsh runs rm -f 1_4711.arc -i"));
  assert.match(wrongly, /<ins>-i<\/ins>/);
  assert.ok(
    text(section(wrongly, "day")).includes(
      "All held until 09:14. ~/.cshrc was saved at 09:14:07 while m.ortega was logged in; rcwarden saw it 8 ms later.",
    ),
  );
  assert.ok(
    text(section(wrongly, "ways")).includes(
      "Only oracle fails, in 7 of its 8 ways in. The engine comes in by ssh-command. cron is spared",
    ),
  );
  assert.ok(
    text(section(wrongly, "findings")).includes(
      "1 fails, 1 could not be decided, 1 is waived. Bars show the last 30 days.",
    ),
  );
  assert.ok(text(section(wrongly, "findings")).includes("Before: 21 Oct, for 2 h 38 min"));
  assert.ok(
    text(section(wrongly, "sessions")).includes(
      "50 wait for one answer that cannot come. The oldest has waited for 37 min. rcwarden ends none by itself.",
    ),
  );
  const removable = "1,204 files may go now, 96.4 GiB, about 5 h at 19.0 GiB/h, the pace of the last looks.";
  assert.ok(text(section(wrongly, "cleanup")).includes(removable));
  assert.ok(text(section(wrongly, "unmeasured")).includes("Nothing here counts as holding."));
});

test("calm: nothing is red, nothing is to be done, and the matrix follows the headline", () => {
  const calmly = page(calm());
  assert.equal(h1(calmly), "What the engine sends does what it says. Nothing to do.");
  assert.equal(title(calmly), "All holds · db07");
  const body = calmly.slice(calmly.indexOf("<body>"));
  assert.doesNotMatch(body, /class="[^"]*\b(fail|f-fail|s-fail)\b/);
  assert.doesNotMatch(body, /id="change"|id="findings"|id="unmeasured"/);
  assert.ok(text(calmly).includes("All 24 hold, confirmed 12 s ago"));
  assert.ok(text(calmly).includes("3 accounts, 8 ways in, no session stuck. /u01/staging is 72 % full."));
  assert.ok(text(section(calmly, "ways")).includes("24 of 24 hold."));
  assert.match(section(calmly, "ways"), /class="section first"/);
});

test("only unknowns: nothing fails, and that is all that is said", () => {
  const open = finding({ status: "unknown", message: "the time was over", where: null, evidence: {}, change: "" });
  const unknown = page(calm({ findings: [open, { ...open, fingerprint: "b".repeat(16), subject: "cp -f {file}" }] }));
  assert.match(h1(unknown), /^Nothing fails; 2 could not be decided\. oracle’s rm -f: the time was over\.$/);
  assert.equal(title(unknown), "? Nothing fails; 2 could not be decided · db07");
  assert.match(unknown, /<p class="state unk">/);
});

test("an engine's way in that is unknown is never told as holding, though no finding says why", () => {
  const open = ways("oracle", "/bin/tcsh", (mode) =>
    mode === "ssh-command" ? { state: "unknown", word: "unknown" } : {},
  );
  const reason = {
    account: "oracle",
    mode: "ssh-command",
    code: "timed-out",
    message: "the time was over",
    change: "",
  };
  const unknown = page(calm({ ways: [open], unmeasured: [reason] }));
  assert.equal(h1(unknown), "Nothing fails; 1 could not be decided. The time was over.");
  assert.match(unknown, /<a class="unk" href="#unmeasured">/);
  const elsewhere = ways("oracle", "/bin/tcsh", (mode) =>
    mode === "cron" ? { state: "unknown", word: "unknown" } : {},
  );
  assert.match(h1(page(calm({ ways: [elsewhere] }))), /^What the engine sends does what it says\./);
});

test("more than one fails: the sentence says how many more, and leads there", () => {
  const second = finding({ fingerprint: "c".repeat(16), subject: "cp -f {file} {existing}" });
  const third = finding({ fingerprint: "d".repeat(16), subject: "mv -f {file} {existing}" });
  const three = page(wrong({ findings: [finding(), second, third] }));
  assert.match(three, /<a class="whole" href="#findings">2 more<\/a> fail/);
});

test("a waived finding leads nowhere: it is told, and the headline stays calm", () => {
  const waived = finding({ waived: { exception: "e", reason: "CHG1", until: "2026-12-31" } });
  const calmly = page(calm({ findings: [waived] }));
  assert.equal(h1(calmly), "What the engine sends does what it says. Nothing to do.");
  assert.ok(text(section(calmly, "findings")).includes("1 is waived."));
  assert.ok(text(section(calmly, "findings")).includes("Until 31 Dec: “CHG1”."));
});

const empty: Partial<StatusAnswer> = {
  ways: [],
  findings: [],
  cleanup: [],
  unmeasured: [],
  day: { from: before(0), to: before(0), accounts: [], stuck: [], saves: [], logins: [] },
  sessions: { at: before(0), groups: [], problem: "" },
  validUntil: null,
};
const unmeasured = { measuredAt: null, confirmedAt: null, pass: 0 } as const;

test("first start: only delivery and what is not measured; empty sections are left out, never zeros", () => {
  const accounts = [
    account("oracle", { ...unmeasured, state: "measuring" }),
    account("postgres", { ...unmeasured, state: "waiting" }),
  ];
  const first = page(calm({ ...empty, ready: false, accounts }));
  assert.equal(h1(first), "Nothing is measured yet. First answer in about 20 s.");
  const ids = [...first.matchAll(/<section class="section[^>]* id="([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(ids, ["delivery", "unmeasured"]);
  assert.ok(text(section(first, "unmeasured")).includes("oracle, postgres Not measured yet."));
});

test("no account: what to do is the command that lists candidates", () => {
  const none = page(calm({ ...empty, accounts: [] }));
  assert.equal(h1(none), "No account is watched. Name one in a Grant.");
  assert.ok(text(none).includes("rcwarden accounts"));
});

test("a Grant that is broken: nothing can be measured, and why", () => {
  const says = "the Grant is broken: nobody is measured";
  const broken = page(calm({ ...empty, accounts: [account("oracle", { ...unmeasured, state: "not-granted", says })] }));
  assert.equal(h1(broken), "Nothing can be measured. The Grant is broken: nobody is measured.");
});

test("sessions that could not be read: the sentence says why, and no zero stands anywhere", () => {
  const problem = "/proc is hidden (hidepid=2)";
  const hidden = page(calm({ sessions: { at: before(0), groups: [], problem } }));
  assert.equal(h1(hidden), "What the engine sends does what it says. Nothing to do.");
  const said = section(hidden, "sessions");
  assert.ok(text(said).includes("Sessions could not be read: /proc is hidden (hidepid=2)."));
  assert.match(said, /#m-unknown/);
  assert.doesNotMatch(text(said), /\b0\b|None/);
  assert.doesNotMatch(text(hidden), /no session stuck/);
});

test("older than valid-until: past tense, not known since, nothing that ends or removes", () => {
  const old = page(wrong({ validUntil: before(1_000) }));
  assert.match(old, /<html lang="en" class="stale"/);
  assert.equal(
    h1(old, "past"),
    "oracle’s rm -f waited for ever since 09:14. Line 14 of ~/.cshrc made it ask. Not known since.",
  );
  assert.equal(title(old), "? Not known since 09:55 · db07");
  assert.match(text(old, "past"), /Nothing was confirmed since/);
  assert.doesNotMatch(old, /xargs|cleanup apply/);
  assert.match(text(old), /rcwarden check --account oracle/);
  const calmOld = page(calm({ validUntil: before(1_000) }));
  assert.equal(h1(calmOld, "past"), "What the engine sends did what it said at 09:55. Not known since.");
  const fresh = page(wrong());
  assert.doesNotMatch(fresh, /<html[^>]*stale/);
  assert.match(text(fresh), /rcwarden sessions --pids \| xargs -r kill/);
  assert.match(text(fresh), /rcwarden cleanup apply --plan 7d31c04be2a9/);
});

test("an engine that is not reached: the headline stays, the top line and Delivery say it, nothing is lost", () => {
  const [engine] = calm().sinks;
  assert.ok(engine !== undefined);
  const problem = { code: "refused", message: "engine.example.net:443: expected to connect, found connection refused" };
  const sink = { ...engine, waiting: 31, state: "waiting", problem, lastTaken: before(12 * 60_000) } as const;
  const apart = page(wrong({ sinks: [sink] }));
  assert.match(h1(apart), /^oracle’s rm -f waits for ever/);
  assert.ok(text(apart).includes("Engine not reached for 12 min, 31 events wait"));
  const delivery = text(section(apart, "delivery"));
  assert.ok(delivery.includes("found connection refused. Nothing is lost: 31 events wait."), delivery);
});

test("quiet by the Grant: the last state, told as an old one", () => {
  const says = "the Grant wants quiet until 04:00";
  const quiet = page(calm({ accounts: [account("oracle", { state: "quiet", says })] }));
  assert.match(h1(quiet), /^Quiet until 04:00 by the Grant\./);
  assert.match(quiet, /<html[^>]*class="stale"/);
});

test("a reader who may not see lines gets the number and why", () => {
  const { lead } = wrong();
  assert.ok(lead !== null);
  const kept = page(
    wrong({ lead: { ...lead, lines: null, says: "the Grant keeps its text on this host", sent: null } }),
    { principal: "viewer" },
  );
  assert.match(kept, /<i>14<\/i><span class="kept">the Grant keeps its text on this host<\/span>/);
  assert.doesNotMatch(kept, /class="becomes"/);
  const own = page(wrong(), { principal: "account" });
  assert.doesNotMatch(own, /href="\/metrics"|id="delivery"/);
});

test("a line that is not known: the wire ends open, with the reason", () => {
  const { lead } = wrong();
  assert.ok(lead !== null);
  const says = "several files could have decided it";
  const unknown = page(
    wrong({ findings: [finding({ where: null, line: null })], lead: { ...lead, lines: null, says } }),
  );
  assert.match(unknown, /<ol class="chain open">/);
  assert.ok(text(unknown).includes("Line not known: several files could have decided it."));
});

test("a long chain keeps its ends", () => {
  const { lead } = wrong();
  assert.ok(lead !== null);
  const chain = Array.from({ length: 8 }, (_, at) => ({ what: `node-${at}`, does: "reads" }));
  const long = page(wrong({ lead: { ...lead, chain } }));
  assert.match(long, /<summary>5 more<\/summary>/);
  const shown = [...long.matchAll(/<li><code class="whole">(node-\d)</g)].map(([, name]) => name);
  assert.deepEqual(shown, ["node-0", "node-1", "node-2", "node-3", "node-4", "node-5", "node-6", "node-7"]);
});

test("31 accounts: those that hold are folded", () => {
  const many = Array.from({ length: 31 }, (_, at) => ways(`a${at}`, "/bin/sh"));
  const failing = ways("oracle", "/bin/tcsh", () => ({ state: "fails", word: "waits", finding: "3f9c2a71d0b4e655" }));
  const said = section(page(wrong({ ways: [failing, ...many] })), "ways");
  assert.match(said, /<summary>31 more hold in every way<\/summary>/);
  assert.match(said, /^(?:(?!<details).)*oracle/s);
});

test("the same in several modes is one row, and each cell of the matrix leads to it", () => {
  const other = finding({ fingerprint: "e".repeat(16), mode: "ssh-login" });
  const both = page(
    wrong({
      findings: [finding(), other],
      ways: [
        ways("oracle", "/bin/tcsh", (mode) =>
          mode === "ssh-login" ? { state: "fails", word: "waits", finding: other.fingerprint } : {},
        ),
      ],
    }),
  );
  assert.equal([...both.matchAll(/<article/g)].length, 1);
  for (const [, target] of both.matchAll(/href="#([^"]+)"/g)) {
    const escaped = target?.replaceAll(".", "\\.") ?? "";
    assert.match(both, new RegExp(`id="${escaped}"`), `#${target} leads nowhere`);
  }
});

test("a plan that is over, or that the Grant keeps a plan, gives no command", () => {
  const [row] = wrong().cleanup;
  assert.ok(row?.plan != null);
  const over = page(wrong({ cleanup: [{ ...row, plan: { ...row.plan, expiresAt: before(1) } }] }));
  assert.doesNotMatch(over, /cleanup apply/);
  const kept = page(wrong({ cleanup: [{ ...row, granted: "plan-only" }] }));
  assert.doesNotMatch(kept, /cleanup apply/);
  assert.ok(text(kept).includes("stays a plan: the Grant lets nothing be removed here."));
});

test("the policy lets run exactly the style and the script of the page", () => {
  const { html: whole, headers } = pageOf(wrong(), context);
  const policy = headers["Content-Security-Policy"];
  const found = {
    style: [...whole.matchAll(/<style>(.*?)<\/style>/gs)],
    script: [...whole.matchAll(/<script>(.*?)<\/script>/gs)],
  };
  for (const [kind, matches] of Object.entries(found)) {
    assert.equal(matches.length, 1);
    const hash = createHash("sha256")
      .update(matches[0]?.[1] ?? "")
      .digest("base64");
    assert.ok(policy.includes(`${kind}-src 'sha256-${hash}'`), kind);
  }
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
});

test("no style attributes, handlers, forms or addresses of others", () => {
  for (const state of [wrong(), calm(), wrong({ validUntil: before(1) })]) {
    const markup = page(state).replace(/<(script|style)>.*?<\/\1>/gs, "");
    assert.doesNotMatch(markup, / style=| on\w+="|<form|<iframe|<object|javascript:/i);
    for (const [, target] of markup.matchAll(/(?:href|src)="([^"]*)"/g))
      assert.match(target ?? "", /^(?:#|\/(?!\/)|data:image)/);
  }
});

const nasty = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u202e\u2066\x1b[31m\n$(reboot)\0\u{e0041}`;

/** Every text of an answer replaced by what a host may want to say; keys, times and words of ours stay. */
function poisoned(value: unknown): unknown {
  if (typeof value === "string") return kept.test(value) ? value : `${value}${nasty}`;
  if (Array.isArray(value)) return value.map(poisoned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, ours.includes(key) ? each : poisoned(each)]),
  );
}
const kept = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** Words that the program chooses. */
const ours = [
  "status",
  "severity",
  "consequence",
  "state",
  "outcome",
  "kind",
  "grant",
  "granted",
  "apply",
  "waitsFor",
  "fingerprint",
  "finding",
  "until",
  "epoch",
  "head",
  "hash",
  "check",
];

test("whatever the host says stays text", () => {
  for (const state of [wrong(), calm(), wrong({ findings: [finding({ where: null })] })]) {
    // The door of this test: the shape is that of the state, only its texts are longer.
    const whole = page(poisoned(state) as StatusAnswer);
    const markup = whole.replace(/<(script|style)>.*?<\/\1>/gs, "");
    assert.doesNotMatch(markup, /<script|<img|<\/script/);
    assert.equal([...whole.matchAll(/<script/g)].length, 1);
    assert.deepEqual(whole.replaceAll("\n", "").match(hostile), null);
    assert.ok(text(whole).includes("\\u202e\\u2066\\x1b[31m\\x0a$(reboot)\\x00\\u{e0041}"));
    const tags = markup.replace(/<[^>]*>/g, "");
    assert.doesNotMatch(tags, /[<>]/);
  }
});

test("a template escapes whatever stands in it", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (raw) => {
      const { text: said } = html`<p title="${raw}">${raw}</p>`;
      assert.match(said, /^<p title="[^"<>]*">[^<>"']*<\/p>$/);
      assert.equal(said.match(hostile), null);
    }),
  ));

test("a character that must not be seen is named", () => {
  assert.equal(printable("a\u202eb\x1b\u{e0041}"), "a\\u202eb\\x1b\\u{e0041}");
});

test("words in commands are quoted, and what no shell lets be typed is no command", () => {
  assert.equal(accountFlag("oracle"), "--account oracle");
  assert.equal(accountFlag("$(reboot)"), "--account '$(reboot)'");
  assert.equal(accountFlag("-x"), "--account=-x");
  assert.equal(accountFlag("a\nb"), null);
  assert.equal(accountFlag("a\u202eb"), null);
  assert.equal(replacement("/home/a b/.cshrc"), "--with '/home/a b/.cshrc=new'");
  assert.equal(replacement("/home/a/x=y"), null);
  assert.equal(replacement("/home/a\x1b/x"), null);
  const named = page(wrong({ findings: [finding({ account: "a'; reboot; '" })] }));
  assert.ok(
    text(named).includes(`rcwarden check --account 'a'\\''; reboot; '\\'''`),
    part(text(named), /rcwarden check.{60}/),
  );
});

test("a long line is cut around the column", () => {
  const line = `${"x".repeat(100)}HERE${"y".repeat(100)}`;
  const cut = shortened(line, 101);
  assert.match(cut, /^…x+HEREy+…$/);
  assert.equal(Array.from(cut).length, 62);
  assert.equal(shortened("short", 1), "short");
  assert.equal(shortened("\ta", 1), "    a");
});

test("times are the host's, in its own words", () => {
  const clock = new Clock(nowMs, offsetMinutes);
  assert.equal(clock.zone(), "+01:00");
  assert.equal(new Clock(nowMs, -210).zone(), "-03:30");
  assert.equal(clock.momentText(before(60_000)), "09:54");
  assert.equal(clock.momentText(before(10 * 3_600_000)), "17 Nov");
  assert.equal(clock.date("2025-01-02T12:00:00Z"), "2 Jan 2025");
  assert.deepEqual([4, 2_460, 9_480, 1_051_200, 172_800].map(duration), [
    "4 s",
    "41 min",
    "2 h 38 min",
    "12 d 4 h",
    "2 d",
  ]);
});

test("a day with a gap says when nobody looked", () => {
  const hour = 3_600_000;
  const spans = [
    span("holds", 24 * hour, 8 * hour),
    span("unseen", 8 * hour, 7.5 * hour),
    span("holds", 7.5 * hour, 0),
  ];
  const { day } = calm();
  const gap = page(calm({ day: { ...day, accounts: [{ account: "oracle", spans }] } }));
  assert.ok(
    text(section(gap, "day")).includes("Held all day. 1 startup file was saved. Not observed 01:55 to 02:25."),
    text(section(gap, "day")),
  );
  assert.match(gap, /f-unseen/);
  assert.match(gap, /aria-label="oracle: held until 01:55, not observed 01:55 to 02:25, holds since 02:25"/);
});

test("a volume's bar adds up, and so does its table", () => {
  const bar = part(page(wrong()), /<div class="volume">.*?<\/svg>/s);
  const widths = [...bar.matchAll(/width="([\d.]+)%"/g)].map(([, width]) => Number(width));
  assert.ok(Math.abs(widths.reduce((sum, width) => sum + width, 0) - 100) < 0.1, widths.join());
  assert.match(
    bar,
    /Volume of 600\.0 GiB: 289\.6 other data, .*38\.0 waiting for release, 96\.4 removable, 171\.0 free/,
  );
  assert.equal(gib, 1_073_741_824);
});

test("a volume that hardly grows is full in a time for which there is no date", () => {
  const rows = wrong().cleanup.map((row) => ({
    ...row,
    backlog: row.backlog && { ...row.backlog, growthBytesPerHour: 0, fullInSeconds: 1e15 },
  }));
  assert.match(text(page(wrong({ cleanup: rows }))), /the volume is full in about 11,574,074,074 d\./);
});

test("many findings do not make an endless page", () => {
  const findings = Array.from({ length: 2_000 }, (_, at) =>
    finding({ fingerprint: at.toString(16).padStart(16, "0"), subject: `s${at}` }),
  );
  const many = page(wrong({ findings }));
  assert.match(many, /<a href="\/v1\/findings">1,940 more<\/a>/);
  assert.ok(many.length < 400_000, `${many.length} characters`);
});
