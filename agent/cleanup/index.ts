/**
 * Clean-up: what a Retention means for the files that lie below its root, and what becomes of them. perform.ts is the only
 * way to a plan and to its application: a child with the account's identity looks and takes (sweep.ts; what runs in it is
 * root.ts, walk.ts, guard.ts, take.ts and what they import), decide.ts says what goes, what stays and why, and the journal
 * knows of each file before it is touched. It may import facts, host, documents and store.
 *
 * To add a reason to stay: its word in plan.ts, where it is decided, its sentence in cli/text/cleanup.ts.
 */

export { quarantineName } from "../documents/system-folders.ts";
export { type BacklogHistory, type BacklogLook, backlogOf, historyOf, historyText, noHistory } from "./backlog.ts";
export * from "./decide.ts";
export type * from "./journal.ts";
export { journalFolder } from "./journal-files.ts";
export { type ReadJournal, readJournal, verifyJournal } from "./journal-read.ts";
export { isOutcomeWord, outcomeWords } from "./journal-records.ts";
export { givenUp, type Reconciled, reconciled, type Settlement } from "./journal-recover.ts";
export { mostPageBytes, settledSince, type Telling, type ToldFile, type ToldPage } from "./journal-tell.ts";
export { type JournalParts, type JournalSizes, type OpenedJournal, openJournal } from "./journal-writer.ts";
export {
  candidateKey,
  type FoundPlan,
  type Kept,
  type KeptPlan,
  keepPlan,
  keptForMs,
  keptPlan,
  leastDigits,
  type PlanToKeep,
  preparePlans,
} from "./kept-plans.ts";
export type * from "./look.ts";
export type * from "./outcome.ts";
export * from "./perform.ts";
export type * from "./plan.ts";
export { type Recovered, recoverBelow } from "./recover.ts";
export {
  type Allowed,
  type Answered,
  answeredEvents,
  countingReleases,
  endReleases,
  type Following,
  followReleases,
  notAllowed,
  type ReleaseChange,
  releaseLivesMs,
  type Taken,
  takeReleases,
} from "./releases.ts";
export { type Settling, settleBelow } from "./settle.ts";
export { type Applying, type Sweeping, type Swept, sweepBelow } from "./sweep.ts";
