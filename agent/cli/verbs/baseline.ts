import type { Command } from "commander";
import type * as z from "zod";
import { anyOf, closest } from "../../documents/index.ts";
import { type Shapes, shapes } from "../../status/index.ts";
import { hear, socketsFor } from "../agents.ts";
import { baselineChangesText, baselineText } from "../text/baseline.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

const actions = ["accept", "show", "diff"] as const;

export const baseline: Verb = { declare, run, actions };

function declare(command: Command): void {
  command
    .description(
      "Keeps what was reviewed: accepts an account's startup files and definitions as they are now, shows what was accepted, and says what is otherwise since. The agent keeps it and reports what nobody accepted.",
    )
    .usage("accept --account NAME --reason TEXT | show | diff [--account NAME]")
    .argument("[action]", "accept, show, or diff (exit code 1 where something is otherwise)")
    .option("--account <name>", "the account; default, but not to accept: your own")
    .option("--reason <text>", "why it is accepted: a change's number, a name")
    .option("--socket <path>", "ask the agent that listens here")
    .option("--json", "print the answer as JSON")
    .addHelpText(
      "after",
      examples([
        ["rcwarden baseline diff --account oracle", "what changed since it was accepted"],
        ["rcwarden baseline accept --account oracle --reason CHG0012345", "accept it as it is now"],
      ]),
    );
}

type Baseline = z.output<Shapes["Baseline"]>;

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const [action, stray] = words;
  if (action === undefined) return refuse(`expected ${anyOf(actions)}, found nothing`);
  if (stray !== undefined) return refuse(`expected one action, found "${stray}" as well`);
  const sockets = socketsFor(parts, flags.socket);
  const asJson = flags.json === true;
  if (action === "accept") return accept();
  if (action === "show" || action === "diff") return look(action);
  const near = closest(action, actions);
  return refuse(`expected ${anyOf(actions)}, found "${action}"${near === null ? "" : `; did you mean ${near}?`}`);

  async function accept(): Promise<ExitCode> {
    const { account, reason } = flags;
    if (typeof account !== "string")
      return refuse("--account: expected whose startup files are accepted, found nothing");
    if (typeof reason !== "string" || reason.trim() === "") {
      return refuse("--reason: expected why they are accepted, found nothing");
    }
    const question = { method: "POST", path: "/v1/baseline", body: { account, reason } } as const;
    const heard = await hear(parts, sockets, question, shapes().Accepted);
    if (heard.kind !== "answer") return unheard(heard);
    const { items, acceptedAt } = heard.value;
    if (asJson) voice.json(heard.value);
    else voice.answer([[`${account}: ${items.length} things accepted as they were at ${acceptedAt}`]]);
    return 0;
  }

  async function look(what: "show" | "diff"): Promise<ExitCode> {
    if (flags.reason !== undefined) return refuse(`expected --reason with accept only, found it with ${what}`);
    const account = typeof flags.account === "string" ? flags.account : await ownName();
    if (account === null) return refuse("--account: expected an account, found none of your own; name one");
    const path = `/v1/baseline?account=${encodeURIComponent(account)}`;
    const heard = await hear(parts, sockets, { method: "GET", path }, shapes().Baseline);
    if (heard.kind !== "answer") return unheard(heard);
    if (asJson) voice.json(heard.value);
    else voice.answer(what === "show" ? baselineText(heard.value) : baselineChangesText(heard.value));
    return what === "show" ? 0 : differs(heard.value);
  }

  async function ownName(): Promise<string | null> {
    const own = await parts.accountOfUid(parts.callerUid);
    return own.kind === "account" ? own.account.name : null;
  }

  function unheard(heard: { readonly kind: string; readonly message: string }): ExitCode {
    refuse(heard.message);
    return heard.kind === "refused" ? 2 : 3;
  }

  function refuse(problem: string): ExitCode {
    voice.remark(`rcwarden baseline: ${problem}`);
    return 2;
  }
}

/** Nothing accepted: nothing to compare with, so nothing was determined. */
function differs({ baseline: accepted, changes }: Baseline): ExitCode {
  if (accepted === null) return 3;
  return changes.length > 0 ? 1 : 0;
}
