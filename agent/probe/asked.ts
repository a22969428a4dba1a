/** Questions that are asked only where a rule needs their answer. */
import type { AskedFact, Gap, ModeFacts } from "../facts/index.ts";
import type { Reading } from "../startup/index.ts";
import type { Asker } from "./asker.ts";
import { limitsIn } from "./bare.ts";
import { gap } from "./gaps.ts";
import { askStdin } from "./stdin.ts";
import { concernsLimit, unraisedLimits } from "./warnings.ts";

export interface Known {
  readonly reading: Reading;
  /** Whether startup came to its end: else no command tells anything of what it left. */
  readonly isReady: boolean;
  /** As startup leaves them, where they were asked for already. */
  readonly limits: Limits | null;
  /** What the launcher said of the session that was begun. */
  readonly warnings: readonly string[];
}

type Limits = ModeFacts["limits"];

export type More = Pick<ModeFacts, "asked" | "limits" | "stdin"> & { readonly gaps: readonly Gap[] };

/** `limits`: as a session begins with them, where startup's own could not be had. */
export async function askMore(
  questions: Asker,
  asks: readonly AskedFact[],
  begins: Limits,
  known: Known,
): Promise<More> {
  const [left, stdin] = await Promise.all([
    known.limits ?? (asks.includes("limits") && known.isReady ? limitsIn(questions, {}) : null),
    asks.includes("stdin") ? askStdin(questions, known.reading) : null,
  ]);
  const lacksLimits = asks.includes("limits") && known.isReady && left === null;
  const gaps = [
    ...(lacksLimits ? [gap("no-frames", "a command in the session could not tell its limits", ["limits"])] : []),
    ...(stdin?.kind === "gap" ? [stdin.gap] : []),
  ];
  const asked = asks.filter((fact) => fact === "limits" || fact === "stdin");
  return {
    asked,
    limits: left === null ? begins : asInSession(left, begins, known),
    ...(stdin?.kind === "told" && { stdin: stdin.stdin }),
    gaps,
  };
}

/** The same of a shell without startup files, which concern none. */
export function bareInSession(left: Limits, begins: Limits, warnings: readonly string[]): Limits {
  const unraised = [...unraisedLimits(warnings), ...ours];
  return Object.fromEntries(
    Object.entries(left).map(([name, soft]) => [name, unraised.includes(name) ? (begins[name] ?? soft) : soft]),
  );
}

/** The launcher sets it, so that no core leaves the sandbox. */
const ours: readonly string[] = ["core"];

/**
 * One that the launcher could not raise is lower than in a session: where startup leaves it alone it is as the session begins
 * with it, else it is not known.
 */
function asInSession(left: Limits, begins: Limits, { reading, warnings }: Known): Limits {
  const unraised = [...unraisedLimits(warnings), ...ours];
  const told = Object.entries(left).flatMap(([name, soft]): [string, Limits[string]][] => {
    if (!unraised.includes(name)) return [[name, soft]];
    const began = begins[name];
    return concernsLimit(reading, name) || began === undefined ? [] : [[name, began]];
  });
  return Object.fromEntries(told);
}
