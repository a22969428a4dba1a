/**
 * The agent's endpoint: what can be asked, by whom, and what is answered. It shows what the store holds and what the agent
 * says of itself (agent-view.ts); it measures nothing. It imports facts, store and documents; daemon/ starts it.
 */
export type * from "./agent-view.ts";
export { openapi } from "./openapi.ts";
export type * from "./picture.ts";
export { routes } from "./routes.ts";
export { type Served, type Serving, serve } from "./server.ts";
export { type PreflightAnswer, type Shapes, type StatusAnswer, shapes } from "./shapes.ts";
export { shownSessions } from "./shown-sessions.ts";
export { statusText } from "./text.ts";
export { type Preflight, type Reason, validForMs, validUntil, verdictOf } from "./verdict.ts";
