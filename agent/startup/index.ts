/**
 * Reads startup files: which a shell in a mode comes to, in order, what each statement in them defines, and whether the
 * shell gets there. Pure: files come in through `Files`; the reader child gives the real ones, with the account's
 * identity. It imports facts and the shapes of shells. A new syntax family is a tokenizer, a grammar that makes the
 * shapes of syntax.ts, and a file of recognisers; a new statement is a row in one of those.
 */

export * from "./advice.ts";
export * from "./attribution.ts";
export type { Files, Look } from "./files.ts";
export { fileQuestions } from "./files.ts";
export { type ReadShell, read } from "./read.ts";
export type * from "./reader-request.ts";
export type * from "./reading.ts";
export { redirecting } from "./redirecting.ts";
