/** Zsh. `compadd` quotes what it puts in, and what is offered stands in this program or is a name of plain letters. */
import type { Flag, VerbWords } from "./words.ts";

export function zsh(verbs: readonly VerbWords[]): string {
  return `#compdef rcwarden
# Completion of rcwarden for zsh, made by: rcwarden completion zsh
_rcwarden_accounts() {
  setopt local_options extended_glob
  local -a names
  names=(\${\${(f)"$(getent passwd 2>/dev/null)"}%%:*})
  compadd -- \${(M)names:#[A-Za-z0-9_][A-Za-z0-9_.-]#}
}

_rcwarden_verbs() {
  local -a verbs
  verbs=(
${verbs.map(({ name, says }) => `    ${described(name, says)}`).join("\n")}
  )
  _describe -t verbs verb verbs
}

_rcwarden() {
  local verb="\${words[2]}" before="\${words[CURRENT - 1]}"
  local -a flags
  if ((CURRENT == 2)); then
    _rcwarden_verbs
    return
  fi
  if [[ "\${words[CURRENT]}" == --*=* ]]; then
    before="\${words[CURRENT]%%=*}"
    compset -P '*='
  fi
  case "$verb $before" in
${verbs.flatMap((verb) => verb.flags.flatMap((flag) => valueLines(verb, flag))).join("\n")}
  esac
  case "$verb" in
${verbs.flatMap(verbLines).join("\n")}
    (help) _rcwarden_verbs ;;
  esac
}

if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then _rcwarden "$@"; else compdef _rcwarden rcwarden; fi
`;
}

function valueLines({ name }: VerbWords, flag: Flag): string[] {
  const at = `    ("${name} ${flag.name}")`;
  switch (flag.takes.kind) {
    case "nothing":
      return [];
    case "words":
      return [`${at} compadd -- ${flag.takes.words.join(" ")}; return ;;`];
    case "account":
      return [`${at} _rcwarden_accounts; return ;;`];
    case "file":
      return [`${at} _files; return ;;`];
    case "any":
      return [`${at} return ;;`];
  }
}

function verbLines({ name, actions, flags }: VerbWords): string[] {
  const offers = actions.length === 0 ? [] : [`      if ((CURRENT == 3)); then compadd -- ${actions.join(" ")}; fi`];
  return [
    `    (${name})`,
    ...offers,
    "      flags=(",
    ...flags.map((flag) => `        ${described(flag.name, flag.says)}`),
    "      )",
    "      _describe -o flag flags",
    "      ;;",
  ];
}

/** `'NAME:what it says'`, in which colons and backslashes of the name are escaped. */
function described(name: string, says: string): string {
  const text = `${name.replace(/[\\:]/g, "\\$&")}:${says.replaceAll("\\", "\\\\")}`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
