/** What zsh is under the names `sh` and `ksh`: the same shell in two emulations that differ in nothing measured here. */
import type { ModeId } from "../facts/index.ts";
import type { Shell } from "./shell.ts";
import { usualStarts } from "./starts.ts";
import { zsh } from "./zsh.ts";
import { parseDump } from "./zsh-answer.ts";
import { dumpAsSh } from "./zsh-dump.ts";
import { traceAsSh } from "./zsh-trace.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];
const row = (file: string, modes: readonly ModeId[]) => ({ file, compiled: `${file}.zwc`, modes });

/** An error of a special builtin ends the login, here and in no other role of zsh. */
const ended = /^(?<file>\/.*?):(?:\.|set|export|readonly|typeset|shift|unset|trap):(?<line>\d+): (?<says>.*)$/m;

export const zshAsSh: Omit<Shell, "name" | "startedAs"> = {
  ...zsh,
  starts: usualStarts,
  // `-f` is another option here, and no switch keeps a login from its files.
  bare: [],
  bareAs: "name",
  reads: [
    row("/etc/profile", login),
    row("~/.profile", login),
    { file: "$ENV", modes: ["ssh-login"] },
    row("~/.zlogout", ["ssh-login"]),
    row("/etc/zsh/zlogout", ["ssh-login"]),
  ],
  guard: "case $- in *i*) ;; *) return ;; esac",
  dump: dumpAsSh,
  parseDump(answer, nonce, names) {
    const told = parseDump(answer, nonce, names);
    if (told === null || !told.aliases.some(({ name }) => name === "typeset")) return told;
    return {
      ...told,
      doubts: [...told.doubts, "an alias is named typeset: functions that stand for builtins may be missing"],
    };
  },
  trace: traceAsSh,
  syntaxComplaint(stderr) {
    const { file = "", line, says = "" } = ended.exec(stderr)?.groups ?? {};
    return file === "" ? zsh.syntaxComplaint(stderr) : { file, line: Number(line), says };
  },
  source: "zshall(1) COMPATIBILITY; measured with 5.9 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
