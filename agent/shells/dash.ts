import { dump, login, parseDumpOf } from "./ash-family.ts";
import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";

/** With these dash leaves a login, not only the file. It goes by its own name and the line, and never says the file. */
const gaveUp =
  /^-[^\s:]+: (?<line>\d+): (?<says>(?:eval: )?Syntax error: .*|Bad substitution|\S+: parameter not set|\S+: is read only|\.: (?:cannot|can't) open .*|\S+: bad variable name|shift: can't shift that many|set: Illegal option .*)$/m;

export const dash: Shell = {
  name: "dash",
  startedAs: ["dash", "sh"],
  binaries: ["dash"],
  syntax: "sh",
  starts: { ...usualStarts, ...cronStart },
  // No switch keeps a login shell from its files.
  bare: [],
  bareAs: "name",
  reads: [
    { file: "/etc/profile", modes: login },
    { file: "~/.profile", modes: login },
    { file: "$ENV", modes: ["ssh-login"] },
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  aliasesBite: () => true,
  dump,
  parseDump: parseDumpOf("dash"),
  tellsFunctions: "asked",
  // Debian's build has no LINENO, and there is no name of a file to be had.
  trace: null,
  syntaxComplaint(stderr) {
    const { line, says } = gaveUp.exec(stderr)?.groups ?? {};
    return says === undefined ? null : { file: null, line: Number(line), says };
  },
  source: "dash(1) Invocation; measured with 0.5.12 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
