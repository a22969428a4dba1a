import type { ModeId } from "../facts/index.ts";
import { listingAnswer } from "./listing-answer.ts";
import { freed, listingDump } from "./listing-dump.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

/** Complaints with which it gives up on a file. About syntax it says the file alone, and a line only of other errors. */
const gaveUp =
  /^(?<file>\/(?:(?!\[\d+\]: |: eval: ).)*?): (?:line (?<line>\d+): )?(?<says>syntax error: .*|\S+: parameter not set|\S+: is read only|\S+: bad substitution|\S+: invalid function name)$/m;

export const ksh93: Shell = {
  name: "ksh93",
  startedAs: ["ksh93", "ksh"],
  binaries: ["ksh93"],
  syntax: "sh",
  starts: usualStarts,
  // Without a file named by ENV, or ~/.kshrc, where it is interactive; a login's files are kept away by the name alone.
  bare: ["+E"],
  bareAs: "name",
  reads: [
    { file: "/etc/profile", modes: login },
    { file: "~/.profile", modes: login },
    { file: "/etc/ksh.kshrc", modes: ["ssh-login"] },
    { file: "~/.kshrc", movedBy: { variable: "ENV", from: "~/.kshrc" }, modes: ["ssh-login"] },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  aliasesBite: () => true,
  dump: listingDump({
    ...freed,
    needed: ["alias", "command", "printf", "pwd", "type", "umask", "unalias"],
    aliases: { list: "\\alias", drop: "\\unalias -a" },
    // In a subshell what was dropped takes the builtin with it.
    asking: [],
    hidden: "\\:",
    functions: { when: "first", list: "\\typeset +f" },
    traps: { late: "EXIT", early: "DEBUG ERR" },
  }),
  parseDump: listingAnswer({
    name: "ksh93",
    passing: ["PPID", "OPTIND", "LINENO", "RANDOM", "SECONDS", "HISTCMD", "SRANDOM", "COLUMNS", "LINES"],
    hasAliases: true,
    functions: (section) => [...section.matchAll(/^([^\s()]+)(?:\(\))?$/gm)].map((found) => found[1] ?? ""),
  }),
  // It knows the file, but its line in a file that another sources is off by that one's, and stays so afterwards.
  trace: null,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = gaveUp.exec(stderr)?.groups ?? {};
    return file === "" ? null : { file, line: line === undefined ? null : Number(line), says };
  },
  source: "ksh93(1) Invocation; measured with 93u+m 1.0.4 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
