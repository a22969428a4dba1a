import type { Dumped } from "./shell.ts";

type Command = Dumped["commands"][number];

/**
 * What a shell finds behind a name, in the order in which bash, zsh and tcsh look: an alias (where they bite), a keyword, a
 * function, a builtin, a file. `file` is where a search through PATH ends; only the program that is reached stands in
 * `then`, so a builtin or a keyword has none.
 */
export function commandOf(
  name: string,
  found: {
    readonly alias: boolean;
    readonly keyword?: boolean;
    readonly function?: boolean;
    readonly builtin: boolean;
    readonly file: string | null;
  },
): Command {
  const is = kindOf(found);
  // biome-ignore lint/suspicious/noThenProperty: the name of the field in the JSON that people read (design 10)
  return { name, is, then: is === "keyword" || is === "builtin" ? null : found.file };
}

function kindOf(found: Parameters<typeof commandOf>[1]): Command["is"] {
  if (found.alias) return "alias";
  if (found.keyword === true) return "keyword";
  if (found.function === true) return "function";
  if (found.builtin) return "builtin";
  return found.file === null ? "none" : "file";
}
