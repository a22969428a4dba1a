import assert from "node:assert/strict";
import { test } from "node:test";
import { type Problem, problemsSummary, problemText } from "../../agent/documents/index.ts";

const problem: Problem = {
  code: "value-not-listed",
  file: "db.yaml",
  line: 14,
  column: 7,
  expected: "stdout or stderr",
  found: '"sdtout"',
  suggestion: "stdout",
  change: "",
};

test("a problem is place, expected, found, and what was meant", () => {
  assert.equal(problemText(problem), 'db.yaml:14:7: expected stdout or stderr, found "sdtout"; did you mean "stdout"?');
});

test("what to do follows, with and without a suggestion", () => {
  const change = "or leave it out";
  assert.equal(
    problemText({ ...problem, suggestion: null, change }),
    'db.yaml:14:7: expected stdout or stderr, found "sdtout"; or leave it out',
  );
  assert.equal(
    problemText({ ...problem, change }),
    'db.yaml:14:7: expected stdout or stderr, found "sdtout"; did you mean "stdout"? or leave it out',
  );
});

test("a problem with a whole file has no line", () => {
  assert.equal(
    problemText({ ...problem, line: 0, column: 0, suggestion: null }),
    'db.yaml: expected stdout or stderr, found "sdtout"',
  );
});

test("a document cannot write to a terminal through its problem", () => {
  const text = problemText({ ...problem, file: "a\nb", found: '"\u001b[31m\u202e\u0085"' });
  assert.match(text, /^a\\x0ab:14:7: .* found "\\x1b\[31m\\u202e\\x85"/);
});

test("the summary counts in words", () => {
  assert.equal(problemsSummary([problem, problem], 1), "2 problems in 1 document; nothing was evaluated.");
  assert.equal(problemsSummary([problem], 3), "1 problem in 3 documents; nothing was evaluated.");
});
