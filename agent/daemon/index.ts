/**
 * The agent as a process: it watches, measures what changed, finds drift, keeps it and tells it, until it is told to stop.
 * It puts the other folders together; nothing imports it but the verb that starts it.
 */
export type { Ran } from "./account-run.ts";
export type { Agent } from "./agent.ts";
export { type AgentCall, type Ended, runAgent } from "./start.ts";
