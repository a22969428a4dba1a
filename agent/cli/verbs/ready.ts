import type { Command } from "commander";
import { anyOf, closest } from "../../documents/index.ts";
import { type PreflightAnswer, shapes, verdictOf } from "../../status/index.ts";
import { type KeptFinding, maskedFinding } from "../../store/index.ts";
import { type Heard, hear, socketsFor } from "../agents.ts";
import type { Parts } from "../parts.ts";
import { measureNow } from "../preflight.ts";
import { readyText } from "../text/ready.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const ready: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Says whether an engine may send its commands to an account now: go, no-go, or unknown. Asks the agent if one answers, else measures, as check does.",
    )
    .option("--account <name>", "the account that the engine comes in by; default: your own")
    .option("--engine <name>", "the engine; default: all engines of the account's policies")
    .option("--socket <path>", "ask the agent that listens here, and measure nothing")
    .option("--json", "print the answer as JSON")
    .option("--framed", "print the JSON between marker lines with length and digest, safe from startup files' noise")
    .addHelpText("after", "\nExit codes: 0 for go, 1 for no-go, 2 where the call is wrong, 3 for unknown.\n")
    .addHelpText(
      "after",
      examples([
        ["rcwarden ready --account oracle", "by all engines that come in as oracle"],
        ["rcwarden ready --account oracle --engine exec-channel", "by one of them"],
        ["ssh oracle@HOST rcwarden ready --framed", "an engine that asks before a job"],
      ]),
    );
}

const exits: Readonly<Record<PreflightAnswer["verdict"], ExitCode>> = { go: 0, "no-go": 1, unknown: 3 };

interface Wish {
  readonly kind: "wish";
  readonly account: string;
  readonly engine: string | null;
  readonly home: string | null;
}

type Refused = { readonly kind: "refused"; readonly problems: readonly string[] };
type Answer =
  /** The agent that was named did not say. */
  | { readonly kind: "unheard"; readonly message: string }
  | { readonly kind: "preflight"; readonly preflight: PreflightAnswer; readonly socket: string | null }
  | Refused;

async function run({ flags, words }: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) return refuse([`expected only flags, found "${words.join(" ")}"`]);
  const wish = await wishOf(flags, parts);
  if (wish.kind === "refused") return refuse(wish.problems);
  const { account, engine } = wish;
  const sockets = socketsFor(parts, flags.socket);
  const query = engine === null ? "" : `?engine=${encodeURIComponent(engine)}`;
  const path = `/v1/accounts/${encodeURIComponent(account)}${query}`;
  const heard = await hear(parts, sockets, { method: "GET", path }, shapes().Preflight);
  const answer = heard.kind === "answer" ? fromAgent(heard) : await otherwise(heard);
  if (answer.kind === "refused") return refuse(answer.problems);
  if (answer.kind === "unheard") {
    refuse([answer.message]);
    return exits.unknown;
  }
  const { preflight, socket } = answer;
  if (flags.framed === true || flags.json === true) {
    const body = { ...preflight, socket };
    if (flags.framed === true) voice.framed(body);
    else voice.json(body);
  } else {
    const { now, offsetMinutes } = parts;
    voice.answer(readyText({ ...wish, preflight, socket, now: now(), offsetMinutes }));
  }
  return exits[preflight.verdict];

  async function otherwise(unheard: Exclude<Heard<unknown>, { readonly kind: "answer" }>): Promise<Answer> {
    if (unheard.kind === "refused" && unheard.code === "engine-unknown") {
      return { kind: "refused", problems: [`--engine: ${unheard.message.replace(/^engine: /, "")}`] };
    }
    if (typeof flags.socket === "string") {
      if (unheard.kind === "refused") return { kind: "refused", problems: [unheard.message] };
      return { kind: "unheard", message: unheard.message };
    }
    if (unheard.kind !== "no-agent") voice.remark(`rcwarden ready: ${unheard.message}; measuring instead`);
    return measured();
  }

  async function measured(): Promise<Answer> {
    const progress = voice.progress("looking");
    const begins = (mode: string) => progress.say(`measuring ${account}, ${mode}`);
    const found = await measureNow(account, parts, begins, version).finally(() => progress.end());
    if (found.kind === "refused") return found;
    voice.remark(...found.notes);
    const { view, nowMs } = found;
    const engines = view.engines.map(({ name }) => name);
    if (engine !== null && view.account.measuredAt !== null && !engines.includes(engine)) {
      return { kind: "refused", problems: [unknownEngine(engine, engines)] };
    }
    const judged = verdictOf(view, engine, { nowMs, blind: false });
    const shown = (findings: readonly KeptFinding[]) => findings.map((each) => maskedFinding(each, "lines"));
    const preflight = { ...judged, because: shown(judged.because), waived: shown(judged.waived) };
    return {
      kind: "preflight",
      preflight: { apiVersion: "rcwarden/v1", kind: "Preflight", account, ...preflight },
      socket: null,
    };
  }

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden ready: ${problem}`));
    return 2;
  }
}

function fromAgent({ value, socket }: Extract<Heard<PreflightAnswer>, { readonly kind: "answer" }>): Answer {
  return { kind: "preflight", preflight: value, socket };
}

async function wishOf(flags: Call["flags"], parts: Parts): Promise<Wish | Refused> {
  const engine = typeof flags.engine === "string" ? flags.engine : null;
  if (typeof flags.account === "string") {
    const found = await parts.account(flags.account);
    return { kind: "wish", account: flags.account, engine, home: found.kind === "account" ? found.account.home : null };
  }
  const own = await parts.accountOfUid(parts.callerUid);
  if (own.kind === "account") return { kind: "wish", account: own.account.name, engine, home: own.account.home };
  const found = own.kind === "absent" ? "none" : own.why;
  const problem = `uid ${parts.callerUid}: expected an account of this host, found ${found}; use --account`;
  return { kind: "refused", problems: [problem] };
}

function unknownEngine(engine: string, engines: readonly string[]): string {
  const near = closest(engine, engines);
  const expected = engines.length === 0 ? "none, for no policy names one" : anyOf(engines);
  return `--engine: expected ${expected}, found "${engine}"${near === null ? "" : `; did you mean ${near}?`}`;
}
