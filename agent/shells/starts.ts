/**
 * How ways of coming in start a shell, for the `starts` of shells: nothing in it depends on the shell but what stands in
 * that shell's own file. Measured with sshd, su (util-linux), sudo and cron of Debian 12.
 */
import type { Start } from "./shell.ts";

const command = ["-c", "COMMAND"];

/** Of an account's own shell. Without `COMMAND` what is sent is typed: on a terminal after its prompt, else on stdin. */
export const usualStarts = {
  "ssh-command": { argv0: "name", words: command },
  "ssh-command-pty": { argv0: "name", words: command },
  "ssh-login": { argv0: "-name", words: [] },
  "ssh-login-notty": { argv0: "-name", words: [] },
  "su-command": { argv0: "name", words: command },
  "su-login-command": { argv0: "-name", words: command },
  "sudo-login": { argv0: "-name", words: command },
} as const satisfies Record<string, Start>;

/** Of whatever /bin/sh is, for a personality that `sh` may be: cron takes it whatever the account's shell. */
export const cronStart = { cron: { argv0: "path", words: command } } as const satisfies Record<string, Start>;
