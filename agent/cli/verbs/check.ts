import type { Command } from "commander";
import { checkKinds, type Severity } from "../../checks/index.ts";
import { documentsInForce, policiesInForce, problemsSummary, problemText, whatHolds } from "../../documents/index.ts";
import { evaluate, exitCode, type Measured, report, waive } from "../../evaluate/index.ts";
import { type ModeId, modes } from "../../facts/index.ts";
import { inForce } from "../../runs/in-force.ts";
import { measureAll } from "../../runs/measure-all.ts";
import { whom } from "../../runs/whom.ts";
import { shells } from "../../shells/index.ts";
import { modeOfFlag, severityOfFlag, withinOfFlag } from "../options.ts";
import { checkText } from "../text/check.ts";
import { wrapped } from "../text/layout.ts";
import { type Call, type ExitCode, examples, gather, type Surroundings, texts, type Verb } from "../verb.ts";

export const check: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Starts the account's real shell in a sandbox, the way an engine's session would, tries on scratch files what the engine sends, and says what came of it, because of which line, and what to change. Nothing on the host is changed.",
    )
    .option("--account <name>", "an account to measure (repeatable); default: those that look automated", gather)
    .option("--mode <mode>", "a way of coming in (repeatable); default: those of the policy's engines", gather)
    .option("--policy <path>", "documents, a file or folder (repeatable), instead of those installed", gather)
    .option("--within <duration>", "the most that one account and mode may take, 1s to 30s", "30s")
    .option("--fail-on <severity>", "the least severity for exit code 1", "medium")
    .option("--json", "print the report as JSON")
    .option("--framed", "print the JSON between marker lines with length and digest, safe from startup files' noise")
    .addHelpText("after", `\nModes:\n${modeLines()}`)
    .addHelpText(
      "after",
      examples([
        ["rcwarden check", "whatever looks automated, as root"],
        ["rcwarden check --account oracle", "one account"],
        ["rcwarden check --account oracle --mode ssh-command-pty", "one way of coming in"],
        ["rcwarden check --policy ./policies --fail-on high", "your own documents, in a pipeline"],
        ["ssh HOST rcwarden check --framed", "an engine that asks before a job"],
      ]),
    );
}

/** The modes in which a shell can be started; a mode that none can be started in gives a gap, and is said to. */
function modeLines(): string {
  const isMeasured = (id: ModeId) => shells.some(({ starts }) => starts[id] !== undefined);
  const lines = modes.filter(({ id }) => isMeasured(id)).map(({ id, standsFor }) => `  ${id.padEnd(18)}${standsFor}`);
  const others = modes.filter(({ id }) => !isMeasured(id)).map(({ id }) => id);
  if (others.length === 0) return lines.join("\n");
  return [
    ...lines,
    "  known, and undecided (exit code 3) for now:",
    ...wrapped(others.join(" "), 98).map((line) => `  ${line}`),
  ].join("\n");
}

interface Options {
  readonly accounts: readonly string[];
  readonly modes: readonly ModeId[] | undefined;
  readonly policyPaths: readonly string[];
  readonly withinMs: number;
  readonly failOn: Severity;
  readonly output: "text" | "json" | "framed";
}

async function run(call: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  const options = optionsOf(call);
  if (options.kind === "refused") return refuse(options.problems);
  const { accounts: named, modes: asked, policyPaths, withinMs, failOn, output } = options.options;

  const loaded = await parts.documents(policyPaths);
  if (loaded.kind === "problems") {
    voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
    return 2;
  }
  const policies = policiesInForce(loaded.set);
  const { grant } = loaded.host;
  const chosen = await whom(named, policies, parts, grant.kind === "grant" ? grant.grant : null);
  if (chosen.kind === "refused") return refuse(chosen.problems);
  const applying = policies.map((policy) => inForce(policy, loaded.set, chosen.accounts, chosen.groups));

  const progress = voice.progress("looking");
  const how = whatHolds(grant)?.measure.how ?? "reading";
  const plan = { accounts: chosen.accounts, policies: applying, modes: asked, withinMs, how };
  const measured = await measureAll(plan, parts.measure, ({ account, mode }, done, all) => {
    progress.say(`measuring ${account.name}, ${mode} (${done + 1} of ${all})`);
  }).finally(() => progress.end());
  const idle = measured.filter((each) => each.modes.length === 0);
  if (idle.length > 0) return refuse(idle.map(unentered));

  const judged = evaluate({ policies: applying, measured, checks: checkKinds, ...(asked && { modes: asked }) });
  const verdicts = waive(judged, loaded.host.exceptions, parts.now().getTime());
  voice.remark(...chosen.notes);
  const { missing } = chosen;
  if (output === "text") {
    voice.answer(checkText({ policies, measured, verdicts, missing }));
  } else {
    const time = parts.now().toISOString();
    const host = { id: null, name: parts.hostName };
    const applied = documentsInForce(loaded.set);
    const answer = {
      ...report({ time, host, version, applied, measured, verdicts }),
      ...(missing.length > 0 && { missing }),
    };
    if (output === "json") voice.json(answer);
    else voice.framed(answer);
  }
  const code = exitCode(verdicts, measured, failOn);
  return code === 0 && missing.length > 0 ? 3 : code;

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden check: ${problem}`));
    return 2;
  }
}

function unentered({ account }: Measured): string {
  return `${account.name}: expected an engine that says how it comes in, found none; name one in the policy, or use --mode`;
}

function optionsOf({
  flags,
  words,
}: Call):
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "refused"; readonly problems: readonly string[] } {
  const asked = texts(flags.mode).map(modeOfFlag);
  const within = withinOfFlag(String(flags.within));
  const failOn = severityOfFlag(String(flags.failOn));
  const strays = words.map((word) => `expected only flags, found "${word}"; did you mean --account ${word}?`);
  const problems = [...strays, ...[...asked, within, failOn].flatMap(({ problem }) => problem ?? [])];
  if (problems.length > 0 || within.value === null || failOn.value === null) return { kind: "refused", problems };
  const known = asked.flatMap(({ value }) => value ?? []);
  return {
    kind: "options",
    options: {
      accounts: texts(flags.account),
      modes: known.length === 0 ? undefined : known,
      policyPaths: texts(flags.policy),
      withinMs: within.value,
      failOn: failOn.value,
      output: flags.framed === true ? "framed" : flags.json === true ? "json" : "text",
    },
  };
}
