import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { FileOutcome } from "../../agent/cleanup/index.ts";
import { columns } from "../../agent/facts/layout.ts";
import { intend, intended, kept, opened, place, removed, written } from "../cleanup/journal-support.ts";
import { nowMs } from "../cleanup/support.ts";
import { call, oracle, partsOf, root } from "./support/world.ts";

const parts = () => partsOf({ accounts: [root, oracle] });
const verifiedShape = z.object({
  state: z.enum(["whole", "broken", "absent"]),
  records: z.number().nullable(),
  head: z.object({ seq: z.number(), hash: z.string() }).nullable(),
  where: z.string().nullable(),
});
const fileShape = z.object({
  kind: z.enum(["CleanedFile", "OpenIntent"]),
  retention: z.string(),
  outcome: z.string().optional(),
  code: z.string().nullable().optional(),
  hex: z.string().optional(),
  path: z.string().optional(),
  sha256: z.string().nullable().optional(),
});

function asked(path: string, ...flags: readonly string[]) {
  return call(["cleanup", "journal", "--state", path, ...flags], parts());
}

/** Two runs: the second one of another Retention, a minute later, with a group that was never settled. */
function filled(folder: string): void {
  let at = nowMs;
  using journal = opened(folder, { nowMs: () => at });
  const lost: FileOutcome = { at: 2, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null };
  const names = ["a.arc", "b\n\x1b[2J.arc", "\xff\xfe.arc"];
  written(journal.settle(intend(journal, intended(names)), [{ ...removed(0), sha256: "c".repeat(64) }, kept(1), lost]));
  at += 60_000;
  const other = { run: "run-2", retention: "traces", account: "postgres", root: "/var/log/traces" };
  written(journal.settle(intend(journal, intended(["1.trc"], { ...other, because: "release" })), [removed(0)]));
  intend(journal, intended(["2.trc"], other));
}

test("each file with its outcome, reason, path, Retention and run, oldest first; sums at the end", async () => {
  using here = place();
  filled(here.folder);
  const { stdout, stderr, exit } = await asked(here.path);
  assert.equal(stderr, "");
  assert.equal(exit, 0);
  assert.equal(
    stdout.replaceAll(/\d\d:\d\d:\d\d/g, "TIME").replaceAll(/group \d+/g, "group N"),
    [
      "staging   /u01/staging/engine   as oracle                                    2026-11-23 11:00 +01:00",
      "  run run-1, on schedule, plan 7d31c0000000",
      "  TIME  removed             1.0 MiB  a.arc",
      "  TIME  kept                1.0 MiB  b\\x0a\\x1b[2J.arc  (a process has it open: pid 4711 has it open)",
      "  TIME  gone-unconfirmed    1.0 MiB  \\xff\\xfe.arc  (neither at its name nor in quarantine after a crash)",
      "",
      "traces   /var/log/traces   as postgres                                       2026-11-23 11:01 +01:00",
      "  run run-2, for a release came, plan 7d31c0000000",
      "  TIME  removed             1.0 MiB  1.trc",
      "  TIME  open                         what became of group N is not known yet: the agent looks when it starts",
      "",
      "removed                   2 files     2.0 MiB",
      "kept                      1 file      1.0 MiB",
      "gone-unconfirmed          1 file      1.0 MiB",
      "",
    ].join("\n"),
  );
});

test("it is asked for by Retention, account, outcome and time", async () => {
  using here = place();
  filled(here.folder);
  const shown = async (...flags: string[]) =>
    ((await asked(here.path, ...flags)).stdout.match(/\S+\.(arc|trc)/g) ?? []).join(" ");
  assert.equal(await shown("--retention", "traces"), "1.trc");
  assert.equal(await shown("--account", "postgres"), "1.trc");
  assert.equal(await shown("--outcome", "removed"), "a.arc 1.trc");
  assert.equal(await shown("--since", "2026-11-23T10:00:30Z"), "1.trc");
  assert.equal(await shown("--retention", "nobody"), "");
  assert.match((await asked(here.path, "--retention", "nobody")).stdout, /^Nothing in the journal fits\.$/m);
});

test("as JSON a file a line, with its path as it is", async () => {
  using here = place();
  filled(here.folder);
  const { stdout, exit } = await asked(here.path, "--json");
  assert.equal(exit, 0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => fileShape.parse(JSON.parse(line)));
  assert.deepEqual(
    lines.map(({ kind, outcome, code, path, hex }) => [kind, outcome, code, path, hex]),
    [
      ["CleanedFile", "removed", null, "a.arc", "612e617263"],
      ["CleanedFile", "kept", "held-open", "b\n\x1b[2J.arc", "620a1b5b324a2e617263"],
      ["CleanedFile", "gone-unconfirmed", "gone", "\\xff\\xfe.arc", "fffe2e617263"],
      ["CleanedFile", "removed", null, "1.trc", "312e747263"],
      ["OpenIntent", undefined, undefined, undefined, undefined],
    ],
  );
  assert.equal(lines[0]?.sha256, "c".repeat(64));
});

test("--verify says that the chain is whole, or where it is not: exit 0 or 1", async () => {
  using here = place();
  filled(here.folder);
  const whole = await asked(here.path, "--verify");
  assert.equal(whole.exit, 0);
  assert.match(
    whole.stdout,
    /^whole {3}.*\/cleanup\n {2}Records {13}6\n {2}Last record {9}\d+\n {2}Its hash {12}[0-9a-f]{64}\n$/,
  );
  const parsed = verifiedShape.parse(JSON.parse((await asked(here.path, "--verify", "--json")).stdout));
  assert.ok(parsed.state === "whole" && parsed.records === 6 && parsed.head !== null);
  assert.ok(whole.stdout.includes(parsed.head.hash));

  const path = `${here.folder}/journal.000001`;
  const bytes = readFileSync(path);
  const at = bytes.indexOf("\n", bytes.indexOf("\n") + 1) + 200;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const broken = await asked(here.path, "--verify");
  assert.equal(broken.exit, 1);
  assert.match(
    broken.stdout,
    /^broken .*\n {2}Where +\/.*journal\.000001:3\n.*\n.*While it is broken nothing is removed; once it\n/,
  );
  for (const line of broken.stdout.split("\n")) assert.ok(columns(line) <= 100, line);
  const json = await asked(here.path, "--verify", "--json");
  assert.equal(json.exit, 1);
  assert.equal(verifiedShape.parse(JSON.parse(json.stdout)).where, `${path}:3`);
  const shown = await asked(here.path);
  assert.equal(shown.exit, 1);
  assert.match(shown.stderr, /journal\.000001:3: .*what stands behind it is not shown/);
});

test("without a journal it says so; --verify cannot say that it is whole", async () => {
  using here = place();
  const shown = await asked(here.path);
  assert.deepEqual(
    [shown.stdout, shown.exit],
    [`There is no journal in ${here.folder}: clean-up has removed nothing here.\n`, 0],
  );
  assert.equal((await asked(here.path, "--verify")).exit, 3);
  assert.deepEqual((await asked(here.path, "--json")).stdout, "");
});

test("what it does not understand is refused before anything is read", async () => {
  using here = place();
  for (const [flags, says] of [
    [
      ["--outcome", "remove"],
      /--outcome: expected removed, kept, .* or gone-unconfirmed, found "remove"; did you mean removed\?/,
    ],
    [["--since", "yesterday"], /--since: expected a duration such as 90m, 6h or 2d, or a time .*, found "yesterday"/],
    [["--since", "2026-13-45"], /--since: expected/],
    [["--verify", "--since", "6h"], /expected --verify alone: it is about the whole journal/],
  ] as const) {
    const { stderr, exit } = await asked(here.path, ...flags);
    assert.equal(exit, 2);
    assert.match(stderr, says);
  }
});

test("who does not own it gets a refusal that says whose it is", {
  skip: process.getuid?.() === 0 ? false : "needs root",
}, async () => {
  using here = place();
  filled(here.folder);
  const main = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
  const as = (...flags: string[]) => {
    const command = `"$NODE" "$MAIN" cleanup journal --state "$0" "$@" 2>&1; echo "exit $?"`;
    const env = { PATH: process.env.PATH ?? "", NODE: process.execPath, MAIN: main, HOME: "/nonexistent" };
    return execFileSync(
      "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", command, here.path, ...flags],
      { encoding: "utf8", env },
    );
  };
  chmodSync(here.path, 0o755);
  assert.match(as(), /cleanup: expected a folder of uid 65534, found one of uid 0; ask as its owner\nexit 2\n$/);
  chmodSync(here.path, 0o700);
  assert.match(
    as("--verify"),
    /expected to read the journal of clean-up as uid 65534, found "EACCES.*"; ask as its owner\nexit 2\n$/,
  );
  rmSync(here.folder, { recursive: true });
});
