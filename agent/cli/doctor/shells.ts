import { counted } from "../../facts/amounts.ts";
import { accountsMeant, mostTold } from "./accounts.ts";
import { type Outcome, ok, type SelfCheck, warn } from "./self-check.ts";

export const shells: SelfCheck = {
  id: "shells",
  asks: "are the accounts' shells known",
  async look(world) {
    const accounts = await accountsMeant(world);
    const unknown = await Promise.all(
      accounts.map(async ({ name, shell }): Promise<Outcome | null> => {
        if (await world.knowsShell(shell)) return null;
        return warn(
          `${name}: ${shell} is no shell that rcwarden knows (${world.knownShells()})`,
          "give the account one of them, or leave it out of the Grant",
        );
      }),
    );
    const told = unknown.filter((outcome) => outcome !== null).slice(0, mostTold);
    return told.length > 0
      ? told
      : ok(
          `shells: ${accounts.length === 0 ? "no account looks automated" : `${counted(accounts.length, "account")}, all with a shell that is known`}`,
        );
  },
};
