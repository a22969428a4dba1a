import { checkKinds } from "../checks/index.ts";
import { asksFor, type InForce, type Measured, modesFor, namesFor, sendsFor } from "../evaluate/index.ts";
import type { Account, ModeFacts, ModeId, Replacement } from "../facts/index.ts";
import { inTurns } from "../probe/in-turns.ts";
import type { MeasureRequest } from "./world.ts";

/** Accounts measured at once; the modes of one account follow each other, for they share its files. */
const atOnce = 2;

export interface Plan {
  readonly accounts: readonly Account[];
  readonly policies: readonly InForce[];
  /** The modes that the caller named; without, those by which the policies' engines come in. */
  readonly modes: readonly ModeId[] | undefined;
  readonly withinMs: number;
  readonly how: MeasureRequest["how"];
  /** Files that hold something else, by the account's name. */
  readonly replaced?: ReadonlyMap<string, readonly Replacement[]>;
}

/** What is to be measured of one account, in the order of the modes' table. */
export function requestsFor(account: Account, { policies, modes, withinMs, how, replaced }: Plan): MeasureRequest[] {
  const applying = policies.filter(({ accounts }) => accounts === "all" || accounts.includes(account.name));
  const instead = replaced?.get(account.name) ?? [];
  return modesFor(applying, modes).map((mode) => {
    const here = applying.filter((policy) => modesFor([policy], modes).includes(mode));
    const asked = { sends: sendsFor(here, mode), names: namesFor(here, checkKinds, mode) };
    const asks = asksFor(here, checkKinds);
    return { account, mode, ...asked, asks, withinMs, how, ...(instead.length > 0 && { replaced: instead }) };
  });
}

/** Measures everything of the plan; the answer is in the plan's order, whatever ended first. */
export async function measureAll(
  plan: Plan,
  measure: (request: MeasureRequest) => Promise<ModeFacts>,
  begins: (request: MeasureRequest, done: number, all: number) => void,
): Promise<Measured[]> {
  const work = plan.accounts.map((account) => ({ account, requests: requestsFor(account, plan) }));
  const all = work.reduce((sum, { requests }) => sum + requests.length, 0);
  let done = 0;
  return inTurns(atOnce, work, async ({ account, requests }) => {
    const modes: ModeFacts[] = [];
    for (const request of requests) {
      begins(request, done, all);
      modes.push(await measure(request));
      done += 1;
    }
    return { account, modes };
  });
}
