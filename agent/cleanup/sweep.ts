/**
 * Looks below a root, and, where it is asked to, removes what was decided on: one child with the account's identity does
 * both, so that what was looked at and what is removed are below the same held folder. Without `apply` it is a dry run: the
 * same code, and nothing is taken.
 */

import type { Account } from "../facts/index.ts";
import type { Took } from "../host/bare-child.ts";
import { collect } from "../host/resources.ts";
import type { AskedGroup } from "./asked.ts";
import type { Looked, Looking, ToLookAt } from "./look.ts";
import { type FileOutcome, mostOfGroup } from "./outcome.ts";
import type { Candidate, Seen } from "./plan.ts";
import type { Heard } from "./said-door.ts";
import { runSweeper } from "./sweeper.ts";

export interface Sweeping extends Looking {
  /** Makes the quarantine folder below the root if it is missing: later the disk may be too full for it. */
  readonly prepare?: boolean;
  readonly apply?: Applying;
}

/** Whatever one of these throws ends the child, and is what the promise rejects with. */
export interface Applying {
  /** Once, after all was seen: what goes. Nothing is touched where it is empty. */
  decide(root: { readonly dev: string; readonly ino: string }): readonly Candidate[];
  /** Before anything of a group (at most `mostOfGroup`) is touched: its number once the intent is durable; null ends it. */
  intend(files: readonly Candidate[]): number | null;
  /** What became of a group, all of it; a group whose intent was told and that is not settled is left to `recoverBelow`. */
  settle(intent: number, outcomes: readonly FileOutcome[]): void;
  readonly limits: { readonly filesPerSecond: number; readonly readBytesPerSecond: number };
}

/** As `Looked`; `applied` only where everything that was decided on was settled. */
export type Swept =
  | (Looked & { readonly kind: "looked"; readonly applied: boolean })
  | Exclude<Looked, { kind: "looked" }>;

/** Rejects only with what a function of `sweeping` throws or rejects with. */
export async function sweepBelow(toLookAt: ToLookAt, account: Account, sweeping: Sweeping): Promise<Swept> {
  const { root, depth, match } = toLookAt;
  const { uid, home } = account;
  const { apply, prepare = false } = sweeping;
  const look = { root, depth, match, uid, home, notOpenedFromS: notOpenedFromS(toLookAt, sweeping) };
  const request = { kind: "sweep", ...look, prepare, pace: apply?.limits ?? null } as const;
  const conversation = new Conversation(sweeping);
  const signal = apply === undefined ? sweeping.signal : graceAfter(sweeping.signal);
  const hear = (heard: Heard, say: Say) => conversation.hear(heard, say);
  const end = await runSweeper(request, account, { ...sweeping, signal }, hear);
  if (end.kind === "enough" && conversation.swept !== null) return conversation.swept;
  if (end.kind === "late") return { kind: "timed-out", message: end.why };
  return { kind: "failed", message: end.kind === "failed" ? end.why : "the sweeper said nothing" };
}

/** What is under way when it is called off is brought to its end, where that does not take long: nobody knows better what became of it. */
const graceMs = 1_500;

function graceAfter(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const late = new AbortController();
  const begin = () => void setTimeout(() => late.abort(), graceMs).unref();
  if (signal.aborted) late.abort();
  else signal.addEventListener("abort", begin, { once: true });
  return late.signal;
}

/** One that is open stays for another reason than its age; and among the newest only what nothing guards is counted. */
function notOpenedFromS({ keep }: ToLookAt, { nowMs }: Sweeping): number | null {
  if (keep === undefined || nowMs === undefined || keep.newest > 0 || keep.youngerThanMs === null) return null;
  return Math.ceil((nowMs - keep.youngerThanMs) / 1_000);
}

type Say = (asked: AskedGroup) => void;

/** What is said between the two, from this side. Groups are settled in the order in which they were asked. */
class Conversation {
  swept: Swept | null = null;
  readonly #sweeping: Sweeping;
  #entries = 0;
  #sinceCollected = 0;
  /** What is still to go. */
  #groups: readonly (readonly Candidate[])[] = [];
  #next = 0;
  readonly #asked: AskedGroup[] = [];
  /** The journal takes no more. */
  #isOver = false;

  constructor(sweeping: Sweeping) {
    this.#sweeping = sweeping;
  }

  async hear(heard: Heard, say: Say): Promise<Took> {
    switch (heard.kind) {
      case "odd":
        return heard.message;
      case "alive":
        return "more";
      case "seen":
        return this.#seen(heard.batch);
      case "refused":
        return this.#refused(heard);
      case "looked":
        return this.#looked(heard, say);
      case "done":
        return this.#done(heard, say);
      default:
        return outOfTurn;
    }
  }

  async #seen(batch: readonly Seen[]): Promise<Took> {
    if (this.swept !== null) return outOfTurn;
    if (this.#sweeping.signal?.aborted) return calledOff;
    this.#entries += batch.length;
    this.#sinceCollected += batch.length;
    if (this.#sinceCollected >= collectedEvery) {
      this.#sinceCollected = 0;
      collect();
    }
    if (this.#entries > mostEntriesInAll) return `more than ${mostEntriesInAll} files and folders lie below the root`;
    await this.#sweeping.take(batch);
    return "more";
  }

  #refused(heard: Heard & { readonly kind: "refused" }): Took {
    if (this.swept !== null) return outOfTurn;
    this.swept = heard;
    return "enough";
  }

  #looked({ root, unseen }: Heard & { readonly kind: "looked" }, say: Say): Took {
    if (this.swept !== null) return outOfTurn;
    const { apply, signal } = this.#sweeping;
    if (signal?.aborted) return calledOff;
    this.swept = { kind: "looked", message: unseen, root, unseen, applied: false };
    // Of half a folder nobody knows what may go.
    if (apply === undefined || unseen !== "") return "enough";
    this.#groups = groupsOf(apply.decide(root), mostAtOnce(apply.limits));
    return this.#ask(apply, say);
  }

  #done({ intent, outcomes }: Heard & { readonly kind: "done" }, say: Say): Took {
    const { apply } = this.#sweeping;
    const asked = this.#asked.shift();
    if (apply === undefined || asked === undefined) return outOfTurn;
    if (intent !== asked.intent) return `the sweeper answered intent ${intent}, and ${asked.intent} was asked`;
    const odd = oddityOf(outcomes, asked.files);
    if (odd !== null) return odd;
    apply.settle(intent, outcomes);
    return this.#ask(apply, say);
  }

  /** While the child works on one group, the intent of the next is made durable. */
  #ask(apply: Applying, say: Say): Took {
    while (!this.#isOver && this.#asked.length < mostInFlight) {
      const files = this.#groups[this.#next];
      if (files === undefined) break;
      if (this.#sweeping.signal?.aborted) {
        this.#isOver = true;
        break;
      }
      const intent = apply.intend(files);
      if (intent === null) this.#isOver = true;
      else {
        this.#next += 1;
        const asked = { intent, files };
        this.#asked.push(asked);
        say(asked);
      }
    }
    if (this.#asked.length > 0) return "more";
    if (this.swept?.kind === "looked") this.swept = { ...this.swept, applied: !this.#isOver };
    return "enough";
  }
}

const outOfTurn = "the sweeper spoke out of turn";
const calledOff = "it was called off";
const mostInFlight = 2;
/** Entries; a collection takes some milliseconds, and a million entries leave 20 to 40 MiB without. */
const collectedEvery = 25_600;
/** Below one root. A child that goes on saying that there are more is not heard for ever. */
const mostEntriesInAll = 50_000_000;

/** What the child says of a group is taken only where it is about all of its files, each once, and could be so. */
function oddityOf(outcomes: readonly FileOutcome[], files: readonly Candidate[]): string | null {
  if (outcomes.length !== files.length) return "the sweeper's answer is not about all files of the group";
  const seen = new Set<number>();
  for (const { at, outcome, code, sha256 } of outcomes) {
    const file = files[at];
    if (file === undefined || seen.has(at)) return "the sweeper's answer is about a file that was not asked, or twice";
    seen.add(at);
    if ((code === null) !== (outcome === "removed"))
      return "the sweeper's answer has a reason where none can be, or none";
    const { content } = file;
    if (content.kind === "as-seen" && sha256 !== null) return "the sweeper's answer has a digest that nobody asked for";
    if (content.kind === "digest" && outcome === "removed" && !content.anyOf.includes(sha256 ?? ""))
      return "the sweeper removed a file with other content than was released";
  }
  return null;
}

/** Files of one folder one after the other, so that the child enters it once. */
function groupsOf(candidates: readonly Candidate[], most: number): readonly (readonly Candidate[])[] {
  const folders = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = candidate.path.slice(0, -1).join("/");
    const same = folders.get(key);
    if (same === undefined) folders.set(key, [candidate]);
    else same.push(candidate);
  }
  const sorted = [...folders.values()].flat();
  return Array.from({ length: Math.ceil(sorted.length / most) }, (_, at) => sorted.slice(at * most, (at + 1) * most));
}

/** A group that is called off is over within the grace for it: what the limits let go in a quarter of a second. */
function mostAtOnce({ filesPerSecond }: Applying["limits"]): number {
  return Math.max(1, Math.min(mostOfGroup, Math.floor(filesPerSecond / 4)));
}
