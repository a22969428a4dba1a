import type { Command } from "commander";
import { modes } from "../../facts/index.ts";
import { checkOnce, type Refused, type Wish, wrongCall } from "../check-once.ts";
import { type Format, formatIds, formats } from "../format/index.ts";
import { problemsDocument, reportDocument } from "../format/json.ts";
import { updateLine } from "../format/update.ts";
import { type Checked, modeOfFlag, severityOfFlag, withinOfFlag, wordOf } from "../options.ts";
import { checkText } from "../text/check.ts";
import { updateText } from "../text/update.ts";
import { type Call, type ExitCode, examples, gather, type Surroundings, texts, type Verb } from "../verb.ts";
import { type Teller, type Update, watchCheck } from "../watching.ts";

export const check: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Starts the account's real shell in a sandbox, the way an engine's session would, tries on scratch files what the engine sends, and says what came of it, because of which line, and what to change. Nothing on the host is changed.",
    )
    .option("--account <name>", "an account to measure (repeatable); default: those that look automated", gather)
    .option("--mode <mode>", "a way of coming in (repeatable); default: those of the policy's engines", gather)
    .option("--policy <path>", "documents, a file or folder (repeatable), instead of those installed", gather)
    .option(
      "--with <file=new>",
      "measure as if FILE held what NEW holds (- is stdin): before you save (repeatable)",
      gather,
    )
    .option("--home <folder>", "measure a home of no account, as the folder's owner; with --shell")
    .option("--shell <path>", "the shell of --home")
    .option("--within <duration>", "the most that one account and mode may take, 1s to 30s", "30s")
    .option("--fail-on <severity>", "the least severity for exit code 1", "medium")
    .option("--format <format>", "print it otherwise; see below", "text")
    .option("--watch", "measure again whenever a file that decides changes, and say what is otherwise, until Ctrl-C")
    .option("--json", "print the report as JSON")
    .option("--framed", "print the JSON between marker lines with length and digest, safe from startup files' noise")
    .addHelpText("after", `\nModes:\n${modeLines()}`)
    .addHelpText("after", `\nFormats:\n${formatLines()}`)
    .addHelpText(
      "after",
      examples([
        ["rcwarden check", "whatever looks automated, as root"],
        ["rcwarden check --account oracle", "one account"],
        ["rcwarden check --account oracle --mode ssh-command-pty", "one way of coming in"],
        ["rcwarden check --policy ./policies --fail-on high", "your own documents, in a pipeline"],
        ["rcwarden check --account oracle --with '~/.cshrc=new'", "before you save it"],
        ["rcwarden check --home ./home --shell /bin/tcsh", "in the pipeline of your dotfiles"],
        ["rcwarden check --account oracle --watch", "while you repair a startup file"],
        ["rcwarden check --format sarif > rcwarden.sarif", "for code scanning"],
        ["ssh HOST rcwarden check --framed", "an engine that asks before a job"],
      ]),
    );
}

function modeLines(): string {
  return modes.map(({ id, standsFor }) => `  ${id.padEnd(18)}${standsFor}`).join("\n");
}

function formatLines(): string {
  const rows = [{ id: "text", summary: "for people, the default" }, ...formats];
  return rows.map(({ id, summary }) => `  ${id.padEnd(18)}${summary}`).join("\n");
}

interface Options extends Wish {
  readonly watch: boolean;
  readonly output: Output;
}

/** Text for people, JSON between marker lines, or one of the formats. */
type Output = "text" | "framed" | Format;

async function run(call: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  const options = optionsOf(call);
  if (options.kind === "refused") return refuse(wrongCall(options.problems), options.output);
  const { output, watch, ...wish } = options.options;
  if (watch) return watchCheck(wish, tellerOf(output), { voice, parts, version });

  const progress = voice.progress("looking");
  const telling = { progress: (text: string) => progress.say(text) };
  const once = await checkOnce(wish, parts, version, telling).finally(() => progress.end());
  if (once.kind === "refused") return refuse(once, output);
  const { checked, outcome, notes } = once;
  voice.remark(...notes);
  if (output === "text") voice.answer(checkText(checked));
  else if (output === "framed") voice.framed(reportDocument(outcome));
  else voice.exact(output.answer(outcome));
  return typeof output === "string" ? outcome.code : (output.exits?.answer(outcome) ?? outcome.code);

  function tellerOf(output: Output): Teller {
    if (output !== "text") return { first: sayLine, update: sayLine };
    return {
      first: ({ round }) => voice.answer([...checkText(round.checked), []]),
      update: (update) => voice.answer(updateText(update, parts)),
    };
  }

  function sayLine(update: Update): void {
    voice.exact(updateLine(update));
  }

  function refuse({ problems, remarks }: Refused, output: Output): ExitCode {
    voice.remark(...remarks);
    if (output === "text") return 2;
    const refusal = {
      time: parts.now().toISOString(),
      host: { id: null, name: parts.hostName },
      version,
      problems,
    };
    if (output === "framed") voice.framed(problemsDocument(refusal));
    else voice.exact(output.refusal(refusal));
    return typeof output === "string" ? 2 : (output.exits?.refusal ?? 2);
  }
}

function optionsOf({
  flags,
  words,
}: Call):
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "refused"; readonly output: Output; readonly problems: readonly string[] } {
  const asked = texts(flags.mode).map(modeOfFlag);
  const within = withinOfFlag(String(flags.within));
  const failOn = severityOfFlag(String(flags.failOn));
  const output = outputOf(flags);
  const strays = words.map((word) => `expected only flags, found "${word}"; did you mean --account ${word}?`);
  const watch = flags.watch === true;
  const problems = [
    ...strays,
    ...(watch ? unwatched(output.value) : []),
    ...(watch && texts(flags.with).length > 0 ? ["expected --watch or --with, found both"] : []),
    ...[...asked, within, failOn, output].flatMap(({ problem }) => problem ?? []),
  ];
  if (problems.length > 0 || within.value === null || failOn.value === null || output.value === null)
    return { kind: "refused", problems, output: output.value ?? "text" };
  const known = asked.flatMap(({ value }) => value ?? []);
  return {
    kind: "options",
    options: {
      accounts: texts(flags.account),
      modes: known.length === 0 ? undefined : known,
      policyPaths: texts(flags.policy),
      withinMs: within.value,
      failOn: failOn.value,
      instead: { with: texts(flags.with), home: textOf(flags.home), shell: textOf(flags.shell) },
      watch,
      output: output.value,
    },
  };
}

function textOf(flag: unknown): string | null {
  return typeof flag === "string" ? flag : null;
}

/** `--json` is short for `--format json`; `--framed` is JSON, too. */
function outputOf({ format, json, framed }: Call["flags"]): Checked<Output> {
  const asked = wordOf("--format", String(format), formatIds);
  if (asked.value === null) return asked;
  const isJson = json === true || framed === true;
  if (isJson && asked.value !== "text" && asked.value !== "json") {
    const flag = framed === true ? "--framed" : "--json";
    return { value: null, problem: `expected ${flag} or --format ${asked.value}, found both` };
  }
  if (framed === true) return { value: "framed", problem: null };
  const id = json === true ? "json" : asked.value;
  return { value: formats.find((each) => each.id === id) ?? "text", problem: null };
}

/** What is written as one whole has no room for what comes later. */
function unwatched(output: Output | null): string[] {
  if (output === null || output === "text" || (output !== "framed" && output.id === "jsonl")) return [];
  const found = output === "framed" ? "--framed" : `--format ${output.id}`;
  return [`--watch: expected text or --format jsonl, found ${found}`];
}
