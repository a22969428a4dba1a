/** GET /v1/events: the stream as pages, and waiting for what is yet to come. */

import { jsonText, type Share } from "../facts/index.ts";
import type { CloudEvent, Cursor, Page } from "../store/index.ts";
import { cloudEvent, cursorText, snapshotEvent } from "../store/index.ts";
import type { AgentView } from "./agent-view.ts";
import { keptText } from "./kept.ts";
import type { Refusal } from "./problem.ts";

export interface Wish {
  readonly after: Cursor | null;
  readonly waitMs: number;
  readonly account: string | undefined;
  /** Asked when there is something: whoever waited may see less of it by then. */
  share(): Share | Refusal;
  /** The client left, or the agent ends. */
  readonly signal: AbortSignal;
}

interface EventsPage {
  readonly items: readonly CloudEvent[];
  readonly next: string;
  readonly through: string;
}

/**
 * The next page as JSON; waits for it as long as it is empty. A snapshot comes first where `after` is no longer held. Those
 * who wait at the same place for the same get the same text.
 */
export async function eventsText(view: AgentView, wish: Wish): Promise<string | Refusal> {
  const page = await pageWithin(view, wish);
  const { account, after } = wish;
  const share = wish.share();
  if (typeof share !== "string") return share;
  const from = after === null ? "" : cursorText(after);
  // A name has any characters, the others none that would part them otherwise.
  const key = `events ${from} ${cursorText(page.through)} ${share} ${account ?? ""}`;
  return keptText(view, key, () => `${jsonText(shown(view, page, { account, share }), 0)}\n`);
}

interface Seeing {
  readonly account: string | undefined;
  readonly share: Share;
}

function shown(view: AgentView, page: Page, { account, share }: Seeing): EventsPage {
  const leaving = { source: view.source, share };
  const events = page.events.map((event) => cloudEvent(event, leaving));
  const through = cursorText(page.through);
  if (!page.missed) return { items: events, next: through, through };
  const moment = { nowMs: view.nowMs(), instance: view.store.instance };
  return { items: [snapshotEvent(view.store.snapshot(account), moment, leaving), ...events], next: through, through };
}

/** Nothing of it stays when it is over, for many wait, and each time something happens all of them go and come again. */
async function pageWithin(view: AgentView, { after, waitMs, account, signal }: Omit<Wish, "share">): Promise<Page> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, waitMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    let page = view.store.events(after, account);
    while (isEmpty(page) && (page.more || (waitMs > 0 && !over.signal.aborted))) {
      if (!page.more) await view.store.eventAfter(page.through, over.signal);
      page = view.store.events(page.through, account);
    }
    return page;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

function isEmpty({ events, missed }: Page): boolean {
  return events.length === 0 && !missed;
}
