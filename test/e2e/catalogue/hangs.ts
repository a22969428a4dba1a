import { execFileSync } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import type { TestAccount } from "../../support/accounts.ts";
import type { Case, Session } from "./case.ts";
import { sudoers } from "./sudoers.ts";

const hangs: Session["shows"] = ({ hung }) => hung;
const files = { one: "new\n", two: "old\n" };
const remove: Session = { send: "rm one", shows: hangs };

function ownKey(account: TestAccount): void {
  const path = account.write(".ssh/idp", "").toString();
  execFileSync("sh", ["-c", 'rm "$1"; ssh-keygen -q -t ed25519 -N secretpw -f "$1"', "sh", path]);
  for (const file of [path, `${path}.pub`]) chownSync(file, account.uid, account.gid);
}

function fifo(account: TestAccount): void {
  execFileSync("mkfifo", [`${account.home}/pipe`]);
  chownSync(`${account.home}/pipe`, account.uid, account.gid);
}

export const hanging: readonly Case[] = [
  {
    id: "cp-i-survives-f",
    title: "cp -i under cp -f",
    shell: "/bin/tcsh",
    check: "engine-commands",
    files: { ...files, ".cshrc": "# for people\nalias cp 'cp -i'\n" },
    sends: ["cp -f {file} {existing}"],
    line: ".cshrc:2",
    session: { send: "cp -f one two", shows: hangs },
    twin: { files: { ".cshrc": "if ($?prompt) then\n  alias cp 'cp -i'\nendif\n" } },
  },
  {
    id: "exec-other-shell",
    title: "another shell takes the place",
    check: "startup-finishes",
    files: { ".bashrc": "exec zsh\n" },
    line: ".bashrc:1",
    session: { send: "touch done", shows: ({ hung }, home) => hung && !existsSync(`${home}/done`) },
    twin: { files: { ".bashrc": "case $- in *i*) exec zsh ;; esac\n" } },
  },
  {
    id: "csh-alias-rm-i",
    title: "rm -i in csh",
    shell: "/bin/tcsh",
    check: "engine-commands",
    files: { ...files, ".cshrc": "alias rm 'rm -i'\n" },
    sends: ["rm {file}"],
    line: ".cshrc:1",
    session: remove,
    twin: { files: { ".cshrc": "alias ll 'ls -l'\n" } },
  },
  {
    id: "bash-expand-aliases",
    title: "aliases switched on in bash",
    check: "engine-commands",
    files: { ...files, ".bashrc": "shopt -s expand_aliases\nalias rm='rm -i'\n" },
    sends: ["rm {file}"],
    line: ".bashrc:2",
    session: remove,
    twin: { files: { ".bashrc": "alias rm='rm -i'\n" } },
  },
  {
    id: "read-prompt-in-rc",
    title: "a question in a startup file",
    check: "startup-finishes",
    files: { ".bashrc": 'read -p "ORACLE_SID? " ORACLE_SID\nexport ORACLE_SID\n' },
    line: ".bashrc:1",
    session: { send: "echo ran", shows: hangs },
    twin: { files: { ".bashrc": '[ -t 0 ] && read -p "ORACLE_SID? " ORACLE_SID\nexport ORACLE_SID\n' } },
  },
  {
    id: "zshenv-alias",
    title: "an alias in .zshenv",
    shell: "/bin/zsh",
    check: "engine-commands",
    files: { ...files, ".zshenv": "alias rm='rm -i'\n" },
    sends: ["rm {file}"],
    line: ".zshenv:1",
    session: remove,
    twin: { files: { ".zshrc": "alias rm='rm -i'\n" } },
  },
  {
    id: "fish-alias-function",
    title: "an alias of fish, which is a function",
    shell: "/usr/bin/fish",
    check: "engine-commands",
    sends: ["rm {file}"],
    line: ".config/fish/config.fish:1",
    files: { ...files, ".config/fish/config.fish": "alias rm='rm -i'\n" },
    session: remove,
    twin: { files: { ".config/fish/config.fish": "if status is-interactive\n  alias rm='rm -i'\nend\n" } },
  },
  {
    id: "function-appends-i",
    title: "a function that puts -i last",
    check: "engine-commands",
    files: { ...files, ".bashrc": 'rm() { command rm "$@" -i; }\n' },
    sends: ["rm -f {file}"],
    line: ".bashrc:1",
    session: { send: "rm -f one", shows: hangs },
    twin: { files: { ".bashrc": 'rm() { command rm -i "$@"; }\n' } },
  },
  {
    id: "exported-function-child-scripts",
    title: "a function that scripts inherit",
    check: "function",
    files: { ...files, ".bashrc": 'cp() { command cp -i "$@"; }\nexport -f cp\n', "s.sh": "#!/bin/bash\ncp one two\n" },
    with: "{ names: [cp] }",
    line: ".bashrc:1",
    session: { send: "bash s.sh", shows: hangs },
    twin: { files: { ".bashrc": 'copy() { command cp "$@"; }\nexport -f copy\n' } },
  },
  {
    id: "script-recorder",
    title: "sessions recorded by script(1)",
    check: "startup-finishes",
    files: { ".bashrc": '[ -z "$REC" ] && export REC=1 && script -q -a $HOME/typescript && exit\n' },
    line: ".bashrc:1",
    session: { send: "touch done", shows: ({ hung }, home) => hung && !existsSync(`${home}/done`) },
    twin: {
      files: { ".bashrc": '[ -t 1 ] && [ -z "$REC" ] && export REC=1 && script -q -a $HOME/typescript && exit\n:\n' },
    },
  },
  {
    id: "background-holds-stdout",
    title: "a job that keeps the streams",
    check: "background-process",
    files: { ".bashrc": "(while sleep 30; do :; done) &\n" },
    with: "{ forbid: holding-streams }",
    line: ".bashrc:1",
    session: { send: "echo ran", shows: ({ hung, stdout }) => hung && stdout === "ran\n" },
    twin: { files: { ".bashrc": "(sleep 3) >/dev/null 2>&1 </dev/null &\n" } },
  },
  {
    id: "ssh-add-passphrase",
    title: "a passphrase is asked for",
    check: "startup-finishes",
    line: ".bashrc:1",
    files: { ".bashrc": "ssh-keygen -y -f ~/.ssh/idp >/dev/null\n" },
    prepare: ownKey,
    session: { send: "echo ran", shows: hangs },
    twin: { files: { ".bashrc": "[ -t 0 ] && ssh-keygen -y -f ~/.ssh/idp >/dev/null\n:\n" }, prepare: ownKey },
  },
  {
    id: "blocked-path-in-rc",
    title: "a path that blocks",
    check: "startup-finishes",
    line: ".bashrc:1",
    status: "unknown",
    files: { ".bashrc": "cat ~/pipe > /dev/null\n" },
    prepare: fifo,
    session: { send: "echo ran", shows: hangs },
    twin: { files: { ".bashrc": "[ -f ~/pipe ] && cat ~/pipe > /dev/null\n:\n" }, prepare: fifo },
  },
  {
    id: "sudo-password-prompt",
    title: "sudo wants a password",
    check: "sudo-noninteractive",
    line: null,
    with: "{ commands: [/usr/bin/id] }",
    ...sudoers((name) => `${name} ALL=(ALL) ALL\n`),
    session: { send: "sudo id", tty: true, shows: hangs },
    twin: { ...sudoers((name) => `${name} ALL=(ALL) NOPASSWD: /usr/bin/id\n`) },
  },
  {
    id: "nested-shell",
    title: "a shell is called and stays",
    check: "startup-finishes",
    line: ".bashrc:1",
    files: { ".bashrc": "zsh\n" },
    session: { send: "touch done", shows: ({ hung }, home) => hung && !existsSync(`${home}/done`) },
    twin: { files: { ".bashrc": "zsh -c :\n" } },
  },
  {
    id: "terminal-question",
    title: "a question where a terminal is",
    check: "startup-finishes",
    mode: "ssh-command-pty",
    files: { ".bashrc": "eval $(tset -s -m :?vt100)\n" },
    line: ".bashrc:1",
    session: { send: "echo ran", tty: true, shows: hangs },
    twin: { files: { ".bashrc": "case $- in *i*) eval $(tset -s -m :?vt100) ;; esac\n" } },
  },
  {
    id: "scp-lone-newline",
    title: "a lone newline, and scp -O waits",
    check: "file-transfer",
    mode: "scp-legacy",
    files: { ".bashrc": 'echo ""\n' },
    line: ".bashrc:1",
    session: { by: "scp-legacy", send: "/etc/hostname", shows: hangs },
    twin: { files: { ".bashrc": "case $- in *i*) echo ;; esac\n" } },
  },
];
