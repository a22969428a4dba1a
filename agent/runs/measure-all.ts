import { checkKinds } from "../checks/index.ts";
import { asksFor, type InForce, type Measured, modesFor, namesFor, sendsFor } from "../evaluate/index.ts";
import { type Account, decidedBy, type ModeFacts, type ModeId, modeIds, type Replacement } from "../facts/index.ts";
import { inTurns } from "../probe/in-turns.ts";
import type { MeasureRequest } from "./world.ts";

/** Accounts measured at once; the modes of one account follow each other, for they share its files. */
const atOnce = 2;

export interface Plan {
  readonly accounts: readonly Account[];
  readonly policies: readonly InForce[];
  /** The modes that the caller named; without, those by which the policies' engines come in. */
  readonly modes: readonly ModeId[] | undefined;
  /** Derived modes that are judged besides, by what is measured for the others. */
  readonly besides?: readonly ModeId[];
  readonly withinMs: number;
  readonly how: MeasureRequest["how"];
  /** Files that hold something else, by the account's name. */
  readonly replaced?: ReadonlyMap<string, readonly Replacement[]>;
}

/** The ways of coming in that are judged for an account. */
function waysOf({ name }: Account, { policies, modes }: Pick<Plan, "policies" | "modes">): ModeId[] {
  const applying = policies.filter(({ accounts }) => accounts === "all" || accounts.includes(name));
  return modesFor(applying, modes);
}

/** What is to be measured of one account, in the order of the modes' table. */
export function requestsFor(account: Account, plan: Plan): MeasureRequest[] {
  const { policies, modes, besides = [], withinMs, how, replaced } = plan;
  const applying = policies.filter(({ accounts }) => accounts === "all" || accounts.includes(account.name));
  const instead = replaced?.get(account.name) ?? [];
  const here = (mode: ModeId) =>
    besides.includes(mode) ? applying : applying.filter((policy) => modesFor([policy], modes).includes(mode));
  const wanted = [...waysOf(account, plan), ...besides];
  return [...Map.groupBy(wanted, decidedBy)].map(([mode, decided]) => {
    const sends = decided.includes(mode) ? sendsFor(here(mode), mode) : [];
    const names = decided.flatMap((each) => namesFor(here(each), checkKinds, each));
    const asks = decided.flatMap((each) => asksFor(here(each), checkKinds, each));
    const asked = { sends, names: [...new Set(names)], asks: [...new Set(asks)] };
    return { account, mode, ...asked, withinMs, how, ...(instead.length > 0 && { replaced: instead }) };
  });
}

/**
 * What was measured, by each way that is asked about: a derived one has the facts that decide it, and one that was measured
 * for it alone is left out. What was tried and how long it took are told once.
 */
export function byWay(wanted: readonly ModeId[], measured: readonly ModeFacts[]): ModeFacts[] {
  return modeIds.flatMap((mode) => {
    const facts = measured.find((each) => each.mode === decidedBy(mode));
    if (facts === undefined || !wanted.includes(mode)) return [];
    return facts.mode === mode ? facts : { ...facts, mode, seconds: 0, tried: [] };
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
    return { account, modes: byWay(waysOf(account, plan), modes) };
  });
}
