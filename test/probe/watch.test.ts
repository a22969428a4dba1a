import assert from "node:assert/strict";
import { test } from "node:test";
import { capture } from "../../agent/probe/capture.ts";
import type { SessionStreams } from "../../agent/probe/streams.ts";
import { timers } from "../../agent/probe/timers.ts";
import { typist } from "../../agent/probe/typist.ts";
import { type Verdict, watch } from "../../agent/probe/watch.ts";
import { question } from "./asking.ts";

test("streams that end because the launcher ended everybody are no end of the session's own", async () => {
  let atEnd = false;
  const streams: SessionStreams = {
    stdout: capture(),
    stderr: capture(),
    inside: { stdin: null, terminal: null },
    links: null,
    atEnd: () => atEnd,
    drain() {},
    lastLine: () => "",
    type() {},
    endInput() {},
    close() {},
  };
  const account = { name: "nobody", uid: 65534, gid: 65534, groups: [65534], home: "/", shell: "/bin/sh" };
  const told = { timers: timers(), witnessed: () => true };
  const verdict = Promise.withResolvers<Verdict>();
  // 0 is nobody's number: there is nothing to be seen in /proc.
  const typing = typist(question(account), streams);
  const session = { question: question(account), init: 0, shell: 0, streams, terminal: null, told, typing };
  const watching = watch(session, verdict.resolve, verdict.reject);
  watching.exited({ status: 0, signal: null });
  atEnd = true;
  watching.streamEnded();
  // Said before the streams ended, and yet it may be read after that.
  setImmediate(() => watching.tooMany());
  assert.deepEqual(await verdict.promise, {
    prompt: null,
    ended: "over-ceiling",
    final: true,
    ceiling: "processes",
  });
});
