import type { Account } from "../../facts/index.ts";
import type { DoctorWorld } from "./world.ts";

/** Of what is wrong with many accounts; the first tell enough. */
export const mostTold = 5;

/** Whose shells and homes are looked at: those whom the Grant names, or those that look automated. */
export async function accountsMeant(world: DoctorWorld): Promise<readonly Account[]> {
  const { host } = await world.configuration(null);
  const named = host.grant.kind === "grant" ? host.grant.grant.measure.accounts : "all";
  if (named === "all") return (await world.automated(false)).accounts.map(({ account }) => account);
  const found = await Promise.all(named.map(world.account));
  return found.flatMap((answer) => (answer.kind === "account" ? [answer.account] : []));
}
