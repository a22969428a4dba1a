import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plain, printable } from "../../agent/cli/text/printable.ts";
import {
  beside,
  columns,
  folded,
  pageColumns,
  row,
  shortened,
  spread,
  table,
  wrapped,
} from "../../agent/facts/layout.ts";

test("lines break at blanks, and a word that is too wide breaks where the room ends", () => {
  assert.deepEqual(wrapped("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
});

test("what finds no room beside stands below, and the others stay beside", () => {
  const long = "x".repeat(90);
  const rows = [
    ["rcwarden", "one"],
    [long, "two"],
    ["rcwarden events", "and more words"],
  ] as const;
  assert.deepEqual(beside(rows), [
    ["  rcwarden         ", "one"],
    [`  ${long}`, ""],
    ["      ", "two"],
    ["  rcwarden events  ", "and more words"],
  ]);
});

test("blanks inside a command are kept", () => {
  assert.deepEqual(wrapped("echo  'a   b'", 40), ["echo  'a   b'"]);
});

test("no line is ever wider than its room, and no character but blanks is lost", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 8, max: 40 }), (text, room) => {
      const lines = wrapped(text, room);
      for (const line of lines) assert.ok(columns(line) <= room || [...line].length === 1, JSON.stringify(line));
      assert.equal(lines.join("").replace(/\s/gu, ""), printable(text).replace(/\s/gu, ""));
    }),
  );
});

test("a row's further lines stand below its value", () => {
  const lines = row("Change", "x ".repeat(60)).map(plain);
  assert.match(lines[0] ?? "", /^ {2}Change {14}x /);
  assert.match(lines[1] ?? "", /^ {22}x /);
});

test("rows, titles and tables stay within the page whatever they hold", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (a, b) => {
      const lines = [
        ...row("What happens", a),
        ...folded([a, b]),
        ...spread([a], [b.slice(0, 40)], 92),
        ...table([[a, b]]),
      ];
      for (const line of lines) assert.ok(columns(plain(line)) <= pageColumns, plain(line));
    }),
  );
});

test("wide characters take two columns, combining ones none", () => {
  assert.equal(columns("日本"), 4);
  assert.equal(columns("e\u0301"), 1);
});

test("a text that is cut says how much is missing", () => {
  assert.equal(shortened("abcdef", 4), "abcd... (2 more characters)");
  assert.equal(shortened("abcd", 4), "abcd");
});
