import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeSpec, lines, parseSaid, placeValue } from "../../agent/host/launcher-words.ts";
import { capture, keptBytes } from "../../agent/probe/capture.ts";
import { refusalFor } from "../../agent/probe/refusal.ts";
import { canEndReads } from "../../agent/probe/terminal.ts";

test("a spec is netstrings counted in bytes, ended by the empty one", () => {
  const spec = encodeSpec([
    ["env", "A=ü"],
    ["place", placeValue("f", 0o640, "/x", "a\nb")],
  ]);
  assert.equal(
    spec.toString(),
    "8:env=A=ü,20:place=f 640 /x\0a\nb,0:,".replace("20:", `${"place=f 640 /x\0a\nb".length}:`),
  );
});

test("a line's words are decoded only after they were parted", () => {
  assert.deepEqual(parseSaid("fail mount No%20such%20file /a%20b x"), {
    kind: "fail",
    step: "mount",
    reason: "No such file",
    detail: "/a b x",
  });
  assert.deepEqual(parseSaid("mount /mnt/%C3%BC%25"), { kind: "mount", mountPoint: "/mnt/ü%" });
  assert.deepEqual(parseSaid("ready 12 4 5 6"), { kind: "ready", init: 12, fds: [4, 5, 6] });
  assert.equal(parseSaid("nonsense 1").kind, "unknown");
});

test("lines come whole, however the bytes are cut", () => {
  const seen: string[] = [];
  const take = lines((line) => seen.push(line));
  for (const piece of ["rea", "dy 1\nno", "te x\n", "go"]) take(Buffer.from(piece));
  assert.deepEqual(seen, ["ready 1", "note x"]);
});

test("what is captured is counted, and kept at both ends", () => {
  const kept = capture();
  for (let chunk = 0; chunk < 40; chunk++) kept.take(Buffer.alloc(10_007, 65 + chunk));
  const { bytes, head, tail } = kept.captured();
  assert.deepEqual([bytes, head.length, tail.length], [400_280, keptBytes, keptBytes]);
  assert.deepEqual([head[0], tail.at(-1)], [65, 104]);
});

test("what fits is kept once", () => {
  const kept = capture();
  kept.take(Buffer.from("one\ntw"));
  kept.take(Buffer.from("o"));
  const { head, tail } = kept.captured();
  assert.deepEqual([head.toString(), tail.length, kept.lastLine().toString()], ["one\ntwo", 0, "two"]);
  kept.take(Buffer.from("\n"));
  assert.equal(kept.lastLine().toString(), "");
});

test("a terminal that ends reads by itself is told by stty's words", () => {
  assert.equal(canEndReads("min = 1; time = 0;\nisig icanon iexten"), false);
  assert.equal(canEndReads("min = 1; time = 0;\nisig -icanon iexten"), false);
  assert.equal(canEndReads("min = 0; time = 20;\nisig -icanon iexten"), true);
  assert.equal(canEndReads(""), true);
});

test("a refusal names the setting and the change", () => {
  const userns = { setting: "user.max_user_namespaces", found: "0", change: "set user.max_user_namespaces above 0" };
  const own = refusalFor("clone", "No space left on device", "", "own-account", userns);
  assert.match(own.reason, /user\.max_user_namespaces is 0/);
  assert.match(own.change, /above 0, or run rcwarden as root/);
  assert.match(
    refusalFor("clone", "Operation not permitted", "", "own-account", null).reason,
    /seccomp|RestrictNamespaces/,
  );
  assert.match(refusalFor("clone", "Operation not permitted", "", "whole-root", null).change, /CAP_SYS_ADMIN/);
  assert.match(refusalFor("mount", "Permission denied", "/", "own-account", null).change, /AppArmor/);
  assert.match(refusalFor("mount", "Operation not permitted", "proc", "own-account", null).reason, /masked/);
  assert.deepEqual(refusalFor("exec", "No such file or directory", "/bin/x", "whole-root", null), {
    step: "exec",
    reason: "No such file or directory (/bin/x)",
    change: "",
  });
});
