import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyEnvironmentFile, applyPamEnvConf } from "../../agent/collectors/pam-env.ts";

// What the real module makes of the same is in session-ground.test.ts.
test("an expression that is not ended is said", () => {
  const environment = new Map<string, string>();
  assert.equal(
    applyPamEnvConf(environment, "A DEFAULT=a\nB DEFAULT=$" + "{A\nC DEFAULT=c", () => null),
    false,
  );
  assert.deepEqual([...environment], [["A", "a"]]);
});

test("reading never throws, and never makes a name with an equals sign", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const environment = new Map<string, string>();
      applyEnvironmentFile(environment, text);
      applyPamEnvConf(environment, `${text}\nX DEFAULT=${text}`, () => "item");
      for (const name of environment.keys()) assert.ok(name !== "" && !name.includes("\n"));
    }),
  );
});
