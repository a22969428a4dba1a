import { parseDump } from "./bash-answer.ts";
import { dump } from "./bash-dump.ts";
import { trace } from "./bash-trace.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

const login = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"] as const;

/** Complaints with which bash gives up on a file. `eval: line` and `-c: line` are about other text than the file. */
const gaveUp =
  /^(?<file>\/.*?): line (?<line>\d+): (?<says>syntax error.*|unexpected (?:EOF|argument) .*|conditional binary operator expected|.*: unbound variable)$/gm;

export const bash: Shell = {
  name: "bash",
  startedAs: ["bash"],
  binaries: ["bash"],
  syntax: "sh",
  // sudo gives bash both the dash and the switch.
  starts: { ...usualStarts, "sudo-login": { argv0: "-name", words: ["--login", "-c", "COMMAND"] } },
  bare: ["--noprofile", "--norc"],
  reads: [
    // Under sshd (SSH_CLIENT in the environment, SHLVL below 2). `su A -c` and cron read nothing.
    { file: "/etc/bash.bashrc", modes: ["ssh-command", "ssh-command-pty"] },
    { file: "~/.bashrc", modes: ["ssh-command", "ssh-command-pty"] },
    { file: "/etc/profile", modes: login },
    { file: "~/.bash_profile", orElse: ["~/.bash_login", "~/.profile"], modes: login },
    { file: "~/.bash_logout", modes: ["ssh-login"] },
    { file: "/etc/bash.bash_logout", modes: ["ssh-login"] },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  aliasesBite: (options) =>
    options.some(({ name, value }) => (name === "expand_aliases" || name === "posix") && value === "on"),
  dump,
  parseDump,
  trace,
  syntaxComplaint(stderr) {
    const found = [...stderr.matchAll(gaveUp)].map((match) => match.groups ?? {});
    const { file = "", line, says = "" } = found.find((match) => !match.file?.endsWith(": eval")) ?? {};
    return file === "" ? null : { file, line: Number(line), says };
  },
  source: "bash(1) INVOCATION; measured with 5.2.15 on Debian 12 under sshd (test/fixtures/shell-truth-reads.json)",
};
