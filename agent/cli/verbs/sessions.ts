import type { Command } from "commander";
import type { Account } from "../../facts/index.ts";
import { socketsFor } from "../agents.ts";
import type { Parts } from "../parts.ts";
import { type SessionsSeen, type SessionsWish, seenByAgent, seenNow } from "../sessions-seen.ts";
import { sessionsText } from "../text/sessions.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const sessions: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Says which commands of SSH sessions wait for what nobody gives: what they run, from where, since when, at which question, and who may do what about it. Looks by itself, as root at all accounts, else at your own; ends nothing.",
    )
    .option("--account <name>", "sessions of one account only")
    .option("--pids", "print the process ids of those that are stuck, one a line, and nothing else")
    .option("--socket <path>", "ask the agent that listens here, instead of looking")
    .option("--json", "print all sessions as JSON, also those that get on")
    .addHelpText(
      "after",
      examples([
        ["rcwarden sessions", "what is stuck, and what to do"],
        ["rcwarden sessions --account oracle --json", "everything known of one account's"],
        ["rcwarden sessions --pids", "the commands' first processes; whoever may ends them by kill(1)"],
      ]),
    );
}

type Refused = { readonly kind: "refused"; readonly problems: readonly string[]; readonly exit: ExitCode };

async function run({ flags, words }: Call, { voice, parts, version }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) return refuse([`expected only flags, found "${words.join(" ")}"`], 2);
  if (flags.pids === true && flags.json === true) return refuse(["expected --pids or --json, found both"], 2);
  const wish: SessionsWish = {
    account: typeof flags.account === "string" ? flags.account : null,
    sockets: socketsFor(parts, flags.socket),
  };
  const found = typeof flags.socket === "string" ? await fromAgent(wish) : await hereOrFromAgent(wish);
  if ("problems" in found) return refuse(found.problems, found.exit);
  const { facts, socket, hung } = found;
  const stuck = facts.groups.filter(({ isStuck }) => isStuck);
  if (flags.json === true)
    voice.json({ apiVersion: "rcwarden/v1", kind: "Sessions", socket, ...facts, lines: linesOf(hung) });
  else if (flags.pids === true) voice.answer(stuck.flatMap(({ pids }) => pids.map((pid) => [String(pid)])));
  else {
    const accounts = await accountsOf(parts, [...new Set(stuck.map(({ account }) => account))]);
    voice.answer(sessionsText({ facts, socket, hung, account: wish.account, accounts, now: parts.now() }));
  }
  if (flags.pids === true && facts.problem !== "")
    voice.remark(`rcwarden sessions: not all could be seen: ${facts.problem}`);
  if (stuck.length > 0) return 1;
  return facts.problem === "" ? 0 : 3;

  /** root sees more than any agent tells; of others an agent of root's sees more than they. */
  async function hereOrFromAgent(asked: SessionsWish): Promise<SessionsSeen | Refused> {
    if (parts.callerUid === 0) return here(asked);
    const heard = await seenByAgent(parts, asked);
    if (heard.kind === "answer") return heard.value;
    if (await isOwn(parts, asked.account)) return here(asked);
    const problem =
      heard.kind === "no-agent"
        ? `--account: expected your own account, found "${asked.account}"; ask as root`
        : heard.message;
    return { kind: "refused", problems: [problem], exit: heard.kind === "failed" ? 3 : 2 };
  }

  async function here(asked: SessionsWish): Promise<SessionsSeen | Refused> {
    const { account } = asked;
    if (account !== null) {
      const named = await parts.account(account);
      if (named.kind === "unavailable") return unavailable(account, named.why);
      if (named.kind === "absent") {
        const problem = `--account: expected an account of this host, found "${account}"`;
        return { kind: "refused", problems: [problem], exit: 2 };
      }
    }
    const progress = voice.progress("looking at SSH sessions");
    return seenNow(parts, asked, version, progress).finally(() => progress.end());
  }

  async function fromAgent(asked: SessionsWish): Promise<SessionsSeen | Refused> {
    const heard = await seenByAgent(parts, asked);
    if (heard.kind === "answer") return heard.value;
    return { kind: "refused", problems: [heard.message], exit: heard.kind === "refused" ? 2 : 3 };
  }

  function refuse(problems: readonly string[], exit: ExitCode): ExitCode {
    voice.remark(...problems.map((problem) => `rcwarden sessions: ${problem}`));
    return exit;
  }
}

/** What waits in the sandbox, and the line that makes it wait. */
function linesOf(hung: SessionsSeen["hung"]) {
  return hung.map(({ account, sent, where }) => ({ account, sent, where }));
}

function unavailable(account: string, why: string): Refused {
  return { kind: "refused", problems: [`${account}: expected to look it up, found ${why}`], exit: 3 };
}

async function isOwn(parts: Parts, account: string | null): Promise<boolean> {
  if (account === null) return true;
  const found = await parts.account(account);
  return found.kind === "account" && found.account.uid === parts.callerUid;
}

async function accountsOf(parts: Parts, names: readonly string[]): Promise<readonly Account[]> {
  const found = await Promise.all(names.slice(0, 20).map((name) => parts.account(name)));
  return found.flatMap((each) => (each.kind === "account" ? [each.account] : []));
}
