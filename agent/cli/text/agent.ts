/** What an agent that was started by hand says of itself: whom it watches, and where to ask it. */

import { beside, list, paragraph } from "../../facts/layout.ts";
import { shellWord } from "../../facts/shell-word.ts";
import type { StatusBody } from "../../status/agent-view.ts";
import { type Line, span } from "./printable.ts";

const mostNames = 8;

export interface Listening {
  readonly socket: string;
  /** Whether whoever may ask looks there by itself. */
  readonly isDefault: boolean;
}

export function agentBegun({ accounts, documents, rcwarden }: StatusBody, socketPath: string): Line[] {
  const names = accounts
    .filter(({ state }) => state !== "elsewhere" && state !== "not-granted")
    .map(({ name }) => name);
  const some = names.length > mostNames ? [...names.slice(0, mostNames), `${names.length - mostNames} more`] : names;
  const whom = some.length === 0 ? "nobody" : list(some);
  const others = accounts.filter(({ state }) => state === "elsewhere" || state === "not-granted");
  return [
    [span(`rcwarden ${rcwarden}`, "bold"), ` watches ${whom}; it answers at ${socketPath}`],
    ...others.flatMap(({ name, says }) => paragraph(`not watched: ${name}, ${says}`, 2)),
    ...documents.problems.flatMap((problem) => paragraph(problem, 2)),
    ...(documents.grant === "broken" ? paragraph("the Grant is broken: nobody is measured, nothing leaves", 2) : []),
  ];
}

/** After every account was looked at. `unshown`: how many accounts' first findings were not printed. */
export function agentReady(
  { accounts }: Pick<StatusBody, "accounts">,
  { socket, isDefault }: Listening,
  unshown: number,
): Line[] {
  const first = accounts.find(({ state }) => state === "measured")?.name;
  const there = isDefault ? "" : ` --socket ${shellWord(socket)}`;
  const calls: readonly (readonly [string, string])[] = [
    [`rcwarden status${there}`, "how this host stands"],
    [`rcwarden ready --account ${shellWord(first ?? "NAME")}${there}`, "may an engine begin?"],
    [`rcwarden events${there}`, "what changed since when"],
    [`ssh -L 8080:${shellWord(socket)} HOST`, "from your desk; then the page: http://localhost:8080"],
  ];
  return [
    ...(unshown > 0 ? paragraph(`${unshown} more accounts were looked at; ask for them:`) : []),
    ...paragraph(
      "Every account was looked at. From now on it looks again when something changes; Ctrl-C ends it. Ask it:",
    ),
    ...beside(calls).map(([call, says]): Line => [call, span(says, "dim")]),
  ];
}
