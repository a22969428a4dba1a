/** Status in text: whatever the host says, a terminal or a mail gets lines of at most 100 harmless columns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { columns } from "../../agent/facts/layout.ts";
import { plainText } from "../../agent/facts/lines.ts";
import { standingOf } from "../../agent/status/guilty.ts";
import { shapes } from "../../agent/status/index.ts";
import { statusOf } from "../../agent/status/of-account.ts";
import { statusText } from "../../agent/status/text.ts";
import { ticketText } from "../../agent/status/ticket.ts";
import sample from "../../packaging/sample-status.json" with { type: "json" };

const status = shapes().Status.parse(sample);
const nowMs = Date.parse("2026-11-23T09:55:02Z");
const reading = { nowMs, offsetMinutes: () => 60 };
const [finding] = status.findings;
assert.ok(finding !== undefined);

test("tells account, mode, file and line, consequence and next step", () => {
  for (const lines of [statusText(status, reading, null), ticketText(status, reading)]) {
    const text = plainText(lines);
    for (const told of ["oracle", "ssh-command", ".cshrc:14", "waits for ever", "move line 14", "rcwarden "]) {
      assert.ok(text.includes(told), `${told} in ${text}`);
    }
  }
});

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom("\u001b[2J", "\u202e", "\r\n", "\u0085", "\ud800", "$(reboot)", "x".repeat(500), ""),
);

test("whatever the host says is harmless, at most 100 columns wide, and a ticket at most 15 lines", () => {
  const spoilt = fc.record({ path: nasty, text: nasty, mode: nasty, account: nasty, name: nasty, change: nasty });
  const property = fc.property(fc.array(spoilt, { minLength: 1, maxLength: 12 }), fc.boolean(), (words, fails) => {
    const all = {
      ...status,
      host: { id: "", name: words[0]?.name ?? "" },
      accounts: status.accounts.map((each, at) => ({
        ...each,
        name: words[at]?.account ?? "",
        says: words[at]?.text ?? "",
      })),
      findings: words.map(({ path, text, mode, account, name, change }, at) => ({
        ...finding,
        ...{
          status: fails ? ("fail" as const) : ("unknown" as const),
          account,
          mode,
          subject: text,
          message: name,
          change,
        },
        where: { file: path, line: at + 1, column: 1, through: [] },
        line: text,
        gaps: [{ code: name, message: text, change: name }],
      })),
      sinks: status.sinks.map((sink) => ({ ...sink, name: words[0]?.name ?? "", note: words[0]?.text })),
      cleanup: status.cleanup.map((row) => ({ ...row, root: words[0]?.path ?? "" })),
      sessions: {
        ...status.sessions,
        groups: status.sessions.groups.map((group) => ({ ...group, says: words[0]?.text ?? "" })),
      },
      documents: { ...status.documents, problems: words.map(({ text }) => text) },
    };
    const [whole, ticket] = [
      plainText(statusText(all, reading, words[0]?.path ?? "")),
      plainText(ticketText(all, reading)),
    ];
    for (const line of `${whole}${ticket}`.split("\n")) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      assert.ok(columns(line) <= 100, line);
    }
    assert.ok(ticket.trimEnd().split("\n").length <= 15, ticket);
  });
  fc.assert(property, { numRuns: 200 });
});

test("stands as its findings, its age and its watching say", () => {
  const calm = { ...status, findings: [] };
  assert.equal(standingOf(status, nowMs), "fails");
  assert.equal(standingOf(calm, nowMs), "holds");
  assert.equal(standingOf(calm, Date.parse("2026-11-23T09:56:00Z")), "unknown");
  assert.equal(standingOf({ ...calm, validUntil: null }, nowMs), "unknown");
  assert.equal(standingOf({ ...calm, ready: false }, nowMs), "unknown");
  assert.equal(standingOf({ ...calm, watching: { ...status.watching, blind: true } }, nowMs), "unknown");
  assert.equal(standingOf({ ...calm, documents: { ...status.documents, grant: "broken" } }, nowMs), "unknown");
  const one = (other: object) => standingOf({ ...calm, findings: [{ ...finding, ...other }] }, nowMs);
  assert.equal(one({ status: "unknown" }), "unknown");
  assert.equal(one({ severity: "low" }), "holds");
  assert.equal(one({ severity: "medium" }), "fails");
  assert.equal(one({ waived: { exception: "x", reason: "y", until: "2027-01-31" } }), "holds");
});

test("of one account nothing of another is left", () => {
  const postgres = statusOf("postgres", status);
  assert.deepEqual([postgres.findings, postgres.lead, postgres.cleanup, postgres.unmeasured], [[], null, [], []]);
  assert.deepEqual(postgres.sessions.groups, []);
  assert.ok(!JSON.stringify({ ...postgres, sinks: [] }).includes("oracle"));
  assert.deepEqual(statusOf("oracle", status).lead, status.lead);
});
