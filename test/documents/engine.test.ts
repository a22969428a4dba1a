import assert from "node:assert/strict";
import { test } from "node:test";
import { codes, engineWith, given, load, problems } from "./support.ts";

const enters = "  enters: [ssh-command]\n";

test("an engine says how it comes in and what it sends, with what is tried and what is only resolved", () => {
  const text = engineWith(`${enters}  sends:
    - rm -f {file}
    - { command: "rm -rf {folder}" }
    - { command: sqlplus -v, try: resolve }
`);
  const loaded = load(given(text));
  assert.equal(loaded.kind, "documents");
  const engine = loaded.kind === "documents" ? loaded.set.engines.find((each) => each.name === "copy") : undefined;
  assert.deepEqual(engine?.enters, ["ssh-command"]);
  assert.deepEqual(engine?.sends, [
    { command: "rm -f {file}", try: "effect" },
    { command: "rm -rf {folder}", try: "effect" },
    { command: "sqlplus -v", try: "resolve" },
  ]);
  assert.equal(engine?.origin.file, "db.yaml");
  assert.match(engine?.origin.digest ?? "", /^sha256:[0-9a-f]{64}$/);
});

test("an engine may send nothing, as sftp does, but comes in by something", () => {
  assert.deepEqual(problems(engineWith("  enters: [sftp]\n")), []);
  assert.deepEqual(problems(engineWith("  enters: []\n")), [
    "db.yaml:5:11: expected at least one entry, found an empty list",
  ]);
  assert.deepEqual(problems(engineWith("  sends: []\n")), ['db.yaml:5:3: expected the key "enters", found none']);
});

test("a mistyped mode is named with its place and the one that was meant", () => {
  const modes =
    "ssh-command, ssh-command-pty, ssh-login, ssh-login-notty, su-command, su-login-command, sudo-login, cron, scp, " +
    "scp-legacy, sftp, rsync or git";
  assert.deepEqual(problems(engineWith("  enters: [ssh-comand, telnet]\n")), [
    `db.yaml:5:12: expected ${modes}, found "ssh-comand"; did you mean "ssh-command"?`,
    `db.yaml:5:24: expected ${modes}, found "telnet"`,
  ]);
  assert.deepEqual(problems(engineWith("  enters: ssh-command\n")), [
    'db.yaml:5:11: expected a list, found "ssh-command"',
  ]);
});

test("a command outside the grammar is refused at the very column, however it is quoted", () => {
  const refused = (column: number, line = 7) =>
    `db.yaml:${line}:${column}: expected an option of cat that leaves no doubt (-u), found "-n"; or say try: resolve`;
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - cat -n {file}\n`)), [refused(11)]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - "cat -n {file}"\n`)), [refused(12)]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - { command: 'cat -n {file}' }\n`)), [refused(23)]);
  assert.deepEqual(problems(engineWith(`${enters}  sends: ["cat -n {file}"]\n`)), [refused(16, 6)]);
});

test("columns count characters, not what they are stored as", () => {
  const text = engineWith(`${enters}  sends: ["echo 😀", cat -n]\n`);
  assert.deepEqual(
    problems(text).map((problem) => problem.slice(0, 12)),
    ["db.yaml:6:17", "db.yaml:6:25"],
  );
  assert.deepEqual(problems(engineWith(`${enters}  sends: [cat -n]\n`).replaceAll("\n", "\r\n")).length, 1);
});

test("a folded or escaped command is refused at its begin", () => {
  const text = engineWith(`${enters}  sends:\n    - >-\n      cat\n      -n\n    - "\\x63at -n"\n`);
  assert.deepEqual(
    problems(text).map((problem) => problem.split(": ")[0]),
    ["db.yaml:7:7", "db.yaml:10:7", "db.yaml:10:7"],
  );
});

test("the same command twice is refused, whatever is tried", () => {
  const text = engineWith(`${enters}  sends:\n    - cat {file}\n    - { command: "cat {file}", try: resolve }\n`);
  assert.deepEqual(problems(text), ['db.yaml:8:7: expected each entry once, found "cat {file}" again']);
});

test("a brace inside [ ] or { } gets help", () => {
  const help = (found: string) =>
    `expected a command with { } in quotes, or on a line of its own, found "${found}" inside [ ] or { }; write "${found}"`;
  assert.deepEqual(problems(engineWith(`${enters}  sends: [rm -f {file}]\n`)), [
    `db.yaml:6:17: ${help("rm -f {file}")}`,
  ]);
  assert.deepEqual(problems(engineWith(`${enters}  sends: [ls, cp -f {file} {existing}, ls]\n`)), [
    `db.yaml:6:21: ${help("cp -f {file} {existing}")}`,
  ]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - { command: rm -f {file}, try: resolve }\n`)), [
    `db.yaml:7:24: ${help("rm -f {file}")}`,
  ]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - {file}\n`)), [
    'db.yaml:7:8: expected one of the keys command, try, found "file"; a text that begins with { needs quotes',
  ]);
});

test("a colon and a space within a command get help", () => {
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - echo a: b\n`)), [
    'db.yaml:7:7: expected one of the keys command, try, found "echo a"; ": " makes a key of what stands before it: ' +
      "put the whole text in quotes",
  ]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - command: echo a: b\n`)), [
    'db.yaml:7:16: expected one key and one value, found "echo a: b"; ": " makes a key of what stands before it: ' +
      "put the text in quotes, or check the indentation",
  ]);
});

test("an unquoted star gets help", () => {
  const help = (found: string) => `expected a text that begins with * in quotes, found ${found}; write "${found}"`;
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - *.arc\n`)), [`db.yaml:7:7: ${help("*.arc")}`]);
  assert.deepEqual(problems(engineWith(`${enters}  sends:\n    - *\n`)), [`db.yaml:7:7: ${help("*")}`]);
});

test("words that YAML takes for something else are text", () => {
  assert.deepEqual(
    problems(engineWith(`${enters}  sends: [true, "ls", {command: "null", try: resolve}]\n`, "0022")),
    [],
  );
  assert.deepEqual(codes(engineWith(`${enters}  sends: [0x10]\n`)), ["sends-refused"]);
});
