import { checkedNonce } from "./frames.ts";
import type { Shell } from "./shell.ts";

/** A word that fish takes literally. */
export const quoted = (word: string) => `'${word.replace(/[\\']/g, "\\$&")}'`;

/**
 * The text that makes fish tell its definitions. How it survives what startup files did (measured, shell-truth 9):
 * - `builtin`, `command`, `set`, `for`, `if`, `begin` and their kin are reserved: no function can have their name, and fish
 *   has no aliases but functions. So every other command stands behind `builtin` or `command`.
 * - To ask about a function that fish only would load by its name (functions/NAME.fish) loads it, which runs its file. With
 *   an empty path for these only those that are there are listed, and of the others the file is named; whether it
 *   defines the name is seen by looking for it, for a file that defines nothing is how people take a function away.
 * - Where IFS is empty a substitution is one word whatever its lines, so it has a value of its own here.
 * - Quoted, a list is one word, joined as fish hands it to programs.
 */
export const dump: Shell["dump"] = ({ answer, nonce, names }) => {
  const n = `_rcw_${checkedNonce(nonce)}_`;
  const section = (name: string) => `builtin printf '\\n%s\\n' ${nonce}:${name}`;
  const field = (word: string) => `builtin printf '%s\\0' ${word}`;
  const ended = `builtin printf '\\0%s\\n' ${nonce}`;
  return `begin
${section("begin")}
set -l IFS \\n
set -l ${n}folders $fish_function_path
${section("own")}
${field('"$__fish_data_dir"')}
${section("functions")}
begin
set -l fish_function_path
set -l ${n}there (builtin functions --all --names)
for ${n}name in $${n}there
${field(`$${n}name`)}
builtin functions --details --verbose -- $${n}name
${ended}
end
${section("called")}
for ${n}folder in $${n}folders
if not builtin string match -q -- "$__fish_data_dir/*" $${n}folder
for ${n}file in $${n}folder/*.fish
if builtin test -f $${n}file -a -r $${n}file
${field(`$${n}file`)}
builtin printf '%s' (builtin string match -r -- '(?:function|alias)\\s.*' <$${n}file | builtin string collect)
${ended}
end
end
end
end
${section("commands")}
for ${n}name in ${names.map(quoted).join(" ")}
${field(`$${n}name`)}
set -l ${n}own ''
for ${n}folder in $${n}folders
if builtin string match -q -- "$__fish_data_dir/*" $${n}folder; and builtin test -f $${n}folder/$${n}name.fish
set ${n}own own
end
end
builtin contains -- $${n}name $${n}there; and set ${n}own
${field(`"$${n}own"`)}
builtin --query -- $${n}name; and builtin printf builtin
builtin printf '\\0'
command --search -- $${n}name
${ended}
end
end
${section("variables")}
for ${n}name in (set --names)
if not builtin contains -- $${n}name history
set -l ${n}exported ''
set -qx $${n}name; and set ${n}exported exported
${field(`$${n}name "$${n}exported"`)}
builtin printf '%s' "$$${n}name"
${ended}
end
end
${section("handlers")}
builtin functions --handlers
${section("umask")}
builtin printf '%s\\n' $umask
${section("cwd")}
builtin pwd -P
${section("end")}
end >${quoted(answer)} 2>/dev/null
builtin printf '%s\\n' ${nonce}
builtin printf '%s\\n' ${nonce} >&2
`;
};
