import { createHash } from "node:crypto";
import type { Cursor, FindingState } from "./event.ts";

/** `N.R-SEQ`, the `id` of an event and the place in the stream. */
export function cursorText({ n, r, seq }: Cursor): string {
  return `${n}.${r}-${seq}`;
}

/** Null for what is no cursor. */
export function parseCursor(text: string): Cursor | null {
  const [, n, r, seq] = /^(\d{1,9})\.([0-9a-f]{8})-(\d{1,15})$/.exec(text) ?? [];
  return r === undefined ? null : { n: Number(n), r, seq: Number(seq) };
}

/** Below zero where `a` comes before `b`; only places of one history can be compared. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return a.n - b.n || a.seq - b.seq;
}

/** What host and engine compare: sha256 over the sorted lines `FINGERPRINT STATUS CONTENT-SHA256`, as `sha256:HEX`. */
export function stateDigest(findings: readonly FindingState[]): string {
  const lines = findings.map(
    ({ finding, digest }) => `${finding.fingerprint} ${finding.status} ${digest.replace(/^sha256:/, "")}\n`,
  );
  return `sha256:${createHash("sha256").update(lines.sort().join("")).digest("hex")}`;
}
