// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of shells
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModeId } from "../../agent/facts/index.ts";
import { advice } from "../../agent/startup/index.ts";
import { inShort, reading } from "./homes.ts";

/** Whether `alias after=x` behind the text is reached. */
function after(shell: "bash" | "zsh" | "tcsh", mode: ModeId, text: string, env: Record<string, string> = {}): string {
  const file = { bash: mode.startsWith("ssh-command") ? ".bashrc" : ".profile", zsh: ".zshenv", tcsh: ".cshrc" }[shell];
  const define = shell === "tcsh" ? "alias after x" : "alias after=x";
  const { statements } = reading(shell, mode, { [file]: `${text}\n${define}\n` }, env);
  return statements.find(({ name }) => name === "after")?.reached ?? "nowhere";
}
function guards(shell: "bash" | "zsh" | "tcsh", text: string): string[] {
  const file = { bash: ".bashrc", zsh: ".zshenv", tcsh: ".cshrc" }[shell];
  return reading(shell, "ssh-command", { [file]: text }).guards.map(
    ({ where, lastLine, form, untilLine, text: says }) => `${where.line}-${lastLine} ${form} ${untilLine} ${says}`,
  );
}

const returns = [
  "case $- in\n    *i*) ;;\n      *) return;;\nesac",
  '[ -z "$PS1" ] && return',
  '[ -z "${PS1:-}" ] && return',
  "[[ $- != *i* ]] && return",
  "[[ $- == *i* ]] || return",
  "if [[ $- != *i* ]] ; then\n\treturn\nfi",
  '[ "${-#*i}" != "$-" ] || return 0',
  "[[ -n $PS1 ]] || return",
  "tty -s || return",
  "[ -t 0 ] || return",
  "test -t 1 || return",
  "if [ ! -t 0 ]; then return; fi",
];

for (const text of returns) {
  test(`engines do not come behind: ${text.replaceAll(/\s+/g, " ")}`, () => {
    assert.equal(after("bash", "ssh-command", text), "no");
    assert.equal(after("bash", "ssh-login", text), "yes");
    assert.equal(guards("bash", text).length, 1);
  });
}

test("a test for a terminal lets a command with a terminal through", () => {
  for (const text of ["tty -s || return", "[ -t 0 ] || return"])
    assert.equal(after("bash", "ssh-command-pty", text), "yes");
  assert.equal(after("bash", "ssh-command-pty", "[[ $- == *i* ]] || return"), "no");
  assert.equal(after("bash", "ssh-command-pty", '[ -n "$SSH_TTY" ] || return'), "yes");
  assert.equal(after("bash", "ssh-command", '[ -n "$SSH_TTY" ] || return'), "no");
});

test("an unquoted test of PS1 guards nothing, as in the shell", () => {
  assert.equal(after("bash", "ssh-command", "[ -n $PS1 ] || return"), "yes");
});

test("zsh's prompt is empty and its options tell", () => {
  assert.equal(after("zsh", "ssh-command", "[[ -o interactive ]] || return"), "no");
  assert.equal(after("zsh", "ssh-login", "[[ -o interactive ]] || return"), "yes");
  assert.equal(after("zsh", "ssh-command", '[ -z "$PS1" ] && return'), "no");
  assert.equal(after("zsh", "ssh-command", '[ -z "${PS1+set}" ] && return'), "yes");
});

test("csh's prompt is not set for a command, and is where commands come on stdin", () => {
  for (const text of ["if (! $?prompt) exit", "if ($?prompt == 0) exit", "if ( ! ${?prompt} ) then\n exit\nendif"]) {
    assert.equal(after("tcsh", "ssh-command", text), "no");
    assert.equal(after("tcsh", "ssh-login-notty", text), "yes");
  }
  assert.equal(after("tcsh", "ssh-command", "set prompt='> '\nif (! $?prompt) exit"), "yes");
  assert.equal(after("tcsh", "ssh-command", "if (! $?loginsh) exit"), "no");
  assert.equal(after("tcsh", "su-login-command", "if (! $?loginsh) exit"), "yes");
});

test("what the session is known to have decides", () => {
  assert.equal(after("bash", "ssh-command", '[ -n "$SSH_CLIENT" ] && return'), "no");
  assert.equal(after("bash", "su-login-command", '[ -n "$SSH_CLIENT" ] && return'), "yes");
  assert.equal(after("bash", "ssh-command", '[ "$ENGINE" = 1 ] && return', { ENGINE: "1" }), "no");
  assert.equal(after("bash", "ssh-command", '[ "$ENGINE" = 1 ] && return'), "yes");
  assert.equal(after("bash", "ssh-command", '[ "$(id -u)" -eq 501 ] && return'), "no");
  assert.equal(after("bash", "ssh-command", 'if [ -n "$BASH_VERSION" ]; then :; else return; fi'), "yes");
});

test("what only a run can tell leaves what comes behind in doubt", () => {
  for (const text of ['[ "$LANG" = C ] && return', "grep -q x /etc/hostname || return", "some-program && exit 1"])
    assert.equal(after("bash", "ssh-command", text), "maybe");
  assert.equal(after("bash", "ssh-command", 'if [ "$LANG" = C ]; then return; else exit; fi'), "no");
  assert.equal(after("tcsh", "ssh-command", "if (`uname -n` == x) exit"), "maybe");
});

test("a loop that nothing ends has nothing behind it", () => {
  assert.equal(after("bash", "ssh-command", "while :; do sleep 1; done"), "no");
  assert.equal(after("bash", "ssh-command", "while true; do break; done"), "yes");
  assert.equal(after("bash", "ssh-command", "until mkdir ~/.lock; do sleep .2; done"), "yes");
});

test("blocks for people are guards, with their lines", () => {
  assert.deepEqual(guards("tcsh", "alias cp 'cp -i'\nif ($?prompt) then\n  set history=5\nendif\nalias a b"), [
    "2-2 block 3 if ($?prompt) then",
  ]);
  assert.deepEqual(guards("bash", 'if [ -n "$PS1" ]; then # people\n  alias a=b\n\nelse\n  alias c=d\nfi'), [
    '1-1 block 3 if [ -n "$PS1" ]; then # people',
  ]);
  assert.deepEqual(guards("bash", "case $- in\n  *i*)\n    alias a=b ;;\nesac"), ["2-2 block 3 *i*)"]);
  assert.deepEqual(guards("bash", "x=1\ncase $- in\n *i*) ;;\n *) return ;;\nesac"), ["2-5 return null case $- in"]);
  assert.deepEqual(guards("bash", '[ -n "$X" ] && return\nif [ -f ~/.x ]; then\n . ~/.x\nfi'), []);
});

test("the two ways of an unknown condition are kept apart", () => {
  const text = 'if [ "$LANG" = C ]; then f=.a; else f=.b; fi\n. ~/$f\nif some; then g=.a; fi\n. ~/$g';
  assert.deepEqual(inShort(reading("bash", "ssh-command", { ".bashrc": text, ".a": "alias a=a" })), [
    "1:4 test [ yes",
    "1:26 variable f=.a maybe",
    "1:37 variable f=.b maybe",
    "2:1 source  yes",
    "3:4 command some yes",
    "3:15 variable g=.a maybe",
    "4:1 source  yes",
  ]);
});

const opened: readonly (readonly [shell: "bash" | "tcsh" | "bsdcsh" | "fish", mode: ModeId, text: string])[] = [
  ["tcsh", "ssh-login-notty", "if (! $?prompt) exit"],
  ["bsdcsh", "ssh-login-notty", "if (! $?prompt) exit"],
  ["tcsh", "ssh-login-notty", "if ($?prompt == 0) then\n  exit\nendif"],
  ["bash", "ssh-command-pty", "[ -t 0 ] || return"],
  ["bash", "ssh-command-pty", "if [ ! -t 0 ]; then return; fi"],
  ["bash", "ssh-command-pty", "tty -s || return"],
  ["fish", "ssh-command-pty", "isatty stdin; or exit"],
  ["fish", "ssh-command-pty", "not isatty; and exit"],
];
for (const [shell, mode, text] of opened)
  test(`a guard that does not guard is pointed out: ${text.replaceAll("\n", " ")} in ${shell}, ${mode}`, () => {
    const file = { bash: ".bashrc", tcsh: ".cshrc", bsdcsh: ".cshrc", fish: ".config/fish/config.fish" }[shell];
    const last = text.split("\n").length;
    const found = reading(shell, mode, { [file]: `${text}\nalias rm 'rm -i'\n` });
    assert.deepEqual(
      found.guards.map(({ form, where, lastLine }) => [form, where.line, lastLine]),
      [["open", 1, last]],
    );
    const where = { file: `/home/papaya/${file}`, line: last + 1, column: 1, through: [] };
    assert.match(advice(found, where) ?? "", /^delete line \d, or let line 1 \(".*"\) keep such sessions out/);
  });

test("a person's session and what asks for nobody else are no open guard", () => {
  const none: readonly (readonly ["bash" | "tcsh" | "fish", ModeId, string])[] = [
    ["bash", "ssh-login", "[ -t 0 ] || return"],
    ["bash", "ssh-command-pty", "[ -t 0 ] && return"],
    ["bash", "ssh-command", "[[ $- == *i* ]] && return"],
    ["bash", "ssh-command", '[ -n "$PS1" ] && return'],
    ["tcsh", "ssh-command", "if ($?prompt) exit"],
    ["fish", "ssh-command", "status is-interactive; and exit"],
    ["bash", "ssh-command-pty", "[ -d ~/x ] || return"],
  ];
  for (const [shell, mode, text] of none) {
    const file = {
      bash: mode === "ssh-login" ? ".profile" : ".bashrc",
      tcsh: ".cshrc",
      fish: ".config/fish/config.fish",
    }[shell];
    const found = reading(shell, mode, { [file]: `${text}\nalias a b\n` });
    assert.deepEqual(
      found.guards.filter(({ form }) => form === "open"),
      [],
      text,
    );
  }
});
