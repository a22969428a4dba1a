/** What a unit says, and what it says that it leaves open. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const unitFolder = fileURLToPath(new URL("../../packaging/systemd/", import.meta.url));

export const units = {
  account: "rcwarden@.service",
  host: "rcwarden.service",
  socket: "rcwarden-sender.socket",
  sender: "rcwarden-sender@.service",
} as const;

export interface UnitFile {
  readonly text: string;
  /** Values by name, those of a name that stands there more than once joined by a blank. */
  readonly says: ReadonlyMap<string, string>;
  /** Names below "Left open" in its comment, each with a reason beside it. */
  readonly leftOpen: ReadonlyMap<string, string>;
}

export function readUnit(file: string): UnitFile {
  const text = readFileSync(unitFolder + file, "utf8");
  const says = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm))
    says.set(name, says.has(name) ? `${says.get(name)} ${value}` : value);
  const leftOpen = new Map<string, string>();
  const [, open = ""] = text.split(/^# Left open.*$/m);
  // NAME NAME   reason, with two blanks or more between; what is further in goes on with the reason.
  for (const [, names = "", reason = ""] of open.matchAll(/^# {3}((?:[A-Z]\w+=? ?)+?(?: and the like)?) {2,}(\S.*)$/gm))
    for (const name of names.split(" ")) if (/^[A-Z]/.test(name)) leftOpen.set(name.replace("=", ""), reason);
  return { text, says, leftOpen };
}
