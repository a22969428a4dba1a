/**
 * What an account may do by sudo, in sudo's own words: `sudo -n -ll -U ACCOUNT` as root, or `sudo -n -ll` as the account. Not
 * in the sandbox, where no set-id program gets its rights; it runs nothing for the account and asks nobody for a password.
 */
import type { Account, SudoEntry, SudoFacts } from "../facts/index.ts";
import { runCommand } from "../host/command.ts";

export type SudoAnswer =
  | { readonly kind: "told"; readonly sudo: SudoFacts }
  | { readonly kind: "gap"; readonly message: string; readonly change: string };

const limits = { deadlineMs: 5_000, maxBytes: 1_048_576 };

/** Never rejects. */
export async function sudoOf(account: Account, callerUid = process.geteuid?.() ?? 0): Promise<SudoAnswer> {
  if (callerUid !== 0 && callerUid !== account.uid)
    return notHad("only root may ask sudo about others", "run it as root");
  const whom = callerUid === 0 ? ["-U", account.name] : [];
  const outcome = await runCommand(["sudo", "-n", "-ll", ...whom], limits);
  if (outcome.kind === "not-started") {
    return outcome.why.includes("ENOENT") ? { kind: "told", sudo: { kind: "absent" } } : notHad(outcome.why);
  }
  if (outcome.kind !== "ended") return notHad(`sudo did not answer (${outcome.kind})`);
  const [complaint = ""] = outcome.stderr.toString("utf8").trim().split("\n");
  const sudo = parseSudo(outcome.stdout.toString("utf8"));
  if (sudo !== null) return { kind: "told", sudo };
  const advice = callerUid === 0 ? "" : "run it as root, whom sudo answers without a password";
  return notHad(complaint === "" ? "sudo listed nothing that is understood" : complaint, advice);
}

function notHad(why: string, change = ""): SudoAnswer {
  return { kind: "gap", message: `what sudo allows is not known: ${why}`, change };
}

const entryBegins = /^(?:Sudoers entry|Sudoers path|LDAP Role|SSSD Role)\b/;
const lists = / may run the following commands on .*:$/;

/** Text of `sudo -ll` in the C locale; null for anything else. */
export function parseSudo(text: string): SudoFacts | null {
  if (/^User \S+ is not allowed to run sudo on /m.test(text)) return { kind: "nothing-allowed" };
  const lines = text.split("\n");
  const from = lines.findIndex((line) => lists.test(line));
  if (from < 0) return null;
  const head = lines.slice(0, from);
  const specificAt = head.findIndex((line) => /^Runas and Command-specific defaults for /.test(line));
  const general = specificAt < 0 ? head : head.slice(0, specificAt);
  const entries: { runAs: string[]; options: string[]; commands: string[] }[] = [];
  for (const line of lines.slice(from + 1)) {
    const entry = entries.at(-1);
    const [, key, value = ""] = /^ {4}(RunAsUsers|Options): (.*)$/.exec(line) ?? [];
    if (entryBegins.test(line)) entries.push({ runAs: [], options: [], commands: [] });
    else if (key === "RunAsUsers") entry?.runAs.push(...listed(value));
    else if (key === "Options") entry?.options.push(...listed(value));
    else if (line.startsWith("\t")) entry?.commands.push(line.trim());
  }
  const defaults = listed(general.filter((line) => line.startsWith("    ")).join(" "));
  const specific = specificAt < 0 ? [] : head.slice(specificAt + 1).flatMap((line) => line.trim() || []);
  return { kind: "told", defaults, specific, entries: entries.map(rootIfNobody) };
}

function listed(text: string): string[] {
  return text.split(/(?<!\\),/).flatMap((each) => each.trim() || []);
}

/** An entry that names nobody is for root (sudoers(5), runas_default). */
function rootIfNobody(entry: SudoEntry): SudoEntry {
  return entry.runAs.length === 0 ? { ...entry, runAs: ["root"] } : entry;
}
