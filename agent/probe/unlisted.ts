/**
 * Functions of a shell that cannot list them: reading says which names to ask about, and what may have defined others.
 */
import type { Shell } from "../shells/index.ts";
import type { Reading, Statement } from "../startup/index.ts";
import { gap } from "./gaps.ts";

const mostNames = 500;
const longestName = 80;

/** Names of functions that the startup files write down, reached or not, for a shell that must be asked one by one. */
export function namesToAsk(shell: Shell, reading: Reading): string[] {
  if (shell.tellsFunctions !== "asked") return [];
  const names = reading.statements.flatMap(({ kind, name }) => (kind === "function" && name !== null ? [name] : []));
  return [...new Set(names)].filter((name) => name.length <= longestName).slice(0, mostNames);
}

/** A gap where some function may be there that nobody asked about. */
export function gapsOfUnlisted(shell: Shell, reading: Reading, asked: readonly string[]) {
  if (shell.tellsFunctions !== "asked") return [];
  const why = unsure(reading, new Set(asked));
  if (why === null) return [];
  return [gap("probe-limited", `${shell.name} cannot list its functions, and ${why} may define one`, ["functions"])];
}

function unsure({ statements, doubts }: Reading, asked: ReadonlySet<string>): string | null {
  if (doubts.length > 0) return "what could not be read";
  const aliases = new Set(statements.flatMap(({ kind, name }) => (kind === "alias" ? [name] : [])));
  const opaque = ({ kind, name, reached }: Statement) => {
    if (reached === "no") return false;
    if (kind === "function") return name === null || !asked.has(name);
    if (kind === "source") return name === null;
    if (kind === "command") return name === null || name === "" || name === "eval" || aliases.has(name);
    return kind === "alias" && name === null;
  };
  const found = statements.find(opaque);
  return found === undefined ? null : `${found.where.file}:${found.where.line}`;
}
