/**
 * Man pages in mdoc(7): the prose is in NAME.in beside this file, and a line `.\" @WORD` in it stands for what a table of
 * the program says. An option, an event, a metric, a check kind that is added is in its page by that.
 */
import { readFileSync } from "node:fs";
import { Command, type Option } from "commander";
import * as z from "zod";
import { checkKinds } from "../../agent/checks/index.ts";
import { formats } from "../../agent/cli/format/index.ts";
import { verbs } from "../../agent/cli/index.ts";
import { documentKinds } from "../../agent/documents/index.ts";
import { placeholders, programs } from "../../agent/documents/programs.ts";
import { eventTypes } from "../../agent/drift/index.ts";
import { type GapCode, modes } from "../../agent/facts/index.ts";
import { routes } from "../../agent/status/index.ts";
import { Measures } from "../../agent/status/measures.ts";
import { metricRows } from "../../agent/status/metrics.ts";

export const pages = ["rcwarden.1", "rcwarden-policy.5", "rcwarden-events.7", "rcwarden-agent.8"] as const;

const gaps: Readonly<Record<GapCode, string>> = {
  "probe-limited": "The sandbox differs there from a real session, so that the answer could be another one.",
  "not-reached": "Startup did not come to its end, so that nothing behind it was seen.",
  unreadable: "A file could not be read with the account's identity.",
  "timed-out": "The time for this account and mode was over.",
  "over-ceiling": "It took more processes, memory or output than a probe may.",
  "sandbox-forbidden": "The host forbids what the sandbox needs; the gap names the setting. Nothing was run.",
  "unknown-shell": "The account's shell is none that rcwarden knows.",
  "unknown-mode": "This shell cannot be started in this mode by rcwarden.",
  "no-frames": "The shell's answer about itself was missing or torn.",
  "changed-meanwhile": "Files changed while they were measured, each time again.",
  "not-granted": "The host owner's Grant does not let it be measured.",
  "no-account": "The account database has no such account.",
  "account-unavailable": "The account database did not answer for it.",
};

const events: Readonly<Record<(typeof eventTypes)[number], string>> = {
  "finding.opened": "A rule that held fails now, or cannot be decided.",
  "finding.changed": "It fails in another way, at another line, or an exception began or ended.",
  "finding.resolved": "It holds again, or nobody asks for it any more: data.how says pass or withdrawn.",
  "account.changed": "An account came, went, or has another shell, home or group.",
  "agent.started": "With the epoch before it, so that a state that was copied back shows.",
  "agent.stopped": "It ended because it was told to.",
  "agent.heartbeat": "It lives; with the last event's place and a digest of the state. Not kept.",
  "events.lost": "More waited than the queue may hold; names the range that was collapsed.",
  "cleanup.planned": "What a Retention would let go.",
  "cleanup.completed": "What became of each file of a plan.",
  "cleanup.refused": "A Retention could not be followed, and why.",
  "release.answered": "What became of an engine's release of a file.",
  "state.snapshot": "Every finding as it stands; replaces what a reader holds.",
};

type Blocks = Readonly<Record<string, (word: string) => Promise<string> | string>>;

const blocks: Blocks = {
  async verbs() {
    const sections = await Promise.all(verbs.map(async ({ name }) => `.Ss ${name}\n${await verbText(name)}`));
    return sections.join("\n");
  },
  synopsis: async (name) =>
    `.Nm rcwarden\n.Cm ${name}\n${optionsOf(await declared(name))
      .map(bracketed)
      .join("\n")}`,
  options: async (name) => optionList(await declared(name)),
  gaps: () => items(Object.entries(gaps)),
  events: () => items(eventTypes.map((type) => [type, events[type]])),
  formats: () =>
    items([["text", "For people."], ...formats.map(({ id, summary }) => [id, capital(`${summary}.`)] as const)]),
  modes: () => items(modes.map(({ id, standsFor }) => [id, capital(`${standsFor}.`)])),
  programs: () => items(programs.map(({ name, options }) => [name, optionsSaid(options)])),
  placeholders: () => items(Object.entries(placeholders).map(([name, says]) => [name, capital(`${says}.`)])),
  routes: () =>
    items(routes.map(({ method, path, summary, may }) => [`${method} ${path}`, `${summary} For: ${may.join(", ")}.`])),
  metrics: () => items([...metricRows, ...counted()].map(({ name, help, label }) => [named(name, label), help])),
  kinds: () => documentKinds.map(kindSection).join("\n"),
  checks: () => checkKinds.map(checkSection).join("\n"),
};

/** The page's whole text. Throws for a word that no table has. */
export async function manPage(page: (typeof pages)[number]): Promise<string> {
  const source = readFileSync(new URL(`${page}.in`, import.meta.url), "utf8");
  const lines = source.trimEnd().split("\n");
  const rendered = lines.map((line) => {
    const [, word, rest = ""] = /^\.\\" @(\w+) ?(.*)$/.exec(line) ?? [];
    if (word === undefined) return line;
    const block = blocks[word];
    if (block === undefined) throw new Error(`${page}.in: expected one of ${Object.keys(blocks)}, found @${word}`);
    return block(rest);
  });
  const head = `.\\" Rendered by: npm run docs. The prose is in packaging/man/${page}.in.\n`;
  return `${head}${(await Promise.all(rendered)).join("\n")}\n`;
}

async function declared(name: string): Promise<Command> {
  const verb = verbs.find((each) => each.name === name);
  if (verb === undefined) throw new Error(`expected a verb, found ${name}`);
  const command = new Command(name);
  (await verb.load()).declare(command);
  return command;
}

async function verbText(name: string): Promise<string> {
  const command = await declared(name);
  return [text(command.description()), optionList(command)].join("\n");
}

function optionsOf(command: Command): readonly Option[] {
  return command.options.filter(({ hidden, long }) => !hidden && long != null);
}

function optionList(command: Command): string {
  const words = command.registeredArguments.map((argument) => ["Ar", argument.name(), argument.description] as const);
  const flags = optionsOf(command).map((option) => ["Fl", flagText(option), defaulted(option)] as const);
  const rows = [...words, ...flags].map(([macro, name, says]) => `.It ${macro} ${name}\n${text(says)}`);
  return [".Bl -tag -width Ds", ...rows, ".El"].join("\n");
}

function defaulted({ description, defaultValue }: Option): string {
  const says = capital(description);
  return typeof defaultValue === "string" ? `${says} (default: ${defaultValue})` : says;
}

/** `-account Ar name`, as Fl takes it. */
function flagText({ flags }: Option): string {
  const [, name = "", value] = /--([a-z-]+)(?: [<[]([^>\]]+))?/.exec(flags) ?? [];
  return value === undefined ? `-${name}` : `-${name} Ar ${value}`;
}

function bracketed(option: Option): string {
  return `.Op Fl ${flagText(option)}`;
}

function optionsSaid(options: readonly (readonly string[])[]): string {
  return options.length === 0 ? "No options." : `Options: ${options.map((names) => names.join(" ")).join(", ")}.`;
}

function kindSection({ kind, summary, why, owner, livesIn, example }: (typeof documentKinds)[number]): string {
  const says = [text(`${summary} ${why}`), text(`Written by ${owner}; lies in ${livesIn}.`)];
  return [`.Sh ${kind.toUpperCase()}`, ...says, ".Bd -literal -offset indent", literal(example.trimEnd()), ".Ed"].join(
    "\n",
  );
}

function checkSection(kind: (typeof checkKinds)[number]): string {
  const { properties = {}, required = [] } = z.toJSONSchema(kind.parameters, { io: "input", unrepresentable: "any" });
  const rows = Object.entries(properties).map(([name, property]): [string, string] => {
    const about = typeof property === "object" ? property : {};
    const usual = about.default === undefined ? "" : ` If left out: ${JSON.stringify(about.default)}.`;
    return [name, `${about.description ?? ""}${required.includes(name) ? " Must be given." : usual}`];
  });
  const list = rows.length === 0 ? [] : [".Bl -tag -width Ds", items(rows), ".El"];
  return [`.Ss ${kind.id}`, text(`${kind.summary} ${kind.why}`), ...list].join("\n");
}

/** What is counted while it happens. */
function counted() {
  const metrics = new Measures().registry.getMetricsAsArray();
  return metrics.map(({ name, help }) => ({ name, help, label: [] }));
}

function named(name: string, label: readonly string[]): string {
  return label.length === 0 ? name : `${name}{${label.join(", ")}}`;
}

function items(rows: readonly (readonly [word: string, says: string])[]): string {
  return rows.map(([word, says]) => `.It Cm ${word.split(" ").map(argument).join(" ")}\n${text(says)}`).join("\n");
}

/** One word after a macro: never taken for a macro itself. */
function argument(word: string): string {
  return `\\&${escaped(word)}`;
}

/** Each sentence on a line of its own, as mdoc wants it; a line that would be taken for a request is none. */
function text(says: string): string {
  const lines = escaped(says).split(/\n|(?<=\S[.?]) (?=[A-Z`"])/);
  return lines.map((line) => line.trim().replace(/^[.']/, "\\&$&")).join("\n");
}

function literal(lines: string): string {
  return escaped(lines).replaceAll(/^[.']/gm, "\\&$&");
}

function escaped(words: string): string {
  return words.replaceAll("\\", "\\e");
}

function capital(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
