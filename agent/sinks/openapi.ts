/**
 * What an engine must implement to be sent events, as OpenAPI 3.1: rendered into openapi.json by `npm run docs`. The rules
 * behind it are told in YOUR-ENGINE.md; test/sinks holds real requests and answers against it.
 */
import * as z from "zod";
import { releaseAnswers, releaseShape } from "../store/index.ts";
import { batchType, EngineAnswer, mostBatchEvents, mostReleases } from "./protocol.ts";

type Json = Readonly<Record<string, unknown>>;

const time = z.string().meta({ format: "date-time", description: "RFC 3339, UTC." });
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const place = z
  .string()
  .regex(/^\d{1,9}\.[0-9a-f]{8}-\d{1,15}$/)
  .describe(
    "EPOCH-SEQ, EPOCH being N.R: epochs compare by N; an equal N with another R is a state that was copied back.",
  );
const words = z.array(z.string());

const finding = z
  .object({
    fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
    status: z.enum(["fail", "unknown"]),
    severity: z.enum(["critical", "high", "medium", "low", "info"]),
    consequence: z.string().describe("What an engine would suffer: hang, silent-success, failed-command, ..."),
    policy: z.string(),
    rule: z.string(),
    check: z.string(),
    account: z.string().describe("- for what is about the host."),
    mode: z.string().describe("The way of coming in; - for what is about the account or the host."),
    subject: z.string(),
    message: z.string(),
    where: z.object({ file: z.string(), line: z.int(), column: z.int(), through: words }).nullable(),
    evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    change: z.string(),
    gaps: z.array(z.object({ code: z.string(), message: z.string(), change: z.string() })).optional(),
    line: z.string().nullable().describe("The guilty line's text; null also where the Grant does not share it."),
    waived: z.object({ exception: z.string(), reason: z.string(), until: z.string() }).optional(),
    flapping: z.literal(true).optional(),
    was: z.literal("fail").optional().describe("What it was before a gap left it undecided."),
    openedAt: time,
    since: time,
    masked: words.describe("Fields that hold less than what is known, as the Grant says."),
  })
  .describe("A rule that failed or could not be decided for one account, mode and subject.");

const findingData = z.object({
  finding,
  because: z.enum(["host", "documents", "program", "exception"]),
  via: z.string(),
  digest: z
    .object({ old: digest.nullable(), new: digest.nullable() })
    .describe("Of the content, before and now: `new` is the CONTENT-SHA256 of the state's digest."),
  how: z.enum(["pass", "withdrawn"]).optional().describe("Of finding.resolved."),
  first: z.boolean().describe("From the account's first run: it need not be new on the host."),
  detectedAt: time,
  hint: z
    .object({ file: z.string(), ownerUid: z.int(), modified: time, sessions: words.nullable() })
    .nullable()
    .describe("Who may have changed the file, as a hint and no more."),
  masked: words,
});

const accountData = z.object({
  change: z.enum(["watched", "unwatched", "renamed", "removed", "unavailable", "available", "entry"]),
  account: z.string(),
  message: z.string(),
});

const agentData = z.looseObject({
  previous: z
    .object({ n: z.int(), r: z.string(), seq: z.int() })
    .nullable()
    .optional()
    .describe("Of agent.started: where the epoch before ended."),
});

const heartbeatData = z.looseObject({
  digest: digest.describe("Of the state, as a snapshot has it."),
  head: place.describe("The last event's place: compare the digest when you hold this one."),
  findings: z.int(),
  waiting: z.int().optional().describe("Events that wait for you."),
});

const lostData = z.object({
  from: place.nullable(),
  to: place.nullable(),
  count: z.int().nullable(),
  why: z.string(),
});

const snapshotData = z.object({
  asOf: place.describe("State at or below it is history: events up to there change nothing any more."),
  part: z
    .int()
    .min(1)
    .optional()
    .describe("One of `parts`; the state is replaced when all are there. Left out: 1 of 1."),
  parts: z.int().min(1).optional(),
  findings: z.array(z.object({ finding, digest })),
  digest: digest.describe(
    "sha256 over the sorted lines `FINGERPRINT STATUS CONTENT-SHA256`, each with its newline, of all parts; CONTENT-SHA256 is the hex of a finding's `digest`.",
  ),
});

const sum = { files: z.int(), bytes: z.number() };
const ofRetention = { retention: z.string(), account: z.string(), root: z.string() };
/** A file as it is told of: exactly one of both. */
const filePath = {
  path: z.string().optional().describe("Below the Retention's root."),
  pathHex: z.string().optional().describe("Instead of path, where it is no UTF-8: its bytes in hex."),
};

const plannedData = z.object({
  ...ofRetention,
  plan: z.object({
    hash: z.string(),
    at: time,
    expiresAt: time,
    ...sum,
    stays: z.array(z.object({ code: z.string(), ...sum })).describe("What stays, by reason."),
  }),
  clock: z.string(),
  because: z.string(),
  applies: z.string().describe("by-hand, automatically, or plan-only where the Grant lets nothing go."),
});

const completedData = z.object({
  ...ofRetention,
  run: z.string(),
  because: z.string(),
  plan: z.string().describe("The plan's hash."),
  at: time,
  page: z.string().describe("Where in the journal of this host it stands: compares two pages of one place."),
  outcomes: z
    .array(
      z.object({
        ...filePath,
        size: z.string().describe("Bytes, decimal."),
        mtime: z.string().describe("Nanoseconds since 1970, decimal."),
        outcome: z.enum(["removed", "kept", "put-back", "in-quarantine", "gone-unconfirmed"]),
        code: z.string().nullable().describe("Why it is not removed."),
        detail: z.string(),
        sha256: z.string().nullable().describe("Of its content, where a release asked for it."),
      }),
    )
    .describe("What became of each file that was to go: only `removed` says that we removed it."),
});

const refusedData = z.object({ ...ofRetention, code: z.string(), message: z.string() });

const answeredData = z.object({
  retention: z.string(),
  account: z.string().nullable(),
  by: z.object({ kind: z.enum(["engine", "account"]), name: z.string() }),
  at: time,
  answers: z.array(
    z.object({
      ...filePath,
      size: z.string().describe("Bytes, decimal."),
      sha256: z.string().optional(),
      mtime: z.string().optional().describe("Seconds since 1970."),
      precision: z.string().optional(),
      answer: z
        .enum(releaseAnswers)
        .describe(
          "accepted: it counts. changed, absent: the file is another one, or not there, and this release is over; release it again where it is right. removed: the file is gone, by this release.",
        ),
      message: z.string().optional(),
    }),
  ),
});

function eventOf(types: readonly [string, ...string[]], schema: string, id: z.ZodType, data: z.ZodType) {
  return z.object({
    specversion: z.literal("1.0"),
    id,
    source: z
      .string()
      .regex(/^rcwarden:\/\//)
      .describe("rcwarden://HOSTID/INSTANCE: every source has its own stream."),
    type: z.enum(types.map((type) => `dev.rcwarden.${type}`)),
    subject: z.string(),
    time,
    datacontenttype: z.literal("application/json"),
    dataschema: z.literal(`urn:rcwarden:v1:${schema}`),
    data,
  });
}

const ofStream = place.describe("With `source` it is one event, however often it comes.");
const ofSnapshot = z
  .string()
  .regex(/^\d{1,9}\.[0-9a-f]{8}-\d{1,15}-snapshot-\d+\.\d+$/)
  .describe("EPOCH-SEQ-snapshot-COUNT.PART: no place in the stream.");
const ofHeartbeat = z
  .string()
  .regex(/^\d{1,9}\.[0-9a-f]{8}-\d{1,15}-heartbeat-\d+$/)
  .describe("No place in the stream.");

const shapes = {
  Finding: finding,
  FindingEvent: eventOf(["finding.opened", "finding.changed", "finding.resolved"], "finding", ofStream, findingData),
  AccountEvent: eventOf(["account.changed"], "account", ofStream, accountData),
  AgentEvent: eventOf(["agent.started", "agent.stopped"], "agent", ofStream, agentData),
  CleanupPlanned: eventOf(["cleanup.planned"], "cleanup", ofStream, plannedData),
  CleanupCompleted: eventOf(["cleanup.completed"], "cleanup", ofStream, completedData),
  CleanupRefused: eventOf(["cleanup.refused"], "cleanup", ofStream, refusedData),
  ReleaseAnswered: eventOf(["release.answered"], "releases", ofStream, answeredData),
  Release: releaseShape,
  LostEvent: eventOf(["events.lost"], "lost", ofStream, lostData),
  Snapshot: eventOf(["state.snapshot"], "snapshot", ofSnapshot, snapshotData),
  Heartbeat: eventOf(["agent.heartbeat"], "heartbeat", ofHeartbeat, heartbeatData),
  OtherEvent: z
    .looseObject({ specversion: z.literal("1.0"), id: z.string(), source: z.string(), type: z.string() })
    .describe("Of a type that is yet to come: take it, and change nothing by it."),
  Answer: EngineAnswer.extend({
    releases: z
      .array(releaseShape)
      .max(mostReleases)
      .optional()
      .describe(EngineAnswer.shape.releases.description ?? ""),
  }).describe(EngineAnswer.description ?? ""),
};

const events = [
  "FindingEvent",
  "AccountEvent",
  "AgentEvent",
  "CleanupPlanned",
  "CleanupCompleted",
  "CleanupRefused",
  "ReleaseAnswered",
  "LostEvent",
  "Snapshot",
  "Heartbeat",
] as const;

const responses: Readonly<Record<string, string>> = {
  "400":
    "The batch is not understood. Of several events: they come again in halves. Of one: it is put aside on the host, and the next one comes, if a heartbeat was taken within the last minute; otherwise a heartbeat comes first.",
  "401": "The token or certificate is not known: nothing is dropped, tried again every few minutes.",
  "403": "The same.",
  "413": "The batch is larger than the engine takes: it comes again in halves.",
  "422": "As 400.",
  "429": "Not now: tried again after `Retry-After` (at most an hour), else with growing pauses.",
  "503": "The same; so is every other 5xx, a cut connection, and no answer in time.",
  default:
    "Any other 4xx, and every 3xx (redirects are not followed): a fault of the configuration. Nothing is dropped, and it is tried again every few minutes.",
};

/** `closed`: objects have the named keys and no others, as tests want it. An engine must expect more. */
export function engineOpenapi(version: string, { closed = false } = {}): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "An engine that rcwarden sends events to",
      version,
      description:
        "At least once, in order within an epoch, one request at a time, a heartbeat each minute while nothing waits. A batch is taken whole or not at all. Unknown types and fields are to be taken and let be.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "https://engine.example", description: "The `url` of a sink of kind engine; TLS 1.2 or newer." }],
    security: [{ certificate: [] }, { token: [] }, {}],
    paths: { "/events": { post: operation() } },
    components: {
      schemas: { ...components(closed), Batch: batch(closed) },
      securitySchemes: {
        certificate: { type: "mutualTLS", description: "The sink's certFile and keyFile." },
        token: { type: "http", scheme: "bearer", description: "The sink's tokenFile." },
      },
    },
  };
}

function operation(): Json {
  return {
    operationId: "takeEvents",
    summary: "Takes a batch of events.",
    parameters: [
      {
        name: "Content-Encoding",
        in: "header",
        required: true,
        schema: { type: "string", const: "gzip" },
        description: "At most 1 MiB when unpacked.",
      },
    ],
    requestBody: { required: true, content: { [batchType]: { schema: { $ref: reference("Batch") } } } },
    responses: {
      "200": {
        description:
          "The whole batch is kept for good; any 2xx says so. The answer may be empty; at most 1 MiB is read.",
        content: { "application/json": { schema: { $ref: reference("Answer") } } },
      },
      ...Object.fromEntries(Object.entries(responses).map(([status, description]) => [status, { description }])),
    },
  };
}

function batch(closed: boolean): Json {
  const known = events.map((name) => ({ $ref: reference(name) }));
  return {
    type: "array",
    minItems: 1,
    maxItems: mostBatchEvents,
    items: { anyOf: closed ? known : [...known, { $ref: reference("OtherEvent") }] },
    description: "CloudEvents 1.0, JSON batch format.",
  };
}

function components(closed: boolean): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(shapes)) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: "draft-2020-12",
    io: closed ? "output" : "input",
    uri: reference,
  });
  // In a document of several schemas these name the document, not the schema.
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}
