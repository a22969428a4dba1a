/** The documents of the host's owner, parsed. Their schemas stand in agent.ts, grant.ts and exception.ts. */
import type { Share } from "../facts/share.ts";
import type { Origin } from "./kinds.ts";

/** `kind: Agent`. Durations in milliseconds, sizes in bytes; defaults filled in. */
export interface AgentDocument {
  readonly kind: "Agent";
  readonly name: string;
  readonly description: string;
  readonly reconcile: { readonly everyMs: number; readonly fullMs: number };
  readonly sinks: readonly SinkDocument[];
  readonly limits: {
    readonly probesAtOnce: number;
    /** Of the agent's own resident memory. */
    readonly memoryBytes: number;
    readonly queueBytes: number;
  };
  /** Where metrics are kept for node_exporter; null for nowhere. */
  readonly metricsFile: string | null;
  readonly origin: Origin;
}

export type SinkDocument = FileSinkDocument | EngineSinkDocument;

export interface FileSinkDocument {
  readonly name: string;
  readonly kind: "file";
  readonly path: string;
  readonly maxSizeBytes: number;
  readonly keep: number;
}

export interface EngineSinkDocument {
  readonly name: string;
  readonly kind: "engine";
  /** https only. */
  readonly url: string;
  /** Paths, a relative one already put below the folder of its document. Certificate and key come together. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly caFile: string | null;
  readonly tokenFile: string | null;
  /** http:// or https:// URL of a proxy that is asked to CONNECT; null for none. */
  readonly proxy: string | null;
  readonly timeoutMs: number;
}

export interface Grant {
  readonly kind: "Grant";
  readonly name: string;
  readonly description: string;
  readonly measure: {
    /** `all` that a policy means. */
    readonly accounts: "all" | readonly string[];
    readonly how: "running" | "reading";
    /** Local time of the host, minutes from midnight; `to` below `from` goes past midnight. */
    readonly notBetween: readonly { readonly from: number; readonly to: number }[];
  };
  readonly local: Share;
  readonly share: Share;
  readonly remove: readonly {
    readonly account: string;
    readonly below: string;
    readonly apply: "by-hand" | "automatically";
    readonly releasesFrom: string | null;
  }[];
  readonly origin: Origin;
}

export interface Exception {
  readonly kind: "Exception";
  readonly name: string;
  readonly description: string;
  readonly finding: {
    readonly policy: string;
    readonly rule: string;
    readonly account: string;
    readonly mode: string;
    readonly subject: string;
  };
  readonly reason: string;
  /** `YYYY-MM-DD`: the end of that day, UTC. */
  readonly until: string;
  readonly origin: Origin;
}

/** What holds where no Grant was written: measured locally, nothing but findings without values leaves. */
export const noGrant: Omit<Grant, "kind" | "name" | "description" | "origin"> = {
  measure: { accounts: "all", how: "running", notBetween: [] },
  local: "names",
  share: "names",
  remove: [],
};

export type HostDocument = AgentDocument | Grant | Exception;

/** `broken`: there is one and it cannot be taken, or something is broken that may hold one: then nobody is measured. */
export type Granted =
  | { readonly kind: "grant"; readonly grant: Grant }
  | { readonly kind: "none" }
  | { readonly kind: "broken" };

/** The host owner's documents, as far as they could be read. */
export interface HostDocuments {
  readonly agent: AgentDocument | null;
  readonly grant: Granted;
  readonly exceptions: readonly Exception[];
}
