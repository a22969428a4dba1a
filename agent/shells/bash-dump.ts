import { checkedNonce } from "./frames.ts";
import { literal } from "./quote.ts";
import type { Shell } from "./shell.ts";

/** Builtins that the dump uses and that a startup file may have hidden behind a function or `enable -n`. */
const needed = "printf declare type shopt umask pwd compgen unset set trap readonly exec";

/**
 * The text that makes bash tell its definitions. How it survives what startup files did (measured, shell-truth 9):
 * - posix mode first, by an assignment, which no alias or function can stand for. There keywords come before aliases and
 *   special builtins (unset, set, trap, readonly) before functions; every other command word is quoted, so that no
 *   alias bites. One line is parsed at a time, so all that follows is parsed in posix mode.
 * - Functions are listed in a subshell that dropped only `builtin`, `command` and `enable`, in a second one that dropped
 *   only what it needs to list those three; then the main shell drops all that stand for a builtin we need.
 * - What cannot be dropped (readonly) is known from `readonly -f`; `run` takes the way that is left, and the section
 *   `readonly` tells the reader which ways were not.
 * - `>|` for noclobber; one open of the FIFO, held by one group, so that its reader sees one end.
 */
export const dump: Shell["dump"] = ({ answer, nonce, names }) => {
  const n = `_rcw_${checkedNonce(nonce)}_`;
  const run = `${n}run`;
  const section = (name: string) => `${run} printf '\\n%s\\n' ${nonce}:${name}`;
  const isReadonly = (name: string) => `[[ $${n}readonly == *$'\\n'"readonly -f ${name}"$'\\n'* ]]`;
  const variables = [..."_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  return `${n}options=$SHELLOPTS:$BASHOPTS
POSIXLY_CORRECT=1
\\set +euxvfTE
${n}traps=$(\\trap -p)
\\trap - DEBUG RETURN ERR EXIT
${n}readonly=$'\\n'$(\\readonly -f)$'\\n'
${run}() {
if ! ${isReadonly("builtin")}; then \\builtin "$@"
elif ! ${isReadonly("command")}; then \\command "$@"
elif [[ $1 == printf ]] && ${isReadonly("printf")}; then shift; \\/usr/bin/printf "$@"
else "$@"; fi
}
{
( \\unset -f builtin command enable; \\enable builtin command declare printf shopt
${section("begin")}
${section("functions")}
if ${isReadonly("declare")} && ${isReadonly("builtin")} && ${isReadonly("command")}; then \\unset POSIXLY_CORRECT; \\set; else
IFS=$'\\n'; \\set -f; \\shopt -s extdebug; ${run} shopt -s extdebug; ${n}names=( $(${run} declare -F) ); \\set +f; ${n}names=( "\${${n}names[@]##* }" )
${run} printf '%s\\0' "\${${n}names[@]}"; ${run} printf '\\n'; ${run} declare -F -- "\${${n}names[@]}"
fi
${section("hidden")} )
( \\unset -f declare shopt; \\enable declare shopt; \\shopt -s extdebug; \\declare -F -- builtin command enable )
\\unset -f builtin command enable ${needed}; \\enable builtin command enable ${needed}
${section("readonly")}
${run} printf '%s' "$${n}readonly"
${section("alias-names")}
(( \${#BASH_ALIASES[@]} )) && ${run} printf '%s\\0' "\${!BASH_ALIASES[@]}"
${section("alias-values")}
(( \${#BASH_ALIASES[@]} )) && ${run} printf '%s\\0' "\${BASH_ALIASES[@]}"
${section("options")}
${run} printf '%s\\n' "$${n}options"; ${run} shopt -p; ${run} shopt -po
${section("exported")}
${run} compgen -e
${section("variables")}
for ${n}name in ${variables.map((first) => `"\${!${first}@}"`).join(" ")}; do
[[ $${n}name == ${n}* ]] || ${run} printf '%s\\0%s\\0%s\\n' "$${n}name" "\${!${n}name}" ${nonce}
done
${section("traps")}
${run} printf '%s' "$${n}traps"
${section("commands")}
for ${n}name in ${names.map(literal).join(" ")}; do
${run} printf '%s\\0' "$${n}name"; ${run} type -t -- "$${n}name"; ${run} printf '\\0'; ${run} type -P -- "$${n}name"; ${run} printf '\\0%s\\n' ${nonce}
done
${section("umask")}
${run} umask
${section("cwd")}
${run} pwd -P || ${run} printf '%s\\n' "$PWD"
${section("end")}
} >|${literal(answer)}
${run} printf '%s\\n' ${nonce}
${run} printf '%s\\n' ${nonce} >&2
`;
};
