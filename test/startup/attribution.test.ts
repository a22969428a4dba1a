import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dumped, Traced } from "../../agent/shells/index.ts";
import {
  advice,
  type Evidence,
  type Found,
  mismatches,
  whereAlias,
  whereBecame,
  whereCd,
  whereExit,
  whereFunction,
  whereHeld,
  whereLost,
  whereOption,
  whereOutput,
  whereSet,
  whereTrap,
  whereVariable,
  whereWaiting,
} from "../../agent/startup/index.ts";
import { home, reading } from "./homes.ts";

const nothing: Dumped = {
  aliases: [],
  functions: [],
  options: [],
  variables: [],
  traps: [],
  commands: [],
  umask: null,
  cwd: null,
  doubts: [],
};

function bash(text: string, more: Partial<Evidence> = {}, others: Record<string, string> = {}): Evidence {
  return {
    reading: reading("bash", "ssh-command", { ".bashrc": text, ...others }),
    dumped: null,
    traced: null,
    home,
    ...more,
  };
}
function tcsh(text: string): Evidence {
  return { reading: reading("tcsh", "ssh-command", { ".cshrc": text }), dumped: null, traced: null, home };
}
function trace(...lines: readonly (readonly [line: number, text: string, file?: string])[]): Traced[] {
  return lines.map(([line, text, file = ".bashrc"]) => ({ files: [`${home}/${file}`], line, text }));
}
/** `file:line:column text`, with the file from the home. */
function shown(found: Found): string | null {
  if (found === null) return null;
  const { file, line, column } = found.place;
  return `${file.replace(`${home}/`, "")}:${line}:${column} ${found.line}`;
}

test("an alias stands where it was last defined, by the trace, else by reading", () => {
  const text = "alias rm='rm -i'\n  true; alias rm='rm -i' ll=x\nif [ -n \"$PS1\" ]; then alias rm=people; fi";
  assert.equal(shown(whereAlias(bash(text), "rm", "rm -i")), ".bashrc:2:9 true; alias rm='rm -i' ll=x");
  const traced = trace([1, "alias 'rm=rm -i'"], [2, "true"]);
  assert.equal(shown(whereAlias(bash(text, { traced }), "rm", "rm -i")), ".bashrc:1:1 alias rm='rm -i'");
  assert.equal(whereAlias(bash(text), "cp", "cp -i"), null);
  assert.equal(whereAlias({ ...bash(text), reading: null }, "rm", "rm -i"), null);
});

test("of two definitions the one with the value counts, though another may come after it", () => {
  const text = "alias rm='rm -i'\nsome && alias rm=other";
  assert.equal(shown(whereAlias(bash(text), "rm", "rm -i")), ".bashrc:1:1 alias rm='rm -i'");
});

test("csh's alias is found by reading, whatever form its value has", () => {
  assert.equal(shown(whereAlias(tcsh("\nalias cp cp -i"), "cp", "(cp -i)")), ".cshrc:2:1 alias cp cp -i");
});

test("the chain of files leads to the line", () => {
  const evidence = bash(". ~/a", {}, { a: ". ~/b", b: "\nalias rm='rm -i'" });
  assert.deepEqual(whereAlias(evidence, "rm", "rm -i")?.place, {
    file: `${home}/b`,
    line: 2,
    column: 1,
    through: [`${home}/.bashrc`, `${home}/a`],
  });
  const files = [`${home}/b`, `${home}/a`, `${home}/.bashrc`];
  const traced = [{ files, line: 2, text: "alias 'rm=rm -i'" }];
  assert.deepEqual(whereAlias({ ...evidence, traced, reading: null }, "rm", "rm -i"), {
    place: { file: `${home}/b`, line: 2, column: 1, through: [`${home}/.bashrc`, `${home}/a`] },
    line: "alias 'rm=rm -i'",
  });
});

test("a function stands where the shell says, with reading's column", () => {
  const text = 'true; rm() {\n  command rm "$@" -i\n}\nrm() { :; }';
  const functions = [{ name: "rm", file: `${home}/.bashrc`, line: 1 }];
  assert.equal(
    shown(whereFunction(bash(text, { dumped: { ...nothing, functions } }), "rm")),
    ".bashrc:1:7 true; rm() {",
  );
  assert.equal(shown(whereFunction(bash(text), "rm")), ".bashrc:4:1 rm() { :; }");
});

test("options go by any of their spellings", () => {
  assert.equal(shown(whereOption(bash("set -C"), "noclobber")), ".bashrc:1:1 set -C");
  const zsh: Evidence = { ...bash(""), reading: reading("zsh", "ssh-command", { ".zshenv": "setopt NO_CLOBBER" }) };
  assert.equal(shown(whereOption(zsh, "noclobber")), ".zshenv:1:1 setopt NO_CLOBBER");
  assert.equal(shown(whereOption(zsh, "clobber")), ".zshenv:1:1 setopt NO_CLOBBER");
  assert.equal(shown(whereOption(tcsh("set noclobber"), "noclobber")), ".cshrc:1:1 set noclobber");
  assert.equal(whereOption(bash("set -C"), "errexit"), null);
});

test("variables stand where they got their value", () => {
  const dumped = { ...nothing, variables: [{ name: "A", value: "1", exported: true }] };
  assert.equal(shown(whereVariable(bash("A=1\nexport A", { dumped }), "A")), ".bashrc:1:1 A=1");
  assert.equal(shown(whereVariable(tcsh("set path = (/x)"), "PATH")), ".cshrc:1:1 set path = (/x)");
  assert.equal(shown(whereVariable(bash("PATH=/x", { traced: trace([1, "PATH=/x"]) }), "PATH")), ".bashrc:1:1 PATH=/x");
});

test("a trap stands by its signal", () => {
  const evidence = bash("trap 'exit 0' 0\ntrap : INT");
  assert.equal(shown(whereTrap(evidence, "EXIT")), ".bashrc:1:1 trap 'exit 0' 0");
  assert.equal(shown(whereTrap(evidence, "SIGINT")), ".bashrc:2:1 trap : INT");
  const traced = trace([7, "trap 'exit 0' EXIT"]);
  assert.equal(shown(whereTrap(bash("", { traced }), "EXIT")), ".bashrc:7:1 trap 'exit 0' EXIT");
});

test("output stands where its first words are written, on its stream", () => {
  const evidence = bash('echo "welcome $X" >&2\necho hello\necho other\nfoo');
  assert.equal(shown(whereOutput(evidence, "stdout", "hello\nother\n")), ".bashrc:2:1 echo hello");
  assert.equal(shown(whereOutput(evidence, "stderr", "welcome \n")), '.bashrc:1:1 echo "welcome $X" >&2');
  assert.equal(shown(whereOutput(evidence, "stderr", "foo: no such account\n")), ".bashrc:4:1 foo");
  assert.equal(
    shown(whereOutput(evidence, "stderr", `${home}/.bashrc: line 4: foo: command not found\n`)),
    ".bashrc:4:1 foo",
  );
  assert.equal(whereOutput(evidence, "stdout", "nobody knows"), null);
  const traced = trace([1, "cat motd"], [3, "echo other"]);
  assert.equal(shown(whereOutput({ ...evidence, traced }, "stdout", "other\n")), ".bashrc:3:1 echo other");
});

test("lost streams, jobs that hold them, what took the shell's place, and exits have their lines", () => {
  const evidence = bash("exec >/dev/null\nsleep 1 &\nsleep 300 2>x &\ncd /tmp\n[ -t 0 ] || exit 0");
  assert.equal(shown(whereLost(evidence, "stdout")), ".bashrc:1:1 exec >/dev/null");
  assert.equal(whereLost(evidence, "stderr"), null);
  assert.equal(shown(whereHeld(evidence, "sleep 300")), ".bashrc:3:1 sleep 300 2>x &");
  assert.equal(shown(whereCd(evidence)), ".bashrc:4:1 cd /tmp");
  assert.equal(shown(whereExit(evidence)), ".bashrc:5:13 [ -t 0 ] || exit 0");
  assert.equal(shown(whereBecame(bash("x\nexec zsh"), "/usr/bin/zsh")), ".bashrc:2:1 exec zsh");
});

test("what waits stands where the trace ends, else where its program is called or input is asked for", () => {
  const waiting = { for: "input", command: "-bash", says: "waits for input" } as const;
  assert.equal(shown(whereWaiting(bash("true\nread x"), waiting)), ".bashrc:2:1 read x");
  assert.equal(
    shown(whereWaiting(bash("true\nread x\nread y", { traced: trace([3, "read y"]) }), waiting)),
    ".bashrc:3:1 read y",
  );
  const asleep = { for: "time", command: "sleep 600", says: "sleeps" } as const;
  assert.equal(shown(whereWaiting(bash("read x\nsleep 600"), asleep)), ".bashrc:2:1 sleep 600");
  const add = { for: "input", command: "ssh-add", says: "waits for input" } as const;
  assert.equal(
    shown(whereWaiting(bash('read x </dev/null\neval "$(env ssh-add)"'), add)),
    '.bashrc:2:1 eval "$(env ssh-add)"',
  );
  assert.equal(
    shown(whereWaiting(tcsh("echo x?\nset a = $<"), { ...waiting, command: "tcsh -c x" })),
    ".cshrc:2:1 set a = $<",
  );
});

test("reading and running are compared, and where they disagree it is said", () => {
  const text = "alias a=1\nalias b=2\nalias c=3\nunalias c\nsome && alias d=4\nalias e=5";
  const aliases = [
    { name: "a", value: "1" },
    { name: "e", value: "other" },
  ];
  assert.deepEqual(mismatches(bash(text, { dumped: { ...nothing, aliases } })), [
    "~/.bashrc:2 defines the alias b, and the shell does not have it",
    "~/.bashrc:6 defines the alias e with another value than the shell has",
  ]);
  assert.deepEqual(mismatches(bash(text)), []);
});

test("the change to make names the guard that is there", () => {
  const at = (evidence: Evidence, line: number, file = ".cshrc") =>
    evidence.reading === null
      ? null
      : advice(evidence.reading, { file: `${home}/${file}`, line, column: 1, through: [] });
  const block = tcsh("alias cp 'cp -i'\nif ($?prompt) then\n set x\nendif\nalias b c");
  assert.equal(at(block, 1), 'move line 1 below the "if ($?prompt)" of line 2, or delete it');
  assert.equal(at(block, 5), 'move line 5 into the "if ($?prompt)" of line 2, or delete it');
  const one = bash('echo x\n[ -z "$PS1" ] && return');
  assert.equal(at(one, 1, ".bashrc"), 'move line 1 below line 2 ("[ -z "$PS1" ] && return"), or delete it');
  const several = bash("echo x\ncase $- in\n *i*) ;;\n *) return;;\nesac");
  assert.equal(at(several, 1, ".bashrc"), 'move line 1 below line 5 (the end of "case $- in"), or delete it');
  assert.equal(at(bash("echo x"), 1, ".bashrc"), null);
  assert.equal(at(several, 1, "other"), null);
});

test("the umask and limits are set by the last line that surely is reached, not by one that only asks", () => {
  const text = "umask 022\numask 077\nif false; then umask 000; fi\nulimit -n 300\n";
  assert.equal(shown(whereSet(bash(text), "umask")), ".bashrc:2:1 umask 077");
  assert.equal(shown(whereSet(bash(text), "limit")), ".bashrc:4:1 ulimit -n 300");
  assert.equal(shown(whereSet(tcsh("umask 27\nlimit descriptors 300\n"), "limit")), ".cshrc:2:1 limit descriptors 300");
  assert.equal(whereSet(bash("echo umask\n"), "umask"), null);
});
