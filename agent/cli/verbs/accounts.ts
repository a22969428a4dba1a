import type { Command } from "commander";
import type { Automated } from "../../collectors/automation.ts";
import { inTurns } from "../../probe/in-turns.ts";
import type { Parts } from "../parts.ts";
import { accountsText, type Listing } from "../text/accounts.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

/** Accounts whose files are read at once: each wants a process. */
const atOnce = 2;

export const accounts: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Lists the accounts by which something automated seems to come in, and why: keys for logins, logins without a terminal, cron. check measures these where neither --account nor a policy names any.",
    )
    .option("--all", "also those that show no sign of automation")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      examples([
        ["rcwarden accounts", "who looks automated on this host, and why (as root)"],
        ["rcwarden accounts --all", "everybody with a login shell"],
      ]),
    );
}

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) {
    voice.remark(`rcwarden accounts: expected only flags, found "${words.join(" ")}"`);
    return 2;
  }
  const progress = voice.progress("looking at keys, logins, crontabs and startup files");
  const found = await look(parts, flags.all === true).finally(() => progress.end());
  voice.remark(...found.doubts);
  if (flags.json === true) voice.json(listing(found));
  else voice.answer(accountsText(found));
  return 0;
}

async function look(parts: Parts, all: boolean): Promise<Listing> {
  const found = await parts.automated(all);
  const files = await inTurns(atOnce, found.accounts, ({ account }) => parts.startupFiles(account));
  const accounts = found.accounts.map((each, at) => ({ ...each, startupFiles: files[at] ?? null }));
  return { ...found, accounts };
}

function listing({ accounts: listed, root, notListed, doubts }: Listing) {
  return {
    apiVersion: "rcwarden/v1",
    kind: "Accounts",
    accounts: listed.map((each) => ({ ...entry(each), startupFiles: each.startupFiles })),
    root: root === null ? null : entry(root),
    notListed,
    doubts,
  };
}

function entry({ account, reasons, keys, loginsWithoutTty, lastLogin, cronLines }: Automated) {
  const { name, uid, home, shell } = account;
  const last = lastLogin?.toISOString() ?? null;
  return { name, uid, home, shell, reasons, keys, loginsWithoutTty, lastLogin: last, cronLines };
}
