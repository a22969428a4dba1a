import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pamStack } from "../../agent/collectors/pam-stack.ts";

const reader = (files: Record<string, string>) => (path: string) => files[path] ?? null;

function said(files: Record<string, string>, service = "sshd"): string[] {
  const stack = pamStack(service, reader(files));
  return stack.lines.map((line) =>
    [line.uncertain ? "?" : "", line.type, " ", line.module, ...line.args.map((arg) => ` ${arg}`)].join(""),
  );
}

test("all of an included file counts, and only one type of what a type includes", () => {
  const files = {
    "/etc/pam.d/sshd": "@include common\nsession include other # why\n-session optional pam_a.so\n",
    "/etc/pam.d/common": "auth required pam_b.so\nsession required /lib/security/pam_c.so x=1 [y z]\n",
    "/usr/lib/pam.d/other": "auth required pam_no.so\nsession required pam_d.so\n",
  };
  assert.deepEqual(said(files), ["auth pam_b", "session pam_c x=1 y z", "session pam_d", "session pam_a"]);
});

test("the host's owner's file wins over the distribution's", () => {
  const line = (name: string) => `session required pam_${name}.so\n`;
  assert.deepEqual(said({ "/etc/pam.d/sshd": line("a"), "/usr/lib/pam.d/sshd": line("b") }), ["session pam_a"]);
});

test("lines that an earlier one may skip are uncertain, an include as a whole", () => {
  const files = {
    "/etc/pam.d/sshd": [
      "session [success=1 default=ignore] pam_x.so",
      "session substack sub",
      "session required pam_y.so",
      "session [default=2] pam_x.so",
      "auth required pam_z.so",
      "session required pam_1.so",
      "session required pam_2.so",
      "session required pam_3.so",
      "auth sufficient pam_4.so",
      "auth required pam_5.so",
    ].join("\n"),
    "/etc/pam.d/sub": "session required pam_s.so\nsession required pam_t.so\n",
  };
  assert.deepEqual(
    said(files).filter((line) => line.startsWith("?")),
    ["?session pam_s", "?session pam_t", "?session pam_1", "?session pam_2", "?auth pam_5"],
  );
});

test("a line may go on on the next, and what is no line is left out", () => {
  const files = {
    "/etc/pam.d/sshd": "session \\\n required pam_a.so \\\n b\n#x\nsession\nnonsense required pam_b.so\n",
  };
  assert.deepEqual(said(files), ["session pam_a b"]);
});

test("files that are missing or include each other are named, not followed for ever", () => {
  const files = { "/etc/pam.d/sshd": "@include sshd2\n@include gone\n", "/etc/pam.d/sshd2": "@include sshd\n" };
  const { unread } = pamStack("sshd", reader(files));
  assert.ok(unread.includes("gone"));
  assert.ok(unread.some((name) => name !== "gone"));
});

test("reading never throws", () => {
  fc.assert(
    fc.property(fc.string(), (text) => Array.isArray(said({ "/etc/pam.d/sshd": text.replaceAll("include", "") }))),
  );
});
