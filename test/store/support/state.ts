import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { EventDraft, FindingState, KeptFinding } from "../../../agent/drift/index.ts";
import {
  type Committed,
  type OpenOptions,
  openStore,
  type Store,
  type StoredEvent,
} from "../../../agent/store/index.ts";
import { storyFinding } from "../../support/finding.ts";

export const startMs = Date.UTC(2026, 10, 23, 2, 0, 0);
export const dayMs = 86_400_000;

export const thisHost = { machineId: "11111111111111111111111111111111", productUuid: "uuid-1", productName: "KVM" };

/** A folder of its own that goes with the scope. */
export function scratch(): Disposable & { readonly path: string; readonly state: string } {
  const path = mkdtempSync(`${tmpdir()}/rcwarden-store-`);
  return { path, state: `${path}/state`, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function options(folder: string, others: Partial<OpenOptions> = {}): OpenOptions {
  return { folder, instance: "host", nowMs: startMs, program: "0.1.0", hostKeys: thisHost, ...others };
}

export type OpenedStore = Store & Disposable;

/** The store, closed with the scope; a refusal fails the test with its message. */
export function open(folder: string, others: Partial<OpenOptions> = {}): OpenedStore {
  const opened = openStore(options(folder, others));
  assert.ok(opened.kind === "store", opened.kind === "refused" ? opened.message : "");
  const { store } = opened;
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}

export function refusal(folder: string, others: Partial<OpenOptions> = {}): { code: string; message: string } {
  const opened = openStore(options(folder, others));
  if (opened.kind === "store") opened.store.close();
  assert.ok(opened.kind === "refused", "expected a refusal, found an open store");
  return { code: opened.code, message: opened.message };
}

export function finding(number: number, others: Partial<KeptFinding> = {}): FindingState {
  return {
    finding: {
      ...storyFinding,
      fingerprint: number.toString(16).padStart(16, "0"),
      subject: `cp -f {file} {existing} ${number}`,
      message: "waits at a prompt",
      evidence: { outcome: "hang" },
      change: "remove the alias",
      openedAt: "2026-11-23T02:00:00.000Z",
      since: "2026-11-23T02:00:00.000Z",
      ...others,
    },
    digest: `sha256:${number.toString(16).padStart(64, "0")}`,
  };
}

export function opened(state: FindingState, pad = 0): EventDraft {
  const { finding: kept, digest } = state;
  return {
    type: "finding.opened",
    subject: kept.fingerprint,
    account: kept.account,
    data: {
      finding: kept,
      because: "host",
      via: "watch",
      digest: { old: null, new: digest },
      first: false,
      detectedAt: kept.openedAt,
      hint: null,
      ...(pad > 0 && { pad: "x".repeat(pad) }),
    },
  };
}

export function started(): EventDraft {
  return { type: "agent.started", subject: "host", account: null, data: {} };
}

/** Commits events about so many findings, one transaction each, and gives them as stored. */
export function commitSome(store: Store, from: number, to: number, nowMs = startMs, pad = 0): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let number = from; number <= to; number++) {
    const state = finding(number);
    events.push(...committed(store.commit({ nowMs, put: [state], events: [opened(state, pad)] })));
  }
  return events;
}

/** All events from a place on, page by page. */
export function all(store: Store, after: Parameters<Store["events"]>[0] = null, account?: string): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let at = after; ; ) {
    const page = store.events(at, account);
    events.push(...page.events);
    at = page.through;
    if (!page.more) return events;
  }
}

export function committed(outcome: Committed): readonly StoredEvent[] {
  assert.ok(outcome.kind === "committed", outcome.kind === "refused" ? outcome.message : "");
  return outcome.events;
}
