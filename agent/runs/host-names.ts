/** The name service of this host. */
import { automatedAccounts } from "../collectors/automation.ts";
import { accountByName, accountByUid, groupMembers, parseAccountEntry } from "../host/accounts.ts";
import { systemFile } from "../host/system-file.ts";
import type { NameService } from "./world.ts";

export function hostNames(): NameService {
  return {
    callerUid: process.geteuid?.() ?? -1,
    account: accountByName,
    accountOfUid: accountByUid,
    group: groupMembers,
    automated: async (all) => automatedAccounts({ now: new Date(), all }),
    localNames: async () => {
      const lines = (systemFile("/etc/passwd") ?? "").split("\n");
      return lines.flatMap((line) => parseAccountEntry(line)?.name ?? []);
    },
  };
}
