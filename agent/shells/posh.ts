import type { ModeId } from "../facts/index.ts";
import { fieldsOf } from "./frames.ts";
import { listingAnswer } from "./listing-answer.ts";
import { freed, listingDump } from "./listing-dump.ts";
import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

/** Complaints with which it gives up on a file; a command that follows is run. */
const gaveUp =
  /^posh: (?<file>\/.*?):(?<line>\d+): (?<says>syntax error: .*|no closing quote|here document .* unclosed|\S+: (?:invalid function name|parameter not set|is read only|bad substitution|bad option|not identifier|nothing to shift)|\.: .*)$/m;

const print = (format: string, word: string) => `/usr/bin/printf '${format}' ${word}`;

export const posh: Shell = {
  name: "posh",
  startedAs: ["posh", "sh"],
  binaries: ["posh"],
  syntax: "sh",
  starts: { ...usualStarts, ...cronStart },
  bare: [],
  bareAs: "name",
  reads: [
    { file: "/etc/profile", modes: login },
    { file: "~/.profile", modes: login },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  // It has none.
  aliasesBite: () => false,
  dump: listingDump({
    ...freed,
    line: (word) => print("%s\\n", word),
    field: (word) => print("%s\\0", word),
    needed: ["command", "pwd", "umask"],
    type: "\\command -V",
    asking: ["command"],
    // Whatever it says of a special builtin but this is said by a function.
    hidden: "case $(\\command -V set) in 'shell builtin: set') ;; *) /usr/bin/printf 'function: command\\n' ;; esac",
    aliases: null,
    functions: null,
    // `set` lists names alone, and `export` quotes nothing.
    // Taken apart without IFS, which startup may have changed, for good.
    variables: `( _rcw_rest=$(\\set)'\n'; while \\:; do case $_rcw_rest in ?*) ;; *) \\exit 0 ;; esac
_rcw_name=\${_rcw_rest%%'\n'*}; _rcw_rest=\${_rcw_rest#*'\n'}; \\eval "_rcw_value=\\$$_rcw_name"
${print("%s\\0%s\\0", '"$_rcw_name" "$_rcw_value"')}; done )`,
    exported: "/usr/bin/env -0",
  }),
  parseDump: listingAnswer({
    name: "posh",
    passing: ["PPID", "OPTIND", "LINENO", "RANDOM", "SECONDS"],
    hasAliases: false,
    keywords: "! case do done elif else esac fi for if in then until while { }".split(" "),
    variables: (section) => {
      const fields = fieldsOf(section);
      return fields.flatMap((name, at) => (at % 2 === 0 ? [{ name, value: fields[at + 1] ?? "" }] : []));
    },
    exported: (section) => fieldsOf(section).map((one) => one.slice(0, one.indexOf("="))),
    functions: () => null,
  }),
  tellsFunctions: "asked",
  // It takes PS4 as it stands.
  trace: null,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = gaveUp.exec(stderr)?.groups ?? {};
    return file === "" ? null : { file, line: Number(line), says };
  },
  source: "posh(1); measured with 0.14.1 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
