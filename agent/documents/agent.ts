import * as z from "zod";
import { documentKind, listOf, nameText, say } from "./document-kind.ts";
import type { SinkDocument } from "./host-kinds.ts";
import { absolutePath, address, besideDocument, fileOfDocument, metricsPath } from "./paths.ts";
import { duration, size } from "./quantities.ts";

const reconcile = z.strictObject({
  every: duration("5s", "1h")
    .prefault("30s")
    .describe("How often everything watched is looked at, because events get lost silently."),
  full: duration("1m", "1d")
    .prefault("60m")
    .describe("How often every account is measured, whether something changed or not."),
});

const fileSink = z.strictObject({
  name: nameText.describe("Names the sink in status; unique."),
  kind: z.literal("file").describe("A file of JSON lines, which any log collector tails."),
  path: absolutePath.describe("Where to; an absolute path."),
  maxSize: size("64KiB", "1TiB").prefault("64MiB").describe("Beyond it the file is set aside and a new one is begun."),
  keep: z.number().int().min(0).max(1000).default(5).describe("How many of those set aside are kept."),
});

const engineSink = z
  .strictObject({
    name: nameText.describe("Names the sink in status and in the Grant; unique."),
    kind: z.literal("engine").describe("An engine that takes batches of CloudEvents by HTTPS POST."),
    url: address(["https"], true).describe("Where to; https only, without name and password."),
    certFile: fileOfDocument
      .optional()
      .describe("The client certificate, PEM; a relative path is below this document's folder."),
    keyFile: fileOfDocument.optional().describe("Its key, PEM; 0600."),
    caFile: fileOfDocument
      .optional()
      .describe("The authorities whose certificates the engine may show, PEM, instead of the system's."),
    tokenFile: fileOfDocument.optional().describe("A file with the bearer token alone; 0600."),
    proxy: address(["https", "http"], false).optional().describe("A proxy that is asked to CONNECT: http://HOST:PORT."),
    timeout: duration("1s", "10m").prefault("30s").describe("How long one request may take."),
  })
  .superRefine(({ certFile, keyFile }, context) => {
    if ((certFile === undefined) === (keyFile === undefined)) return;
    const [there, missing] = certFile === undefined ? ["keyFile", "certFile"] : ["certFile", "keyFile"];
    const expected = "certFile and keyFile together";
    say(context, { code: "certificate-incomplete", expected, found: `${there} without ${missing}` }, [there]);
  });

const sinks = listOf(
  z.discriminatedUnion("kind", [fileSink, engineSink], { error: "file or engine" }),
  ({ name }) => name,
).superRefine((all, context) => {
  const paths = all.map((sink) => (sink.kind === "file" ? sink.path : null));
  for (const [index, path] of paths.entries()) {
    if (path === null || paths.indexOf(path) === index) continue;
    say(context, { code: "value-duplicate", expected: "a file of its own for each sink" }, [index, "path"]);
  }
});

const limits = z.strictObject({
  probesAtOnce: z.number().int().min(1).max(16).default(2).describe("How many accounts are measured at once."),
  memory: size("64MiB", "64GiB")
    .prefault("256MiB")
    .describe("Of the agent's own resident memory; more is said in status."),
  queue: size("1MiB", "64GiB")
    .prefault("64MiB")
    .describe("Of events that wait; beyond it the oldest collapse to the latest state of each finding."),
});

const spec = z
  .strictObject({
    reconcile: reconcile.prefault({}).describe("How often is looked, besides at once when something changes."),
    sinks: sinks.prefault([]).describe("Where events are sent; an engine that reads them from the socket needs none."),
    limits: limits.prefault({}).describe("What it may use."),
    metricsFile: metricsPath
      .optional()
      .describe("A file that is kept for node_exporter, with what /metrics says; it ends in .prom."),
  })
  .superRefine(({ sinks: all, metricsFile }, context) => {
    const isTaken = all.some((sink) => sink.kind === "file" && sink.path === metricsFile);
    if (isTaken) say(context, { code: "value-duplicate", expected: "a file of its own" }, ["metricsFile"]);
  })
  .superRefine(({ reconcile: { every, full } }, context) => {
    // One that was refused is still text here, and has been told.
    if (typeof every !== "number" || typeof full !== "number" || full >= every) return;
    say(context, { code: "value-range", expected: "at least reconcile.every" }, ["reconcile", "full"]);
  });

type Spec = z.output<typeof spec>;

export const agent = documentKind({
  kind: "Agent",
  summary: "Says how the agent of this host looks, where it sends events, and what it may use.",
  why: "Where events go and what a process may use is the host owner's to say; the agent runs without this document, too.",
  owner: "the host's owner",
  livesIn: "/etc/rcwarden/*.yaml",
  tier: "host",
  single: true,
  example: `apiVersion: rcwarden/v1
kind: Agent
metadata: { name: db07 }
spec:
  reconcile: { every: 30s, full: 60m }
  sinks:
    - { name: file, kind: file, path: /var/log/rcwarden/events.jsonl, maxSize: 64MiB, keep: 5 }
    - name: engine
      kind: engine
      url: https://engine.example/events
      certFile: engine.crt            # below the folder of this document
      keyFile: engine.key
      caFile: ca.pem
  limits: { probesAtOnce: 2, memory: 256MiB, queue: 64MiB }
  metricsFile: /var/lib/prometheus/node-exporter/rcwarden.prom
`,
  schema: () => spec,
  references: () => [],
  nested: () => [],
  build: (common, { reconcile: { every, full }, sinks: written, limits, metricsFile }) => ({
    kind: "Agent",
    ...common,
    reconcile: { everyMs: every, fullMs: full },
    sinks: written.map((sink) => sinkOf(sink, common.origin.file)),
    limits: { probesAtOnce: limits.probesAtOnce, memoryBytes: limits.memory, queueBytes: limits.queue },
    metricsFile: metricsFile ?? null,
  }),
});

function sinkOf(sink: Spec["sinks"][number], document: string): SinkDocument {
  if (sink.kind === "file") {
    const { maxSize, ...rest } = sink;
    return { ...rest, maxSizeBytes: maxSize };
  }
  const { name, kind, url, proxy, timeout } = sink;
  const fileOf = (path: string | undefined) => (path === undefined ? null : besideDocument(document, path));
  return {
    name,
    kind,
    url,
    certFile: fileOf(sink.certFile),
    keyFile: fileOf(sink.keyFile),
    caFile: fileOf(sink.caFile),
    tokenFile: fileOf(sink.tokenFile),
    proxy: proxy ?? null,
    timeoutMs: timeout,
  };
}
