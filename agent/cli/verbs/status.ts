import type { Command } from "commander";
import { closest } from "../../documents/closest.ts";
import { standingOf } from "../../status/guilty.ts";
import { statusOf } from "../../status/of-account.ts";
import { statusText } from "../../status/text.ts";
import { ticketText } from "../../status/ticket.ts";
import type { AskingParts } from "../asking-parts.ts";
import type { Voice } from "../io.ts";
import type { Flag } from "../plain-call.ts";
import { socketsFor } from "../sockets.ts";
import { type Heard, hearStatus } from "../status-heard.ts";
import { type Call, type ExitCode, examples, type Verb } from "../verb.ts";

/** Also what the short way in (asking.ts) understands without commander. */
export const flags: readonly Flag[] = [
  ["--account <name>", "of one account only"],
  ["--ticket", "as 15 plain lines for a mail: what, since when, which line, who, what to do"],
  ["--socket <path>", "ask the agent that listens here"],
  ["--json", "all that is known, as JSON"],
];

interface AskingSurroundings {
  readonly voice: Voice;
  readonly parts: AskingParts;
  readonly version: string;
}

export const status = { declare, run } satisfies Verb;

function declare(command: Command): void {
  command.description(
    "Asks the agent how this host stands: whom it watches, what fails since when because of which line, what it reported, what waits for clean-up, which sessions are stuck. Measures nothing.",
  );
  for (const [name, says] of flags) command.option(name, says);
  command.addHelpText(
    "after",
    `${examples([
      ["rcwarden status", "your own agent, else the host's"],
      ["rcwarden status --ticket", "what to mail to whoever owns the file"],
      ["ssh HOST rcwarden status --json", "from elsewhere"],
    ])}
Exit 0: nothing fails; 1: something of medium severity or worse does; 3: something is undecided, no
longer valid, or no agent answers.
`,
  );
}

async function run(call: Call, { voice, parts, version }: AskingSurroundings): Promise<ExitCode> {
  const wish = wishOf(call);
  if ("problems" in wish) return refuse(wish.problems, 2);
  const progress = voice.progress("asking the agent");
  const heard = await hearAbout(wish.account, socketsFor(parts, call.flags.socket), parts, version);
  progress.end();
  if (heard.kind !== "answer") {
    const otherwise = heard.kind === "no-agent" ? ", or measure now: rcwarden check" : "";
    return refuse([heard.message + otherwise], heard.kind === "refused" ? 2 : 3);
  }
  const found = wish.account === null ? heard.value : statusOf(wish.account, heard.value);
  const nowMs = +parts.now();
  const reading = { nowMs, offsetMinutes: parts.offsetMinutes };
  if (wish.as === "json") voice.json(found);
  else voice.answer(wish.as === "ticket" ? ticketText(found, reading) : statusText(found, reading, heard.socket));
  return exitCodes[standingOf(found, nowMs)];

  function refuse(problems: readonly string[], code: ExitCode): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden status: ${problem}`));
    return code;
  }
}

const exitCodes = { holds: 0, fails: 1, unknown: 3 } as const;

interface Wish {
  readonly account: string | null;
  readonly as: "text" | "ticket" | "json";
}

function wishOf({ flags: given, words }: Call): Wish | { readonly problems: readonly string[] } {
  const problems = [
    ...words.map((word) => `expected only flags, found "${word}"`),
    ...(given.json === true && given.ticket === true ? ["expected --ticket without --json, found both"] : []),
  ];
  if (problems.length > 0) return { problems };
  const account = typeof given.account === "string" ? given.account : null;
  return { account, as: given.json === true ? "json" : given.ticket === true ? "ticket" : "text" };
}

/** The first agent that answers, or that watches the account. */
async function hearAbout(
  account: string | null,
  sockets: readonly string[],
  parts: AskingParts,
  version: string,
): Promise<Heard> {
  if (account === null) return hearStatus(parts, sockets, version);
  let nearest: Heard | null = null;
  for (const socket of sockets) {
    const heard = await hearStatus(parts, [socket], version);
    if (heard.kind !== "answer") {
      nearest = nearest === null || nearest.kind === "no-agent" ? heard : nearest;
      continue;
    }
    const names = heard.value.accounts.map(({ name }) => name);
    if (names.includes(account)) return heard;
    const near = closest(account, names);
    const change = near === null ? `it watches ${names.join(", ") || "nobody"}` : `did you mean ${near}?`;
    nearest = {
      kind: "refused",
      message: `--account: expected one that ${socket} watches, found "${account}"; ${change}`,
    };
  }
  // No socket at all is no agent, too: said with all of their names.
  return nearest === null || nearest.kind === "no-agent" ? hearStatus(parts, sockets, version) : nearest;
}
