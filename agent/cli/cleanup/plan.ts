import { type Decision, type Listed, perform } from "../../cleanup/index.ts";
import { type Removal, type Retention, removalOf } from "../../documents/index.ts";
import type { Voice } from "../io.ts";
import type { Parts } from "../parts.ts";
import { listedJson, listedText, type Planned, planJson, planText } from "../text/cleanup.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";
import { type Action, meant, refuse } from "./action.ts";
import { type CleanupPlaces, cleanupPlaces, socketOption, stateOption } from "./places.ts";
import { releasesFor } from "./releases.ts";
import { accountOf, lookDeadlineMs, soundDocuments } from "./retentions.ts";

export const plan: Action = {
  name: "plan",
  summary: "say what would go and what stays",
  usage: "[--retention NAME] [--list] [--json]",
  options: [
    { flags: "--retention <name>", says: "only this Retention" },
    { flags: "--list", says: "say it of every file" },
    { flags: "--json", says: "print it as JSON; with --list as JSON lines, one a plan and one a file" },
    stateOption,
    socketOption,
  ],
  examples: [
    ["rcwarden cleanup plan", "what would go and what stays, by reason"],
    ["rcwarden cleanup plan --retention staging --list", "every file with its reason"],
  ],
  run,
};

async function run(call: Call, { voice, parts }: Surroundings): Promise<ExitCode> {
  const { flags } = call;
  const loaded = await soundDocuments(parts, voice);
  if (loaded === null) return 2;
  const all = loaded.set.retentions;
  const { retention: name } = flags;
  const retentions = typeof name === "string" ? all.filter((each) => each.name === name) : all;
  if (typeof name === "string" && retentions.length === 0) {
    const names = all.map((each) => each.name);
    return refuse(voice, `--retention: expected the name of a Retention, found "${name}"${meant(name, names)}`);
  }
  const places = cleanupPlaces(call, parts);
  const [isJson, isListed] = [flags.json === true, flags.list === true];
  const plans: Planned[] = [];
  for (const retention of retentions) {
    const grant = removalOf(loaded.host.grant, retention.account, retention.root);
    const { planned, list } = await planOf(retention, grant, { places, isListed, voice, parts });
    if (!isJson) voice.answer(planText(planned, { isFollowing: plans.length > 0, isListed, flags: places.flags }));
    else if (isListed) voice.jsonLine(planJson(planned));
    for (const listed of list) {
      if (!voice.isHeard()) break;
      if (isJson) voice.jsonLine(listedJson(planned, listed));
      else voice.answer([listedText(planned, listed)]);
    }
    plans.push(planned);
  }
  if (isJson && !isListed) {
    const host = { name: parts.hostName };
    voice.json({ apiVersion: "rcwarden/v1", kind: "CleanupPlans", host, plans: plans.map(planJson) });
  }
  if (!isJson && plans.length === 0) voice.answer([["No Retention says that anything may go: nothing was looked at."]]);
  return plans.some(({ decision }) => decision === null) ? 3 : 0;
}

interface PlanSurroundings {
  readonly places: CleanupPlaces;
  readonly isListed: boolean;
  readonly voice: Voice;
  readonly parts: Parts;
}

async function planOf(
  retention: Retention,
  grant: Removal,
  { places, isListed, voice, parts }: PlanSurroundings,
): Promise<{ readonly planned: Planned; readonly list: Iterable<Listed> }> {
  const about = { retention, grant, kept: null };
  const none = (because: string) => ({ planned: { ...about, decision: null, because }, list: [] });
  const account = await accountOf(retention, parts);
  if (typeof account === "string") return none(account);
  const nowMs = parts.now().getTime();
  const { releases, unknown } = await releasesFor(retention, grant, places, parts);
  if (unknown !== "") return none(unknown);
  const progress = voice.progress(`looking below ${retention.root}`);
  const performed = await perform(
    {
      retention,
      account,
      releases,
      moment: { nowMs, clock: "trusted" },
      apply: null,
      isListed,
      prepare: false,
      deadlineMs: lookDeadlineMs,
      progress: (seen) => progress.say(`looking below ${retention.root}: ${seen}`),
    },
    parts.sweepBelow,
  );
  progress.end();
  if (performed.kind === "none") return none(performed.because);
  const { decision, list } = performed;
  const kept = await keptOf(retention, grant, decision, nowMs, places, parts);
  const planned = { ...about, decision, because: "", kept };
  return { planned, list: list?.() ?? [] };
}

/** A plan is kept where somebody may apply it. */
async function keptOf(
  { name, root }: Retention,
  grant: Removal,
  { hash, remove }: Decision,
  madeAtMs: number,
  { state }: CleanupPlaces,
  parts: Parts,
): Promise<Planned["kept"]> {
  if (grant.kind !== "granted" || remove.length === 0) return null;
  return (await parts.cleanup()).keep(state, { hash, retention: name, root, madeAtMs, candidates: remove });
}
