import type { ModeId } from "../facts/index.ts";
import { bash } from "./bash.ts";
import { parseDump } from "./bash-answer.ts";
import type { Shell } from "./shell.ts";
import { cronStart, usualStarts } from "./starts.ts";

const login: readonly ModeId[] = ["ssh-login", "ssh-login-notty", "su-login-command", "sudo-login"];

/** bash under the name `sh`: in posix mode from the first command on, and it reads what a POSIX shell reads. */
export const bashsh: Shell = {
  ...bash,
  name: "bashsh",
  startedAs: ["sh"],
  starts: { ...usualStarts, ...cronStart },
  reads: [
    { file: "/etc/profile", modes: login },
    { file: "~/.profile", modes: login },
    { file: "$ENV", modes: ["ssh-login"] },
    { file: "~/.bash_logout", modes: ["ssh-login"] },
    { file: "/etc/bash.bash_logout", modes: ["ssh-login"] },
  ],
  // posix mode has a variable by that name of its own.
  parseDump(answer, nonce, names) {
    const told = parseDump(answer, nonce, names);
    return (
      told && {
        ...told,
        variables: told.variables.filter(({ name, exported }) => exported || name !== "POSIXLY_CORRECT"),
      }
    );
  },
  source: "bash(1) INVOCATION, invoked as sh; measured with 5.2.15 on Debian 12 (test/fixtures/shell-truth-reads.json)",
};
