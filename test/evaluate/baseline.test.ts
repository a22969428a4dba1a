import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { baselineChanges, baselineItems } from "../../agent/evaluate/index.ts";
import type { BaselineItem, ModeFacts } from "../../agent/facts/index.ts";
import { at, gap, modeFacts, ready } from "../support/facts.ts";

function items(...modes: Partial<ModeFacts>[]): BaselineItem[] {
  return baselineItems({ modes: modes.map((facts) => modeFacts({ startupFiles: [], ...facts })) });
}

function words(all: readonly BaselineItem[]): string[] {
  return all.map(({ kind, name, mode, where }) => [kind, name, mode, ...(where === null ? [] : [where])].join(" "));
}

function changes(before: readonly BaselineItem[], now: readonly BaselineItem[]): string[] {
  return baselineChanges({ items: before }, now).map(({ change, item }) => `${change} ${item.kind} ${item.name}`);
}

const cp = { name: "cp", value: "cp -i", effective: true, where: at(14) };
const read = (path: string, digest = "sha256:00") => ({ path, state: "read", digest, through: [] }) as const;
const absent = (path: string) => ({ path, state: "absent", through: [] }) as const;

describe("what is accepted of an account", () => {
  test("is its shell, its files, and by mode what they define, with the line", () => {
    const found = items({
      startupFiles: [read("/a"), absent("/b")],
      aliases: [cp],
      functions: [{ name: "rm", effective: true, where: at(3) }],
      options: [
        { name: "noclobber", value: "on", where: at(4) },
        { name: "emacs", value: "on", where: null },
      ],
      variables: [
        { name: "ORACLE_SID", value: "PROD", exported: true, where: at(5) },
        { name: "inner", value: "x", exported: false, where: at(6) },
      ],
      traps: [{ signal: "EXIT", action: "exit 0", where: null, effect: null }],
    });
    assert.deepEqual(words(found), [
      "file /a -",
      "file /b -",
      "shell shell ssh-command",
      "alias cp ssh-command /home/oracle/.cshrc:14",
      "function rm ssh-command /home/oracle/.cshrc:3",
      "option noclobber ssh-command /home/oracle/.cshrc:4",
      "variable ORACLE_SID ssh-command /home/oracle/.cshrc:5",
      "trap EXIT ssh-command",
    ]);
    assert.deepEqual(
      found.filter(({ kind }) => kind === "file").map(({ digest }) => digest),
      ["sha256:00", "absent"],
    );
    for (const { kind, digest } of found) if (kind !== "file") assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  });

  test("holds no variable that each session has anew", () => {
    const names = ["SSH_CONNECTION", "SSH_AUTH_SOCK", "PWD", "OLDPWD", "_", "SHLVL", "XDG_SESSION_ID", "TERM"];
    const variables = names.map((name) => ({ name, value: "x", exported: true, where: null }));
    assert.deepEqual(words(items({ variables })), ["shell shell ssh-command"]);
  });

  test("takes the best look at a file, which one mode skips and another reads", () => {
    const modes = [{ startupFiles: [absent("/a")] }, { mode: "ssh-login" as const, startupFiles: [read("/a")] }];
    for (const order of [modes, modes.toReversed()]) {
      assert.deepEqual(
        items(...order).filter(({ kind }) => kind === "file"),
        [{ kind: "file", name: "/a", mode: "-", digest: "sha256:00", where: null }],
      );
    }
  });
});

describe("what is not as it was accepted", () => {
  const before = items({ startupFiles: [read("/a"), absent("/b")], aliases: [cp] });

  test("is nothing where nothing differs, also where a line moved", () => {
    assert.deepEqual(changes(before, before), []);
    const moved = items({ startupFiles: [read("/a"), absent("/b")], aliases: [{ ...cp, where: at(15) }] });
    assert.deepEqual(changes(before, moved), []);
  });

  test("is what was added, changed and removed", () => {
    const rm = { ...cp, name: "rm" };
    const now = items({ startupFiles: [read("/a", "sha256:01"), read("/b")], aliases: [rm] });
    assert.deepEqual(changes(before, now), [
      "changed file /a",
      "changed file /b",
      "added alias rm",
      "removed alias cp",
    ]);
    const other = items({ shell: { path: "/bin/bash", personality: "bash" } });
    assert.deepEqual(changes(items({}), other), ["changed shell shell"]);
    assert.deepEqual(changes(items({}), items({ aliases: [cp], startupFiles: [read("/a")] })), [
      "added file /a",
      "added alias cp",
    ]);
  });

  test("is not a mode that only one of the two was measured in", () => {
    const login = items({ aliases: [cp] }, { mode: "ssh-login", aliases: [cp] });
    assert.deepEqual(changes(items({ aliases: [cp] }), login), []);
    assert.deepEqual(changes(login, items({ aliases: [cp] })), []);
  });

  test("is not what a gap, or a startup that never ended, took away", () => {
    for (const lost of [
      { gaps: [gap("timed-out", ["aliases", "startupFiles"])] },
      { startup: { ...ready, ended: "hang" as const }, gaps: [gap("unreadable", ["startupFiles"])] },
      { startup: null, gaps: [gap("unreadable", ["startupFiles"])] },
    ]) {
      assert.deepEqual(changes(before, items(lost)), []);
    }
    assert.deepEqual(
      changes(before, items({ gaps: [gap("timed-out", ["tried"])] })).length,
      3,
      "but a gap of something else takes nothing away",
    );
  });

  test("is what was unknown when it was accepted and is there now: nobody looked at it", () => {
    const then = items({ startupFiles: [read("/a")], gaps: [gap("timed-out", ["aliases"])] });
    const now = items({ startupFiles: [read("/a")], aliases: [cp] });
    assert.deepEqual(changes(then, now), ["added alias cp"]);
  });
});
