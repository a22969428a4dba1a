/**
 * The check kinds, in the order in which people read them: what an engine sends first, then what startup does to the
 * session, then single definitions, then the account. A kind sees facts and never a shell; it imports facts' types and
 * nothing else of ours. To add one: one file named by its id, one line here, one test at test/checks/ID.test.ts.
 * Parameters are read from text: plain strings, lists and enums, so that the JSON Schema can say them.
 */
import type { AnyCheckKind } from "./check-kind.ts";
import { engineCommands } from "./engine-commands.ts";

export const checkKinds: readonly AnyCheckKind[] = [engineCommands];

export * from "./check-kind.ts";
export { programOf, programsOf } from "./sent.ts";
