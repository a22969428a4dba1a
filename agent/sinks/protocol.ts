/**
 * What goes over the pipe between agent and sender, and what an engine may answer: JSON, one document a line, each parsed
 * where it enters. Imports nothing but zod: the sender holds little.
 */
import * as z from "zod";

/** Of one answer: no more fit into it. */
export const mostReleases = 20_000;
/** What one answer may come to when it is written anew: a number of four bytes can need twenty. */
export const mostReplyBytes = 8 * 1_048_576;

/** Of a batch, as JSON and not compressed. */
export const mostBatchBytes = 1_048_576;
export const mostBatchEvents = 1000;
export const mostAnswerBytes = 1_048_576;
export const batchType = "application/cloudevents-batch+json";

/** `N.R-SEQ` */
const place = z
  .string()
  .regex(/^\d{1,9}\.[0-9a-f]{8}-\d{1,15}$/)
  .describe("A place in the stream of events: EPOCH-SEQ, the form of an event's `id`.");

/** What an engine may answer to a batch that it took. */
export const EngineAnswer = z
  .object({
    have: place
      .nullable()
      .optional()
      .describe(
        "The last place of this source that the engine holds. Above the host's own: the host was set back to an older state; it begins a new epoch and sends a snapshot.",
      ),
    want: z.literal("snapshot").optional().describe("The engine asks for a `state.snapshot`; it comes next."),
    releases: z
      .array(z.unknown())
      .max(mostReleases)
      .optional()
      .describe(
        "A list of files of which the engine holds a safe copy. Each is taken for itself, and answered by an event of type release.answered.",
      ),
  })
  .describe("What an engine may answer to a batch that it took. Every field may be left out; others are ignored.");
export type EngineAnswer = z.infer<typeof EngineAnswer>;

/** One POST. What is in `material` was read by the agent: the sender opens no file. */
export const SenderRequest = z.object({
  id: z.int(),
  url: z.string(),
  /** Of a proxy that is asked to CONNECT, or null. */
  proxy: z.string().nullable(),
  /** From the first byte of the connection to the last one of the answer. */
  timeoutMs: z.int().positive(),
  /** JSON text. */
  body: z.string(),
  /** PEM texts and a token without its newline. */
  material: z.object({
    ca: z.string().nullable(),
    cert: z.string().nullable(),
    key: z.string().nullable(),
    token: z.string().nullable(),
  }),
});
export type SenderRequest = z.infer<typeof SenderRequest>;

/** A certificate that was shown to us; texts of the other side, cut short. */
export const ShownCertificate = z.object({
  subject: z.string(),
  issuer: z.string(),
  from: z.string(),
  to: z.string(),
  names: z.string(),
});
export type ShownCertificate = z.infer<typeof ShownCertificate>;

const Answered = z.object({
  id: z.int(),
  kind: z.literal("answered"),
  status: z.int().min(100).max(999),
  /** The header fields of these names, as they came, or null. */
  retryAfter: z.string().max(200).nullable(),
  location: z.string().max(200).nullable(),
  /** Only of a 2xx whose JSON was understood. */
  answer: EngineAnswer.nullable(),
  /** Why an answer was not understood; null where it was, or where there was none. */
  note: z.string().max(400).nullable(),
  /** The beginning of what came with a refusal, on one line; empty otherwise. */
  said: z.string().max(200),
});
const Failed = z.object({
  id: z.int(),
  kind: z.literal("failed"),
  /** Node's or OpenSSL's word for it, or one of our own (`cut-off`, `answer-too-large`, `proxy-refused`). */
  code: z.string().max(100),
  message: z.string().max(400),
  /** What the engine showed of itself, where it got that far. */
  certificate: ShownCertificate.nullable(),
  /** Whether something of the request may have left the host: only after the engine was known for what it is. */
  left: z.boolean(),
});
/** What came of one POST. */
export const SenderReply = z.discriminatedUnion("kind", [Answered, Failed]);
export type SenderReply = z.infer<typeof SenderReply>;
export type SenderFailure = z.infer<typeof Failed>;
