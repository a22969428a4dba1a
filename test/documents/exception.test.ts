import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayNumber, daysAhead, exceptionEndMs } from "../../agent/documents/index.ts";
import { documentOf, hostOf, hostProblems, loadHost } from "./support.ts";

const key =
  "  finding: { policy: unattended-ssh, rule: clean-stream, account: oracle, mode: ssh-command, subject: stdout }\n";
const spec = (until: string, reason = "CHG0012345") => `${key}  reason: ${reason}\n  until: ${until}\n`;
const now = Date.parse("2026-11-23T09:55:02Z");

function told(text: string, nowMs = now): readonly string[] {
  return hostProblems(documentOf("Exception", text), nowMs);
}

test("an Exception names one finding, a reason and a day", () => {
  const { exceptions } = hostOf(documentOf("Exception", spec("2027-01-31"), "greeting"), now);
  const [{ origin, ...exception } = assert.fail("none"), ...more] = exceptions;
  assert.deepEqual(more, []);
  assert.equal(origin.file, "/etc/rcwarden/host.yaml");
  assert.deepEqual(exception, {
    kind: "Exception",
    name: "greeting",
    description: "",
    finding: {
      policy: "unattended-ssh",
      rule: "clean-stream",
      account: "oracle",
      mode: "ssh-command",
      subject: "stdout",
    },
    reason: "CHG0012345",
    until: "2027-01-31",
  });
});

test("what is about the account or the host has - for mode and account", () => {
  const about = spec("2027-01-31").replace("oracle", '"-"').replace("ssh-command", '"-"');
  const [exception] = hostOf(documentOf("Exception", about), now).exceptions;
  assert.deepEqual([exception?.finding.account, exception?.finding.mode], ["-", "-"]);
});

test("several stand beside each other, by names of their own", () => {
  const one = (name: string) => documentOf("Exception", spec("2027-01-31"), name);
  assert.equal(hostOf(`${one("a")}---\n${one("b")}`).exceptions.length, 2);
  assert.deepEqual(hostProblems(`${one("a")}---\n${one("a")}`), [
    '11:19: expected a name that no other Exception has, found "a", as in /etc/rcwarden/host.yaml:3',
  ]);
});

test("no reason is no reason", () => {
  assert.deepEqual(told(spec("2027-01-31", '"  "')), ['6:11: expected a reason, found "  "']);
  assert.deepEqual(told(`${key}  until: 2027-01-31\n`), ['5:3: expected the key "reason", found none']);
  assert.deepEqual(told(spec("2027-01-31").replace("ssh-command", "ssh-comand")).length, 1);
  assert.deepEqual(told(spec("2027-01-31").replace("subject: stdout", 'subject: ""')), [
    "5:103: expected at least one character, found nothing",
  ]);
});

test("a day is one that the calendar has, written in one way", () => {
  for (const bad of [
    "2027-02-29",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-01-00",
    "31.01.2027",
    "2027/01/31",
    "2027-1-31",
    "2027-01-31T00:00:00Z",
    "tomorrow",
  ]) {
    assert.deepEqual(told(spec(bad)), [`7:10: expected a day as YYYY-MM-DD, found "${bad}"`], bad);
  }
});

test("days are those of the calendar, leap years and all", () => {
  const day = fc.integer({ min: -719_000, max: 2_900_000 });
  fc.assert(
    fc.property(day, (number) => {
      const text = new Date(number * 86_400_000).toISOString().slice(0, 10);
      fc.pre(/^\d{4}-/.test(text));
      assert.equal(dayNumber(text), number, text);
    }),
  );
  for (const none of ["1900-02-29", "2100-02-29", "2023-02-29"]) assert.equal(dayNumber(none), null, none);
  for (const leap of ["2000-02-29", "2024-02-29"]) assert.notEqual(dayNumber(leap), null, leap);
});

test("at most 366 days ahead of the time of loading; past ones are read, for they are told as findings", () => {
  assert.deepEqual(told(spec("2027-11-24")), []);
  assert.deepEqual(told(spec("2027-11-25")), [
    "7:10: expected a day at most 366 days ahead, found 2027-11-25, 367 days ahead",
  ]);
  assert.deepEqual(told(spec("2025-01-01")), []);
  assert.deepEqual(hostProblems(documentOf("Exception", spec("2999-12-31"))), [], "without a time it is not judged");
  assert.equal(loadHost(documentOf("Exception", spec("2027-11-25")), now).host.exceptions.length, 0);
});

test("days ahead are counted in UTC, to the last and from the first millisecond of the day", () => {
  assert.equal(daysAhead("2026-11-24", Date.parse("2026-11-23T23:59:59.999Z")), 1);
  assert.equal(daysAhead("2026-11-24", Date.parse("2026-11-24T00:00:00Z")), 0);
  assert.equal(daysAhead("2026-11-23", Date.parse("2026-11-24T00:00:00Z")), -1);
});

test("it ends with the end of its day, UTC", () => {
  assert.equal(exceptionEndMs({ until: "2027-01-31" }), Date.parse("2027-02-01T00:00:00Z"));
  assert.equal(exceptionEndMs({ until: "2028-02-28" }), Date.parse("2028-02-29T00:00:00Z"));
});
