import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KeptFinding } from "../../agent/drift/index.ts";
import { type AccountView, verdictOf, type WatchedAccount } from "../../agent/status/index.ts";
import { accountView, finding, nowMs, watched } from "./world.ts";

const now = { nowMs, blind: false };
const iso = (ms: number) => new Date(ms).toISOString();
const waived = { exception: "x", reason: "CHG1", until: "2027-01-31" };

/** Nothing wrong, two engines: `other` sends something else in the same mode by the same policy. */
function view(other: Partial<AccountView> = {}, account: Partial<WatchedAccount> = {}): AccountView {
  const rules = [{ policy: "unattended-ssh", mode: "ssh-command" }];
  return accountView("oracle", {
    account: watched("oracle", account),
    engines: [
      { name: "exec-channel", rules, sends: ["rm -f {file}", "cp -f {file} {existing}"] },
      { name: "other", rules, sends: ["rm -f {file}"] },
      { name: "by-terminal", rules: [{ policy: "unattended-ssh", mode: "ssh-command-pty" }], sends: ["rm -f {file}"] },
    ],
    findings: [],
    ...other,
  });
}

const fails = (other: Partial<KeptFinding> = {}) => view({ findings: [finding("oracle", other)] });
const doubtful = (severity: string, mode = "ssh-command", subject = "rm -f {file}") =>
  view({ undecided: [{ policy: "unattended-ssh", rule: "r", check: "engine-commands", mode, subject, severity }] });

type Row = readonly [says: string, view: AccountView, engine: string | null, verdict: string, ...codes: string[]];
const rows: readonly Row[] = [
  ["nothing wrong", view(), null, "go"],
  ["a critical finding", fails(), "exec-channel", "no-go"],
  ["a high finding", fails({ severity: "high" }), "exec-channel", "no-go"],
  ["a medium finding", fails({ severity: "medium" }), "exec-channel", "go"],
  ["a finding of a command that only another engine sends", fails(), "other", "go"],
  ["the same for all engines", fails(), null, "no-go"],
  [
    "a finding of another check about a name that another engine sends as a command",
    fails({ check: "alias" }),
    "other",
    "no-go",
  ],
  ["a finding of a command that nobody sends", fails({ subject: "(nothing is sent)" }), "other", "no-go"],
  ["a finding in another mode", fails(), "by-terminal", "go"],
  ["a finding of another policy", fails({ policy: "elsewhere" }), "exec-channel", "go"],
  ["a finding about the account", fails({ mode: "-" }), null, "go"],
  ["a waived finding", fails({ waived }), "exec-channel", "go"],
  [
    "a finding that was waived until yesterday",
    fails({ waived: { ...waived, until: iso(nowMs - 86_400_000).slice(0, 10) } }),
    "exec-channel",
    "no-go",
  ],
  ["a waived undecided finding", fails({ waived, status: "unknown" }), "exec-channel", "go"],
  ["an undecided finding", fails({ status: "unknown" }), "exec-channel", "unknown", "undecided"],
  ["an undecided medium finding", fails({ status: "unknown", severity: "medium" }), "exec-channel", "go"],
  ["an undecided verdict that is no finding", doubtful("high"), "exec-channel", "unknown", "undecided"],
  ["the same in another mode", doubtful("high", "ssh-login"), null, "go"],
  ["the same of another engine's command", doubtful("high", "ssh-command", "cp -f {file} {existing}"), "other", "go"],
  ["the same of low severity", doubtful("low"), null, "go"],
  ["an engine that no policy names", view(), "nobody", "unknown", "engine-missing"],
  ["no engine at all", view({ engines: [] }), null, "unknown", "engine-missing"],
  [
    "an engine without rules",
    view({ engines: [{ name: "e", rules: [], sends: [] }] }),
    "e",
    "unknown",
    "engine-missing",
  ],
  ["never measured", view({}, { measuredAt: null, confirmedAt: null }), null, "unknown", "not-measured"],
  ["a trigger is pending", view({}, { pending: true }), null, "unknown", "pending"],
  ["quiet", view({}, { state: "quiet" }), null, "unknown", "quiet"],
  ["not granted", view({}, { state: "not-granted", measuredAt: null }), null, "unknown", "not-granted"],
  ["suspended", view({}, { state: "suspended" }), null, "unknown", "suspended"],
  ["unavailable", view({}, { state: "unavailable" }), null, "unknown", "account-unavailable"],
  ["watched by another", view({}, { state: "elsewhere" }), null, "unknown", "elsewhere"],
  ["measuring again, nothing pending", view({}, { state: "measuring" }), null, "go"],
  ["confirmed 60 s ago", view({}, { confirmedAt: iso(nowMs - 60_000) }), null, "go"],
  ["confirmed longer ago", view({}, { confirmedAt: iso(nowMs - 60_001) }), null, "unknown", "not-confirmed"],
  ["never confirmed", view({}, { confirmedAt: null }), null, "unknown", "not-confirmed"],
  [
    "confirmed in what is yet to come",
    view({}, { confirmedAt: iso(nowMs + 6_000) }),
    null,
    "unknown",
    "clock-went-back",
  ],
  [
    "it fails, and everything else is in doubt",
    view({ findings: [finding("oracle")] }, { pending: true, state: "quiet", confirmedAt: null }),
    null,
    "no-go",
    "quiet",
    "pending",
    "not-confirmed",
  ],
];

for (const [says, of, engine, verdict, ...codes] of rows) {
  test(`${says}: ${verdict}`, () => {
    const found = verdictOf(of, engine, now);
    assert.equal(found.verdict, verdict);
    assert.deepEqual(
      found.reasons.map(({ code }) => code),
      codes,
    );
  });
}

test("while watching is blind nothing is confirmed", () => {
  assert.equal(verdictOf(view(), null, { nowMs, blind: true }).verdict, "unknown");
});

test("says what fails, what is waived, and until when it holds", () => {
  const other = finding("oracle", { fingerprint: "b".repeat(16), waived });
  const low = finding("oracle", { fingerprint: "c".repeat(16), severity: "low" });
  const found = verdictOf(view({ findings: [finding("oracle"), other, low] }), "exec-channel", now);
  assert.deepEqual(found.because, [finding("oracle")]);
  assert.deepEqual(found.waived, [other]);
  assert.equal(found.validUntil, iso(nowMs + 60_000));
  assert.deepEqual(found.engines, ["exec-channel"]);
});

const severity = fc.constantFrom("critical", "high", "medium", "low", "info") satisfies fc.Arbitrary<
  KeptFinding["severity"]
>;
const mode = fc.constantFrom("ssh-command", "ssh-command-pty", "-", "cron") satisfies fc.Arbitrary<KeptFinding["mode"]>;
const check = fc.constantFrom("engine-commands", "alias");
const subject = fc.constantFrom("rm -f {file}", "cp -f {file} {existing}", "stdout");
const status = fc.constantFrom("fail", "unknown") satisfies fc.Arbitrary<KeptFinding["status"]>;
const policy = fc.constantFrom("unattended-ssh", "elsewhere");
const anyFinding = fc
  .record({ severity, mode, check, subject, status, policy, waives: fc.boolean() })
  .map(({ waives, ...other }) => finding("oracle", { ...other, ...(waives && { waived }) }));
const anyUndecided = fc.record({ policy, rule: fc.constant("r"), check, mode, subject, severity });
const anyAccount = fc.record({
  state: fc.constantFrom(
    "measured",
    "measuring",
    "waiting",
    "quiet",
    "suspended",
    "unavailable",
  ) satisfies fc.Arbitrary<WatchedAccount["state"]>,
  pending: fc.boolean(),
  measuredAt: fc.option(fc.constant(iso(nowMs))),
  confirmedAt: fc.option(fc.integer({ min: nowMs - 120_000, max: nowMs + 20_000 }).map(iso)),
});
const anyView = fc
  .record({
    findings: fc.array(anyFinding, { maxLength: 4 }),
    undecided: fc.array(anyUndecided, { maxLength: 3 }),
    account: anyAccount,
  })
  .map(({ account, ...rest }) => view(rest, account));
const engine = fc.constantFrom("exec-channel", "other", "by-terminal", "nobody", null);

/** What a gap does: a verdict is no longer known, a finding no longer sure, the account or the watching in doubt. */
const anyGap: fc.Arbitrary<(of: AccountView) => AccountView> = fc.oneof(
  anyUndecided.map((each) => (of: AccountView) => ({ ...of, undecided: [...of.undecided, each] })),
  anyFinding.map((each) => (of: AccountView) => {
    return { ...of, findings: [...of.findings, { ...each, status: "unknown" as const }] };
  }),
  fc.nat().map((at) => (of: AccountView) => {
    const findings = of.findings.map((each, index) =>
      index === at % Math.max(1, of.findings.length) ? { ...each, status: "unknown" as const } : each,
    );
    return { ...of, findings };
  }),
  fc.constant((of: AccountView) => ({ ...of, account: { ...of.account, pending: true } })),
  fc.constant((of: AccountView) => ({ ...of, account: { ...of.account, state: "suspended" as const } })),
  fc.constant((of: AccountView) => ({ ...of, account: { ...of.account, confirmedAt: null } })),
);

const seed = Number(process.env.RCWARDEN_SEED ?? 20_261_123);
const property = { seed, numRuns: 2_000 };

test(`a gap never turns unknown or no-go into go (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyView, anyGap, engine, fc.boolean(), (of, gap, asked, blind) => {
      const before = verdictOf(of, asked, { nowMs, blind }).verdict;
      const after = verdictOf(gap(of), asked, { nowMs, blind }).verdict;
      if (before !== "go") assert.notEqual(after, "go");
    }),
    property,
  );
});

test(`what is wrong for one engine is wrong for all together (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyView, fc.constantFrom("exec-channel", "other", "by-terminal"), (of, asked) => {
      if (verdictOf(of, null, now).verdict === "go") assert.equal(verdictOf(of, asked, now).verdict, "go");
    }),
    property,
  );
});

test(`go is said only where nothing high fails unwaived, and until 60 s after its confirmation (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyView, fc.integer({ min: nowMs, max: nowMs + 120_000 }), (of, later) => {
      const { verdict, validUntil } = verdictOf(of, "exec-channel", { nowMs: later, blind: false });
      if (verdict === "go") assert.ok(later <= Date.parse(validUntil ?? ""));
    }),
    property,
  );
});
