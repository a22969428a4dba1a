/**
 * The routes, in the order in which a reader meets them; each says who may. Answers come from the last state: no GET
 * starts a probe. To add one: one entry here, its shape in shapes.ts.
 */
import * as z from "zod";
import { closest } from "../documents/index.ts";
import { type KeptFinding, maskedFinding, parseCursor, releaseShape } from "../store/index.ts";
import { limits } from "./admission.ts";
import type { AgentView, PlanApplied } from "./agent-view.ts";
import { ownStatus, statusIn, statusMedia, statusPage } from "./current.ts";
import { eventsText } from "./events.ts";
import { healthMedia, liveText, readiness } from "./health.ts";
import { openapi } from "./openapi.ts";
import { type Refusal, refusal } from "./problem.ts";
import { keptReleases, released } from "./releases.ts";
import { type Asked, answer, noQuery, type Route, route, textAnswer } from "./route.ts";
import { mostReleases } from "./shapes.ts";
import { rowsFor, shareHere, shareLeaving } from "./shown.ts";
import { shownSessions } from "./shown-sessions.ts";
import { verdictOf } from "./verdict.ts";

const anybody = ["owner", "viewer", "account", "nobody"] as const;
const readers = ["owner", "viewer", "account"] as const;
const owner = ["owner"] as const;

/** The name of the text format; its charset is the server's to add. */
const metricsMedia = "text/plain; version=0.0.4";
const mostRows = 1_000;
const longestWaitMs = 60_000;

const account = z.string().min(1, "the name of an account").describe("Rows of this account only.").optional();
const afterEvent = z
  .string()
  .transform((text, context) => {
    const cursor = parseCursor(text);
    if (cursor === null) context.addIssue({ code: "custom", message: "EPOCH-SEQ, as next and through have it" });
    return cursor;
  })
  .describe("Go on after this place, EPOCH-SEQ; without it from the oldest.")
  .optional();
const wait = z
  .string()
  .transform((text, context) => {
    const [, digits, unit] = /^(\d{1,5})(ms|s)$/.exec(text) ?? [];
    const ms = Number(digits) * (unit === "s" ? 1_000 : 1);
    if (ms <= longestWaitMs) return ms;
    context.addIssue({ code: "custom", message: "a duration from 0s to 60s" });
    return z.NEVER;
  })
  .describe("How long to wait where there is nothing yet, 0s to 60s.")
  .optional();
const most = z
  .string()
  .regex(/^\d{1,4}$/, `a number from 1 to ${mostRows}`)
  .transform(Number)
  .refine((number) => number >= 1 && number <= mostRows, `a number from 1 to ${mostRows}`)
  .describe(`At most so many rows, 1 to ${mostRows}.`)
  .optional();

export const routes: readonly Route[] = [
  route({
    method: "GET",
    path: "/",
    summary: "Status for people: the page in a browser, text elsewhere.",
    may: readers,
    query: noQuery,
    answer: "Status",
    media: [statusMedia.text, statusMedia.page, statusMedia.json],
    async handle(asked) {
      if (!asked.accepts(statusMedia.page))
        return statusAnswer(asked, asked.accepts(statusMedia.json) ? "json" : "text");
      const { pageOf, pagePolicy } = await import("./page/index.ts");
      const headers = { Vary: "Accept", "Content-Security-Policy": pagePolicy };
      return textAnswer(statusMedia.page, statusPage(asked, pageOf), headers);
    },
  }),
  route({
    method: "GET",
    path: "/healthz",
    summary: "Says that the agent's loop runs.",
    may: anybody,
    query: noQuery,
    answer: "Health",
    media: [healthMedia],
    handle: () => alive,
  }),
  route({
    method: "GET",
    path: "/readyz",
    summary: "Says whether the first full run is over, and what is not as it should be.",
    may: readers,
    query: noQuery,
    answer: "Health",
    media: [healthMedia],
    statuses: [200, 503],
    handle({ view, principal }) {
      const all = view.status();
      const health = readiness(principal.kind === "account" ? ownStatus(all, principal.name) : all);
      return answer(health, health.status === "fail" ? 503 : 200, healthMedia);
    },
  }),
  route({
    method: "GET",
    path: "/openapi.json",
    summary: "This document.",
    may: readers,
    query: noQuery,
    answer: "OpenApi",
    handle: ({ view }) => answer({ openapi: "3.1.0", ...openapi(routes, view.status().rcwarden) }),
  }),
  route({
    method: "GET",
    path: "/v1/status",
    summary: "How the agent does, and all that a page shows: accounts, findings, ways in, watching, documents, sinks.",
    may: readers,
    query: noQuery,
    answer: "Status",
    media: [statusMedia.json, statusMedia.text],
    handle: (asked) => statusAnswer(asked, asked.accepts(statusMedia.text) ? "text" : "json"),
  }),
  route({
    method: "GET",
    path: "/v1/findings",
    summary: "What fails or is undecided, by fingerprint.",
    may: readers,
    query: z.strictObject({
      account,
      status: z.enum(["fail", "unknown"], "fail or unknown").describe("Only those of this status.").optional(),
      after: z
        .string()
        .regex(/^[0-9a-f]{16}$/, "a fingerprint")
        .describe("Those after this fingerprint.")
        .optional(),
      most,
    }),
    answer: "Findings",
    handle(asked) {
      const { query, view } = asked;
      const rows = rowsFor(asked, query.account);
      if (rows.kind === "refusal") return rows;
      const share = shareHere(asked);
      const found = view.store
        .findings(rows.account)
        .map(({ finding }) => finding)
        .filter(({ status }) => query.status === undefined || status === query.status)
        .filter(({ fingerprint }) => query.after === undefined || fingerprint > query.after)
        .sort(byFingerprint);
      const items = found.slice(0, query.most ?? mostRows).map((finding) => maskedFinding(finding, share));
      const next = items.length < found.length ? (items.at(-1)?.fingerprint ?? null) : null;
      return answer({ items, next });
    },
  }),
  route({
    method: "GET",
    path: "/v1/events",
    summary: "What changed, as CloudEvents, oldest first; waits for more where there is nothing.",
    may: readers,
    query: z.strictObject({ after: afterEvent, wait, account }),
    answer: "Events",
    async handle(asked) {
      const { query, view } = asked;
      const rows = rowsFor(asked, query.account);
      if (rows.kind === "refusal") return rows;
      const share = () => shareLeaving(asked);
      const now = share();
      if (typeof now !== "string") return now;
      if (query.wait !== undefined && query.wait > 0 && !asked.waiting.mayWait()) return tooManyWait;
      const { signal } = asked.waiting;
      const wish = { after: query.after ?? null, waitMs: query.wait ?? 0, account: rows.account, share, signal };
      const text = await eventsText(view, wish);
      return typeof text === "string" ? textAnswer("application/json", text) : text;
    },
  }),
  route({
    method: "GET",
    path: "/v1/runs",
    summary: "The last runs, newest first.",
    may: readers,
    query: z.strictObject({
      account,
      after: z
        .string()
        .regex(/^\d{1,15}$/, "as next has it")
        .transform(Number)
        .describe("Go on after this one, which is older the smaller it is.")
        .optional(),
      most,
    }),
    answer: "Runs",
    handle(asked) {
      const rows = rowsFor(asked, asked.query.account);
      if (rows.kind === "refusal") return rows;
      const { most = 100, after } = asked.query;
      const { runs, next } = asked.view.runs({ most, account: rows.account, before: after });
      return answer({ items: runs, next: next === null ? null : String(next) });
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions",
    summary: "SSH sessions and what they wait for, as they were last looked at; nothing of them is ever ended.",
    may: readers,
    query: z.strictObject({ account }),
    answer: "Sessions",
    handle(asked) {
      const rows = rowsFor(asked, asked.query.account);
      if (rows.kind === "refusal") return rows;
      if (rows.account !== undefined && asked.view.account(rows.account) === null) {
        return unwatched(asked.view, rows.account);
      }
      return answer(shownSessions(asked.view.sessions(), rows.account, shareHere(asked)));
    },
  }),
  route({
    method: "GET",
    path: "/v1/accounts/{name}",
    summary: "Pre-flight: whether an engine may send its commands to this account now.",
    may: readers,
    query: z.strictObject({
      engine: z.string().min(1, "the name of an engine").describe("Without it all engines of its policies.").optional(),
    }),
    answer: "Preflight",
    handle(asked) {
      const { view, name, query } = asked;
      const rows = rowsFor(asked, name);
      if (rows.kind === "refusal") return rows;
      const found = view.account(name);
      if (found === null) return unwatched(view, name);
      const engines = found.engines.map((each) => each.name);
      const { engine = null } = query;
      if (engine !== null && !engines.includes(engine)) return unknownEngine(engine, engines);
      const judged = verdictOf(found, engine, { nowMs: view.nowMs(), blind: view.blind(name) });
      const share = shareHere(asked);
      const shown = (findings: readonly KeptFinding[]) => findings.map((each) => maskedFinding(each, share));
      const body = { ...judged, because: shown(judged.because), waived: shown(judged.waived) };
      return answer({ apiVersion: "rcwarden/v1", kind: "Preflight", account: name, ...body });
    },
  }),
  route({
    method: "GET",
    path: "/v1/baseline",
    summary: "What was accepted of an account, and what is otherwise now.",
    may: readers,
    query: z.strictObject({ account }),
    answer: "Baseline",
    handle(asked) {
      const rows = rowsFor(asked, asked.query.account);
      if (rows.kind === "refusal") return rows;
      if (rows.account === undefined)
        return refusal(400, "query-wrong", ["?account", "the name of an account", "nothing"]);
      const found = asked.view.baseline(rows.account);
      if (found === null) return unwatched(asked.view, rows.account);
      return answer({ account: rows.account, ...found });
    },
  }),
  route({
    method: "POST",
    path: "/v1/baseline",
    summary: "Accepts an account's startup files and definitions as they are now.",
    may: owner,
    query: noQuery,
    body: z.strictObject({
      account: z.string("the name of an account").min(1, "the name of an account"),
      reason: z.string("why it is accepted").trim().min(1, "why it is accepted").max(500, "at most 500 characters"),
    }),
    answer: "Accepted",
    async handle({ view, body }) {
      if (view.account(body.account) === null) return unwatched(view, body.account);
      const outcome = await view.acceptBaseline(body.account, body.reason);
      if (outcome.kind === "accepted") return answer(outcome.baseline);
      return refusal(409, "not-accepted", [body.account, "a state that can be accepted", outcome.message]);
    },
  }),
  route({
    method: "GET",
    path: "/v1/cleanup",
    summary: "How clean-up stands: each Retention's last plan, what became of it, what waits.",
    may: readers,
    query: z.strictObject({ account }),
    answer: "Cleanup",
    handle(asked) {
      const rows = rowsFor(asked, asked.query.account);
      if (rows.kind === "refusal") return rows;
      const all = asked.view.cleanup();
      const retentions = all.retentions.filter((row) => rows.account === undefined || row.account === rows.account);
      return answer({ ...all, retentions, journal: asked.principal.kind === "account" ? null : all.journal });
    },
  }),
  route({
    method: "POST",
    path: "/v1/cleanup/apply",
    summary: "Removes what a plan of the last hour said and what may still go; answers when that is done.",
    may: owner,
    query: noQuery,
    body: z.strictObject({
      plan: z.string("a plan's hash").regex(/^[0-9a-f]{12,64}$/, "a plan's hash, or its first 12 digits or more"),
    }),
    answer: "CleanupRow",
    async handle({ view, body }) {
      const outcome = await view.applyPlan(body.plan);
      return outcome.kind === "applied" ? answer(outcome.row) : notApplied(body.plan, outcome);
    },
  }),
  route({
    method: "GET",
    path: "/v1/releases",
    summary: "Releases that are accepted, so that a plan by hand counts what the agent's would.",
    may: ["owner", "account"],
    query: z.strictObject({
      account,
      retention: z.string().min(1, "the name of a Retention").describe("Of this Retention only.").optional(),
      after: z
        .string()
        .regex(/^[0-9a-f]{64}$/, "as next has it")
        .describe("Go on after this one.")
        .optional(),
    }),
    answer: "Releases",
    handle(asked) {
      const rows = rowsFor(asked, asked.query.account);
      if (rows.kind === "refusal") return rows;
      return answer(keptReleases(asked.view, { ...asked.query, account: rows.account }));
    },
  }),
  route({
    method: "POST",
    path: "/v1/releases",
    summary: "Takes the word that safe copies of files exist, and answers each; a plan follows.",
    may: ["owner", "account"],
    query: noQuery,
    mostBodyBytes: 1 << 20,
    body: z.strictObject({
      releases: z
        .array(z.unknown().meta(documented(releaseShape)), "a list of releases")
        .min(1, "at least one release")
        .max(mostReleases, `at most ${mostReleases} releases`),
    }),
    answer: "Released",
    handle: ({ view, principal, body }) => released(view, principal, body.releases),
  }),
  route({
    method: "GET",
    path: "/v1/sent",
    summary: "What left by the sinks, byte for byte, newest last.",
    may: owner,
    query: noQuery,
    answer: "Sent",
    handle({ view }) {
      const items = view.store.sent().map(({ sink, at, body }) => ({
        sink,
        at,
        body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
      }));
      return answer({ items, next: null });
    },
  }),
  route({
    method: "GET",
    path: "/metrics",
    summary: "The state in numbers, and what was counted since the agent began, for Prometheus.",
    may: ["owner", "viewer"],
    query: noQuery,
    answer: "Metrics",
    media: [metricsMedia],
    async handle({ view }) {
      // Not with the table: it would be loaded wherever a route's shape is asked for.
      const { measuredOf, metricsText } = await import("./metrics.ts");
      return textAnswer(metricsMedia, await metricsText(measuredOf(view)));
    },
  }),
  route({
    method: "POST",
    path: "/v1/reload",
    summary: "Reads the documents again; those that cannot be taken leave the old ones in force.",
    may: owner,
    query: noQuery,
    answer: "Reloaded",
    handle: async ({ view }) => answer(await view.reload()),
  }),
  route({
    method: "POST",
    path: "/v1/run",
    summary: "Queues a run; answers when it is queued.",
    may: ["owner", "account"],
    query: noQuery,
    body: z.strictObject({ account: z.string("the name of an account").min(1, "the name of an account").optional() }),
    answer: "Queued",
    statuses: [202],
    handle(asked) {
      const rows = rowsFor(asked, asked.body.account);
      if (rows.kind === "refusal") return rows;
      const queued = asked.view.run(rows.account ?? null, asked.principal.kind === "account");
      if (queued === null) return unwatched(asked.view, rows.account ?? "");
      return answer(queued, 202);
    },
  }),
];

function statusAnswer(asked: Pick<Asked<unknown, unknown>, "view" | "principal">, as: "json" | "text") {
  return textAnswer(statusMedia[as], statusIn(as, asked), { Vary: "Accept" });
}

const alive = textAnswer(healthMedia, liveText);

const tooManyWait = refusal(429, "too-many-wait", [
  "wait",
  `at most ${limits.waitsPerUid} questions of one user that wait at once`,
  "one more",
  "ask without wait, or end one that waits",
]);

/** A schema as the document shows it where the handler says itself what is wrong. */
function documented(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema, ...shown } = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
  return shown;
}

function notApplied(hash: string, { code, message }: Extract<PlanApplied, { kind: "refused" }>): Refusal {
  const plan = `plan ${hash.slice(0, 12)}`;
  if (code === "unknown") {
    const found = "none of these digits, several, or an older one";
    return refusal(404, "plan-unknown", [
      plan,
      "one of the last 60 minutes",
      found,
      "plan again: rcwarden cleanup plan",
    ]);
  }
  return refusal(409, code === "failed" ? "not-applied" : code, [plan, "it to be applied", message]);
}

function byFingerprint(a: KeptFinding, b: KeptFinding): number {
  return a.fingerprint < b.fingerprint ? -1 : 1;
}

function unwatched(view: AgentView, name: string) {
  const { accounts } = view.status();
  const says = accounts.find((each) => each.name === name)?.says;
  if (says !== undefined) return refusal(404, "account-unknown", ["account", "one that is watched", name, says]);
  const near = closest(
    name,
    accounts.map((each) => each.name),
  );
  const change = near === null ? "see accounts in /v1/status" : `did you mean ${near}?`;
  return refusal(404, "account-unknown", ["account", "one that is watched", name, change]);
}

function unknownEngine(engine: string, engines: readonly string[]) {
  const near = closest(engine, engines);
  const expected = engines.length === 0 ? "none, for no policy names one" : engines.join(", ");
  return refusal(404, "engine-unknown", ["engine", expected, engine, near === null ? "" : `did you mean ${near}?`]);
}
