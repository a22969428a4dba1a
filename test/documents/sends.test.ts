import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { placeholderNames, programNames } from "../../agent/documents/programs.ts";
import { expand, type ParsedSends, parseResolvable, parseSends } from "../../agent/documents/sends.ts";

function accepted(text: string): ParsedSends {
  const parsed = parseSends(text);
  assert.equal(parsed.kind, "sends", `${text}: ${JSON.stringify(parsed)}`);
  if (parsed.kind !== "sends") throw new Error("unreachable");
  return parsed;
}

/** `column: expected E, found F; did you mean S; change`, the column from 1. */
function refusal(text: string): string {
  const parsed = parseSends(text);
  if (parsed.kind === "sends") return "accepted";
  const meant = parsed.suggestion === null ? "" : `; did you mean ${parsed.suggestion}`;
  const change = parsed.change === "" ? "" : `; ${parsed.change}`;
  return `${parsed.at + 1}: expected ${parsed.expected}, found ${parsed.found}${meant}${change}`;
}

test("a command is its prefix, program, options and placeholders, with what must be true afterwards", () => {
  assert.deepEqual(accepted("cp -f {file} {existing}"), {
    kind: "sends",
    text: "cp -f {file} {existing}",
    prefix: { kind: "none" },
    program: "cp",
    options: ["-f"],
    takes: ["{file}", "{existing}"],
    words: [],
    mode: null,
    afterwards: { file: "stays", existing: "content-of-file", folder: "stays", new: "absent", stdout: "empty" },
  });
});

test("each prefix is read, and the program behind it", () => {
  const prefixOf = (text: string) => [accepted(text).prefix, accepted(text).program];
  assert.deepEqual(prefixOf("\\rm -f {file}"), [{ kind: "backslash" }, "rm"]);
  assert.deepEqual(prefixOf("command rm -f {file}"), [{ kind: "command" }, "rm"]);
  assert.deepEqual(prefixOf("env rm -f {file}"), [{ kind: "env" }, "rm"]);
  assert.deepEqual(prefixOf("/usr/bin/rm -f {file}"), [{ kind: "path", folder: "/usr/bin/" }, "rm"]);
});

test("options may be joined, long, repeated, and end with --", () => {
  for (const text of [
    "rm -rf {folder}",
    "rm -R --force {folder}",
    "rm -f -f -- {file}",
    "cp --recursive {folder} {new}",
  ]) {
    accepted(text);
  }
});

test("the same placeholders with other options must give something else", () => {
  assert.equal(accepted("ln {file} {new}").afterwards.new, "same-file");
  assert.equal(accepted("ln -s {file} {new}").afterwards.new, "link-to-file");
  assert.equal(accepted("ln -sf {file} {existing}").afterwards.existing, "link-to-file");
});

test("echo takes literal words, ls may stand alone, chmod takes octal permissions", () => {
  assert.deepEqual(accepted("echo ready 1.0 a_b-c").words, ["ready", "1.0", "a_b-c"]);
  assert.equal(accepted("ls").afterwards.stdout, "any");
  assert.equal(accepted("chmod 0640 {file}").mode, 0o640);
});

test("what is no program of the table is refused, with what to write instead", () => {
  const table =
    "a program whose effect can be tried (rm, cp, mv, mkdir, rmdir, ln, ls, cat, test, touch, chmod, true or echo)";
  const change = (text: string) => `or write { command: "${text}", try: resolve } to ask only what the name stands for`;
  assert.equal(refusal("sqlplus -v"), `1: expected ${table}, found "sqlplus"; ${change("sqlplus -v")}`);
  assert.equal(refusal("rn -f {file}"), `1: expected ${table}, found "rn"; did you mean rm; ${change("rn -f {file}")}`);
  assert.match(refusal("/usr/bin/rm.old {file}"), /^10: .*found "rm.old"/);
  assert.match(refusal("\\sqlplus"), /^2: /);
  assert.match(refusal("env FOO=1 rm {file}"), /^5: .*found "FOO=1"/);
});

test("options that the table does not list are refused at their letter", () => {
  const options = "an option of rm that leaves no doubt (-f, --force, -r, -R or --recursive)";
  assert.equal(refusal("rm -fi {file}"), `6: expected ${options}, found "-i"; or say try: resolve`);
  assert.equal(refusal("rm --help"), `4: expected ${options}, found "--help"; or say try: resolve`);
  assert.equal(
    refusal("rm --forse {file}"),
    `4: expected ${options}, found "--forse"; did you mean --force; or say try: resolve`,
  );
  assert.match(refusal("cp -n {file} {existing}"), /^4: expected an option of cp .*, found "-n"/);
  assert.match(refusal("ls -l {folder}"), /found "-l"/);
  assert.match(refusal("test -f -f {file}"), /^9: expected one operator for test, found "-f"/);
});

test("what is not exactly a placeholder is refused", () => {
  const placeholder = "a placeholder ({file}, {existing}, {folder} or {new})";
  assert.equal(refusal("rm -f {fil}"), `7: expected ${placeholder}, found "{fil}"; did you mean {file}`);
  assert.equal(refusal("rm -f /tmp/x"), `7: expected ${placeholder}, found "/tmp/x"`);
  assert.equal(refusal("rm -f {file}.old"), '7: expected {file} as a word of its own, found "{file}.old"');
  assert.equal(refusal("cat {file} {file}"), '12: expected each placeholder once, found "{file}" again');
  assert.equal(refusal("rm {file} -f"), '11: expected options before the placeholders, found "-f"');
});

test("shell text is refused where it begins", () => {
  for (const [text, column] of [
    ["rm -f {file}; ls", 13],
    ["rm -f {file} > /dev/null", 14],
    ["cat {file} | true", 12],
    ["rm -f *", 7],
    ["rm -f $HOME", 7],
    ['rm -f "{file}"', 7],
  ] as const) {
    assert.match(refusal(text), new RegExp(`^${column}: expected a placeholder .*, no shell text, found `), text);
  }
  assert.match(refusal("echo $HOME"), /^6: expected literal words .*, found "\$HOME"/);
  assert.match(refusal("echo -n"), /found "-n"/);
});

test("a program with the wrong placeholders is refused, with the call that was meant", () => {
  const rm = "rm with {file}, {file} {existing}, -r {folder} or -f {new}";
  assert.equal(refusal("rm"), `3: expected ${rm}, found nothing`);
  assert.equal(refusal("rm {folder}"), `4: expected ${rm}, found "{folder}"; did you mean rm -r {folder}`);
  assert.equal(refusal("true {file}"), '6: expected nothing after true, found "{file}"');
  assert.equal(
    refusal("rmdir {folder}"),
    '7: expected rmdir with --ignore-fail-on-non-empty {folder}, found "{folder}"; did you mean ' +
      "rmdir --ignore-fail-on-non-empty {folder}; {folder} holds two files; or say try: resolve",
  );
  assert.equal(
    refusal("chmod u+x {file}"),
    '7: expected permissions as three octal digits, for example 600, found "u+x"',
  );
  assert.equal(
    refusal("chmod 4755 {file}"),
    '7: expected permissions as three octal digits, for example 600, found "4755"',
  );
});

test("spaces are as an engine would send them", () => {
  assert.equal(refusal("rm  {file}"), "3: expected one space between words, none around them, found more");
  assert.equal(refusal(" rm {file}"), "1: expected one space between words, none around them, found more");
  assert.equal(refusal("rm {file} "), "10: expected one space between words, none around them, found more");
  assert.equal(
    refusal("rm\n{file}"),
    "3: expected a command on one line, with plain spaces, found a control character",
  );
  assert.equal(refusal(""), "1: expected a command, found nothing");
  assert.equal(refusal("env"), "4: expected a program after env, found nothing");
});

const paths = { "{file}": "/s/file.1", "{existing}": "/s/existing.1", "{folder}": "/s/folder.1", "{new}": "/s/new.1" };

test("expanding puts paths in place of placeholders and changes nothing else", () => {
  assert.equal(expand(accepted("\\cp -f -- {file} {existing}"), paths).command, "\\cp -f -- /s/file.1 /s/existing.1");
  assert.equal(expand(accepted("echo a b"), paths).echoes, "a b\n");
  assert.equal(expand(accepted("chmod 640 {file}"), paths).mode, 0o640);
});

test("a path that a shell could read otherwise is never expanded", () => {
  assert.throws(() => expand(accepted("rm {file}"), { ...paths, "{file}": "/s/a b" }), /no plain scratch path/);
});

test("reading a command never throws, and what is accepted is words that no shell changes", () => {
  const pieces = fc.constantFrom(
    ...programNames,
    ...placeholderNames,
    "-f",
    "-rf",
    "--",
    "--force",
    "600",
    "env",
    "\\",
    "$x",
    "a;b",
    "'",
    " ",
  );
  const anything = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 }))).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const parsed = parseSends(text);
      parseResolvable(text);
      if (parsed.kind === "refused") {
        assert.ok(parsed.at >= 0 && parsed.at <= text.length);
        return;
      }
      assert.match(expand(parsed, paths).command, /^\\?[A-Za-z0-9/._ -]+$/);
    }),
    { numRuns: 2000 },
  );
});

test("a command that is only resolved may be any text behind a plain name", () => {
  const programOf = (text: string) => {
    const parsed = parseResolvable(text);
    return parsed.kind === "resolve" ? parsed.program : `${parsed.at + 1}: ${parsed.expected}`;
  };
  assert.equal(programOf("sqlplus -v 'a b' > x"), "sqlplus");
  assert.equal(programOf("env ORACLE_SID=X LANG=C sqlplus -v"), "sqlplus");
  assert.equal(programOf("/opt/oracle/bin/sqlplus"), "sqlplus");
  assert.equal(programOf("[ -f x ]"), "[");
  assert.equal(programOf("-v"), "1: the plain name or absolute path of a program");
  assert.equal(programOf("env A=1"), "8: a program after env");
  assert.equal(programOf("$x"), "1: the plain name or absolute path of a program");
  assert.equal(programOf("a\tb"), "2: a command on one line");
  assert.equal(programOf(""), "1: a command");
});
