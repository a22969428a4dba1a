import type { ModeId } from "../facts/index.ts";
import type { Shell } from "./shell.ts";
import { parseDump } from "./tcsh-answer.ts";
import { dump } from "./tcsh-dump.ts";

const command: readonly ModeId[] = ["ssh-command", "ssh-command-pty", "su-command"];
const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];
const all = [...command, ...login];

/**
 * Complaints with which tcsh gives up on a file, for it does so on nearly every error: also on an unset variable or a
 * pattern without match. It names neither file nor line. `No such file` is left out: programs say that, too.
 */
const gaveUp = new RegExp(
  `^(?:${[
    "Unmatched '.*'\\.",
    "Too many [()]'s\\.",
    "Missing (?:'.'|name for redirect|file name)\\.",
    "Badly placed .*\\.",
    "Badly formed number\\.",
    "Invalid null command\\.",
    "Ambiguous (?:input|output) redirect\\.",
    "(?:Illegal variable name|Word too long|Alias loop|Event not found|No match)\\.",
    "Bad : modifier in .*",
    "Variable name must .*",
    "[^ ]+: (?:Expression Syntax|Undefined variable|Event not found|Subscript out of range|No match|Divide by 0)\\.",
    "[^ ]+: (?:label|endif|endsw|end|then\\/endif) not found\\.",
    "[^ ]+: (?:Not in while\\/foreach|Too (?:few|many) arguments|Improper mask|No such limit)\\.",
    "[^ ]+: (?:Variable name must .*|\\$.* is read-only\\.)",
  ].join("|")})$`,
  "m",
);

export const tcsh: Shell = {
  name: "tcsh",
  startedAs: ["tcsh", "csh"],
  binaries: ["tcsh"],
  syntax: "csh",
  starts: {
    "ssh-command": { argv0: "name", words: ["-c", "COMMAND"] },
    "ssh-command-pty": { argv0: "name", words: ["-c", "COMMAND"] },
  },
  bare: ["-f"],
  reads: [
    { file: "/etc/csh.cshrc", modes: all },
    { file: "/etc/csh.login", modes: login },
    { file: "~/.tcshrc", orElse: ["~/.cshrc"], orElseIf: "cannot-be-opened", modes: all },
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
  syntaxComplaint(stderr) {
    const says = gaveUp.exec(stderr)?.[0];
    return says === undefined ? null : { file: null, line: null, says };
  },
  source: "tcsh(1) Startup and shutdown; measured with 6.24.07 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
