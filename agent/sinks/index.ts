/**
 * Where events go besides the store: each sink offers them in order and acknowledges only what was taken, so that a crash
 * repeats events and loses none. Imports facts, documents and store; the sockets are in another process (children/sender.ts,
 * which takes connections.ts, post.ts and protocol.ts from here). A new kind of sink: one file with a start function, one
 * entry in `kinds`, and its document in documents/agent.ts.
 */
import type { SinkDocument } from "../documents/host-kinds.ts";
import { startEngine } from "./engine.ts";
import { startFile } from "./file.ts";
import { later } from "./pace.ts";
import type { RunningSink, SinkParts } from "./sink.ts";

export type * from "./sink.ts";

type Documents = { readonly [Kind in SinkDocument["kind"]]: Extract<SinkDocument, { kind: Kind }> };

const kinds: { readonly [Kind in keyof Documents]: (sink: Documents[Kind], parts: SinkParts) => RunningSink } = {
  file: startFile,
  engine: startEngine,
};

type Real = "later" | "elapsedMs" | "chance";

/** Time and chance are the real ones where they are left out. */
export type SinkGiven = Omit<SinkParts, Real> & Partial<Pick<SinkParts, Real>>;

const real: Pick<SinkParts, Real> = { later, elapsedMs: () => performance.now(), chance: Math.random };

/** Starts at once and never throws: what keeps a sink from working is in its state. */
export function startSink<Kind extends keyof Documents>(
  document: Documents[Kind] & { readonly kind: Kind },
  given: SinkGiven,
): RunningSink {
  return kinds[document.kind](document, { ...real, ...given });
}
