import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonText } from "../../../agent/cli/format/json.ts";

test("a parser gives back what was put in", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      assert.deepEqual(JSON.parse(jsonText(value)), JSON.parse(JSON.stringify(value))),
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(JSON.parse(jsonText({ text })).text, text)),
  );
});

test("nothing raw that a terminal obeys or hides, but the newlines of the layout", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\u001b[2J", "\u007f", "\u009b", "\u202e", "\u2028", "\ufeff", "\u{e0041}"),
  );
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      assert.doesNotMatch(jsonText({ texts }).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});
