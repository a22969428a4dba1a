/** What `baseline accept` accepts of an account, and what is not as it was accepted. */
import { createHash } from "node:crypto";
import {
  type Baseline,
  type BaselineChange,
  type BaselineItem,
  type Cause,
  decidedBy,
  type FactName,
  gapsOf,
  type ModeFacts,
  type StartupFile,
} from "../facts/index.ts";
import type { Measured } from "./evaluate.ts";

/** Variables that a session has anew each time, or that say who came from where. */
const ofTheSession =
  /^(?:SSH_.*|SUDO_.*|XDG_.*|PWD|OLDPWD|_|SHLVL|TERM|LINES|COLUMNS|WINDOWID|GPG_TTY|KRB5CCNAME|DISPLAY|DBUS_SESSION_BUS_ADDRESS|INVOCATION_ID|JOURNAL_STREAM|RANDOM|SRANDOM|SECONDS|EPOCH\w*)$/;

/** The fact that each kind of definition is taken from. */
const factOf = [
  ["alias", "aliases"],
  ["function", "functions"],
  ["option", "options"],
  ["variable", "variables"],
  ["trap", "traps"],
] as const satisfies readonly (readonly [BaselineItem["kind"], FactName])[];
type Defined = (typeof factOf)[number][0];

/** Everything of an account that a line of a startup file can change, as it is now. */
export function baselineItems({ modes: all }: Pick<Measured, "modes">): BaselineItem[] {
  const modes = all.filter(({ mode }) => decidedBy(mode) === mode);
  return [...fileItems(modes), ...modes.flatMap((facts) => [shellItem(facts), ...definedItems(facts)])];
}

/** It also says that the mode was measured, whatever is defined in it. */
function shellItem({ mode, shell }: ModeFacts): BaselineItem {
  return { kind: "shell", name: "shell", mode, digest: digest(shell.path), where: null };
}

/** The best look at a file counts: what one mode skips another reads. */
const states: readonly StartupFile["state"][] = ["read", "unreadable", "not-a-file", "skipped", "absent"];

function fileItems(modes: readonly ModeFacts[]): BaselineItem[] {
  const files = new Map<string, StartupFile>();
  for (const file of modes.flatMap(({ startupFiles }) => startupFiles)) {
    const other = files.get(file.path);
    if (other === undefined || states.indexOf(file.state) < states.indexOf(other.state)) files.set(file.path, file);
  }
  const items = [...files.values()].map(({ path, state, digest: of }): BaselineItem => {
    return { kind: "file", name: path, mode: "-", digest: state === "read" ? (of ?? "unknown") : state, where: null };
  });
  const inDoubt = modes.some((facts) => gapsOf(facts, ["startupFiles"]).length > 0);
  return inDoubt ? [...items, unknownOf("file", "-")] : items;
}

function definedItems(facts: ModeFacts): BaselineItem[] {
  const { mode } = facts;
  const one = (kind: Defined, name: string, value: string, cause: Cause): BaselineItem => {
    return { kind, name, mode, digest: digest(value), where: placeText(cause) };
  };
  const known = [
    ...facts.aliases.map((each) => one("alias", each.name, each.value, each)),
    // What a function does stands in its file, whose digest is an item of its own.
    ...facts.functions.map((each) => one("function", each.name, "", each)),
    ...facts.options.filter(({ where }) => where !== null).map((each) => one("option", each.name, each.value, each)),
    ...facts.variables
      .filter(({ name, exported }) => exported && !ofTheSession.test(name))
      .map((each) => one("variable", each.name, each.value, each)),
    ...facts.traps.map((each) => one("trap", each.signal, each.action, each)),
  ];
  const doubted = factOf.filter(([, fact]) => isInDoubt(facts, fact));
  return [...known, ...doubted.map(([kind]) => unknownOf(kind, mode))];
}

/** Also where startup never finished: then nobody could ask what it defines. */
function isInDoubt(facts: ModeFacts, fact: FactName): boolean {
  return facts.startup?.ended !== "ready" || gapsOf(facts, [fact]).length > 0;
}

function unknownOf(kind: BaselineItem["kind"], mode: string): BaselineItem {
  return { kind, name: "*", mode, digest: "unknown", where: null };
}

/**
 * What was added, changed and removed since it was accepted. Modes that only one of the two measured are not compared;
 * what could not be had now is not called removed.
 */
export function baselineChanges({ items: accepted }: Pick<Baseline, "items">, items: readonly BaselineItem[]) {
  const before = new Map(accepted.filter(isKnown).map((item) => [key(item), item]));
  const now = new Map(items.filter(isKnown).map((item) => [key(item), item]));
  const [modesBefore, modesNow] = [accepted, items].map((all) => new Set(["-", ...all.map(({ mode }) => mode)]));
  const inDoubt = new Set(items.filter((item) => !isKnown(item)).map(group));
  const changes: BaselineChange[] = [];
  for (const [each, item] of now) {
    const old = before.get(each);
    if (old === undefined && modesBefore?.has(item.mode)) changes.push({ change: "added", item });
    if (old !== undefined && old.digest !== item.digest) changes.push({ change: "changed", item });
  }
  for (const [each, item] of before) {
    if (now.has(each) || !modesNow?.has(item.mode) || inDoubt.has(group(item))) continue;
    changes.push({ change: "removed", item });
  }
  return changes;
}

/**
 * Whether a difference may hide in what could not be had now. What could not be had when it was accepted either is as it
 * was, but for what was had then and is missing now.
 */
export function isBaselineInDoubt(
  { items: accepted }: Pick<Baseline, "items">,
  items: readonly BaselineItem[],
): boolean {
  const doubted = new Set(items.filter((item) => !isKnown(item)).map(group));
  const before = new Set(accepted.filter((item) => !isKnown(item)).map(group));
  if ([...doubted].some((each) => !before.has(each))) return true;
  const now = new Set(items.map(key));
  return accepted.some((item) => isKnown(item) && doubted.has(group(item)) && !now.has(key(item)));
}

function isKnown({ digest: of }: BaselineItem): boolean {
  return of !== "unknown";
}

function key({ kind, mode, name }: BaselineItem): string {
  return [kind, mode, name].join("\0");
}

function group({ kind, mode }: BaselineItem): string {
  return [kind, mode].join("\0");
}

function placeText({ where }: Cause): string | null {
  return where === null ? null : `${where.file}:${where.line}`;
}

function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
