import type { Command } from "commander";
import { accountsText } from "../text/accounts.ts";
import { type Call, type ExitCode, examples, type Surroundings, type Verb } from "../verb.ts";

export const accounts: Verb = { declare, run };

function declare(command: Command): void {
  command
    .description(
      "Lists the accounts by which something automated seems to come in, and why: keys for logins, logins without a terminal, cron. Without names and documents, check measures these.",
    )
    .option("--all", "also those that show no sign of automation")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      examples([
        ["rcwarden accounts", "who looks automated on this host, and why (as root)"],
        ["rcwarden accounts --all", "everybody in the host's own account files"],
      ]),
    );
}

async function run({ flags, words }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  if (words.length > 0) {
    voice.remark(`rcwarden accounts: expected only flags, found "${words.join(" ")}"`);
    return 2;
  }
  const progress = voice.progress("looking at keys, logs and crontabs");
  const found = await parts.listed(flags.all === true).finally(() => progress.end());
  voice.remark(...found.doubts);
  if (flags.json === true) voice.json({ apiVersion: "rcwarden/v1", kind: "Accounts", ...found });
  else voice.answer(accountsText(found));
  return 0;
}
