/**
 * The documents that people write: what an engine sends (Engine), what must hold for its accounts (Policy), which of their
 * files need not stay (Retention); and those of the host's owner: what may be measured, shown and sent (Grant), what may stand for a while (Exception), how the agent
 * goes about it (Agent). This folder reads bytes and gives checked values or problems with exact places; who reads the bytes, and whether their owner may be
 * trusted, is host/document-files.ts. Pure: it imports facts and the shape of a check kind, no check, no file system.
 *
 * To add a kind: one file named by it (schema, example, cross-checks), one line in registry.ts, its shape in kinds.ts or host-kinds.ts, one
 * test at test/documents/KIND.test.ts. JSON Schema, docs and errors follow from it.
 */
export { dayMs, dayNumber } from "./calendar.ts";
export { anyOf, closest } from "./closest.ts";
export type { AnyDocumentKind, KnownCheck } from "./document-kind.ts";
export { daysAhead, mostDaysAhead } from "./exception.ts";
export { type FilePattern, matchesName, parseFilePattern } from "./file-pattern.ts";
export * from "./force.ts";
export * from "./granted.ts";
export * from "./host-kinds.ts";
export type * from "./kinds.ts";
export { type LoadContext, loadDocuments } from "./loader.ts";
export { problemsSummary, problemText } from "./problems.ts";
export { documentKinds } from "./registry.ts";
export { documentSchemas } from "./schema.ts";
export { type ParsedSends, parseResolvable, parseSends, type Refused, type Resolvable } from "./sends.ts";
