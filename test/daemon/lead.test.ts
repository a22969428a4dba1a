import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tried } from "../../agent/checks/example-facts.ts";
import {
  atHome,
  chainOf,
  groundOf,
  hintKept,
  hintsOf,
  inOrder,
  type LeadGround,
  leadOf,
  linesWanted,
  runsOf,
} from "../../agent/daemon/lead.ts";
import type { AliasFact, ModeFacts } from "../../agent/facts/index.ts";
import { type KeptFinding, maskedFinding } from "../../agent/store/index.ts";
import { absent, account, goodFacts, oracle, read } from "../cli/support/world.ts";
import { committed, finding, open, opened, scratch, startMs } from "../store/support/state.ts";

const sent = "cp -f {file} {existing}";
const cshrc = "/home/oracle/.cshrc";

function found(number: number, other: Partial<KeptFinding> = {}): KeptFinding {
  const evidence = { sent, outcome: "hang", prompt: "cp: overwrite 'existing.1'? " };
  return finding(number, { subject: sent, evidence, ...other }).finding;
}

function facts(other: Partial<ModeFacts> = {}): ModeFacts {
  return goodFacts(oracle, "ssh-command", [sent], {
    startupFiles: [read("/etc/csh.cshrc"), absent("/home/oracle/.tcshrc"), read(cshrc)],
    tried: [tried(sent, { outcome: "hang" })],
    ...other,
  });
}

function alias(name: string, value: string, effective = true): AliasFact {
  return { name, value, effective, where: null };
}

describe("which finding leads", () => {
  const order = (...findings: KeptFinding[]) => inOrder(findings).map(({ fingerprint }) => Number(fingerprint));
  const waived = { exception: "e", reason: "r", until: "2026-12-31" };

  test("fails before unknown, then severity, then an engine's own way in, then the oldest; waived ones last", () => {
    const waives = found(1, { waived });
    const newer = found(2);
    const older = found(3, { openedAt: "2026-11-22T02:00:00.000Z" });
    const unknown = found(4, { status: "unknown", openedAt: "2026-11-01T02:00:00.000Z" });
    const less = found(5, { severity: "high", openedAt: "2026-11-01T02:00:00.000Z" });
    const account = found(6, { mode: "-", openedAt: "2026-11-01T02:00:00.000Z" });
    assert.deepEqual(order(waives, unknown, less, account, newer, older), [3, 2, 6, 5, 4, 1]);
  });

  test("of those that came at once, one whose line is known", () => {
    assert.deepEqual(order(found(1, { where: null }), found(2)), [2, 1]);
  });
});

describe("what leads to the line", () => {
  const chain = (of: KeptFinding, other?: Partial<ModeFacts>) =>
    chainOf(of, oracle, facts(other)).map(({ what, does }) => `${what}: ${does}`);

  test("from sshd by the shell and the files that it reads before, to the line", () => {
    assert.deepEqual(chain(found(1)), [
      "sshd: takes the command",
      "/bin/tcsh -c: reads files first",
      "/etc/csh.cshrc: is read before",
      "~/.cshrc:14: decides what cp is",
    ]);
  });

  test("includes are nodes of their own, the outermost first", () => {
    const where = { file: "/u01/env.csh", line: 3, column: 1, through: [cshrc, "/home/oracle/.more"] };
    assert.deepEqual(chain(found(1, { where })).slice(2), [
      "/etc/csh.cshrc: is read before",
      "~/.cshrc: reads the next one",
      "~/.more: reads the next one",
      "/u01/env.csh:3: decides what cp is",
    ]);
  });

  test("without a line it ends with the files that were read", () => {
    assert.deepEqual(chain(found(1, { where: null })).slice(2), [
      "/etc/csh.cshrc: is read before",
      "~/.cshrc: is read before",
    ]);
  });

  test("what is about no way in has none", () => {
    assert.deepEqual(chain(found(1, { mode: "-" })), []);
  });

  const deeds: readonly (readonly [Partial<KeptFinding>, string])[] = [
    [{ check: "startup-output", subject: "stdout" }, "writes to stdout"],
    [
      { check: "startup-finishes", subject: "startup", evidence: { ended: "exited" } },
      "ends the shell before the command",
    ],
    [{ check: "startup-finishes", subject: "startup", evidence: { ended: "hang" } }, "waits before the command"],
    [{ check: "startup-finishes", subject: "stdout", evidence: { lost: true } }, "redirects stdout"],
    [{ check: "startup-finishes", subject: "stdout", evidence: { held: "sleep 300" } }, "leaves a job behind"],
    [{ check: "working-directory", subject: "cwd" }, "leaves the home"],
    [{ check: "command-resolves", subject: "sqlplus" }, "decides what sqlplus is"],
    [{ check: "of-tomorrow" }, "decides it"],
  ];
  for (const [other, words] of deeds) {
    test(`the line ${words}`, () => {
      assert.equal(chainOf(found(1, { evidence: {}, ...other }), oracle, facts()).at(-1)?.does, words);
    });
  }

  test("a home of / makes no path shorter", () => {
    assert.equal(atHome("/etc/profile", "/"), "/etc/profile");
    assert.equal(atHome("/home/oracle2/.cshrc", "/home/oracle"), "/home/oracle2/.cshrc");
  });
});

describe("what the shell makes of the command", () => {
  const cases: readonly (readonly [string, readonly AliasFact[], string | null, string?])[] = [
    ["an alias stands before the words", [alias("cp", "cp -i")], "cp -i -f {file} {existing}"],
    ["csh puts the words where it says", [alias("cp", "cp \\!* -i")], "cp -f {file} {existing} -i"],
    ["also as its list shows it", [alias("cp", "cp !* -i")], "cp -f {file} {existing} -i"],
    ["csh's other references are not guessed", [alias("cp", "cp \\!:1")], null],
    ["an alias that does not bite is none", [alias("cp", "cp -i", false)], null],
    ["an alias of an alias is not guessed", [alias("cp", "copy -i"), alias("copy", "cp")], null],
    ["no alias, no word", [], null],
    ["a backslash keeps it away", [alias("cp", "cp -i")], null, "\\cp -f {file} {existing}"],
    ["nor does it bite behind command", [alias("cp", "cp -i")], null, "command cp -f {file} {existing}"],
    ["a secret in it is masked", [alias("cp", "cp --password=hunter2")], "cp --password=[masked] -f {file} {existing}"],
  ];
  for (const [says, aliases, expected, line = sent] of cases) {
    test(says, () => {
      assert.equal(runsOf(found(1, { evidence: { sent: line } }), facts({ aliases })), expected);
    });
  }

  test("in bash an exclamation mark is one", () => {
    const of = account("postgres", 105, "/bin/bash");
    const bash = goodFacts(of, "ssh-command", [sent], { aliases: [alias("cp", "echo !*;cp")] });
    assert.equal(runsOf(found(1), bash), "echo !*;cp -f {file} {existing}");
  });
});

describe("lines", () => {
  test("two before and two after are wanted, and the one that the remedy names", () => {
    const change = 'move line 14 below the "if ($?prompt)" of line 22, or delete it';
    assert.deepEqual(linesWanted(found(1, { change }), facts()), {
      path: cshrc,
      digest: `sha256:${"0".repeat(64)}`,
      numbers: [12, 13, 14, 15, 16, 22],
    });
    const below = 'move line 14 below line 30 ("[ -z "$PS1" ] && return of line 7"), or delete it';
    assert.equal(linesWanted(found(1, { change: below }), facts())?.numbers.at(-1), 30);
  });

  test("none above the first", () => {
    const where = { file: cshrc, line: 1, column: 1, through: [] };
    assert.deepEqual(linesWanted(found(1, { where }), facts())?.numbers, [1, 2, 3]);
  });

  test("none of a file that was not read, for nobody could tell that it is still the same", () => {
    assert.equal(linesWanted(found(1), facts({ startupFiles: [absent(cshrc)] })), null);
    assert.equal(linesWanted(found(1, { where: null }), facts()), null);
  });

  const ground = (texts: ReadonlyMap<number, string> | null, before: LeadGround | null = null) => {
    const change = 'move line 14 below the "if ($?prompt)" of line 22, or delete it';
    const of = found(1, { change });
    return groundOf({ finding: of, account: oracle, facts: facts(), wanted: linesWanted(of, facts()), texts, before });
  };
  const texts = new Map([
    [13, "setenv DB_PASS hunter2"],
    [14, "alias cp 'cp -i'\u001b[31m"],
    [22, "if ($?prompt) then"],
  ]);

  test("are as they stand there, without secrets; the guilty one and the remedy's are marked", () => {
    assert.deepEqual(ground(texts).lines, [
      { number: 13, text: "setenv DB_PASS [masked]", isGuilty: false, note: "" },
      { number: 14, text: "alias cp 'cp -i'\u001b[31m", isGuilty: true, note: "" },
      { number: 22, text: "if ($?prompt) then", isGuilty: false, note: "below: only for people" },
    ]);
  });

  test("are kept as long as file and lines are the same, else the guilty one alone is left", () => {
    const first = ground(texts);
    assert.deepEqual(ground(null, first).lines, first.lines);
    const alone = [{ number: 14, text: "alias cp 'cp -i'", isGuilty: true, note: "" }];
    assert.deepEqual(ground(null, { ...first, key: "another" }).lines, alone);
    assert.deepEqual(ground(null).lines, alone);
  });

  test("who may not see them is told so, and gets neither what the alias makes nor the prompt", () => {
    const of = found(1);
    const hint = { savedAt: null, seenAfterMs: 8, ownerUid: 501, loggedIn: ["jdoe"] };
    const prepared = { ...ground(texts), runs: "cp -i -f {file} {existing}" };
    const by = (share: "names" | "values" | "lines") =>
      leadOf(of, maskedFinding(of, share), { ground: prepared, hint, share });
    const names = by("names");
    assert.deepEqual(
      [names.lines, names.says, names.runs, names.waitsAt, names.sent, names.hint?.loggedIn],
      [null, "the Grant keeps its text on this host", null, null, sent, null],
    );
    assert.ok(!JSON.stringify(names).includes("-i"));
    const values = by("values");
    assert.deepEqual(
      [values.lines, values.runs, values.hint?.loggedIn],
      [null, "cp -i -f {file} {existing}", ["jdoe"]],
    );
    assert.equal(values.waitsAt, "cp: overwrite 'existing.1'? ");
    const all = by("lines");
    assert.equal(all.says, "");
    assert.equal(all.lines?.length, 3);
  });
});

test("who saved a file is a hint where the host turned a finding, and none where documents did", () => {
  const hint = { file: cshrc, ownerUid: 501, modified: "2026-11-23T01:59:00.000Z", sessions: null };
  const found = new Map([[cshrc, hint]]);
  const saves = new Map([[cshrc, Date.parse(hint.modified) + 8]]);
  const turned = (because: string) => {
    const state = finding(1);
    const draft = opened(state);
    const events = [{ ...draft, data: { ...draft.data, because } }];
    return { put: [state], remove: [], turned: [state.finding.fingerprint], events };
  };
  const known = hintsOf(new Map(), turned("host"), found, saves);
  assert.deepEqual([...known.values()], [{ savedAt: hint.modified, seenAfterMs: 8, ownerUid: 501, loggedIn: null }]);
  assert.equal(hintsOf(new Map(), turned("documents"), found, saves).size, 0);
  const ended = { put: [], remove: [...known.keys()], turned: [...known.keys()], events: [] };
  assert.equal(hintsOf(known, ended, found, saves).size, 0);
});

test("who may have changed the file is known from the stream, where this process was not there", () => {
  using place = scratch();
  using store = open(place.state);
  const state = finding(1);
  const draft = opened(state);
  const hint = { file: cshrc, ownerUid: 501, modified: "2026-11-23T01:59:00.000Z", sessions: ["jdoe"] };
  committed(store.commit({ nowMs: startMs, put: [state], events: [{ ...draft, data: { ...draft.data, hint } }] }));
  assert.equal(hintKept(store, finding(2).finding.fingerprint), null);
  assert.deepEqual(hintKept(store, state.finding.fingerprint), {
    savedAt: "2026-11-23T01:59:00.000Z",
    seenAfterMs: null,
    ownerUid: 501,
    loggedIn: ["jdoe"],
  });
});
