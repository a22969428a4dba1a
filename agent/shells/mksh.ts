import type { ModeId } from "../facts/index.ts";
import { listingAnswer } from "./listing-answer.ts";
import { freed, listingDump } from "./listing-dump.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

/** Complaints with which it gives up on a file. */
const gaveUp =
  /^E: [^\s:]+: (?<file>\/.*?)\[(?<line>\d+)\]: (?<says>syntax error: .*|no closing quote|here document .* unclosed|\S+: parameter not set|read-only: .*|.*: bad substitution|\.: .*|set: .*|shift: .*|export: .*)$/m;

/** The builtin `\builtin`, with its backslash: nothing else can have that name. */
const own = (builtin: string) => `\\\\builtin ${builtin}`;

export const mksh: Shell = {
  name: "mksh",
  startedAs: ["mksh", "ksh"],
  binaries: ["mksh", "mksh-static"],
  syntax: "sh",
  starts: usualStarts,
  bare: ["-p"],
  bareAs: "name",
  reads: [
    { file: "/etc/profile", modes: login },
    { file: "~/.profile", modes: login },
    { file: "~/.mkshrc", movedBy: { variable: "ENV", from: "~/.mkshrc" }, modes: ["ssh-login"] },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  aliasesBite: () => true,
  dump: listingDump({
    ...freed,
    own,
    line: (word) => own(`print -r -- ${word}`),
    field: (word) => `${own(`print -nr -- ${word}`)}; ${own("print -n '\\0'")}`,
    needed: [],
    type: own("whence -v"),
    asking: [],
    hidden: "\\:",
    aliases: { list: own("alias"), drop: own("unalias -a") },
    functions: { when: "first", list: own("typeset +f") },
    traps: { late: "EXIT ERR", early: "" },
  }),
  parseDump: listingAnswer({
    name: "mksh",
    passing: [
      "PPID",
      "OPTIND",
      "LINENO",
      "RANDOM",
      "SECONDS",
      "EPOCHREALTIME",
      "COLUMNS",
      "LINES",
      "PIPESTATUS",
      "BASHPID",
      "PGRP",
      "KSHEGID",
      "KSHGID",
      "KSHUID",
      "EPOCHSECONDS",
    ],
    hasAliases: true,
    functions: (section) => section.split("\n").filter((name) => name !== ""),
  }),
  // A line, and no file.
  trace: null,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = gaveUp.exec(stderr)?.groups ?? {};
    return file === "" ? null : { file, line: Number(line), says };
  },
  source: "mksh(1) DESCRIPTION; measured with 59c on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
