import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exceptionDocument, grantDocument, yamlWord } from "../../../agent/cli/text/document.ts";
import { loadDocuments, problemText } from "../../../agent/documents/index.ts";

function loaded(text: string) {
  const file = { file: "/etc/rcwarden/a.yaml", shipped: false, bytes: new TextEncoder().encode(text) };
  const found = loadDocuments([], { checks: [], shipped: [], host: [file] });
  if (found.kind === "problems") assert.fail(found.problems.map(problemText).join("\n"));
  return found.host;
}

const modes = ["ssh-command", "ssh-command-pty", "cron", "-"];
const word = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.string({ unit: "binary", minLength: 1 }),
  fc.constantFrom(
    "-",
    "true",
    "null",
    "0022",
    "a: b",
    "a #b",
    "{x}",
    "- a",
    "---",
    "...",
    "*a",
    "!x",
    "\n",
    "\r\n---\n",
    "\u0000",
    "\u0085\u2028",
    "\u202e",
    "\ud800",
    "\u{e0041}",
    '"',
    "\\",
    "'",
  ),
);

test("an Exception that is written is read back as it was meant, whatever the host's words are", () => {
  const subject = word.filter((text) => text.isWellFormed());
  const reason = subject.filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(subject, reason, fc.constantFrom(...modes), (about, why, mode) => {
      const finding = {
        policy: "unattended-ssh",
        rule: "clean-stream",
        account: "DOM\\ora cle$",
        mode,
        subject: about,
      };
      const text = exceptionDocument({ name: "a-1", finding, reason: why, until: "2027-01-31" }, "2026-11-23");
      const { exceptions } = loaded(`# first\n${text}${text.replace("a-1", "a-2")}`);
      assert.equal(exceptions.length, 2);
      for (const each of exceptions)
        assert.deepEqual([each.finding, each.reason, each.until], [finding, why, "2027-01-31"]);
    }),
    { numRuns: 300 },
  );
});

test("a Grant that is written is as narrow as none, but for the accounts", () => {
  for (const accounts of [null, ["oracle"], ["all"], ["DOM\\svc", "a b", "0815", "true", "it's"]]) {
    const { grant } = loaded(grantDocument("db07", accounts));
    assert.ok(grant.kind === "grant");
    const { measure, local, share, remove } = grant.grant;
    assert.deepEqual(measure, { accounts: accounts ?? "all", how: "running", notBetween: [] });
    assert.deepEqual([local, share, remove], ["names", "names", []]);
  }
});

test("a word needs quotes where YAML or a terminal could take it for something else", () => {
  const rows = [
    ["oracle", "oracle"],
    ["a_1.b-c", "a_1.b-c"],
    ["-", '"-"'],
    ["", '""'],
    ["a b", '"a b"'],
    ["a\u001b[2J", '"a\\u001b[2J"'],
  ] as const;
  for (const [text, written] of rows) assert.equal(yamlWord(text), written);
});
