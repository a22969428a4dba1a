/**
 * Bash. Only words that stand in this program and names of plain letters are offered, and nothing is expanded: no
 * `compgen -W`, which would run a substitution in a word.
 */
import type { Flag, VerbWords } from "./words.ts";

export function bash(verbs: readonly VerbWords[]): string {
  return `# Completion of rcwarden for bash, made by: rcwarden completion bash
_rcwarden_offer() {
  local current="$1" word
  shift
  for word in "$@"; do
    if [[ "$word" == "$current"* ]]; then COMPREPLY+=("$word"); fi
  done
}

_rcwarden_accounts() {
  local name rest LC_ALL=C
  while IFS=: read -r name rest; do
    case "$name" in
      "" | -* | *[!A-Za-z0-9_.-]*) ;;
      "$1"*) COMPREPLY+=("$name") ;;
    esac
  done < <(getent passwd 2>/dev/null)
}

_rcwarden() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" verb="\${COMP_WORDS[1]}"
  COMPREPLY=()
  # --flag=value comes as three words.
  if [[ "$before" == "=" ]]; then before="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  if [[ "$current" == "=" ]]; then current=""; fi
  if ((COMP_CWORD == 1)); then
    _rcwarden_offer "$current" ${verbs.map(({ name }) => name).join(" ")} help --version --help
    return
  fi
  case "$verb $before" in
${verbs.flatMap((verb) => verb.flags.flatMap((flag) => valueLines(verb, flag))).join("\n")}
  esac
  case "$verb" in
${verbs.flatMap(verbLines).join("\n")}
    help) _rcwarden_offer "$current" ${verbs.map(({ name }) => name).join(" ")} ;;
  esac
}

complete -F _rcwarden rcwarden
`;
}

function valueLines({ name }: VerbWords, flag: Flag): string[] {
  const at = `    "${name} ${flag.name}")`;
  switch (flag.takes.kind) {
    case "nothing":
      return [];
    case "words":
      return [at, `      _rcwarden_offer "$current" ${flag.takes.words.join(" ")}`, "      return ;;"];
    case "account":
      return [at, '      _rcwarden_accounts "$current"', "      return ;;"];
    case "file":
      // An empty answer lets bash complete file names, which it quotes.
      return [at, "      compopt -o default", "      return ;;"];
    case "any":
      return [at, "      return ;;"];
  }
}

function verbLines({ name, actions, flags }: VerbWords): string[] {
  const offers = `_rcwarden_offer "$current" ${flags.map((flag) => flag.name).join(" ")}`;
  if (actions.length === 0) return [`    ${name}) ${offers} ;;`];
  return [
    `    ${name})`,
    `      if ((COMP_CWORD == 2)); then _rcwarden_offer "$current" ${actions.join(" ")}; fi`,
    `      if ((COMP_CWORD > 2)) || [[ "$current" == -* ]]; then ${offers}; fi`,
    "      ;;",
  ];
}
