/** What an earlier process began below a root and did not settle: compared with what is there, and written down. */
import type { Account } from "../facts/index.ts";
import type { Journal } from "./journal.ts";
import { givenUp, reconciled, type Settlement } from "./journal-recover.ts";
import type { OpenIntent } from "./outcome.ts";
import type { Recovered } from "./recover.ts";

export interface Settling {
  /** The account, null where there is none of this name, or why nobody knows. */
  account(name: string): Promise<Account | null | string>;
  recover(root: string, account: Account, open: readonly OpenIntent[]): Promise<Recovered>;
}

/** What hinders another run below this root, a sentence each; empty where nothing does. */
export async function settleBelow(root: string, journal: Journal, settling: Settling): Promise<readonly string[]> {
  if (journal.state().openIntents === 0) return [];
  const open = journal.open().filter((each) => each.root === root);
  const problems: string[] = [];
  for (const [name, intents] of Map.groupBy(open, (each) => each.account))
    problems.push(...(await settledAs(root, name, intents, journal, settling)));
  return problems;
}

async function settledAs(
  root: string,
  name: string,
  intents: readonly OpenIntent[],
  journal: Journal,
  settling: Settling,
): Promise<readonly string[]> {
  const account = await settling.account(name);
  if (typeof account === "string") return [account];
  if (account === null) {
    const detail = "its account is not there any more";
    return write(
      intents.map((each) => givenUp(each, "refused", detail)),
      journal,
    );
  }
  const recovered = await settling.recover(root, account, intents);
  if (recovered.kind !== "recovered")
    return [`${root}: expected to compare what an earlier run began with what is there, found ${recovered.message}`];
  const { settlements, undecided } = reconciled(intents, recovered.outcomes);
  const left = undecided.map(({ intent }) => `${root}: of the files of intent ${intent} not all could be looked at`);
  return [...write(settlements, journal), ...left];
}

function write(settlements: readonly Settlement[], journal: Journal): readonly string[] {
  for (const { intent, outcomes } of settlements) {
    const settled = journal.settle(intent, outcomes);
    if (settled.kind === "refused") return [settled.message];
  }
  const synced = journal.sync();
  return synced.kind === "refused" ? [synced.message] : [];
}
