/** What a prefix keeps from the program behind it: `\rm` no alias, `command rm`, `env rm` and a path nor a function. */
export type Passes = "nothing" | "aliases" | "aliases-and-functions";

export interface Sent {
  /** The program's name, or its path as it was sent. */
  readonly program: string;
  readonly passes: Passes;
}

/** Reads the program out of a line that an engine sends. Null where its first word is no plain name. */
export function programOf(command: string): Sent | null {
  const words = command.trim().split(/\s+/);
  const first = words[0] ?? "";
  const wrapped = first === "command" || first === "env";
  const word = (wrapped ? words[1] : first) ?? "";
  const bare = word.startsWith("\\") ? word.slice(1) : word;
  if (!/^[A-Za-z0-9_.+@:/[-]+$/.test(bare) || bare.startsWith("-")) return null;
  if (wrapped || bare.includes("/")) return { program: bare, passes: "aliases-and-functions" };
  return { program: bare, passes: word === bare ? "nothing" : "aliases" };
}

/** The programs of all lines, each once, in the order in which they are sent. */
export function programsOf(sends: readonly { readonly command: string }[]): string[] {
  const names = sends.flatMap(({ command }) => programOf(command)?.program ?? []);
  return [...new Set(names)];
}
