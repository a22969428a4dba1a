import { dump, login, parseDumpOf } from "./ash-family.ts";
import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";

/** With these it leaves a login, not only the file. It goes by its own name, says no file and seldom a line. */
const gaveUp =
  /^-[^\s:]+: (?<says>(?:eval: )?(?:line \d+: )?syntax error: .*|\S+: parameter not set|\S+: is read only|\.: (?:line \d+: )?can't open .*)$/m;

export const ash: Shell = {
  name: "ash",
  startedAs: ["ash", "sh"],
  binaries: ["busybox"],
  syntax: "sh",
  starts: { ...usualStarts, ...cronStart },
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
  parseDump: parseDumpOf("ash"),
  tellsFunctions: "asked",
  // A line, and no file.
  trace: null,
  syntaxComplaint(stderr) {
    const says = gaveUp.exec(stderr)?.groups?.says;
    if (says === undefined) return null;
    const line = /\bline (\d+): /.exec(says)?.[1];
    return { file: null, line: line === undefined ? null : Number(line), says };
  },
  source: "busybox ash; measured with 1.35.0 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
