import type { Shell } from "./shell.ts";

/**
 * Complaints with which csh and tcsh give up on a file, for they do so on nearly every error: also on an unset variable or a
 * pattern without match. They name neither file nor line. `No such file` is left out: programs say that, too.
 */
const gaveUp = new RegExp(
  `^(?:${[
    "Unmatched (?:'.*'|['\"`])\\.",
    "Too many [()]'s\\.",
    "Missing (?:'.'|[})]|name for redirect|file name)\\.",
    "Badly placed .*\\.",
    "Badly formed number\\.",
    "Invalid null command\\.",
    "Ambiguous (?:input|output) redirect\\.",
    "(?:Illegal variable name|Word too long|Alias loop|Event not found|No match|Division by 0)\\.",
    "(?:Bad : modifier in .*|Unknown variable modifier\\.)",
    "Variable name must .*",
    "[^ ]+: (?:Expression Syntax|Undefined variable|Event not found|Subscript out of range|No match|Divide by 0)\\.",
    "[^ ]+: (?:label|endif|endsw|end|then\\/endif) not found\\.",
    "[^ ]+: (?:Not in while\\/foreach|Too (?:few|many) arguments|Improper mask|No such limit)\\.",
    "[^ ]+: (?:Variable name must .*|\\$.* is read-only\\.)",
  ].join("|")})$`,
  "m",
);

export const cshComplaint: Shell["syntaxComplaint"] = (stderr) => {
  const says = gaveUp.exec(stderr)?.[0];
  return says === undefined ? null : { file: null, line: null, says };
};
