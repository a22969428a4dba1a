/** The text of `explain NAME`: what it means in each way of coming in, what becomes of what is sent, and since when. */
import { outcomeWords } from "../../checks/index.ts";
import type { Measured } from "../../evaluate/index.ts";
import type { Cause, CommandFact, GuardFact, ModeFacts, Outcome, Place, Tried } from "../../facts/index.ts";
import { columns, edge, folded, list, rows, shortened, spread, table, unique } from "../../facts/layout.ts";
import { shellWord } from "../../facts/shell-word.ts";
import type { ExplainedName } from "../explained.ts";
import { chainOf, tilde } from "./chain.ts";
import { gapsText } from "./gaps.ts";
import { pastText } from "./past.ts";
import { type Line, span } from "./printable.ts";

export function explainedNameText(explained: ExplainedName): Line[] {
  const { name, measured } = explained;
  const { account, modes } = measured;
  const seconds = modes.reduce((sum, facts) => sum + facts.seconds, 0);
  const title: Line = [span(shortened(name, 60), "bold"), ` for ${account.name}, by way of coming in`];
  return [
    ...spread(title, [`measured now, in ${seconds.toFixed(2)} s`], edge),
    [],
    ...meaningsText(explained),
    [],
    ...chainsText(explained),
    ...inWordsText(explained),
    ...rows(
      "Change",
      unique(modes.flatMap((facts) => adviceOf(name, facts))).map((advice) => shortened(advice)),
    ),
    ...pastText(explained),
    ...gapsText(modes),
    ...rows("Next", [`rcwarden check --account ${shellWord(account.name)}`]),
  ];
}

/** What decides: the first mode in which a line does. */
export function decisionOf(name: string, { modes }: Measured): { readonly where: Place | null } {
  const causes = modes.map((facts) => causeOf(name, facts));
  return { where: causes.find(({ where }) => where !== null)?.where ?? null };
}

type Known = Pick<CommandFact, "is" | "then">;

/** What the shell said; else what its definitions say, for a shell that could not be asked for just this name. */
function commandOf(name: string, { commands, aliases, functions }: ModeFacts): Known | null {
  const told = commands.find((each) => each.name === name);
  if (told !== undefined) return told;
  // biome-ignore lint/suspicious/noThenProperty: the name of the fact; nobody awaits it
  const as = (is: CommandFact["is"]): Known => ({ is, then: null });
  if (aliases.some((each) => each.name === name && each.effective)) return as("alias");
  return functions.some((each) => each.name === name) ? as("function") : null;
}

/** The line that decides what the name means; else the one that decides what becomes of what is sent with it. */
function causeOf(name: string, facts: ModeFacts): Cause {
  const { commands, aliases, functions, tried, startup } = facts;
  if (startup !== null && startup.ended !== "ready") return startup;
  const is = commandOf(name, facts)?.is;
  const candidates: readonly (Cause | undefined)[] = [
    commands.find((each) => each.name === name),
    is === "alias" ? aliases.find((each) => each.name === name) : undefined,
    is === "function" ? functions.find((each) => each.name === name) : undefined,
    ...tried.filter(({ outcome }) => outcome !== "done"),
  ];
  return candidates.find((each) => each != null && each.where !== null) ?? { where: null };
}

const endings: Readonly<Record<NonNullable<ModeFacts["startup"]>["ended"], string>> = {
  ready: "",
  hang: "startup waits, nothing runs",
  exited: "startup ends the shell",
  exec: "startup starts another program",
  stopped: "startup is stopped",
  "timed-out": "startup does not end in time",
};

function isWords(name: string, facts: ModeFacts): string {
  const { startup } = facts;
  if (startup !== null && startup.ended !== "ready") return endings[startup.ended];
  const command = commandOf(name, facts);
  if (command === null) return "unknown";
  const value = facts.aliases.find((each) => each.name === name)?.value ?? "";
  const words: Readonly<Record<CommandFact["is"], string>> = {
    alias: `alias "${shortened(value, 30)}"`,
    function: "a function",
    builtin: "a builtin",
    keyword: "a keyword",
    file: shortened(command.then ?? "a program", 60),
    none: "nothing",
  };
  return words[command.is];
}

const outcomes: Readonly<Record<Outcome, string>> = {
  done: "does what it says",
  hang: "waits for ever",
  "not-done": "exit 0, nothing done",
  failed: "fails",
  noisy: "done, but noisy",
  unknown: "unknown",
};

function decidedBy(name: string, facts: ModeFacts, home: string): string {
  const { where } = causeOf(name, facts);
  if (where !== null) return `${tilde(where.file, { home })}:${where.line}:${where.column}`;
  const command = commandOf(name, facts);
  if (command === null) return "-";
  if (command.is === "builtin" || command.is === "keyword") return "(the shell's own)";
  if (command.is === "alias" || command.is === "function") return "(the line was not found)";
  if (command.is === "none") return "-";
  const isRead = facts.startupFiles.some(({ state }) => state === "read");
  return isRead ? "(PATH)" : `(${facts.shell.personality ?? "it"} reads no startup file)`;
}

/** Beside each other as long as they fit; else each command has a row of its own. */
const mostColumns = 2;

function meaningsText({ name, measured: { account, modes }, sent }: ExplainedName): Line[] {
  const start = (facts: ModeFacts) => [`  ${facts.mode}`, isWords(name, facts)];
  const end = (facts: ModeFacts) => decidedBy(name, facts, account.home);
  const outcome = (facts: ModeFacts, command: string) => outcomeIn(facts, command);
  if (sent.length <= mostColumns) {
    const head = ["  mode", `${shortened(name, 30)} is`, ...sent.map(withoutPlaceholders), "decided by"];
    return table([
      head,
      ...modes.map((facts) => [...start(facts), ...sent.map((command) => outcome(facts, command)), end(facts)]),
    ]);
  }
  const head = ["  mode", `${shortened(name, 30)} is`, "what is sent", "what happens", "decided by"];
  const perMode = modes.flatMap((facts) =>
    sent.map((command, at) => [
      ...(at === 0 ? start(facts) : ["", ""]),
      withoutPlaceholders(command),
      outcome(facts, command),
      at === 0 ? end(facts) : "",
    ]),
  );
  return table([head, ...perMode]);
}

function outcomeIn({ tried }: ModeFacts, command: string): string {
  const attempt = tried.find((each) => each.command === command);
  return attempt === undefined ? "not tried" : outcomes[attempt.outcome];
}

/** `rm -f {file}` is known as `rm -f` to whoever wrote the policy. */
function withoutPlaceholders(command: string): string {
  return command.replace(/\s*\{[a-z]+\}/g, "").trim();
}

/** How a session comes to the line, once for all modes that come to it in the same way, and the lines that matter there. */
function chainsText({ name, measured: { account, modes } }: ExplainedName): Line[] {
  const chains = modes.map((facts) => {
    const cause = causeOf(name, facts);
    return { chain: chainOf(cause.where, facts, account), cause, facts };
  });
  // Where a line decides in one way of coming in and none in the other, the same files need not be said twice.
  const isSaid = (text: string) => chains.some(({ chain, cause }) => chain === text && cause.where !== null);
  const told = chains.filter(({ chain, cause }) => cause.where !== null || !isSaid(chain));
  const each = Map.groupBy(told, ({ chain, cause: { where } }) => JSON.stringify([chain, where]));
  return [...each.values()].flatMap(([first]) => {
    if (first === undefined) return [];
    const { chain, cause, facts } = first;
    return [...folded([`  ${chain}`]), ...linesText(chain, cause, facts), []];
  });
}

const deepest = 60;

const guardNotes: Readonly<Record<GuardFact["form"], string>> = {
  block: "(inside is for people)",
  return: "(below is for people)",
  open: "(lets this session through)",
};

function linesText(chain: string, { where, line }: Cause, { guards = [] }: ModeFacts): Line[] {
  if (where === null) return [];
  const before = chain.slice(0, chain.lastIndexOf(" -> ") + 4);
  const indent = 2 + columns(before);
  const blank = " ".repeat(indent > deepest ? 4 : indent);
  const shown = [
    { number: where.line, text: line ?? "(its text is not known)", note: "<- here" },
    ...guardsAround(where, guards).map(({ where: at, text, form }) => ({
      number: at.line,
      text,
      note: guardNotes[form],
    })),
  ].sort((a, b) => a.number - b.number);
  return shown.flatMap(({ number, text, note }) =>
    folded([`${blank}${number}: ${shortened(text, 200)}     ${note}`], 8),
  );
}

/** The guard below which the line belongs; else the one above it in whose block it could stand. */
function guardsAround({ file, line }: Place, guards: readonly GuardFact[]): GuardFact[] {
  const here = guards.filter(({ where }) => where.file === file && where.line !== line);
  const guard =
    here.find(({ where, form }) => where.line > line && form !== "open") ??
    here.findLast(({ where, form }) => where.line < line && form === "block") ??
    here.findLast(({ where, form }) => where.line < line && form === "open");
  return guard === undefined ? [] : [guard];
}

const labels = ["In the end", "What happens", "Besides", "Reads"] as const;

interface Said {
  readonly label: (typeof labels)[number];
  readonly says: readonly string[];
}

/** What the table has no room for: each thing once, with the ways of coming in for which it holds. */
function inWordsText(explained: ExplainedName): Line[] {
  const { modes } = explained.measured;
  const all = modes.flatMap((facts) => saysOf(explained, facts).map((said) => ({ ...said, mode: facts.mode })));
  return labels.flatMap((label) => {
    const own = all.filter((each) => each.label === label);
    const groups = [...Map.groupBy(own, ({ says }) => JSON.stringify(says)).values()];
    const says = groups.flatMap((group) => {
      const where = group.length === modes.length ? [] : [`(${group.map(({ mode }) => mode).join(", ")})`];
      return [...(group[0]?.says ?? []), ...where];
    });
    return rows(label, says);
  });
}

function saysOf({ name, measured: { account } }: ExplainedName, facts: ModeFacts): Said[] {
  return [
    ...meansIn(name, facts),
    ...facts.tried.flatMap(happens),
    ...alsoIn(name, facts),
    ...filesIn(facts, account.home),
  ];
}

function meansIn(name: string, facts: ModeFacts): Said[] {
  if (facts.startup !== null && facts.startup.ended !== "ready") return [];
  const command = commandOf(name, facts);
  if (command === null) return [];
  if (command.is === "none") {
    const says = `nothing defines ${name}, and it is not on PATH: who sends it gets an error`;
    return [{ label: "In the end", says: [says] }];
  }
  if (command.is === "builtin" || command.is === "keyword") {
    return [{ label: "In the end", says: [`the shell itself does it: no startup file defines ${name}`] }];
  }
  const reached = command.then ?? "not known: no program of that name was found on PATH";
  const isDefined = facts.aliases.some((each) => each.name === name);
  const why = isDefined ? "found on PATH" : `found on PATH: no startup file defines ${name}`;
  const found = command.is === "file" ? `${reached}, ${why}` : reached;
  return [{ label: "In the end", says: [found, ...fullValue(name, command, facts)] }];
}

/** The whole value, where the table shortened it. */
function fullValue(name: string, { is }: Known, { aliases }: ModeFacts): string[] {
  const value = is === "alias" ? (aliases.find((each) => each.name === name)?.value ?? "") : "";
  return value.length > 30 ? [`by way of the alias ${shortened(value, 400)}`] : [];
}

function happens(tried: Tried): Said[] {
  if (tried.outcome === "done") return [];
  const atEnd = tried.atEnd === null ? [] : [`with stdin at its end (cron, ssh -n): ${outcomeWords(tried.atEnd)}`];
  const says = [`${tried.command}: ${outcomeWords(tried)}`, ...atEnd];
  return [{ label: "What happens", says: says.map((each) => shortened(each)) }];
}

/** What bears the name and decides nothing: an alias that does not bite, a variable, an option. */
function alsoIn(name: string, facts: ModeFacts): Said[] {
  const { aliases, variables, options } = facts;
  const is = commandOf(name, facts)?.is;
  const at = ({ where }: Cause) => (where === null ? "" : `, by ${tilde(where.file, facts)}:${where.line}`);
  const also = [
    ...aliases
      .filter((each) => each.name === name && is !== "alias")
      .map((each) => `the alias "${shortened(each.value, 200)}" is defined${at(each)}, and does not bite here`),
    ...variables
      .filter((each) => each.name === name)
      .map((each) => `a variable of that name is "${shortened(each.value, 200)}"${at(each)}`),
    ...options
      .filter((each) => each.name === name)
      .map((each) => `an option of that name is ${each.value || "on"}${at(each)}`),
  ];
  return also.length === 0 ? [] : [{ label: "Besides", says: also }];
}

function filesIn({ startupFiles }: ModeFacts, home: string): Said[] {
  const of = (is: (state: string) => boolean) =>
    list(startupFiles.filter(({ state }) => is(state)).map(({ path }) => tilde(path, { home })));
  const read = of((state) => state === "read");
  const absent = of((state) => state === "absent");
  const other = startupFiles
    .filter(({ state }) => state !== "read" && state !== "absent")
    .map(
      ({ path, state, reason }) => `${state}: ${tilde(path, { home })}${reason === undefined ? "" : ` (${reason})`}`,
    );
  const says = [read === "" ? "no startup file" : read, ...(absent === "" ? [] : [`not there: ${absent}`]), ...other];
  return [{ label: "Reads", says: says.map((each) => shortened(each, 1000)) }];
}

function adviceOf(name: string, facts: ModeFacts): string[] {
  const suffering = facts.tried.filter(({ outcome }) => outcome !== "done" && outcome !== "unknown");
  const isBroken = facts.startup !== null && facts.startup.ended !== "ready";
  if (suffering.length === 0 && !isBroken) return [];
  return [causeOf(name, facts), ...suffering].flatMap(({ advice }) => advice || []).slice(0, 1);
}
