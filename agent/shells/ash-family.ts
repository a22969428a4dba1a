/** What dash and busybox ash, both Almquist shells, have in common. */
import type { ModeId } from "../facts/index.ts";
import { listingAnswer } from "./listing-answer.ts";
import { listingDump } from "./listing-dump.ts";

export const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

export const dump = listingDump({
  own: (builtin) => `\\${builtin}`,
  line: (word) => `\\printf '%s\\n' ${word}`,
  field: (word) => `\\printf '%s\\0' ${word}`,
  needed: ["alias", "command", "printf", "pwd", "type", "umask", "unalias"],
  free: (names) => `\\unset -f ${names.join(" ")}`,
  type: "\\type",
  aliases: { list: "\\alias", drop: "\\unalias -a" },
  functions: null,
  variables: "\\set",
});

export const parseDumpOf = (name: string) =>
  listingAnswer({
    name,
    passing: ["PPID", "OPTIND", "LINENO", "RANDOM", "FUNCNAME", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME"],
    hasAliases: true,
    functions: () => null,
  });
