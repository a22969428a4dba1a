import { type Deciding, type Decision, decidingOn, type Listed, listingOn } from "../../cleanup/index.ts";
import { problemsSummary, problemText, type Retention, removalOf } from "../../documents/index.ts";
import type { Account } from "../../facts/index.ts";
import type { Parts } from "../parts.ts";
import { listedJson, listedText, type Planned, planJson, planText } from "../text/cleanup.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";
import { type Action, meant, refuse } from "./action.ts";

export const plan: Action = {
  name: "plan",
  summary: "say what would go and what stays",
  usage: "[--retention NAME] [--list] [--json]",
  options: [
    { flags: "--retention <name>", says: "only this Retention" },
    { flags: "--list", says: "say it of every file" },
    { flags: "--json", says: "print it as JSON; with --list as JSON lines, one a plan and one a file" },
  ],
  examples: [
    ["rcwarden cleanup plan", "what would go and what stays, by reason"],
    ["rcwarden cleanup plan --retention staging --list", "every file with its reason"],
  ],
  run,
};

/** A look that took longer says nothing of what is young. */
export const lookDeadlineMs = 300_000;

type Looked =
  | { readonly kind: "decision"; readonly decision: Decision; readonly list: (() => Iterable<Listed>) | null }
  | { readonly kind: "none"; readonly because: string };

async function run({ flags }: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const loaded = await parts.documents([]);
  if (loaded.kind === "problems") {
    voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
    return 2;
  }
  const all = loaded.set.retentions;
  const { retention: name } = flags;
  const retentions = typeof name === "string" ? all.filter((each) => each.name === name) : all;
  if (typeof name === "string" && retentions.length === 0) {
    const names = all.map((each) => each.name);
    return refuse(voice, `--retention: expected the name of a Retention, found "${name}"${meant(name, names)}`);
  }
  const asLines = flags.json === true && flags.list === true;
  const plans: Planned[] = [];
  for (const retention of retentions) {
    const looked = await planOf(retention, flags.list === true);
    const decision = looked.kind === "decision" ? looked.decision : null;
    const planned: Planned = {
      retention,
      decision,
      because: looked.kind === "none" ? looked.because : "",
      grant: removalOf(loaded.host.grant, retention.account, retention.root),
    };
    if (flags.json !== true) voice.answer(planText(planned, plans.length > 0, flags.list === true));
    if (asLines) voice.jsonLine(planJson(planned));
    if (looked.kind === "decision" && looked.list !== null) tell(planned, looked.list());
    plans.push(planned);
  }
  if (flags.json === true && !asLines) {
    const host = { name: parts.hostName };
    voice.json({ apiVersion: "rcwarden/v1", kind: "CleanupPlans", host, plans: plans.map(planJson) });
  }
  if (flags.json !== true && plans.length === 0) {
    voice.answer([["No Retention says that anything may go: nothing was looked at."]]);
  }
  return plans.some(({ decision }) => decision === null) ? 3 : 0;

  async function planOf(retention: Retention, isListed: boolean): Promise<Looked> {
    const account = await accountOf(retention, parts);
    if (typeof account === "string") return { kind: "none", because: account };
    const moment = { nowMs: parts.now().getTime(), clock: "trusted" } as const;
    const listing = isListed ? listingOn(retention, [], moment) : null;
    const deciding: Deciding = listing ?? decidingOn(retention, [], moment);
    const progress = voice.progress(`looking below ${retention.root}`);
    let files = 0;
    const looked = await parts.sweepBelow(retention, account, {
      deadlineMs: lookDeadlineMs,
      take(batch) {
        for (const seen of batch) deciding.take(seen);
        files += batch.length;
        progress.say(`looking below ${retention.root}: ${files}`);
      },
    });
    progress.end();
    if (looked.kind !== "looked") return { kind: "none", because: looked.message };
    if (looked.unseen !== "") return { kind: "none", because: `not everything could be seen: ${looked.unseen}` };
    const decision = deciding.end(looked.root);
    return { kind: "decision", decision, list: listing === null ? null : () => listing.list() };
  }

  function tell(planned: Planned, list: Iterable<Listed>): void {
    for (const listed of list) {
      if (!voice.isHeard()) return;
      if (asLines) voice.jsonLine(listedJson(planned, listed));
      else voice.answer([listedText(planned, listed)]);
    }
  }
}

/** The account itself, or why nobody can look as it. */
async function accountOf({ account: name, origin }: Retention, parts: Parts): Promise<Account | string> {
  const answer = await parts.account(name);
  if (answer.kind === "unavailable") return `${name}: ${answer.why}`;
  if (answer.kind === "absent")
    return `${origin.file}: expected an account of this host, found "${name}"${meant(name, await parts.localNames())}`;
  const { account } = answer;
  if (parts.callerUid === 0 || parts.callerUid === account.uid) return account;
  return `expected root or ${name} to look as ${name}, found uid ${parts.callerUid}`;
}
