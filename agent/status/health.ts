/**
 * Live and ready, never mixed, each with its reasons: application/health+json (draft-inadarei-api-health-check). Live says
 * that the loop runs, and nothing of the host. Ready says that the accounts were measured, and what of watching, documents,
 * store and sinks is not as it should be: that is a warning, for the agent still answers.
 */
import * as z from "zod";
import { jsonText } from "../facts/index.ts";
import type { StatusBody } from "./agent-view.ts";

export const healthMedia = "application/health+json";

const healthStatus = z.enum(["pass", "warn", "fail"]);
const check = z
  .object({
    componentId: z.string().optional().describe("Which one, where there are several: an account, a sink."),
    status: healthStatus,
    output: z.string().optional().describe("Why it is not pass."),
  })
  .readonly();
export const healthShape = z
  .object({
    status: healthStatus.describe("The worst of the checks."),
    checks: z
      .record(z.string(), z.array(check).readonly())
      .readonly()
      .describe("COMPONENT:MEASUREMENT, and its checks."),
  })
  .readonly()
  .describe("As draft-inadarei-api-health-check has it.");

export type Health = z.output<typeof healthShape>;
type Check = z.output<typeof check>;

const pass: Check = { status: "pass" };

const live: Health = { status: "pass", checks: { "loop:answers": [pass] } };
/** Whoever gets this answer has the proof. */
export const liveText = `${jsonText(live, 0)}\n`;

/** `status` as the caller may see it. */
export function readiness(status: StatusBody): Health {
  const { watching, documents, store, resources, sinks } = status;
  const checks = {
    "accounts:measured": measured(status),
    "watching:coverage": warnings(watching.degraded.map(({ message }) => message)),
    "documents:reload": warnings(documents.problems),
    "documents:grant": warnings(documents.grant === "broken" ? ["the Grant is broken: nobody is measured"] : []),
    "store:commits": warnings(store.problem === null ? [] : [store.problem.message]),
    "agent:resources": warnings(resources.over),
    ...(sinks.length > 0 && {
      "sinks:taken": sinks.map(({ name, problem }) => ({
        componentId: name,
        ...(problem?.message ? warning(problem.message) : pass),
      })),
    }),
  };
  return { status: worst(Object.values(checks).flat()), checks };
}

function measured({ ready, accounts }: StatusBody): readonly Check[] {
  if (ready) return [pass];
  const waiting = accounts.filter(({ measuredAt }) => measuredAt === null);
  if (waiting.length === 0) return [{ status: "fail", output: "the first full run is not over" }];
  return waiting.map(({ name }) => ({ componentId: name, status: "fail", output: "not measured yet" }));
}

function warnings(found: readonly string[]): readonly Check[] {
  return found.length === 0 ? [pass] : found.map(warning);
}

function warning(output: string): Check {
  return { status: "warn", output };
}

function worst(checks: readonly Check[]): Health["status"] {
  const found = new Set(checks.map(({ status }) => status));
  return found.has("fail") ? "fail" : found.has("warn") ? "warn" : "pass";
}
