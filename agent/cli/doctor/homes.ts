import { counted } from "../../facts/amounts.ts";
import type { Account } from "../../facts/index.ts";
import { shellWord } from "../../facts/shell-word.ts";
import { inTurns } from "../../probe/in-turns.ts";
import { accountsMeant, mostTold } from "./accounts.ts";
import { type Outcome, ok, type SelfCheck, warn } from "./self-check.ts";
import type { DoctorWorld } from "./world.ts";

/** Each wants a process. */
const atOnce = 4;

export const homes: SelfCheck = {
  id: "homes",
  asks: "can the accounts' homes be read",
  async look(world) {
    const accounts = await accountsMeant(world);
    const told = (await inTurns(atOnce, accounts, (account) => homeOf(account, world))).filter(
      (outcome) => outcome !== null,
    );
    return told.length > 0
      ? told.slice(0, mostTold)
      : ok(
          `homes: ${accounts.length === 0 ? "none to look at" : `${counted(accounts.length, "home")}, each there and its account's`}`,
        );
  },
};

async function homeOf({ name, uid, home }: Account, { findFar, callerUid }: DoctorWorld): Promise<Outcome | null> {
  const found = await findFar(home);
  if (found.kind === "absent")
    return warn(
      `${name}: expected a home at ${home}, found none: sessions start in /`,
      `make ${home}, or give the account another home`,
    );
  if (found.kind === "unreadable")
    return callerUid === 0 || callerUid === uid
      ? warn(`${name}: expected to look at ${home}, found ${found.code}`, "see its mount")
      : null;
  if (found.type !== "folder")
    return warn(`${name}: expected a folder at ${home}, found something else`, "give the account another home");
  const isOthers = found.uid !== uid && found.uid !== 0;
  return isOthers
    ? warn(
        `${name}: expected ${home} to be its own or root's, found uid ${found.uid}'s, who decides what its commands mean`,
        `chown ${uid} ${shellWord(home)}`,
      )
    : null;
}
