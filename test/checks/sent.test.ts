import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { namesOf, programOf, programsOf } from "../../agent/checks/index.ts";
import { programs } from "../../agent/documents/programs.ts";
import { parseResolvable } from "../../agent/documents/sends.ts";

describe("the program of a sent line", () => {
  test("is its first word, with what the prefix keeps from it", () => {
    assert.deepEqual(programOf("rm -f {file}"), { wrapper: null, program: "rm", passes: "nothing" });
    assert.deepEqual(programOf("\\rm -f {file}"), { wrapper: null, program: "rm", passes: "aliases" });
    assert.deepEqual(programOf("env A=b rm {file}"), {
      wrapper: "env",
      program: "rm",
      passes: "aliases-and-functions",
    });
    assert.deepEqual(programOf("/bin/rm {file}"), { wrapper: null, program: "/bin/rm", passes: "nothing" });
  });

  test("is none where the first word is no plain name", () => {
    for (const line of ["", "  ", "command", "env A=b", "-v", "$X -v", '"rm" -f', "A=b rm"])
      assert.equal(programOf(line), null);
  });

  test("is the one that the documents' grammar reads", () => {
    const lines = programs.flatMap(({ example }) => [example, `\\${example}`, `command ${example}`, `env ${example}`]);
    for (const line of [...lines, "env A=b C=d sqlplus -v", "/u01/bin/sqlplus -v", "/bin/cp -f {file} {existing}"]) {
      const parsed = parseResolvable(line);
      assert.ok(parsed.kind === "resolve", line);
      const folder = parsed.prefix.kind === "path" ? parsed.prefix.folder : "";
      assert.equal(programOf(line)?.program, folder + parsed.program, line);
    }
  });

  test("stands on command and env, too, where they come first", () => {
    const sends = ["command rm -f {file}", "rm {file}", "$X"].map((command) => ({ command }));
    assert.deepEqual(namesOf(sends), ["command", "rm"]);
    assert.deepEqual(programsOf(sends), ["rm"]);
  });
});
