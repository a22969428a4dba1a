import { type Journal, type KeptPlan, leastDigits, perform, type Settling, settleBelow } from "../../cleanup/index.ts";
import { type Removal, type Retention, removalOf } from "../../documents/index.ts";
import type { Account } from "../../facts/index.ts";
import { shapes } from "../../status/index.ts";
import { hear } from "../agents.ts";
import type { Voice } from "../io.ts";
import type { Parts } from "../parts.ts";
import { type Cleaned, cleanedJson, cleanedText, isWhollyRemoved } from "../text/cleaned.ts";
import type { Call, ExitCode, Surroundings } from "../verb.ts";
import { type Action, meant, refuse } from "./action.ts";
import { type CleanupPlaces, cleanupPlaces, socketOption, stateOption } from "./places.ts";
import { releasesFor } from "./releases.ts";
import { accountOf, lookDeadlineMs, soundDocuments } from "./retentions.ts";

export const apply: Action = {
  name: "apply",
  summary: "remove exactly what a plan of the last 60 minutes said",
  usage: "--plan HASH [--json]",
  options: [
    { flags: "--plan <hash>", says: `the plan's hash, or its first ${leastDigits} digits or more` },
    { flags: "--json", says: "print what became of it as JSON" },
    stateOption,
    socketOption,
  ],
  examples: [["rcwarden cleanup apply --plan 7d31c0a95e42", "remove what that plan said, and nothing else"]],
  run,
};

async function run(call: Call, surroundings: Surroundings): Promise<ExitCode> {
  const { voice, parts } = surroundings;
  const { plan: hash, json } = call.flags;
  if (typeof hash !== "string") return refuse(voice, "--plan: expected the hash of a plan, found nothing");
  if (!/^[0-9a-f]{12,64}$/.test(hash)) {
    const expected = `${leastDigits} to 64 of the digits 0 to 9 and a to f, as cleanup plan prints them`;
    return refuse(voice, `--plan: expected ${expected}, found "${hash}"`);
  }
  const places = cleanupPlaces(call, parts);
  const ended = (await byAgent(hash, places, parts)) ?? (await byHand(hash, places, surroundings));
  if (ended.kind === "refused") {
    for (const message of ended.messages) refuse(voice, message);
    return ended.exit;
  }
  if (json === true) voice.json(cleanedJson(ended));
  else voice.answer(cleanedText(ended, places.flags));
  if (ended.unfinished !== "") return 3;
  return isWhollyRemoved(ended) ? 0 : 1;
}

type Ended = Cleaned | { readonly kind: "refused"; readonly exit: 2 | 3; readonly messages: readonly string[] };

function wrong(...messages: readonly string[]): Ended {
  return { kind: "refused", exit: 2, messages };
}

function undetermined(...messages: readonly string[]): Ended {
  return { kind: "refused", exit: 3, messages };
}

/** For as long as it takes: an agent says when it is done, and goes on where nobody listens any more. */
const agentWithinMs = 86_400_000;

/** Null where there is no agent. */
async function byAgent(hash: string, { state, sockets }: CleanupPlaces, parts: Parts): Promise<Ended | null> {
  // The agent's answer does not say how many were to go: its plans lie where ours do.
  const askedMs = parts.now().getTime();
  const kept = (await parts.cleanup()).kept(state, hash, askedMs);
  const question = {
    method: "POST",
    path: "/v1/cleanup/apply",
    body: { plan: hash },
    withinMs: agentWithinMs,
  } as const;
  const heard = await hear(parts, sockets, question, shapes().CleanupRow);
  if (heard.kind === "no-agent") return null;
  if (heard.kind === "refused")
    return heard.code === "not-applied" ? undetermined(heard.message) : wrong(heard.message);
  if (heard.kind !== "answer") return undetermined(heard.message);
  const { retention, account, root, run: last } = heard.value;
  // Where nothing of the plan may go any more none was begun, and the last one is an earlier one.
  const ran = last !== null && Date.parse(last.at) >= askedMs ? last : null;
  const about = { retention, account, root, plan: hash, planned: kept.kind === "plan" ? kept.files : null };
  return { kind: "cleaned", ...about, run: ran?.run ?? null, outcomes: ran?.outcomes ?? [], unfinished: "" };
}

/** In this process, with the state folder to itself: no agent can run meanwhile. */
async function byHand(hash: string, { state, sockets }: CleanupPlaces, { voice, parts }: Surroundings): Promise<Ended> {
  const cleanup = await parts.cleanup();
  const kept = cleanup.kept(state, hash, parts.now().getTime());
  if (kept.kind !== "plan") return kept.kind === "failed" ? undetermined(kept.message) : wrong(kept.message);
  const loaded = await soundDocuments(parts, voice);
  if (loaded === null) return wrong("what the documents say is not sound: nothing was removed");
  const retention = loaded.set.retentions.find(({ name }) => name === kept.retention);
  if (retention === undefined || retention.root !== kept.root) return wrong(outdated(kept, loaded.set.retentions));
  const grant = removalOf(loaded.host.grant, retention.account, retention.root);
  if (grant.kind !== "granted") return wrong(notGranted(retention));
  const account = await accountOf(retention, parts);
  if (typeof account === "string") return undetermined(account);
  const lock = cleanup.lock(state);
  if (lock.kind === "refused") return undetermined(lock.message);
  if (lock.kind === "held") return undetermined(heldBy(state, lock.by, sockets));
  using _ = lock;
  const opened = cleanup.openJournal(state);
  if (opened.kind === "refused") return undetermined(`${opened.message}; nothing was removed`);
  using journal = opened.journal;
  // Both are let go when this comes back.
  return await applied(kept, { retention, grant, account, journal, state, voice, parts });
}

interface Applying {
  readonly retention: Retention;
  readonly grant: Removal;
  readonly account: Account;
  readonly journal: Journal;
  readonly state: string;
  readonly voice: Voice;
  readonly parts: Parts;
}

async function applied(kept: KeptPlan, applying: Applying): Promise<Ended> {
  const { retention, grant, account, journal, state, voice, parts } = applying;
  voice.remark(...journal.state().notices);
  const hinders = await settleBelow(retention.root, journal, await settlingBy(parts));
  if (hinders.length > 0) return undetermined(...hinders);
  const { releases, unknown } = await releasesFor(retention, grant, { state, sockets: [] }, parts);
  if (unknown !== "") return undetermined(unknown);
  const progress = voice.progress(`looking below ${retention.root}`);
  const performed = await perform(
    {
      retention,
      account,
      releases,
      moment: { nowMs: parts.now().getTime(), clock: "trusted" },
      apply: { journal, run: (await parts.cleanup()).newRun(), because: "by-hand", only: kept },
      isListed: false,
      prepare: true,
      deadlineMs: lookDeadlineMs,
      progress: (seen) => progress.say(`below ${retention.root}: ${seen} looked at`),
    },
    parts.sweepBelow,
  );
  progress.end();
  if (performed.kind === "none") return undetermined(`${retention.root}: ${performed.because}; nothing was removed`);
  const { applied: ended } = performed;
  if (ended === null) return undetermined(`${retention.root}: nothing was removed`);
  const { name, root } = retention;
  const outcomes = [...ended.outcomes.values()].map((each) => ({ ...each, bytes: Number(each.bytes) }));
  const about = { retention: name, account: account.name, root, plan: kept.hash, planned: kept.files };
  return { kind: "cleaned", ...about, run: ended.run, outcomes, unfinished: ended.unfinished };
}

async function settlingBy(parts: Parts): Promise<Settling> {
  const { recover } = await parts.cleanup();
  return {
    recover,
    async account(name) {
      const answer = await parts.account(name);
      if (answer.kind === "account") return answer.account;
      return answer.kind === "absent" ? null : `${name}: ${answer.why}`;
    },
  };
}

function outdated({ hash, retention, root }: KeptPlan, now: readonly Retention[]): string {
  const found = now.some(({ name }) => name === retention) ? "one with another root" : "none";
  const near =
    found === "none"
      ? meant(
          retention,
          now.map(({ name }) => name),
        )
      : "";
  const expected = `Retention ${retention} with root ${root}, of which it is`;
  return `plan ${hash.slice(0, leastDigits)}: expected ${expected}, found ${found}${near}; plan again`;
}

function notGranted({ account, root }: Retention): string {
  return `${root}: expected the Grant to allow removal there as ${account}, found that it does not; rcwarden grant says what it allows`;
}

function heldBy(state: string, by: string | null, sockets: readonly string[]): string {
  const who = by ?? "another process";
  return `${state}: expected an agent to answer at ${sockets.join(" or ")} or none to run, found ${who}; name its socket: --socket`;
}
