/** Questions that are asked only where a rule needs their answer. */
import type { AskedFact, Gap, ModeFacts } from "../facts/index.ts";
import type { Asker } from "./asker.ts";
import { limitsIn } from "./bare.ts";
import { gap } from "./gaps.ts";

export interface More {
  /** As startup leaves them; null where nobody asked, or they could not be had, which is a gap then. */
  readonly limits: ModeFacts["limits"] | null;
  readonly facts: Pick<ModeFacts, "asked">;
  readonly gaps: readonly Gap[];
}

/** Of a session whose startup never ended nothing more is asked. */
export const nothingMore: More = { limits: null, facts: {}, gaps: [] };

/** `limits`: where they were asked for already. */
export async function askMore(
  questions: Asker,
  asks: readonly AskedFact[],
  limits: ModeFacts["limits"] | null,
): Promise<More> {
  const asked = asks.filter((fact) => fact === "limits");
  if (asked.length === 0) return nothingMore;
  const left = limits ?? (await limitsIn(questions, {}));
  const gaps =
    left === null ? [gap("no-frames", "a command in the session could not tell its limits", ["limits"])] : [];
  return { limits: left, facts: { asked }, gaps };
}
