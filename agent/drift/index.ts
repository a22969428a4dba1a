/**
 * What is new: verdicts and what was kept before -> what is kept now, and the events that tell it. Pure; the time comes in,
 * and what it says is stored by store/ in one transaction.
 */
export * from "./cloud-event.ts";
export * from "./cursor.ts";
export * from "./drift.ts";
export * from "./event.ts";
export * from "./masked-finding.ts";
export { redacted } from "./redact.ts";
