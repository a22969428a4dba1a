import assert from "node:assert/strict";
import { test } from "node:test";
import { voiceOf } from "../../agent/cli/io.ts";

function screen(terminal: boolean) {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    terminal,
    write(text: string) {
      written[name] += text;
    },
  });
  return { written, io: { stdout: stream("stdout"), stderr: stream("stderr"), env: {} } };
}

test("progress is for who waits at a terminal: nothing in the first second, one line, gone in the end", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { written, io } = screen(true);
  const progress = voiceOf(io).progress("looking");
  progress.say("measuring oracle\u001b[2J");
  t.mock.timers.tick(999);
  assert.equal(written.stderr, "");
  t.mock.timers.tick(1);
  assert.equal(written.stderr, "\r\u001b[Kmeasuring oracle\\x1b[2J");
  progress.say("measuring backup");
  progress.end();
  assert.match(written.stderr, /\r\u001b\[Kmeasuring backup\r\u001b\[K$/);
  assert.equal(written.stdout, "");
});

test("what ends within a second shows no progress, and a pipe never does", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const terminal of [true, false]) {
    const { written, io } = screen(terminal);
    const progress = voiceOf(io).progress("looking");
    if (terminal) progress.end();
    t.mock.timers.tick(5000);
    assert.equal(written.stderr, "");
  }
});
