import assert from "node:assert/strict";
import { test } from "node:test";
import { yashsh } from "../../agent/shells/yashsh.ts";
import { answered, inHome, ran } from "./real.ts";

test("neither a login nor a command reads anything", async () => {
  const files = { ".profile": "echo profile\n", ".yash_profile": "echo yash\n", ".yashrc": "echo rc\n" };
  await inHome(files, async (home) => {
    assert.equal((await ran(yashsh, ["-c", "echo done"], home, { login: true })).stdout, "done\n");
    assert.equal((await ran(yashsh, ["-c", "echo done"], home)).stdout, "done\n");
  });
});

test("what it has is told", async () => {
  const told = await answered(yashsh, { files: {}, names: ["ls", "for", "test", "nosuch"], env: { SHOWN: "a b" } });
  assert.deepEqual(
    told.commands.map(({ is }) => is),
    ["file", "keyword", "builtin", "none"],
  );
  assert.deepEqual(
    told.variables.find(({ name }) => name === "SHOWN"),
    { name: "SHOWN", value: "a b", exported: true },
  );
  assert.deepEqual(told.functions, []);
  assert.deepEqual(told.doubts, []);
});
