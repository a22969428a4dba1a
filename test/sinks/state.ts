/** A real store in a folder of its own, and findings and events to put into it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { EventDraft, FindingState } from "../../agent/drift/index.ts";
import { type OpenOptions, openStore, type Store } from "../../agent/store/index.ts";
import { storyFinding } from "../support/finding.ts";

export const startMs = Date.UTC(2026, 10, 23, 2, 0, 0);

const hostKeys = { machineId: "22222222222222222222222222222222", productUuid: "uuid-2", productName: "KVM" };

/** A folder of its own that goes with the scope; `state` in it is not there yet. */
export function scratch(): Disposable & { readonly path: string; readonly state: string } {
  const path = mkdtempSync(`${tmpdir()}/rcwarden-sinks-`);
  return { path, state: `${path}/state`, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The store, closed with the scope. */
export function open(folder: string, others: Partial<OpenOptions> = {}): Store & Disposable {
  const found = openStore({ folder, instance: "host", nowMs: startMs, program: "0.1.0", hostKeys, ...others });
  assert.ok(found.kind === "store", found.kind === "refused" ? found.message : "");
  const { store } = found;
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}

/** A finding with content that only a wider Grant lets leave; `turn` changes its content. */
export function finding(number: number, turn = 0): FindingState {
  const at = new Date(startMs).toISOString();
  return {
    finding: {
      ...storyFinding,
      fingerprint: number.toString(16).padStart(16, "0"),
      status: turn % 2 === 0 ? "fail" : "unknown",
      subject: `cp -f {file} {existing} ${number}`,
      message: "waits at a prompt",
      evidence: { outcome: "hang" },
      change: "remove the alias",
      openedAt: at,
      since: at,
    },
    digest: `sha256:${(number * 1000 + turn).toString(16).padStart(64, "0")}`,
  };
}

/** The event that tells of it. */
export function told(
  state: FindingState,
  type: EventDraft["type"] = "finding.opened",
  old: string | null = null,
): EventDraft {
  const { finding: kept, digest } = state;
  const isGone = type === "finding.resolved";
  return {
    type,
    subject: kept.fingerprint,
    account: kept.account,
    data: {
      finding: kept,
      because: "host",
      via: "watch",
      digest: { old: isGone ? digest : old, new: isGone ? null : digest },
      ...(isGone && { how: "pass" as const }),
      first: false,
      detectedAt: kept.openedAt,
      hint: null,
    },
  };
}

/** Puts states and tells of them, all at once. */
export function tell(store: Store, states: readonly FindingState[], type: EventDraft["type"] = "finding.opened"): void {
  const isGone = type === "finding.resolved";
  const done = store.commit({
    nowMs: startMs,
    events: states.map((state) => told(state, type)),
    ...(isGone ? { remove: states.map(({ finding: kept }) => kept.fingerprint) } : { put: states }),
  });
  assert.ok(done.kind === "committed", done.kind === "refused" ? done.message : "");
}

export function tellSome(store: Store, from: number, to: number): void {
  tell(
    store,
    Array.from({ length: to - from + 1 }, (_, index) => finding(from + index)),
  );
}
