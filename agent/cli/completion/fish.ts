/** Fish. Words that stand in this program; accounts by fish's own list of users. */
import type { Flag, VerbWords } from "./words.ts";

export function fish(verbs: readonly VerbWords[]): string {
  const lines = verbs.flatMap((verb) => {
    const here = `complete -c rcwarden -n ${quoted(`__fish_seen_subcommand_from ${verb.name}`)}`;
    const first = quoted(`test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from ${verb.name}`);
    return [
      `complete -c rcwarden -n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.says)}`,
      ...(verb.actions.length === 0 ? [] : [`complete -c rcwarden -n ${first} -a ${quoted(verb.actions.join(" "))}`]),
      ...verb.flags.map((flag) => `${here} -l ${flag.name.replace(/^--/, "")}${taken(flag)} -d ${quoted(flag.says)}`),
    ];
  });
  return [
    "# Completion of rcwarden for fish, made by: rcwarden completion fish",
    "complete -c rcwarden -f",
    ...lines,
    "",
  ].join("\n");
}

function taken({ takes }: Flag): string {
  switch (takes.kind) {
    case "nothing":
      return "";
    case "words":
      return ` -x -a ${quoted(takes.words.join(" "))}`;
    case "account":
      return " -x -a '(__fish_complete_users)'";
    case "file":
      return " -r -F";
    case "any":
      return " -x";
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
