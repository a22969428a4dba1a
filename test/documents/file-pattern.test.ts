import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type FilePattern, matchesName, parseFilePattern } from "../../agent/documents/index.ts";

function patternOf(text: string): FilePattern {
  const parsed = parseFilePattern(text);
  if (parsed.kind === "refused") throw new Error(`${text}: ${parsed.expected}`);
  return parsed.pattern;
}

function matches(text: string, name: string | Uint8Array): boolean {
  return matchesName(patternOf(text), typeof name === "string" ? Buffer.from(name, "latin1") : name);
}

test("means what fnmatch(3) says", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["*.arc", ["a.arc", ".arc", "a.arc.arc", "\n.arc", "\xff\xfe.arc", "-rf.arc"], ["a.arcx", "a.ARC", "arc", ""]],
    ["a?c", ["abc", "a\nc", "a\xffc"], ["ac", "abbc", "a\xc3\xa9c"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "x", "aax"]],
    ["[!a-c]x", ["dx", "\xffx"], ["ax"]],
    ["[^a-c]x", ["dx"], ["ax"]],
    ["[]x]", ["]", "x"], ["[", "y"]],
    ["[!]x]", ["y"], ["]", "x"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[[:digit:]_]", ["7", "_"], ["a", "[", ":"]],
    ["[\\]\\-a]", ["]", "-", "a"], ["\\", "b"]],
    ["\\*\\?\\[\\\\", ["*?[\\"], ["ab[c"]],
    ["1_*_*.dbf", ["1_64_1036964654.dbf"], ["1_64.dbf", "2_64_1.dbf"]],
    ["*a*b*", ["ab", "xaxbx"], ["ba", "a", "b"]],
    ["é*", ["\xc3\xa9", "\xc3\xa9x"], ["\xe9", "e"]],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const name of yes) assert.ok(matches(pattern, name), `${pattern} ${JSON.stringify(name)}`);
    for (const name of no) assert.ok(!matches(pattern, name), `${pattern} ${JSON.stringify(name)}`);
  }
});

test("what fnmatch(3) leaves to chance is refused", () => {
  const set = "a set of ASCII characters that ends with ]";
  const rows: readonly (readonly [string, string])[] = [
    ["", "a pattern"],
    ["a/b", "a pattern for a file's own name, without /"],
    ["a\nb", "a pattern without control characters"],
    ["a\u0000b", "a pattern without control characters"],
    ["\ud800", "a pattern without control characters"],
    ["a".repeat(256), "a pattern of at most 255 bytes"],
    ["é".repeat(128), "a pattern of at most 255 bytes"],
    ["a\\", "a character after \\"],
    ["[", set],
    ["[]", set],
    ["[!]", set],
    ["[a", set],
    ["[a-", set],
    ["[\\", set],
    ["[é]", set],
    ["[[.a.]]", set],
    ["[[=a=]]", set],
    ["[z-a]", "a range from the lower to the higher character"],
    ["[[:nosuch:]]", "a class of alnum, alpha, digit, lower, upper, xdigit in [: :]"],
    ["[[:constructor:]]", "a class of alnum, alpha, digit, lower, upper, xdigit in [: :]"],
  ];
  for (const [text, expected] of rows) assert.deepEqual(parseFilePattern(text), { kind: "refused", expected }, text);
});

/** Every way to part the name, tried one after the other. */
function slowly(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const [first = "", rest] = [pattern[0], pattern.slice(1)];
  if (first === "*") return Array.from({ length: name.length + 1 }).some((_, taken) => slowly(rest, name.slice(taken)));
  return name !== "" && (first === "?" || first === name[0]) && slowly(rest, name.slice(1));
}

test("agrees with trying every way, whatever pattern and name", () => {
  const few = (letters: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...letters), maxLength });
  fc.assert(
    fc.property(few("ab*?", 8), few("ab", 10), (pattern, name) => {
      fc.pre(pattern !== "");
      assert.equal(matches(pattern, name), slowly(pattern, name));
    }),
    { numRuns: 3000 },
  );
});

test("agrees with find -name, which asks fnmatch(3), on names of any bytes", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-pattern-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "in"));
  const names = [
    "a.arc",
    ".a.arc",
    "-rf",
    "a\nb.arc",
    "*",
    "[a]",
    "]",
    "\\",
    "\xff\xfe.arc",
    "\xc3\xa9.arc",
    "a",
    "A",
    "ab",
    "a-b",
    "7",
    "a^b",
    "!",
    "x y.arc",
    "'\"$(x)`",
  ];
  for (const name of names)
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/in/`), Buffer.from(name, "latin1")]), "");
  const texts = [
    "*",
    "*.arc",
    "?",
    "??",
    "a*",
    "[a-z]",
    "[!a-z]",
    "[!a-z]*",
    "[[:upper:]]",
    "*[[:digit:]]*",
    "\\*",
    "\\[a\\]",
    "[]]",
    "[]a]",
    "[\\\\]",
    "-*",
    "*\\\\*",
    "[a^-]*",
    "a[-^]b",
    "?[!b]?",
    "*é*",
    "[!!]",
    "*'*",
  ];
  for (const text of texts) {
    const found = execFileSync("find", [join(folder, "in"), "-type", "f", "-name", text, "-printf", "%f\\0"], {
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      encoding: "latin1",
    });
    const own = names.filter((name) => matches(text, name));
    assert.deepEqual(own.sort(), found.split("\0").slice(0, -1).sort(), text);
  }
});

test("no pattern is slow on any name", () => {
  const name = Buffer.from("a".repeat(255));
  const pattern = patternOf(`${"*a".repeat(120)}*b`);
  const before = process.cpuUsage();
  for (let each = 0; each < 200; each += 1) assert.ok(!matchesName(pattern, name));
  const { user } = process.cpuUsage(before);
  // At most 242 x 255 steps a name; trying every way would not end at all.
  assert.ok(user < 5_000_000, `${user} us for 200 names`);
});

test("says whether some character of the name is said", () => {
  const all = ["*", "**?", "[a-z]", "[!a]*", "???"];
  assert.deepEqual(
    all.filter((text) => patternOf(text).saysSomething),
    [],
  );
  for (const text of ["a", "*a", "\\*", "?.?"]) assert.ok(patternOf(text).saysSomething, text);
});
