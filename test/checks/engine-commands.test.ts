import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { engineCommands } from "../../agent/checks/engine-commands.ts";
import type { CommandFact, Tried } from "../../agent/facts/index.ts";
import { at, checkFacts, sends, tried } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

const cp = "cp -f {file} {existing}";
const waitsForInput = { for: "input", command: "cp -i -f a b", says: "waits for input" } as const;

function one(command: string, other: Partial<Tried>) {
  return only(judge(engineCommands, { sends: sends(command), tried: [tried(command, other)] }));
}

function resolve(command: string, ...commands: readonly CommandFact[]) {
  return only(judge(engineCommands, { sends: [{ command, try: "resolve" }], commands }));
}

function name(name: string, is: CommandFact["is"], reaches: string | null, line?: number): CommandFact {
  // biome-ignore lint/suspicious/noThenProperty: the fact's name
  return { name, is, then: reaches, where: line === undefined ? null : at(line) };
}

describe("engine-commands", () => {
  test("passes a command that does what it says", () => {
    assert.partialDeepStrictEqual(one(cp, {}), { status: "pass", message: "does what it says" });
  });

  test("fails a command that waits, with its prompt, its line, and what happens with stdin at its end", () => {
    const found = one(cp, {
      outcome: "hang",
      prompt: "cp: overwrite 'existing.1'? ",
      waiting: waitsForInput,
      exit: null,
      atEnd: tried(cp, { outcome: "not-done", missing: "existing.1 keeps its old content" }),
      where: at(14),
      line: "alias cp 'cp -i'",
    });
    assert.partialDeepStrictEqual(found, {
      subject: cp,
      status: "fail",
      consequence: "hang",
      message: "waits for ever at: cp: overwrite 'existing.1'?",
      where: at(14),
      line: "alias cp 'cp -i'",
      change: "put line 14 behind a guard for people, or delete it",
      evidence: {
        sent: cp,
        outcome: "hang",
        prompt: "cp: overwrite 'existing.1'? ",
        exit: null,
        waitsFor: "input",
        atEnd: "exit 0, and nothing done: existing.1 keeps its old content",
        atEndOutcome: "not-done",
        atEndExit: 0,
        atEndConsequence: "silent-success",
      },
    });
  });

  test("says so where a command that waits shows no prompt", () => {
    const found = one(cp, { outcome: "hang", prompt: "", waiting: waitsForInput, exit: null });
    assert.equal(found.message, "waits for ever for input and says nothing");
  });

  test("names what a command waits for where that is not input", () => {
    const waiting = { for: "fifo", command: "cat /run/x", says: "waits to open the FIFO /run/x" } as const;
    const found = one("cat {file}", { outcome: "hang", prompt: "", waiting, exit: null });
    assert.equal(found.message, "never ends: cat /run/x waits to open the FIFO /run/x");
  });

  test("names the background job that keeps the session open after the command is done", () => {
    const held = [{ command: "sleep 300", holds: ["stdout", "stderr"], where: at(6), line: "sleep 300 &" }] as const;
    const found = one(cp, { outcome: "hang", held });
    assert.partialDeepStrictEqual(found, {
      consequence: "hang",
      message: "is done, but sleep 300 keeps stdout and stderr open, so that the session never ends",
      where: at(6),
      line: "sleep 300 &",
      evidence: { held: "sleep 300", exit: 0 },
    });
  });

  test("calls exit 0 with nothing done a silent success", () => {
    const found = one(cp, { outcome: "not-done", missing: "existing.1 keeps its old content" });
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      consequence: "silent-success",
      message: "exit 0, and nothing done: existing.1 keeps its old content",
    });
  });

  test("says the status and the first words of a command that fails", () => {
    const found = one(cp, { outcome: "failed", exit: { status: 127, signal: null }, stderr: "\ncp: not found\nmore" });
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      consequence: "failed-command",
      message: "exit 127: cp: not found",
      evidence: { exit: 127, stderr: "\ncp: not found\nmore" },
    });
  });

  test("names the signal that ended a command", () => {
    const found = one(cp, { outcome: "failed", exit: { status: null, signal: "SIGXFSZ" } });
    assert.partialDeepStrictEqual(found, { message: "ended by SIGXFSZ", evidence: { exit: "SIGXFSZ" } });
  });

  test("calls bytes where none should be a corrupted stream", () => {
    const found = one(cp, { outcome: "noisy", stdout: "copying...\n" });
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      consequence: "corrupted-stream",
      message: "does what it says, and writes to stdout, where nothing should be: copying...",
      evidence: { stdout: "copying...\n" },
    });
  });

  test("keeps an unknown outcome unknown, with its reason", () => {
    assert.partialDeepStrictEqual(one(cp, { outcome: "unknown", reason: "it asked the network for an answer" }), {
      status: "unknown",
      message: "it asked the network for an answer",
    });
    const waiting = { for: "time", command: "sleep 600", says: "sleeps" } as const;
    assert.equal(one(cp, { outcome: "unknown", waiting }).message, "sleep 600 sleeps");
    assert.equal(one(cp, { outcome: "unknown" }).message, "what it does could not be told");
  });

  test("prefers the advice that came with the facts", () => {
    const found = one(cp, {
      outcome: "not-done",
      where: at(14),
      advice: 'move line 14 below the "if ($?prompt)" of 22',
    });
    assert.equal(found.change, 'move line 14 below the "if ($?prompt)" of 22');
  });

  test("does not call a command that was not tried a pass", () => {
    const found = judge(engineCommands, { sends: sends(cp, "rm -f {file}"), tried: [tried("rm -f {file}")] });
    assert.deepEqual(statuses(found), [`${cp}: unknown`, "rm -f {file}: pass"]);
  });

  test("judges a line that two engines send once", () => {
    assert.equal(judge(engineCommands, { sends: sends(cp, cp), tried: [tried(cp)] }).length, 1);
  });

  test("is unknown where nothing is sent: it never holds for want of a subject", () => {
    assert.equal(only(judge(engineCommands, { sends: [] })).status, "unknown");
  });

  test("ignores a command that was tried and is not sent by this policy", () => {
    const found = judge(engineCommands, {
      sends: sends(cp),
      tried: [tried(cp), tried("rm {file}", { outcome: "hang" })],
    });
    assert.deepEqual(statuses(found), [`${cp}: pass`]);
  });

  test("near-miss: an alias that the command survives is no failure", () => {
    const found = judge(engineCommands, {
      sends: sends("rm -f {file}"),
      tried: [tried("rm -f {file}")],
      aliases: [{ name: "rm", value: "rm -i", effective: true, where: at(3) }],
      commands: [name("rm", "alias", "/usr/bin/rm", 3)],
    });
    assert.deepEqual(statuses(found), ["rm -f {file}: pass"]);
  });
});

describe("engine-commands, for lines that are resolved only", () => {
  test("passes a program and a builtin", () => {
    assert.equal(resolve("sqlplus -v", name("sqlplus", "file", "/u01/bin/sqlplus")).status, "pass");
    assert.equal(resolve("cd /x", name("cd", "builtin", null)).status, "pass");
  });

  test("fails an alias and a function, with their line", () => {
    for (const is of ["alias", "function"] as const) {
      const found = resolve("sqlplus -v", name("sqlplus", is, "/u01/bin/sqlplus", 7));
      assert.partialDeepStrictEqual(found, { status: "fail", consequence: "wrong-target", where: at(7) });
    }
  });

  test("fails a program that is not found", () => {
    const found = resolve("sqlplus -v", name("sqlplus", "none", null));
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      consequence: "failed-command",
      message: "sqlplus is not found",
    });
  });

  test("lets a backslash pass by an alias, and not by a function", () => {
    assert.equal(resolve("\\rm -v", name("rm", "alias", "/usr/bin/rm")).status, "pass");
    assert.equal(resolve("\\rm -v", name("rm", "function", "/usr/bin/rm")).status, "fail");
  });

  test("lets command pass by both, where command itself is the shell's own", () => {
    const rm = name("rm", "function", "/usr/bin/rm");
    assert.equal(resolve("command rm -v", name("command", "builtin", null), rm).status, "pass");
    assert.equal(resolve("command rm -v", name("command", "none", null), rm).status, "fail");
    assert.equal(resolve("command rm -v", name("command", "function", null), rm).status, "fail");
    assert.equal(resolve("command rm -v", rm).status, "unknown");
  });

  test("is unknown where the alias is passed by and nobody knows what stands behind it", () => {
    assert.equal(resolve("\\rm -v", name("rm", "alias", null)).status, "unknown");
  });

  test("is unknown where the name was not asked, or cannot be read", () => {
    assert.equal(resolve("sqlplus -v").status, "unknown");
    assert.equal(resolve("$TOOL -v", name("TOOL", "file", "/x")).status, "unknown");
  });

  test("asks for the names that decide", () => {
    const asked = engineCommands.names?.(
      {},
      checkFacts({ sends: [...sends(cp), { command: "command sqlplus -v", try: "resolve" }] }),
    );
    assert.deepEqual(asked, ["command", "sqlplus"]);
  });

  test("stands on what was asked, not on what was tried, and the other way round", () => {
    const sent = [...sends(cp), { command: "sqlplus -v", try: "resolve" as const }];
    assert.deepEqual(engineCommands.needsOf?.("sqlplus -v", checkFacts({ sends: sent })), ["commands"]);
    assert.deepEqual(engineCommands.needsOf?.(cp, checkFacts({ sends: sent })), ["tried"]);
  });
});
