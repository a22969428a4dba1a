/** What the way of sending keeps from the program: `\rm` its alias, `command rm` and `env rm` its function, too. */
export type Passes = "nothing" | "aliases" | "aliases-and-functions";

export interface Sent {
  /** The word before the program that is looked up by itself, or null. */
  readonly wrapper: "command" | "env" | null;
  /** The program's name, or its path as it was sent. */
  readonly program: string;
  readonly passes: Passes;
}

/** Reads the program out of a line that an engine sends, as the documents' grammar has it. Null where it cannot. */
export function programOf(command: string): Sent | null {
  const words = command.split(" ").filter((word) => word !== "");
  const wrapper = words[0] === "command" || words[0] === "env" ? words[0] : null;
  const behind = wrapper === null ? words : words.slice(1);
  const word = behind.find((each) => wrapper !== "env" || !each.includes("=")) ?? "";
  const bare = word.startsWith("\\") ? word.slice(1) : word;
  if (!/^[A-Za-z0-9_.+:@%[/][A-Za-z0-9_.+:@%/[-]*$/.test(bare)) return null;
  if (wrapper !== null) return { wrapper, program: bare, passes: "aliases-and-functions" };
  return { wrapper, program: bare, passes: word === bare ? "nothing" : "aliases" };
}

/** Every name whose meaning decides what these lines start, each once: `command rm` stands on `command`, too. */
export function namesOf(sends: readonly { readonly command: string }[]): string[] {
  const names = sends.flatMap(({ command }) => {
    const sent = programOf(command);
    if (sent === null) return [];
    return sent.wrapper === null ? [sent.program] : [sent.wrapper, sent.program];
  });
  return [...new Set(names)];
}

/** The programs alone, each once, in the order in which they are sent. */
export function programsOf(sends: readonly { readonly command: string }[]): string[] {
  return [...new Set(sends.flatMap(({ command }) => programOf(command)?.program ?? []))];
}
