/**
 * What `rcwarden cleanup` can be told to do. An action is one file here and one line in `actions`; usage, help, examples and
 * the refusal of another action's option come from what it says of itself.
 */
import type { Action } from "./action.ts";
import { apply } from "./apply.ts";
import { journal } from "./journal.ts";
import { plan } from "./plan.ts";
import { release } from "./release.ts";

/** In the order in which they are used. Only those that work. */
export const actions: readonly Action[] = [release, plan, apply, journal];
