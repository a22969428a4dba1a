/**
 * What an instance keeps: findings and the events that tell of them, in one embedded database, so that state and stream
 * cannot disagree. Synchronous: a commit is durable when the call comes back.
 */

export type { Cursor, Epoch, EventDraft, FindingState, KeptFinding } from "../drift/index.ts";
export {
  type CloudEvent,
  cloudEvent,
  compareCursors,
  cursorText,
  gapWords,
  type HeartbeatData,
  heartbeatEvent,
  type MaskedFinding,
  maskedFinding,
  parseCursor,
  redacted,
  snapshotData,
  snapshotEvent,
  stateDigest,
} from "../drift/index.ts";
export {
  type ParsedRelease,
  parseRelease,
  releaseShape,
  shownContent,
  shownPath,
  type WrongRelease,
} from "./asked-release.ts";
export type { HostKeys } from "./host-keys.ts";
export { type KeptReleases, keptReleases } from "./kept-releases.ts";
export { type OpenOptions, openStore } from "./open.ts";
export {
  type AskedRelease,
  type ReleaseAnswer,
  type ReleaseCount,
  type Released,
  releaseAnswers,
  releaseKey,
  type StoredRelease,
} from "./releases.ts";
export type * from "./store.ts";
