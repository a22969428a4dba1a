import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutStartups } from "../../agent/probe/canary.ts";

test("what startup wrote in another session is taken away", () => {
  assert.equal(withoutStartups("hello\ncontent\n", "hello\n"), "content\n");
  assert.equal(withoutStartups("> content\n", "> "), "content\n");
  assert.equal(withoutStartups("content\n", ""), "content\n");
});

test("a clock in startup's output is no output of the command", () => {
  assert.equal(withoutStartups("Mon 12:00:01\n", "Mon 12:00:00\n"), "");
  assert.equal(withoutStartups("up 1 day\nload 0.3\ncontent\n", "up 1 day\nload 0.25\n"), "content\n");
});

test("what the command writes besides stays, also where startup's output changes", () => {
  assert.equal(withoutStartups("12:00:01\n'a' -> 'b'\n", "12:00:00\n"), "'a' -> 'b'\n");
});

test("a startup that wrote more lines elsewhere leaves nothing, and an unfinished line takes nothing away", () => {
  assert.equal(withoutStartups("one\n", "two\nthree\n"), "");
  assert.equal(withoutStartups("12:01> content\n", "12:00> "), "12:01> content\n");
});

test("what a trap writes at the end takes nothing of the command's output away", () => {
  assert.equal(withoutStartups("content\nbye\n", "bye\n", ["content"]), "content\nbye\n");
  assert.equal(withoutStartups("bye\n", "bye\n", [""]), "");
  assert.equal(withoutStartups("one\ntwo\nbye 2\n", "bye 1\n", ["one", "two"]), "one\ntwo\nbye 2\n");
});
