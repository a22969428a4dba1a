import { rmSync, writeFileSync } from "node:fs";
import type { TestAccount } from "../../support/accounts.ts";
import type { Planted } from "./case.ts";

/** Rules of sudo for one account, in a file of its own. */
export function sudoers(rules: (name: string) => string): Pick<Planted, "prepare" | "undo"> {
  const path = ({ name }: TestAccount) => `/etc/sudoers.d/${name}`;
  return {
    prepare: (account) => writeFileSync(path(account), rules(account.name), { mode: 0o440 }),
    undo: (account) => rmSync(path(account), { force: true }),
  };
}
