/**
 * What applies one plan, between the child that takes files and the journal that knew of it before. What goes is what was
 * decided here and nothing else: a child that names other files, or one twice, ends the run.
 */
import type { Retention } from "../documents/index.ts";
import type { Deciding, Decision, RootIdentity } from "./decide.ts";
import type { Journal, JournalRefusal } from "./journal.ts";
import { candidateKey } from "./kept-plans.ts";
import { type FileOutcome, type Intended, mostOfGroup, type OutcomeCode, type OutcomeWord } from "./outcome.ts";
import type { Candidate } from "./plan.ts";
import type { Applying } from "./sweep.ts";

export interface ToApply {
  readonly journal: Journal;
  readonly run: string;
  readonly because: Intended["because"];
  /** Only what is in this plan, and may still go: a kept plan that somebody named. Null: whatever is decided now. */
  readonly only: { readonly hash: string; holds(key: string): boolean } | null;
}

export interface OutcomeSum {
  readonly outcome: OutcomeWord;
  readonly code: OutcomeCode | null;
  readonly files: number;
  readonly bytes: bigint;
}

export interface Applied {
  readonly run: string;
  /** How many files ended so, and their bytes, by `OUTCOME CODE` (`removed` alone has no code). */
  readonly outcomes: ReadonlyMap<string, OutcomeSum>;
  /** Why the journal took no more; null where it did. */
  readonly refused: JournalRefusal | null;
  /** Why not everything that was decided on was settled; "" where it was. */
  readonly unfinished: string;
}

export class Application implements Applying {
  readonly limits: Applying["limits"];
  readonly #retention: Retention;
  readonly #apply: ToApply;
  readonly #deciding: Deciding;
  readonly #outcomes = new Map<string, OutcomeSum>();
  /** Decided on, and not in a group yet. */
  #waiting = new Set<Candidate>();
  /** Groups of which the journal has the intent and not the outcome. */
  readonly #begun = new Map<number, readonly Candidate[]>();
  #root: RootIdentity = { dev: "", ino: "" };
  #decision: Decision | null = null;
  #refused: JournalRefusal | null = null;

  constructor(retention: Retention, apply: ToApply, deciding: Deciding) {
    this.limits = retention.limits;
    this.#retention = retention;
    this.#apply = apply;
    this.#deciding = deciding;
  }

  /** Null where the look did not come to its end. */
  get decision(): Decision | null {
    return this.#decision;
  }

  decide(root: RootIdentity): readonly Candidate[] {
    if (this.#decision !== null) throw new Error("a plan is decided once");
    this.#decision = this.#deciding.end(root);
    this.#root = root;
    const { only } = this.#apply;
    const goes = this.#decision.remove.filter((each) => only === null || only.holds(candidateKey(each)));
    this.#waiting = new Set(goes);
    return goes;
  }

  intend(files: readonly Candidate[]): number | null {
    if (this.#refused !== null) return null;
    if (files.length === 0 || files.length > mostOfGroup)
      throw new Error(`expected a group of 1 to ${mostOfGroup} files, found ${files.length}`);
    for (const file of files) {
      if (!this.#waiting.delete(file)) throw new Error("expected files of the plan, each once, found another");
    }
    const { journal } = this.#apply;
    const intended = journal.intend(this.#intended(files));
    if (intended.kind === "refused") return this.#end(intended);
    // What was settled before becomes durable with it.
    const synced = journal.sync();
    if (synced.kind === "refused") return this.#end(synced);
    this.#begun.set(intended.intent, files);
    return intended.intent;
  }

  settle(intent: number, outcomes: readonly FileOutcome[]): void {
    const files = this.#begun.get(intent);
    if (files === undefined) throw new Error("expected the outcome of a group that was begun, found another");
    const byPlace = new Map(outcomes.map((each) => [each.at, each]));
    if (outcomes.length !== files.length || !files.every((_, at) => byPlace.has(at)))
      throw new Error("expected one outcome for each file of its group, found others");
    this.#begun.delete(intent);
    for (const { at, outcome, code } of outcomes) this.#count(outcome, code, BigInt(files[at]?.identity.size ?? 0));
    const settled = this.#apply.journal.settle(intent, outcomes);
    if (settled.kind === "refused") this.#end(settled);
  }

  /** After the child's end; `why`: what kept it from settling everything, "" where nothing did. */
  ended(why: string): Applied {
    const synced = this.#apply.journal.sync();
    if (synced.kind === "refused" && this.#refused === null) this.#refused = synced;
    const { run } = this.#apply;
    const unfinished = this.#refused === null ? why : this.#refused.message;
    return { run, outcomes: this.#outcomes, refused: this.#refused, unfinished };
  }

  #end(refusal: JournalRefusal): null {
    this.#refused = refusal;
    return null;
  }

  #intended(files: readonly Candidate[]): Intended {
    const { name: retention, account, root } = this.#retention;
    const { run, because, only } = this.#apply;
    const plan = only?.hash ?? this.#decision?.hash ?? "";
    return { run, retention, account, root, rootIdentity: this.#root, plan, because, files };
  }

  #count(outcome: OutcomeWord, code: OutcomeCode | null, bytes: bigint): void {
    const key = code === null ? outcome : `${outcome} ${code}`;
    const sum = this.#outcomes.get(key) ?? { outcome, code, files: 0, bytes: 0n };
    this.#outcomes.set(key, { ...sum, files: sum.files + 1, bytes: sum.bytes + bytes });
  }
}
