// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of shells
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Reading } from "../../agent/startup/index.ts";
import { home, inShort, reading } from "./homes.ts";

function files(found: Reading): string[] {
  return found.files.map(({ path, state, through }) => {
    const short = (one: string) => one.replace("/home/papaya", "~");
    return `${short(path)} ${state}${through.length > 0 ? ` < ${through.map(short).join(" < ")}` : ""}`;
  });
}

test("Debian's skeleton lets an engine come to its guard and no further", () => {
  const skeleton = readFileSync("/etc/skel/.bashrc", "utf8");
  const found = reading("bash", "ssh-command", {
    ".bashrc": `alias rm='rm -i'\n${skeleton}`,
    ".bash_aliases": "alias a=b",
  });
  assert.deepEqual(files(found), ["/etc/bash.bashrc absent", "~/.bashrc read"]);
  assert.deepEqual(
    found.statements.filter(({ reached }) => reached !== "no").map(({ kind, where }) => [kind, where.line]),
    [
      ["alias", 1],
      ["exit", 9],
    ],
  );
  assert.deepEqual(
    found.guards.map(({ where, lastLine, form }) => [where.line, lastLine, form]),
    [[7, 10, "return"]],
  );
});

test("Debian's ~/.profile reads ~/.bashrc where the shell is bash", () => {
  const profile = readFileSync("/etc/skel/.profile", "utf8");
  assert.deepEqual(files(reading("bash", "su-login-command", { ".profile": profile, ".bashrc": "alias a=b" })), [
    "/etc/profile absent",
    "~/.bash_profile absent",
    "~/.bash_login absent",
    "~/.profile read",
    "~/.bashrc read < ~/.profile",
  ]);
});

test("RHEL's ~/.bashrc reads /etc/bashrc and the files of ~/.bashrc.d, with the chain that leads there", () => {
  const found = reading("bash", "ssh-command", {
    ".bashrc": `if [ -f /etc/bashrc ]; then
	. /etc/bashrc
fi
if [ -d ~/.bashrc.d ]; then
	for rc in ~/.bashrc.d/*; do
		if [ -f "$rc" ]; then
			. "$rc"
		fi
	done
fi
unset rc
alias rm='rm -i'
`,
    "/etc/bashrc": `if [ "$PS1" ]; then
  alias ll='ls -l'
fi
if ! shopt -q login_shell ; then
    for i in /etc/profile.d/*.sh; do
        if [ -r "$i" ]; then
            if [ "$PS1" ]; then
                . "$i"
            else
                . "$i" >/dev/null
            fi
        fi
    done
fi`,
    "/etc/profile.d/a.sh": "echo hi\nalias a=a",
    "/etc/profile.d/b.csh": "alias no no",
    ".bashrc.d/10": "alias ten=10\n. ~/.bashrc",
    ".bashrc.d/.hidden": "alias no=no",
    ".bashrc.d/20": "alias twenty=20",
  });
  assert.deepEqual(files(found), [
    "/etc/bash.bashrc absent",
    "~/.bashrc read",
    "/etc/bashrc read < ~/.bashrc",
    "/etc/profile.d/a.sh read < ~/.bashrc < /etc/bashrc",
    "~/.bashrc.d/10 read < ~/.bashrc",
    "~/.bashrc.d/20 read < ~/.bashrc",
  ]);
  const aliases = found.statements.filter(({ kind }) => kind === "alias" || kind === "output");
  assert.deepEqual(
    aliases.map(({ name, reached }) => `${name} ${reached}`),
    ["ll no", "a yes", "ten yes", "twenty yes", "rm yes"],
  );
  assert.deepEqual(aliases[1]?.where, {
    file: "/etc/profile.d/a.sh",
    line: 2,
    column: 1,
    through: ["/home/papaya/.bashrc", "/etc/bashrc"],
  });
});

test("loops over braces, patterns and words read each file once, in order", () => {
  const text =
    'for f in ~/.{path,aliases,none}; do\n  [ -r "$f" ] && [ -f "$f" ] && source "$f";\ndone\nfor f in ~/d/*.sh; do . "$f"; done\nfor f in x y; do . ~/$f; done';
  const found = reading("bash", "ssh-command", {
    ".bashrc": text,
    ".path": "",
    ".aliases": "",
    "d/b.sh": "",
    "d/a.sh": "",
    y: "",
    x: "",
  });
  assert.deepEqual(files(found).slice(1), [
    "~/.bashrc read",
    "~/.path read < ~/.bashrc",
    "~/.aliases read < ~/.bashrc",
    "~/d/a.sh read < ~/.bashrc",
    "~/d/b.sh read < ~/.bashrc",
    "~/x read < ~/.bashrc",
    "~/y read < ~/.bashrc",
  ]);
});

test("files include by HOME, by folder and by name in PATH", () => {
  const text = '. $HOME/a; . "${HOME}/b"; cd ~/d; . ./c; PATH=~/bin:$HOME/d; . e; . "$(somewhere)/never"';
  const found = reading("bash", "ssh-command", { ".bashrc": text, a: "", b: "", "d/c": "", "d/e": "" });
  assert.deepEqual(files(found).slice(2), [
    "~/a read < ~/.bashrc",
    "~/b read < ~/.bashrc",
    "~/d/c read < ~/.bashrc",
    "~/d/e read < ~/.bashrc",
  ]);
});

test("a framework of zsh is followed through its functions", () => {
  const found = reading("zsh", "ssh-login", {
    ".zshenv": "export ZDOTDIR=$HOME/.config/zsh",
    ".config/zsh/.zshrc":
      'export ZSH="$HOME/.oh-my-zsh"\nplugins=(git none)\nsource $ZSH/oh-my-zsh.sh\nfor f in ~/z/*.zsh(N); source $f',
    ".oh-my-zsh/oh-my-zsh.sh": `_omz_source() {
  local context filepath="$1"
  if [[ -f "$ZSH/$filepath" ]]; then source "$ZSH/$filepath"; fi
}
for lib_file ("$ZSH"/lib/*.zsh); do
  _omz_source "lib/\${lib_file:t}"
done
for plugin ($plugins); do _omz_source "plugins/$plugin/$plugin.plugin.zsh"; done`,
    ".oh-my-zsh/lib/aliases.zsh": "alias md='mkdir -p'",
    ".oh-my-zsh/plugins/git/git.plugin.zsh": "alias g=git",
    "z/a.zsh": "alias za=b",
  });
  assert.deepEqual(
    files(found).filter((line) => line.includes(" read")),
    [
      "~/.zshenv read",
      "~/.config/zsh/.zshrc read",
      "~/.oh-my-zsh/oh-my-zsh.sh read < ~/.config/zsh/.zshrc",
      "~/.oh-my-zsh/lib/aliases.zsh read < ~/.config/zsh/.zshrc < ~/.oh-my-zsh/oh-my-zsh.sh",
      "~/.oh-my-zsh/plugins/git/git.plugin.zsh read < ~/.config/zsh/.zshrc < ~/.oh-my-zsh/oh-my-zsh.sh",
      "~/z/a.zsh read < ~/.config/zsh/.zshrc",
    ],
  );
  assert.deepEqual(
    found.statements.filter(({ kind }) => kind === "alias").map(({ name, reached }) => `${name} ${reached}`),
    ["md yes", "g yes", "za yes"],
  );
});

test("csh sources files one by one and in loops", () => {
  const text =
    "if (-e ~/.aliases) source ~/.aliases\nforeach f (a b)\n source ~/.$f\nend\nif (-e ~/.none) source ~/.none";
  const found = reading("tcsh", "ssh-command", {
    ".cshrc": text,
    ".aliases": "alias x y",
    ".a": "exit\nalias no no",
    ".b": "alias b c",
  });
  assert.deepEqual(files(found).slice(1), [
    "~/.tcshrc absent",
    "~/.cshrc read",
    "~/.aliases read < ~/.cshrc",
    "~/.a read < ~/.cshrc",
    "~/.b read < ~/.cshrc",
  ]);
  assert.deepEqual(
    inShort(found).filter((line) => line.includes("alias")),
    ["1:20 source /home/papaya/.aliases yes", "1:1 alias x=y yes", "2:1 alias no=no no", "1:1 alias b=c yes"],
  );
});

test("~/.tcshrc makes ~/.cshrc unread", () => {
  const found = reading("tcsh", "ssh-command", { ".tcshrc": "alias a b", ".cshrc": "alias c d" });
  assert.deepEqual(files(found), ["/etc/csh.cshrc absent", "~/.tcshrc read"]);
});

test("files that include each other end, and so do chains without end", () => {
  const loop = reading("bash", "ssh-command", {
    ".bashrc": ". ~/a",
    a: ". ~/b\nalias a=a",
    b: ". ~/a\n. ~/.bashrc\nalias b=b",
  });
  assert.deepEqual(loop.files.length, 4);
  assert.deepEqual(loop.doubts, []);
  const chain = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`f${at}`, `. ~/f${at + 1}`]));
  const deep = reading("bash", "ssh-command", { ".bashrc": ". ~/f0", ...chain });
  assert.equal(deep.files.length, 22);
  assert.deepEqual(
    deep.doubts.map(({ code }) => code),
    ["over-ceiling"],
  );
});

test("at most 200 files are read, and it is said", () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d/${at}`, "alias a=b"]));
  const found = reading("bash", "ssh-command", { ".bashrc": "for f in ~/d/*; do . $f; done", ...many });
  assert.equal(found.files.length, 200);
  assert.equal(found.doubts[0]?.code, "over-ceiling");
});

test("a compiled file of zsh is a doubt, and what the text says is no longer sure", () => {
  const found = reading("zsh", "ssh-command", { ".zshenv": "alias a=b", ".zshenv.zwc": "compiled" });
  assert.deepEqual(found.doubts, [
    {
      code: "unreadable",
      message: "/home/papaya/.zshenv.zwc is compiled: zsh may take it for /home/papaya/.zshenv, and it cannot be read",
    },
  ]);
  assert.deepEqual(inShort(found), ["1:1 alias a=b maybe"]);
});

test("what an exit leaves unread is said so", () => {
  const found = reading("bash", "su-login-command", { "/etc/profile": "exit 0", ".profile": "alias a=b" });
  assert.deepEqual(files(found), ["/etc/profile read", "~/.profile skipped"]);
});

test("what is in place of a file is a doubt with its reason", () => {
  const found = reading("bash", "ssh-command", { ".bashrc/x": "" });
  assert.deepEqual(found.doubts, [
    { code: "unreadable", message: "/home/papaya/.bashrc was not read: it is a directory" },
  ]);
});

test("every path that was looked for has an identity, the files of the session's environment too", () => {
  const found = reading("bash", "ssh-command", { ".bashrc": ". ~/none", ".pam_environment": "A=1" });
  assert.deepEqual(
    found.identities.map(({ path }) => path.replace("/home/papaya", "~")),
    ["/etc/bash.bashrc", "~/.bashrc", "~/none", "~/.pam_environment", "~/.ssh/environment"],
  );
  assert.deepEqual(found.environmentFiles, { "/home/papaya/.pam_environment": "A=1" });
});

test("what a reading depends on besides the files that were read is said", () => {
  const text = [
    "[ -f ~/.use-more ] && . ~/.more",
    "if [ -d /opt/tools ]; then PATH=$PATH:/opt/tools; fi",
    "for one in ~/.bashrc.d/*.sh; do . $one; done",
    "for one in ~/parts/*; do . $one; done",
    "for log in ~/logs/*; do echo $log; done",
    "[ -w /dev/tty ] || [ -r /etc/odd ] || :",
  ].join("\n");
  const found = reading("bash", "ssh-command", {
    ".bashrc": text,
    ".bashrc.d/none": "",
    "parts/one": "alias a=b",
    "logs/today": "",
    "/opt/tools/tool": "",
  });
  const read = found.files.flatMap(({ path, state }) => (state === "read" ? [path] : []));
  assert.deepEqual(read, [`${home}/.bashrc`, `${home}/parts/one`]);
  assert.deepEqual([...found.dependsOn].sort(), [
    "/etc/odd",
    `${home}/.bashrc.d`,
    `${home}/.use-more`,
    `${home}/parts`,
  ]);
});

for (const [how, text] of [
  ["by the place of the file itself", '. "$(dirname "${BASH_SOURCE[0]}")/.more"'],
  ["by the place of the file itself, cut", '. "${BASH_SOURCE%/*}/.more"'],
  ["by what echo says", '. "$(echo $HOME/.more)"'],
])
  test(`an include that is named ${how} is followed`, () => {
    const found = reading("bash", "ssh-command", { ".bashrc": `${text}\n`, ".more": "alias a=b" });
    assert.ok(files(found).includes("~/.more read < ~/.bashrc"), files(found).join(", "));
  });

for (const text of [
  'eval "$(cat ~/.more)"',
  'eval "$(sed s/a/b/ < ~/.more | sort)"',
  'eval "$(~/.more --shell)"',
  ". <(cat ~/.more)",
  'while read -r line; do eval "$line"; done < ~/.more',
  'read -r line < ~/.more; eval "$line"',
])
  test(`what is read by another program is depended on: ${text}`, () => {
    const found = reading("bash", "ssh-command", { ".bashrc": `${text}\n`, ".more": "alias a=b" });
    assert.ok(found.dependsOn.includes("/home/papaya/.more"), found.dependsOn.join(", "));
  });

test("what is only written, shown or named is not depended on", () => {
  const text = 'date >> ~/.more; cat ~/.more; touch ~/.more; export MORE=~/.more; false && eval "$(cat ~/.more)"';
  const found = reading("bash", "ssh-command", { ".bashrc": `${text}\n`, ".more": "x" });
  assert.deepEqual(found.dependsOn, []);
});
