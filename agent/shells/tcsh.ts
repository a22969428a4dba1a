import { parseDump } from "./tcsh-answer.ts";
import { dump } from "./tcsh-dump.ts";
import type { Shell } from "./shell.ts";
import type { ModeId } from "../facts/index.ts";

const command: readonly ModeId[] = ["ssh-command", "ssh-command-pty", "su-command"];
const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];
const all = [...command, ...login];

export const tcsh: Shell = {
  name: "tcsh",
  startedAs: ["tcsh", "csh"],
  binaries: ["tcsh"],
  syntax: "csh",
  starts: {
    "ssh-command": { argv0: "name", words: ["-c", "COMMAND"] },
    "ssh-command-pty": { argv0: "name", words: ["-c", "COMMAND"] },
  },
  reads: [
    { file: "/etc/csh.cshrc", modes: all },
    { file: "/etc/csh.login", modes: login },
    { file: "~/.tcshrc", orElse: ["~/.cshrc"], modes: all },
    { file: "~/.login", modes: login },
    { file: "~/.cshdirs", modes: login },
    { file: "/etc/csh.logout", modes: ["ssh-login"] },
    { file: "~/.logout", modes: ["ssh-login"] },
  ],
  guard: "if ($?prompt)",
  aliasesBite: () => true,
  dump,
  parseDump,
  // -X and -V echo commands without file or line.
  trace: null,
  syntaxComplaint: () => null,
  source: "tcsh(1) Startup and shutdown; measured with 6.24.07 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
