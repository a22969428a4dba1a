import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonText } from "../../agent/cli/format/json.ts";
import { framed, unframe } from "../../agent/cli/framed.ts";
import { call, oracle, partsOf, root } from "./support/world.ts";

const noise = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\n",
        "-----BEGIN RCWARDEN REPORT length=2 sha256=00-----\n{}\n",
        "-----END RCWARDEN REPORT-----\n",
      ),
    ),
  )
  .map((parts) => parts.join(""));

test("a frame comes back whole from any noise around it", () => {
  fc.assert(
    fc.property(noise, fc.jsonValue(), noise, (before, value, after) => {
      const json = jsonText(value);
      assert.deepEqual(unframe(before + framed(json) + after), { kind: "report", json });
    }),
  );
});

test("a terminal's CR LF changes nothing", () => {
  const json = jsonText({ a: ["b", "c\r\n"] });
  assert.deepEqual(unframe(framed(json).replaceAll("\n", "\r\n")), { kind: "report", json });
});

test("noise inside, a changed byte, a cut end: torn, never an answer", () => {
  const text = framed(jsonText({ verdict: "go", also: "ü" }));
  assert.deepEqual(unframe(text.replace("go", "no")), { kind: "torn" });
  assert.deepEqual(unframe(text.replace("verdict", "verdict\u0007")), { kind: "torn" });
  assert.deepEqual(unframe(text.slice(0, -8)), { kind: "torn" });
  assert.deepEqual(unframe("Welcome to db07!\n"), { kind: "none" });
});

test("of two frames the later one counts: what came first may be a startup file's", () => {
  assert.deepEqual(unframe(framed('"forged"') + framed('"true"')), { kind: "report", json: '"true"' });
});

test("check --framed frames what check --json prints", async () => {
  const parts = partsOf({ accounts: [root, oracle] });
  const plain = await call(["check", "--account", "oracle", "--json"], parts);
  const inFrame = await call(["check", "--account", "oracle", "--framed"], parts);
  const found = unframe(`Last login: today${inFrame.stdout}`);
  assert.equal(found.kind === "report" ? `${found.json}\n` : found.kind, plain.stdout);
});
