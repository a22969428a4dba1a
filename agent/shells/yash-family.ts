/** What yash says under both of its names. */
import { listingAnswer } from "./listing-answer.ts";
import { freed, listingDump } from "./listing-dump.ts";
import type { Shell } from "./shell.ts";

/** It gives up on a file at these; where it cannot open one that is sourced it ends the login. It says a file of syntax only. */
const gaveUp =
  /^(?:(?<file>\/.*?):(?<line>\d+): (?<syntax>syntax error: .*)|(?:-[^\s:]+: )(?<other>parameter .* is not set|\$\S+ is read-only)|(?<ended>\.: cannot open file .*))$/m;

/** In the POSIX locale it takes no command that holds another character, so it is not asked about such names. */
const isAscii = (name: string) => /^[\x01-\x7f]*$/.test(name);

export const dump: Shell["dump"] = (request) => told({ ...request, names: request.names.filter(isAscii) });

const told = listingDump({
  ...freed,
  needed: ["alias", "command", "printf", "pwd", "type", "typeset", "umask", "unalias"],
  aliases: { list: "\\alias", drop: "\\unalias -a" },
  functions: { when: "later", list: "\\typeset -fp" },
});

export function parseDumpOf(name: string): Shell["parseDump"] {
  const heard = answerOf(name);
  return (answer, nonce, names) => {
    const found = heard(answer, nonce, names.filter(isAscii));
    const left = names.filter((one) => !isAscii(one));
    return found && { ...found, doubts: [...found.doubts, ...left.map((one) => `${name} was not asked about ${one}`)] };
  };
}

const answerOf = (name: string) =>
  listingAnswer({
    name,
    passing: ["PPID", "OPTIND", "LINENO", "RANDOM", "COLUMNS", "LINES"],
    hasAliases: true,
    // `NAME()` or `function NAME()` above its body.
    functions: (section) => [...section.matchAll(/^(?:function )?(\S+)\(\)\n/gm)].map((found) => found[1] ?? ""),
  });

export const syntaxComplaint: Shell["syntaxComplaint"] = (stderr) => {
  const { file, line, syntax, other, ended } = gaveUp.exec(stderr)?.groups ?? {};
  const says = syntax ?? other ?? ended;
  return says === undefined ? null : { file: file ?? null, line: line === undefined ? null : Number(line), says };
};
