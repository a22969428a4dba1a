import { checkedNonce } from "./frames.ts";
import type { Shell } from "./shell.ts";

type Request = Parameters<Shell["dump"]>[0];

/** Words that mean themselves in csh, also within the quoted text below. Others are not asked about. */
export const askable = (name: string) => /^[A-Za-z0-9_./+:,=-]+$/.test(name) && !name.startsWith("-");

/**
 * The text that makes a csh tell its definitions; `listsBuiltins`: it has a builtin of that name, as tcsh does. How it
 * survives what startup files did (measured, shell-truth 9):
 * - `alias` and `unalias` are the only words that cannot be aliased ("Too dangerous to alias"), and aliases are looked up
 *   when a line is parsed, before variables are expanded, while builtins are looked up after. So a builtin behind an alias
 *   is reached by a variable that expands to its name: `$status:s/0/eval/` is `eval` where the status is 0, and `unalias`
 *   makes it so.
 * - Aliases come before `begin`, for `echo` is safe only after them.
 * - One subshell holds the redirection, so that the reader of the FIFO sees one end. `>!` for noclobber.
 * - An empty line is `echo ""`, for the csh of BSD prints nothing where `echo` has no words.
 * - A quoted builtin is no builtin in csh, so nothing is quoted.
 * - `env` is the one program that is run: `setenv` prints values unquoted, so that a value with a newline can be read two
 *   ways. Where env does not answer, `setenv` serves.
 * - csh cannot write on stderr alone. An unknown path as a command says its name there.
 */
export const cshDump = ({ answer, nonce, names }: Request, listsBuiltins: boolean) => {
  if (!/^[A-Za-z0-9_./+-]+$/.test(answer)) throw new Error(`the answer's path must need no quotes in csh: ${answer}`);
  const section = (name: string) => `echo ""; echo ${checkedNonce(nonce)}:${name}`;
  const parts = [
    section("begin"),
    section("shell-variables"),
    "set",
    // Now that it is told, nothing may speak between.
    "unset noglob echo verbose printexitvalue time",
    section("setenv"),
    "setenv",
    section("env"),
    "/usr/bin/env -0",
    ...(listsBuiltins ? [section("builtins"), "builtins"] : []),
    section("umask"),
    "umask",
    section("cwd"),
    "/bin/pwd -P",
    section("commands"),
    ...names.filter(askable).map((name) => `echo ${name}; which ${name}; echo ${nonce}`),
    section("end"),
  ];
  return `unalias ${nonce}
( ( alias; unalias *; $status:s/0/eval/ '${parts.join("; ")}' ) >! ${answer} ) >& /dev/null
unalias *
$status:s/0/echo/ ${nonce}
/${nonce}
`;
};
