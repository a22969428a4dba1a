/** What could not be had, once for all ways of coming in for which it is the same. */
import type { ModeFacts } from "../../facts/index.ts";
import { rows, shortened } from "../../facts/layout.ts";
import type { Line } from "./printable.ts";

export function gapsText(modes: readonly ModeFacts[]): Line[] {
  const all = modes.flatMap(({ mode, gaps }) => gaps.map((gap) => ({ mode, ...gap })));
  const groups = Map.groupBy(all, ({ code, message, change }) => JSON.stringify([code, message, change]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const where = group.length === modes.length ? [] : [`(${group.map(({ mode }) => mode).join(", ")})`];
    const change = first.change === "" ? [] : [`to change that: ${shortened(first.change)}`];
    return rows("Unknown, because", [shortened(first.message), ...change, ...where]);
  });
}
