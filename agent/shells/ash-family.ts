/** What dash and busybox ash, both Almquist shells, have in common. */
import type { ModeId } from "../facts/index.ts";
import { listingAnswer } from "./listing-answer.ts";
import { freed, listingDump } from "./listing-dump.ts";

export const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

export const dump = listingDump({
  ...freed,
  needed: ["alias", "command", "printf", "pwd", "type", "umask", "unalias"],
  aliases: { list: "\\alias", drop: "\\unalias -a" },
  functions: null,
});

export const parseDumpOf = (name: string) =>
  listingAnswer({
    name,
    passing: ["PPID", "OPTIND", "LINENO", "RANDOM", "FUNCNAME", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME"],
    hasAliases: true,
    functions: () => null,
  });
