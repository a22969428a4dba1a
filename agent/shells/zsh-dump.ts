import { checkedNonce } from "./frames.ts";
import { literal } from "./quote.ts";
import type { Shell } from "./shell.ts";

/** Builtins that the dump uses, or that put functions aside. */
const needed = "builtin command print whence hash trap umask eval emulate enable disable unset unfunction unhash";
const words = "for do done if then fi [[ { }";
const quoted = (list: string) => list.split(" ").map(literal).join(" ");

/** Options under which the guards themselves would end the session, speak or fail; what follows runs under `emulate zsh`. */
const guards = {
  errexit: "off",
  errreturn: "off",
  xtrace: "off",
  verbose: "off",
  unset: "on",
  posixbuiltins: "off",
  printexitvalue: "off",
};

/** Where the module of those parameters is not loaded: names of functions by a reserved word, then those that hinder go. */
const loadsParameters = "builtin zmodload unset unfunction unhash disable enable";

/**
 * The same for zsh started as `sh` or `ksh`: it does not load zsh/parameter by itself, which takes a builtin, for which
 * a function may stand. These go before anything can be copied, so their names are taken by `typeset`, a reserved word:
 * no function can stand for it. An alias can; `zshAsSh` then says so.
 */
export const dumpAsSh: Shell["dump"] = (request) => {
  const n = `_rcw_${checkedNonce(request.nonce)}_`;
  const away = `>\\/dev\\/null 2>&1 || ${n}x=`;
  const list = quoted(loadsParameters);
  return `${n}before="$(typeset +f)"
\\enable ${list} ${away}
\\unfunction ${list} ${away}
\\unhash \\-f ${list} ${away}
\\unset \\-f ${list} ${away}
\\disable \\-f ${list} ${away}
\\enable ${list} ${away}
\\builtin \\zmodload \\zsh\\/parameter ${away}
${dump(request)}`;
};

/**
 * The text that makes zsh tell its definitions. How it survives what startup files did (measured):
 * - zsh parses the whole of `-c` before it runs any of it, aliases in force. So the text itself is only assignments, which
 *   nothing can stand for, and commands whose words are all quoted; the rest is a string that `eval` parses when
 *   the option `aliases` is off and all others are zsh's own (`aliases=()` and `functions=()` remove nothing). That string is one line without single quotes (csh_junkie_quotes, rc_quotes).
 * - Definitions are copied by the parameters of zsh/parameter before anything is touched.
 * - Four builtins can remove functions; a startup file would have to hide all of them.
 * - Values may hold NUL in zsh: a record ends with NUL and the nonce, and only the last field of one is free text.
 */
export const dump: Shell["dump"] = ({ answer, nonce, names }) => {
  const n = `_rcw_${checkedNonce(nonce)}_`;
  const section = (name: string) => `\\builtin print -r -- "" && \\builtin print -r -- "${nonce}:${name}"`;
  const zeroed = (name: string) => `(( \${#${n}${name}} )) && \\builtin print -rN -- "\${${n}${name}[@]}"`;
  const parts = [
    section("begin"),
    // First of all, for a DEBUG trap speaks wherever it likes. (Removing a function TRAPDEBUG removes a trap of any form.)
    section("traps"),
    "\\builtin trap",
    "\\builtin trap - DEBUG ZERR EXIT",
    section("options"),
    zeroed("options"),
    section("aliases"),
    zeroed("aliases"),
    section("global-aliases"),
    zeroed("galiases"),
    section("functions"),
    zeroed("functions"),
    section("sources"),
    zeroed("sources"),
    section("variables"),
    `for ${n}name in "\${(@k)parameters}"; do ${n}type="\${parameters[$${n}name]}"; ` +
      `if [[ "$${n}type" == *hideval* || "$${n}type" == undefined || "$${n}name" == ${n}* ]]; then continue; fi; ` +
      `if [[ "$${n}type" == (array|association)* ]]; then ${n}value="\${(Pj: :)${n}name}"; else ${n}value="\${(P)${n}name}"; fi; ` +
      `\\builtin print -rN -- "$${n}name" "$${n}type" "$${n}value"; \\builtin print -r -- "${nonce}"; done`,
    section("commands"),
    `for ${n}name in "\${${n}names[@]}"; do ` +
      `\\builtin print -rN -- "$${n}name" "\${reswords[(Ie)$${n}name]}" "\${+builtins[$${n}name]}"; ` +
      `\\builtin whence -p -- "$${n}name"; \\builtin print -rN -- ""; ` +
      `\\builtin hash -m -- "\${(b)${n}name}"; \\builtin print -rN -- ""; \\builtin print -r -- "${nonce}"; done`,
    section("umask"),
    "\\builtin umask",
    section("cwd"),
    `\\builtin print -r -- "\${\${(%):-%/}:A}"`,
    section("before"),
    `\\builtin print -r -- "\${${n}before}"`,
    section("left"),
    `for ${n}name in ${quoted(needed)}; do if (( \${+functions[$${n}name]} )); then \\builtin print -r -- "$${n}name"; fi; done`,
    section("end"),
  ];
  const away = ">\\/dev\\/null 2>&1";
  return `${n}options=("\${(@kv)options[@]}") ${n}aliases=("\${(@kv)aliases[@]}") ${n}galiases=("\${(@kv)galiases[@]}") \
${n}functions=("\${(@k)functions[@]}") ${n}sources=("\${(@kv)functions_source[@]}") ${n}names=(${names.map(literal).join(" ")})
${Object.entries(guards)
  .map(([name, value]) => `options[${name}]=${value}`)
  .join(" ")}
\\enable ${quoted(needed)} ${away}
\\unfunction ${quoted(needed)} ${away}
\\unhash \\-f ${quoted(needed)} ${away}
\\unset \\-f ${quoted(needed)} ${away}
\\disable \\-f ${quoted(needed)} ${away}
\\enable ${quoted(needed)} ${away}
\\enable \\-r ${quoted(words)} ${away}
\\builtin \\emulate \\-R \\zsh
options[aliases]=off
\\builtin \\eval '${parts.join("; ")}' >| ${literal(answer)} 2>\\/dev\\/null
\\builtin \\print \\-r \\-- ${literal(nonce)}
\\builtin \\print \\-ru2 \\-- ${literal(nonce)}
`;
};
