import type { ModeId } from "../facts/index.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";
import { parseDump } from "./zsh-answer.ts";
import { dump } from "./zsh-dump.ts";
import { trace } from "./zsh-trace.ts";

const command: readonly ModeId[] = ["ssh-command", "ssh-command-pty", "su-command"];
const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];
const all = [...command, ...login];
const row = (file: string, modes: readonly ModeId[]) => ({ file, compiled: `${file}.zwc`, modes });

/** Complaints with which zsh gives up on a file. One about a builtin names it (`FILE:setopt:1:`) and ends nothing. */
const gaveUp =
  /^(?<file>\/.*?):(?<line>\d+): (?<says>parse error.*|unmatched .*|condition expected.*|closing brace expected|bad (?:substitution|pattern|math expression).*|read-only variable.*|.*parameter not set|division by zero|number expected)$/m;

export const zsh: Shell = {
  name: "zsh",
  startedAs: ["zsh"],
  binaries: ["zsh", "zsh5"],
  syntax: "sh",
  starts: usualStarts,
  // `~/` is $ZDOTDIR where that is set: /etc/zsh/zshenv and ~/.zshenv may move what follows them.
  bare: ["-f"],
  reads: [
    row("/etc/zsh/zshenv", all),
    row("~/.zshenv", all),
    row("/etc/zsh/zprofile", login),
    row("~/.zprofile", login),
    row("/etc/zsh/zshrc", ["ssh-login"]),
    row("~/.zshrc", ["ssh-login"]),
    row("/etc/zsh/zlogin", login),
    row("~/.zlogin", login),
    row("~/.zlogout", ["ssh-login"]),
    row("/etc/zsh/zlogout", ["ssh-login"]),
  ],
  guard: "[[ -o interactive ]] || return",
  aliasesBite: (options) => options.some(({ name, value }) => name === "aliases" && value === "on"),
  dump,
  parseDump,
  trace,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = gaveUp.exec(stderr)?.groups ?? {};
    return file === "" ? null : { file, line: Number(line), says };
  },
  source: "zshall(1) STARTUP/SHUTDOWN FILES; measured with 5.9 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
