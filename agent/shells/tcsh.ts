import type { ModeId } from "../facts/index.ts";
import { parseCshDump } from "./csh-answer.ts";
import { cshComplaint } from "./csh-complaint.ts";
import { cshDump } from "./csh-dump.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

const command: readonly ModeId[] = ["ssh-command", "ssh-command-pty", "su-command"];
const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];
const all = [...command, ...login];

export const tcsh: Shell = {
  name: "tcsh",
  startedAs: ["tcsh", "csh"],
  binaries: ["tcsh"],
  syntax: "csh",
  starts: usualStarts,
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
  says: /^Warning: no access to tty \(.*\)\.\nThus no job control in this shell\.\n/,
  guard: "if ($?prompt)",
  aliasesBite: () => true,
  dump: (request) => cshDump(request, true),
  parseDump: (...answer) => parseCshDump({ name: "tcsh", builtins: null }, answer),
  // -X and -V echo commands without file or line.
  trace: null,
  syntaxComplaint: cshComplaint,
  source: "tcsh(1) Startup and shutdown; measured with 6.24.07 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
