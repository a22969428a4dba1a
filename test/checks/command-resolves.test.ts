import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandResolves } from "../../agent/checks/command-resolves.ts";
import type { CommandFact } from "../../agent/facts/index.ts";
import { at, checkFacts, sends } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

function name(name: string, is: CommandFact["is"], reaches: string | null): CommandFact {
  // biome-ignore lint/suspicious/noThenProperty: the fact's name
  return { name, is, then: reaches, where: at(5) };
}

function one(fact: CommandFact, to?: string) {
  return only(
    judge(commandResolves, { commands: [fact] }, { names: [fact.name], ...(to === undefined ? {} : { to }) }),
  );
}

describe("command-resolves", () => {
  test("passes a file, a builtin and a keyword", () => {
    assert.equal(one(name("rsync", "file", "/usr/bin/rsync")).message, "rsync is /usr/bin/rsync");
    assert.equal(one(name("echo", "builtin", null)).message, "echo is a builtin of the shell");
    assert.equal(one(name("time", "keyword", null)).status, "pass");
  });

  test("fails an alias and a function as another target, and an unknown name as a failed command", () => {
    for (const is of ["alias", "function"] as const) {
      assert.partialDeepStrictEqual(one(name("cp", is, "/usr/bin/cp")), {
        status: "fail",
        consequence: "wrong-target",
      });
    }
    assert.partialDeepStrictEqual(one(name("borg", "none", null)), { status: "fail", consequence: "failed-command" });
  });

  test("asks for the programs of what is sent where the rule names none", () => {
    const commands = [name("rm", "file", "/usr/bin/rm"), name("cp", "alias", "/usr/bin/cp")];
    const found = judge(commandResolves, { sends: sends("rm -f {file}", "cp {file} {new}", "rm {file}"), commands });
    assert.deepEqual(statuses(found), ["rm: pass", "cp: fail"]);
    assert.deepEqual(commandResolves.names?.({ to: "program" }, checkFacts({ sends: sends("rm -f {file}") })), ["rm"]);
    assert.deepEqual(commandResolves.names?.({ names: ["borg"], to: "program" }, checkFacts()), ["borg"]);
  });

  test("is unknown for a name that was not asked, and where there is no name", () => {
    assert.equal(only(judge(commandResolves, { commands: [] }, { names: ["rsync"] })).status, "unknown");
    assert.equal(only(judge(commandResolves, { sends: [] })).status, "unknown");
  });

  test("takes only the file that the rule means", () => {
    const tar = name("tar", "file", "/usr/bin/tar");
    assert.equal(one(tar, "/usr/bin/tar").status, "pass");
    assert.equal(one(tar, "/usr/bin/").status, "pass");
    assert.partialDeepStrictEqual(one(tar, "/opt/bin/"), {
      status: "fail",
      consequence: "wrong-target",
      message: "tar is /usr/bin/tar, not a file of /opt/bin/",
      where: at(5),
    });
  });

  test("near-miss: a folder whose name only begins so, or one below it, is another", () => {
    assert.equal(one(name("tar", "file", "/usr/bin2/tar"), "/usr/bin/").status, "fail");
    assert.equal(one(name("tar", "file", "/usr/bin/own/tar"), "/usr/bin/").status, "fail");
    assert.equal(one(name("tar", "file", "/usr/bin/tar2"), "/usr/bin/tar").status, "fail");
  });

  test("near-miss: a builtin is no file where the rule means one", () => {
    assert.equal(one(name("echo", "builtin", null), "/usr/bin/").status, "fail");
  });

  test("is unknown where the file's path could not be told and the rule means one", () => {
    assert.equal(one(name("tar", "file", null), "/usr/bin/").status, "unknown");
  });
});
