/** GET /v1/events: the stream as pages, and waiting for what is yet to come. */

import type { Share } from "../facts/index.ts";
import type { CloudEvent, Cursor, Page } from "../store/index.ts";
import { cloudEvent, cursorText, snapshotEvent } from "../store/index.ts";
import type { AgentView } from "./agent-view.ts";

export interface Wish {
  readonly after: Cursor | null;
  readonly waitMs: number;
  readonly account: string | undefined;
  readonly share: Share;
  /** The client left, or the agent ends. */
  readonly signal: AbortSignal;
}

export interface EventsPage {
  readonly items: readonly CloudEvent[];
  readonly next: string;
  readonly through: string;
}

/** The next page; waits for it as long as it is empty. A snapshot comes first where `after` is no longer held. */
export async function eventsPage(
  view: AgentView,
  { after, waitMs, account, share, signal }: Wish,
): Promise<EventsPage> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  let page = view.store.events(after, account);
  while (isEmpty(page) && (page.more || (waitMs > 0 && !over.aborted))) {
    if (!page.more) await view.store.eventAfter(page.through, over);
    page = view.store.events(page.through, account);
  }
  const leaving = { source: view.source, share };
  const events = page.events.map((event) => cloudEvent(event, leaving));
  const through = cursorText(page.through);
  if (!page.missed) return { items: events, next: through, through };
  const moment = { nowMs: view.nowMs(), instance: view.store.instance };
  return { items: [snapshotEvent(view.store.snapshot(account), moment, leaving), ...events], next: through, through };
}

function isEmpty({ events, missed }: Page): boolean {
  return events.length === 0 && !missed;
}
