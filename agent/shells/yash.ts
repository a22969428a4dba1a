import type { ModeId } from "../facts/index.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";
import { dump, parseDumpOf, syntaxComplaint } from "./yash-family.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

export const yash: Shell = {
  name: "yash",
  startedAs: ["yash"],
  binaries: ["yash"],
  syntax: "sh",
  starts: usualStarts,
  bare: ["--noprofile", "--norcfile"],
  // Neither /etc/profile nor ~/.profile. The package's own rc has a function `rm` that asks where there is a terminal.
  reads: [
    { file: "~/.yash_profile", modes: login },
    { file: "~/.yashrc", orElse: ["/usr/share/yash/initialization/default"], modes: ["ssh-login"] },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  aliasesBite: () => true,
  dump,
  parseDump: parseDumpOf("yash"),
  // A line, and no file.
  trace: null,
  syntaxComplaint,
  source: "yash(1) Initialization of yash; measured with 2.52 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
