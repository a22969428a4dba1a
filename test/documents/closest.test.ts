import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyOf, closest } from "../../agent/documents/index.ts";

const kinds = ["engine-commands", "startup-finishes", "startup-output", "trap"];

test("a mistyped word means the one that differs least", () => {
  assert.equal(closest("engine-command", kinds), "engine-commands");
  assert.equal(closest("startup-ouptut", kinds), "startup-output");
  assert.equal(closest("Trap", kinds), "trap");
});

test("neighbours swapped are one mistake", () => {
  assert.equal(closest("hihg", ["high", "hang"]), "high");
});

test("a word that is the beginning of one is meant to be it", () => {
  assert.equal(closest("engine", kinds), "engine-commands");
  assert.equal(closest("startup", kinds), null);
});

test("a word that resembles nothing gets no suggestion", () => {
  for (const word of ["urgent", "", "x", "nothing-of-the-kind"]) assert.equal(closest(word, kinds), null);
  assert.equal(closest("a", ["b"]), null);
});

test("a word of the list always means itself", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 100 }), { minLength: 1 }), fc.nat(), (list, index) => {
      const word = list[index % list.length] ?? "";
      assert.equal(closest(word, list), word);
    }),
  );
});

test("it never throws and never invents a word", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (word, list) => {
      const found = closest(word, list);
      assert.ok(found === null || list.includes(found));
    }),
  );
});

test("a list reads as a sentence", () => {
  assert.deepEqual(
    [anyOf([]), anyOf(["a"]), anyOf(["a", "b"]), anyOf(["a", "b", "c"])],
    ["", "a", "a or b", "a, b or c"],
  );
});
