import type { ModeId } from "../facts/index.ts";
import { parseCshDump } from "./csh-answer.ts";
import { cshComplaint } from "./csh-complaint.ts";
import { cshDump } from "./csh-dump.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

/** It is a login shell only where argv has nothing but `-NAME`: with `-c` beside it `/etc/csh.login` is not read. */
const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty"];
const all: readonly ModeId[] = [
  "ssh-command",
  "ssh-command-pty",
  "su-command",
  ...login,
  "su-login-command",
  "sudo-login",
];

const builtins =
  "alias alloc bg break breaksw case cd chdir continue default dirs echo else end endif endsw eval exec exit fg foreach " +
  "glob goto hashstat history if jobs kill limit linedit login logout nice nohup notify onintr popd pushd rehash repeat " +
  "set setenv shift source stop suspend switch time umask unalias unhash unlimit unset unsetenv wait which while @";

export const bsdcsh: Shell = {
  name: "bsdcsh",
  startedAs: ["bsd-csh", "csh"],
  binaries: ["bsd-csh"],
  syntax: "csh",
  starts: usualStarts,
  bare: ["-f"],
  reads: [
    { file: "/etc/csh.cshrc", modes: all },
    { file: "/etc/csh.login", modes: login },
    { file: "~/.cshrc", modes: all },
    { file: "~/.login", modes: login },
    { file: "/etc/csh.logout", modes: ["ssh-login"] },
    { file: "~/.logout", modes: ["ssh-login"] },
  ],
  guard: "if ($?prompt)",
  aliasesBite: () => true,
  dump: (request) => cshDump(request, false),
  parseDump: (...answer) => parseCshDump({ name: "bsdcsh", builtins }, answer),
  // -X and -V echo commands without file or line.
  trace: null,
  syntaxComplaint: cshComplaint,
  source: "csh(1); measured with 20110502-7 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
