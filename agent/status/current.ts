/**
 * The one answer that page, text and JSON of status are rendered from, and for a moment their texts. Many may ask at once,
 * and again and again: what was rendered for one stands for all who may see the same, until the store has more, somebody
 * asked for something to be done, or `freshMs` passed. `time` in it says when it was taken.
 */
import { jsonText } from "../facts/index.ts";
import { plainText } from "../facts/lines.ts";
import type { Cursor } from "../store/index.ts";
import type { AgentView, Principal, StatusBody } from "./agent-view.ts";
import { type Context, pageOf } from "./page/index.ts";
import type { StatusAnswer } from "./shapes.ts";
import { shareHere } from "./shown.ts";
import { statusText } from "./text.ts";

export const freshMs = 100;
/** Whoever sees otherwise than others has texts of its own; more are not kept at once. */
const mostTexts = 64;

interface Kept {
  readonly atMs: number;
  /** The stream's last event then. */
  readonly head: Cursor;
  readonly texts: Map<string, string>;
}

const kept = new WeakMap<AgentView, Kept>();

type Asking = { readonly view: AgentView; readonly principal: Principal };

/** What the caller may see of status, with as much text of the host as the Grant lets it. */
export function statusFor(asking: Asking): StatusAnswer {
  const { view, principal } = asking;
  const account = principal.kind === "account" ? principal.name : undefined;
  const all = view.status();
  const status = account === undefined ? all : ownStatus(all, account);
  return { ...status, ...view.picture({ account, share: shareHere(asking) }) };
}

export const statusMedia = {
  json: "application/json",
  text: "text/plain",
  page: "text/html",
} as const;

const renderings: Readonly<Record<keyof typeof statusMedia, (status: StatusAnswer, asking: Asking) => string>> = {
  json: (status) => `${jsonText(status, 0)}\n`,
  page: (status, { view, principal }) => pageOf(status, pageContext(view, principal)).html,
  text: (status, { view }) =>
    plainText(statusText(status, { nowMs: view.nowMs(), offsetMinutes: (at) => -at.getTimezoneOffset() }, null)),
};

/** Status as it leaves. */
export function statusIn(as: keyof typeof statusMedia, asking: Asking): string {
  const { view, principal } = asking;
  const { texts } = current(view);
  const key = `${as} ${principal.kind} ${shareHere(asking)} ${principal.kind === "account" ? principal.name : ""}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = renderings[as](statusFor(asking), asking);
  if (texts.size >= mostTexts) texts.clear();
  texts.set(key, text);
  return text;
}

function pageContext(view: AgentView, { kind }: Principal): Context {
  const nowMs = view.nowMs();
  return { principal: kind, nowMs, offsetMinutes: -new Date(nowMs).getTimezoneOffset() };
}

/** Something was asked for: what was rendered before may show a state of before. */
export function forget(view: AgentView): void {
  kept.delete(view);
}

function current(view: AgentView): Kept {
  const { head } = view.store;
  const found = kept.get(view);
  const nowMs = performance.now();
  const isFresh = found !== undefined && nowMs - found.atMs < freshMs;
  if (isFresh && found.head.seq === head.seq && found.head.r === head.r) return found;
  const next = { atMs: nowMs, head, texts: new Map<string, string>() };
  kept.set(view, next);
  return next;
}

/** What an account sees: its own row, and nothing of where events go, of what the host's owner wrote or of others' files. */
export function ownStatus(status: StatusBody, name: string): StatusBody {
  return {
    ...status,
    accounts: status.accounts.filter((each) => each.name === name),
    watching: {
      ...status.watching,
      degraded: status.watching.degraded.map(({ code }) => ({ code, message: "ask as root which paths it is about" })),
    },
    documents: { ...status.documents, problems: [] },
    sinks: [],
    store: { ...status.store, notices: [] },
  };
}
