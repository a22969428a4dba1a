import assert from "node:assert/strict";
import { test } from "node:test";
import { inShort, reading } from "./homes.ts";

/** What the statements of one file of this shell are, in short. */
function read(shell: "bash" | "zsh" | "tcsh", text: string): string[] {
  const file = { bash: ".bashrc", zsh: ".zshenv", tcsh: ".cshrc" }[shell];
  return inShort(reading(shell, "ssh-command", { [file]: text }));
}

test("each alias of a statement is said, at the statement's first character", () => {
  assert.deepEqual(read("bash", "  alias a=b c=\"d e\" f='g' 2>/dev/null; \\alias x=y\n"), [
    "1:3 alias a=b yes",
    "1:3 alias c=d e yes",
    "1:3 alias f=g yes",
    "1:40 alias x=y yes",
  ]);
});

test("an alias over continued lines stands where it begins", () => {
  assert.deepEqual(read("bash", "true\nalias rm='rm \\\n -i' \\\n  cp=x\n"), [
    "2:1 alias rm=rm \\\n -i yes",
    "2:1 alias cp=x yes",
  ]);
});

test("columns count characters", () => {
  assert.deepEqual(read("bash", "A='é😀'; alias x=y"), ["1:1 variable A=é😀 yes", "1:9 alias x=y yes"]);
});

test("global and suffix aliases of zsh are aliases", () => {
  assert.deepEqual(read("zsh", "alias -g G='| grep' \nalias -s txt=vim\nunalias G"), [
    "1:1 alias G=| grep yes",
    "2:1 alias txt=vim yes",
    "3:1 unalias G yes",
  ]);
});

test("csh's aliases come as a word or as a list, and its history character is unescaped", () => {
  assert.deepEqual(
    read("tcsh", "alias\trm\t'rm -i'\nalias cp cp -i ; alias mv \"mv -i\"\nalias x 'rm \\!* -i' # why\nunalias *"),
    [
      "1:1 alias rm=rm -i yes",
      "2:1 alias cp=cp -i yes",
      "2:18 alias mv=mv -i yes",
      "3:1 alias x=rm !* -i yes",
      "4:1 unalias  yes",
    ],
  );
});

test("both forms of a function are said, and what is in them", () => {
  assert.deepEqual(read("bash", 'rm() { command rm "$@" -i; }\nfunction cp {\n  alias in=1\n}\n/bin/mv() (:)\n'), [
    "1:1 function rm yes",
    "1:8 command rm no in rm",
    "2:1 function cp yes",
    "3:3 alias in=1 no in cp",
    "5:1 function /bin/mv yes",
  ]);
});

test("what is in a function is reached where the function is called", () => {
  assert.deepEqual(read("bash", "f() { echo $1; return; exit 2; }\nf hi"), [
    "1:1 function f yes",
    "1:7 output echo yes in f",
    "1:16 exit return yes in f",
    "1:24 exit exit=2 no in f",
    "2:1 command f yes",
  ]);
});

test("options are said by their long names", () => {
  assert.deepEqual(read("bash", "set -o noclobber\nset -ex +u -C\nshopt -s expand_aliases nullglob; shopt -u x"), [
    "1:1 option noclobber=on yes",
    "2:1 option errexit=on yes",
    "2:1 option xtrace=on yes",
    "2:1 option nounset=off yes",
    "2:1 option noclobber=on yes",
    "3:1 option expand_aliases=on yes",
    "3:1 option nullglob=on yes",
    "3:35 option x=off yes",
  ]);
  assert.deepEqual(read("zsh", "setopt NO_CLOBBER extended_glob\nunsetopt nomatch"), [
    "1:1 option clobber=off yes",
    "1:1 option extendedglob=on yes",
    "2:1 option nomatch=off yes",
  ]);
  assert.deepEqual(read("tcsh", "set noclobber\nunset noclobber"), [
    "1:1 option noclobber=on yes",
    "2:1 option noclobber=off yes",
  ]);
});

test("variables are expanded as far as they are known, and PATH is a kind of its own", () => {
  assert.deepEqual(
    read("bash", 'export A=1 B="$A/x" C\nPATH=/x:~/y\nexport PATH=$A:$(foo)\nreadonly -x D=4\nexport -f A\nX=1 cmd'),
    [
      "1:1 variable A=1 yes",
      "1:1 variable B=1/x yes",
      "1:1 variable C yes",
      "2:1 path PATH=/x:/home/papaya/y yes",
      "3:18 command foo yes",
      "3:1 path PATH yes",
      "4:1 variable D=4 yes",
      "5:1 variable BASH_FUNC_A%% yes",
      "6:1 command cmd yes",
    ],
  );
  assert.deepEqual(read("tcsh", "setenv EDITOR vi\nset path = (~/bin /bin) x=1\nset y = ( a b )\n@ z = 3 > 2"), [
    "1:1 variable EDITOR=vi yes",
    "2:1 path path=/home/papaya/bin /bin yes",
    "2:1 variable x=1 yes",
    "3:1 variable y=a b yes",
    "4:1 variable z yes",
  ]);
  assert.deepEqual(read("zsh", "path=(~/bin $path)\npath+=(/x)\ntypeset -U path"), [
    "1:1 path path yes",
    "2:1 path path yes",
    "3:1 path path yes",
  ]);
});

test("exec takes the shell's place, or redirects what comes after it", () => {
  assert.deepEqual(read("bash", "exec >>~/log 2>&1\nexec 3>&1\nexec > >(tee log)\nexec -a x zsh -l\nalias never=x"), [
    "1:1 redirect stdout=/home/papaya/log yes",
    "1:1 redirect stderr=/home/papaya/log yes",
    "2:1 redirect 3=1 yes",
    "3:1 redirect stdout yes",
    "4:1 exec zsh=-l yes",
    "5:1 alias never=x no",
  ]);
  assert.deepEqual(read("tcsh", "exec zsh\nalias a b"), ["1:1 exec zsh yes", "2:1 alias a=b no"]);
});

test("exit ends the shell, but only the file in csh; return ends the file", () => {
  const twice = (shell: "bash" | "tcsh", text: string) =>
    inShort(
      reading(shell, "ssh-command", {
        "/etc/bash.bashrc": text,
        "/etc/csh.cshrc": text,
        ".bashrc": "alias a=b",
        ".cshrc": "alias a b",
      }),
    );
  assert.deepEqual(twice("bash", "exit 3\nalias x=y"), ["1:1 exit exit=3 yes", "2:1 alias x=y no"]);
  assert.deepEqual(twice("bash", "return\nalias x=y"), [
    "1:1 exit return yes",
    "2:1 alias x=y no",
    "1:1 alias a=b yes",
  ]);
  assert.deepEqual(twice("tcsh", "exit\nalias x y"), ["1:1 exit exit yes", "2:1 alias x=y no", "1:1 alias a=b yes"]);
});

test("what reads the session's stdin is a question, what reads something else is none", () => {
  assert.deepEqual(
    read(
      "bash",
      'read -p "SID? " SID\nread x < /etc/hostname\nfoo | read y\nread -u 3 z\nselect a in b c; do break; done\nx=$(read y)',
    ),
    [
      "1:1 read read=SID?  yes",
      "2:1 command read yes",
      "3:1 command foo yes",
      "3:7 command read yes",
      "4:1 command read yes",
      "5:1 read select yes",
      "6:5 read read yes",
      "6:1 variable x yes",
    ],
  );
  assert.deepEqual(read("tcsh", "set ans = $<"), ["1:1 read $< yes", "1:1 variable ans yes"]);
  assert.deepEqual(read("zsh", "vared -p 'x? ' foo\nread 'y?why '"), [
    "1:1 read vared=x?  yes",
    "2:1 read read=why  yes",
  ]);
});

test("what writes to the session is output, with the stream, and what goes elsewhere is none", () => {
  const { statements } = reading("bash", "ssh-command", {
    ".bashrc":
      "echo hello\nprintf 'a\\tb' >&2\necho x >/dev/null\ncat ~/.motd\nfortune | cowsay\nx=`date`\n{ echo in; } 2>&1 >/dev/null\nwho &>/dev/null",
  });
  const shown = statements
    .filter(({ kind }) => kind === "output")
    .map(({ name, value, stream }) => [name, value, stream]);
  assert.deepEqual(shown, [
    ["echo", "hello\n", "stdout"],
    ["printf", "a\tb", "stderr"],
    ["cat", null, "stdout"],
    ["cowsay", null, "stdout"],
  ]);
});

test("what goes on beside the shell is said with its name", () => {
  assert.deepEqual(read("bash", "sleep 300 &\n(while sleep 30; do :; done) &\nnohup foo\nsetsid bar baz"), [
    "1:1 background sleep yes",
    "1:1 command sleep yes",
    "2:1 background sleep yes",
    "2:8 command sleep yes",
    "3:1 background foo yes",
    "4:1 background bar yes",
  ]);
  assert.deepEqual(read("tcsh", "(sleep 10; true) &"), [
    "1:1 background sleep yes",
    "1:2 command sleep yes",
    "1:12 command true yes",
  ]);
});

test("folders, traps, masks and limits are said", () => {
  assert.deepEqual(
    read("bash", "cd /tmp; pushd ~\ntrap 'echo bye' EXIT SIGINT\ntrap - 0\numask 077; ulimit -n 100; ulimit -Sc 0"),
    [
      "1:1 cd cd=/tmp yes",
      "1:10 cd pushd=/home/papaya yes",
      "2:1 trap EXIT=echo bye yes",
      "2:1 trap INT=echo bye yes",
      "3:1 trap EXIT=- yes",
      "4:1 umask =077 yes",
      "4:12 limit nofile=100 yes",
      "4:27 limit core=0 yes",
    ],
  );
  assert.deepEqual(read("zsh", "TRAPEXIT() { :; }"), ["1:1 function TRAPEXIT yes", "1:1 trap EXIT=TRAPEXIT yes"]);
  assert.deepEqual(read("tcsh", "onintr -\nlimit coredumpsize 0\numask 022"), [
    "1:1 trap INT=- yes",
    "2:1 limit coredumpsize=0 yes",
    "3:1 umask =022 yes",
  ]);
});

test("what a subshell does to itself is nothing to the session", () => {
  assert.deepEqual(read("bash", "(cd /tmp; exit 3)\numask 022 | true\nalias a=b"), [
    "1:2 command cd=/tmp yes",
    "1:11 command exit=3 yes",
    "2:1 command =022 yes",
    "3:1 alias a=b yes",
  ]);
});

test("text that eval is given is read where eval stands", () => {
  assert.deepEqual(read("bash", "true; eval 'alias q=w;' \"alias r=s\""), [
    "1:7 command eval yes",
    "1:7 alias q=w yes",
    "1:7 alias r=s yes",
  ]);
});

test("comments and here-documents hold no statements", () => {
  assert.deepEqual(read("bash", "# alias a=b\ncat <<EOF <<-'X Y' >f\nalias a=b\nEOF\n\tX Y\nalias c=d # alias e=f\n"), [
    "2:1 command cat yes",
    "6:1 alias c=d yes",
  ]);
  assert.deepEqual(read("tcsh", "# alias a b\ncat <<EOF >f\nalias a b\nEOF\nalias c d # e"), [
    "2:1 command cat yes",
    "5:1 alias c=d yes",
  ]);
});

test("a syntax error stands where the construct began, and nothing is sure behind it", () => {
  assert.deepEqual(read("bash", "alias a=b\nif true; then\nalias c=d\n"), [
    "1:1 alias a=b yes",
    '2:1 syntax-error ="if" without its "fi" yes',
    "3:1 alias c=d maybe",
  ]);
  assert.deepEqual(read("bash", "f() {\necho 'x\n"), ["2:6 syntax-error =a single quote without its end yes"]);
  assert.deepEqual(read("tcsh", 'alias a "b\nalias c d'), [
    "1:9 syntax-error =a double quote without its end on the line yes",
    "2:1 alias c=d maybe",
  ]);
});

test("CR LF stays in values, as in the shell, and is named where it breaks the file", () => {
  assert.deepEqual(read("bash", "alias rm='rm -i'\r\nif true; then\r\nalias b=c\r\nfi\r\n"), [
    "1:1 alias rm=rm -i\r yes",
    '2:1 syntax-error ="if" without its "then"; the file has CR LF line ends yes',
    "3:1 alias b=c\r maybe",
    "4:1 command fi\r maybe",
  ]);
});

test("the text of a statement is one line of at most 200 characters", () => {
  const { statements } = reading("bash", "ssh-command", {
    ".bashrc": `alias a='b\n\n   c'\nalias x='${"y".repeat(400)}'`,
  });
  assert.deepEqual(
    statements.map(({ text }) => text.length),
    [13, 200],
  );
  assert.equal(statements[0]?.text, "alias a='b c'");
});
