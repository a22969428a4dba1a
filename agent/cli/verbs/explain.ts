import type { Command } from "commander";
import { programOf } from "../../checks/index.ts";
import { policiesInForce, problemsSummary, problemText, whatHolds } from "../../documents/index.ts";
import { factsDocument, type InForce, type Measured, sendsFor } from "../../evaluate/index.ts";
import { type Account, hostile, type ModeFacts, type ModeId, modeIds } from "../../facts/index.ts";
import { inForce } from "../../runs/in-force.ts";
import { whomAnyway } from "../../runs/whom.ts";
import type { MeasureRequest } from "../../runs/world.ts";
import { isStartedIn, shells } from "../../shells/index.ts";
import { socketsFor } from "../agents.ts";
import { pastOf } from "../explain/past.ts";
import { modeOfFlag, withinOfFlag } from "../options.ts";
import { explainedText } from "../text/explain.ts";
import { decisionOf, explainedNameText } from "../text/explain-name.ts";
import { type Call, type ExitCode, examples, gather, type Surroundings, texts, type Verb } from "../verb.ts";

export const explain: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Says what a name means in each way of coming in, what becomes of what engines send with it, and which line of which startup file decides. Without a name: everything that startup files make otherwise than in a bare shell. Measures now, in a sandbox; asks the agent, if one answers, when the line came.",
    )
    .usage("[options] [name]")
    .argument("[name]", "a command, as an engine sends it: cp")
    .option("--account <name>", "whose startup files; default: your own")
    .option(
      "--mode <mode>",
      "a way of coming in (repeatable); default: all by which the account's shell starts",
      gather,
    )
    .option("--policy <path>", "documents, a file or folder (repeatable), instead of those installed", gather)
    .option("--within <duration>", "the most that one way of coming in may take, 1s to 30s", "30s")
    .option("--socket <path>", "ask the agent that listens here about the past")
    .option("--json", "print all facts as JSON")
    .addHelpText(
      "after",
      "\nExit codes: 0 where all could be measured, 2 where the call is wrong, 3 where something could not.\n",
    )
    .addHelpText(
      "after",
      examples([
        ["rcwarden explain cp --account oracle", "why cp waits, and since when"],
        ["rcwarden explain --account oracle --mode ssh-command", "all that startup files do there"],
        ["rcwarden explain --json", "every fact of your own account, with its line"],
      ]),
    );
}

interface Options {
  readonly name: string | null;
  readonly modes: readonly ModeId[] | undefined;
  readonly policyPaths: readonly string[];
  readonly withinMs: number;
  readonly asJson: boolean;
}

async function run(call: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const options = optionsOf(call);
  if (options.kind === "refused") return refuse(options.problems);
  const { name, modes, policyPaths, withinMs, asJson } = options.options;

  const loaded = await parts.documents(policyPaths);
  if (loaded.kind === "problems") {
    voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
    return 2;
  }
  const policies = policiesInForce(loaded.set);
  const { grant } = loaded.host;
  const named = await accountName();
  if (named === null) return refuse(["--account: expected an account, found none of your own; name one"]);
  const granted = grant.kind === "grant" ? grant.grant : null;
  const chosen = await whomAnyway([named], policies, parts, granted, "explain");
  if (chosen.kind === "refused") return refuse(chosen.problems);
  const [account] = chosen.accounts;
  if (account === undefined) {
    refuse(chosen.missing.map((each) => `${each.account}: ${each.message}`));
    return 3;
  }
  const applying = policies
    .map((policy) => inForce(policy, loaded.set, chosen.accounts, chosen.groups))
    .filter(({ accounts }) => accounts === "all" || accounts.includes(account.name));
  const how = whatHolds(grant)?.measure.how ?? "reading";
  const requests = (modes ?? modesOf(account)).map(
    (mode): MeasureRequest => ({
      account,
      mode,
      sends: name === null ? [] : sendsWith(name, applying, mode),
      names: name === null ? [] : [name],
      withinMs,
      how,
      ...(name === null && { bare: true }),
    }),
  );
  const measured = await measureEach(account, requests);
  if (asJson) voice.json(factsDocument(parts.now().toISOString(), measured));
  else await sayAll(measured, requests);
  return measured.modes.some(({ gaps }) => gaps.length > 0) ? 3 : 0;

  async function accountName(): Promise<string | null> {
    if (typeof call.flags.account === "string") return call.flags.account;
    const own = await parts.accountOfUid(parts.callerUid);
    return own.kind === "account" ? own.account.name : null;
  }

  async function measureEach(of: Account, each: readonly MeasureRequest[]): Promise<Measured> {
    const progress = voice.progress("looking");
    const facts: ModeFacts[] = [];
    try {
      for (const request of each) {
        progress.say(`measuring ${of.name}, ${request.mode} (${facts.length + 1} of ${each.length})`);
        facts.push(await parts.measure(request));
      }
    } finally {
      progress.end();
    }
    return { account: of, modes: facts };
  }

  async function sayAll(all: Measured, each: readonly MeasureRequest[]): Promise<void> {
    const { now, offsetMinutes } = parts;
    const explained = { measured: all, now: now(), offsetMinutes };
    if (name === null) return voice.answer(explainedText(explained));
    const { where } = decisionOf(name, all);
    const asked = { account: all.account.name, name, where, sockets: socketsFor(parts, call.flags.socket) };
    const past = await pastOf(asked, parts);
    const sent = [...new Set(each.flatMap(({ sends }) => sends.map(({ command }) => command)))];
    voice.answer(explainedNameText({ ...explained, name, sent, past }));
  }

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden explain: ${problem}`));
    return 2;
  }
}

/** By its name alone: a shell that is none of ours is said to be unknown when it is measured. */
function modesOf({ shell }: Account): ModeId[] {
  const started = shell.slice(shell.lastIndexOf("/") + 1);
  const known = shells.filter(({ startedAs }) => startedAs.includes(started));
  return modeIds.filter((id) => (known.length === 0 ? shells : known).some((one) => isStartedIn(id, one)));
}

/** What engines send in this mode that comes to this name, whatever is in front of it. */
function sendsWith(name: string, policies: readonly InForce[], mode: ModeId): MeasureRequest["sends"] {
  return sendsFor(policies, mode).filter(({ command, try: how }) => {
    const sent = how === "effect" ? programOf(command) : null;
    return sent !== null && (sent.program === name || sent.wrapper === name || lastOf(sent.program) === name);
  });
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Bytes of a file's name on every file system. */
const longestName = 255;

function optionsOf({
  flags,
  words,
}: Call):
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "refused"; readonly problems: readonly string[] } {
  const [name = null, ...strays] = words;
  const asked = texts(flags.mode).map(modeOfFlag);
  const within = withinOfFlag(String(flags.within));
  const problems = [
    ...(name === null ? [] : nameProblems(name)),
    ...strays.map((word) => `expected one name, found "${word}" as well`),
    ...[...asked, within].flatMap(({ problem }) => problem ?? []),
  ];
  if (problems.length > 0 || within.value === null) return { kind: "refused", problems };
  const modes = asked.flatMap(({ value }) => value ?? []);
  return {
    kind: "options",
    options: {
      name,
      modes: modes.length === 0 ? undefined : modeIds.filter((id) => modes.includes(id)),
      policyPaths: texts(flags.policy),
      withinMs: within.value,
      asJson: flags.json === true,
    },
  };
}

function nameProblems(name: string): string[] {
  const isOne = name !== "" && !/\s/u.test(name) && name.search(hostile) < 0 && Buffer.byteLength(name) <= longestName;
  return isOne ? [] : [`expected the name of a command, one word, found "${name.slice(0, longestName)}"`];
}
