/** What each syntax family brings: how its text is taken apart, and what its commands mean. */
import type { Syntax } from "../shells/shell.ts";
import { cshCommand } from "./csh-commands.ts";
import { cshUnits } from "./csh-parse.ts";
import { fishCommand, fishDefinition } from "./fish-commands.ts";
import { fishUnits } from "./fish-parse.ts";
import { definition, shCommand } from "./sh-commands.ts";
import { isZsh, understood } from "./sh-dialect.ts";
import { shUnits } from "./sh-parse.ts";
import type { Define, Simple, Unit } from "./syntax.ts";
import type { Truth } from "./values.ts";
import type { Walk } from "./walk.ts";

type CallFunction = (walk: Walk, name: string, fields: readonly (string | null)[]) => Truth | null;

interface Family {
  units(text: string, walk: Walk): Iterable<Unit>;
  command(walk: Walk, node: Simple, callFunction: CallFunction): Truth;
  /** Notes that a function is defined. */
  definition(walk: Walk, node: Define, name: string): void;
}

export const families: Readonly<Record<Syntax, Family>> = {
  sh: {
    units: (text, { shell }) => understood(shUnits(text, isZsh(shell)), shell, text),
    command: shCommand,
    definition,
  },
  csh: { units: (text, walk) => cshUnits(linesRead(text, walk)), command: cshCommand, definition },
  fish: { units: fishUnits, command: fishCommand, definition: fishDefinition },
};

/** The csh of BSD leaves out a last line that does not end. */
function linesRead(text: string, { shell, frame }: Walk): string {
  return shell === "bsdcsh" && frame.place === null ? text.slice(0, text.lastIndexOf("\n") + 1) : text;
}
