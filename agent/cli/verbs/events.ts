import type { Command } from "commander";
import { shapes } from "../../status/index.ts";
import { parseCursor } from "../../store/index.ts";
import { hear, socketsFor } from "../agents.ts";
import { longestWaitMs, page } from "../events-page.ts";
import { follow } from "../follow.ts";
import type { Voice } from "../io.ts";
import type { Parts } from "../parts.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const events: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Prints what changed on this host, as the agent keeps it: CloudEvents, one a line, oldest first. Reading takes nothing away; whoever reads keeps the place where to go on.",
    )
    .option("--after <cursor>", "go on after this event (its id, EPOCH-SEQ); default: from the oldest")
    .option("--wait <duration>", "wait for one where there is none yet, 1s to 60s")
    .option("--follow", "print what is yet to come, too, until you end it")
    .option("--account <name>", "events of one account only")
    .option("--sent", "print what left by the sinks instead, byte for byte, a body a line")
    .option("--socket <path>", "ask the agent that listens here")
    .option("--json", "print one page as JSON: items, next, through; with --follow an event a line, as without")
    .option("--framed", "print that page between marker lines with length and digest")
    .addHelpText(
      "after",
      examples([
        ["rcwarden events", "everything that is kept"],
        ["rcwarden events --follow --account oracle", "one account, as it happens"],
        ["ssh HOST rcwarden events --after CURSOR --framed", "an engine that comes to fetch a page"],
        ["rcwarden events --sent", "what left this host, as its owner"],
      ]),
    );
}

interface Wish {
  readonly after: string | null;
  readonly waitMs: number;
  readonly account: string | null;
  readonly follow: boolean;
  readonly onePage: "json" | "framed" | null;
  readonly sockets: readonly string[];
}

async function run(call: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const wish = wishOf(call, parts);
  if ("problems" in wish) return refuse(wish.problems);
  if (call.flags.sent === true) return sent(wish, call.flags.json === true);
  if (wish.follow) return follow(wish, { voice, parts }, unheard);
  if (wish.onePage === null) return allPages(wish);
  const heard = await waited(page(parts, wish, wish.after, wish.waitMs));
  if (heard.kind !== "answer") return unheard(heard);
  if (wish.onePage === "json") voice.json(heard.value);
  else voice.framed(heard.value);
  return 0;

  async function allPages(asked: Wish): Promise<ExitCode> {
    let { after, waitMs } = asked;
    while (voice.isHeard()) {
      const heard = await waited(page(parts, asked, after, waitMs));
      if (heard.kind !== "answer") return unheard(heard);
      for (const item of heard.value.items) voice.jsonLine(item);
      if (heard.value.items.length === 0) return 0;
      after = heard.value.next;
      waitMs = 0;
    }
    return 0;
  }

  async function sent({ sockets }: Wish, asJson: boolean): Promise<ExitCode> {
    const heard = await waited(hear(parts, sockets, { method: "GET", path: "/v1/sent" }, shapes().Sent));
    if (heard.kind !== "answer") return unheard(heard);
    if (asJson) voice.json(heard.value);
    else printSent(voice, heard.value.items);
    return 0;
  }

  function waited<T>(answer: Promise<T>): Promise<T> {
    const progress = voice.progress("waiting for the agent");
    return answer.finally(() => progress.end());
  }

  function unheard(heard: { readonly kind: string; readonly message: string }): ExitCode {
    refuse([heard.message]);
    return heard.kind === "refused" ? 2 : 3;
  }

  function refuse(problems: readonly string[]): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden events: ${problem}`));
    return 2;
  }
}

function printSent(
  voice: Voice,
  items: readonly { readonly sink: string; readonly at: string; readonly body: string }[],
) {
  if (items.length === 0) voice.remark("nothing left this host by a sink of this agent");
  for (const { sink, at, body } of items) {
    const bytes = Buffer.from(body, "base64");
    voice.remark(`${at} by sink ${sink}, ${bytes.length} bytes:`);
    voice.exact(`${bytes.toString("utf8")}\n`);
  }
}

function wishOf({ flags, words }: Call, parts: Parts): Wish | { readonly problems: readonly string[] } {
  const text = (flag: unknown) => (typeof flag === "string" ? flag : null);
  const after = text(flags.after);
  const wait = waitOf(text(flags.wait));
  const follow = flags.follow === true;
  const onePage = flags.framed === true ? "framed" : flags.json === true ? "json" : null;
  const problems = [
    ...words.map((word) => `expected only flags, found "${word}"`),
    ...(after !== null && parseCursor(after) === null ? [notACursor(after)] : []),
    ...(wait.problem === null ? [] : [wait.problem]),
    ...(follow && onePage === "framed" ? ["expected --follow without --framed, found both"] : []),
    ...(follow && wait.value > 0 ? ["expected --follow without --wait, found both"] : []),
    ...(flags.sent === true ? withSent(flags) : []),
  ];
  if (problems.length > 0) return { problems };
  const sockets = socketsFor(parts, flags.socket);
  return { after, waitMs: wait.value, account: text(flags.account), follow, onePage, sockets };
}

function notACursor(found: string): string {
  return `--after: expected the id of an event (EPOCH-SEQ), found "${found}"`;
}

function withSent(flags: Call["flags"]): string[] {
  const others = ["after", "wait", "follow", "account", "framed"].filter((name) => flags[name] !== undefined);
  return others.map((name) => `expected --sent alone or with --json or --socket, found --${name} as well`);
}

/** Milliseconds; 0 where nobody wants to wait. */
function waitOf(found: string | null): { readonly value: number; readonly problem: string | null } {
  if (found === null) return { value: 0, problem: null };
  const [, digits, unit] = /^(\d{1,5})(ms|s)$/.exec(found) ?? [];
  const value = Number(digits) * (unit === "s" ? 1_000 : 1);
  if (value >= 1 && value <= longestWaitMs) return { value, problem: null };
  return { value: 0, problem: `--wait: expected a duration up to 60s, found "${found}"` };
}
