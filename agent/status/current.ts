/** The one answer that page, text and JSON of status are rendered from. */
import { jsonText } from "../facts/index.ts";
import { plainText } from "../facts/lines.ts";
import type { AgentView, Principal, StatusBody } from "./agent-view.ts";
import { keptText } from "./kept.ts";
import type { Context, pageOf } from "./page/index.ts";
import type { StatusAnswer } from "./shapes.ts";
import { shareHere } from "./shown.ts";
import { statusText } from "./text.ts";

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

const renderings: Readonly<Record<"json" | "text", (status: StatusAnswer, asking: Asking) => string>> = {
  json: (status) => `${jsonText(status, 0)}\n`,
  text: (status, { view }) =>
    plainText(statusText(status, { nowMs: view.nowMs(), offsetMinutes: (at) => -at.getTimezoneOffset() }, null)),
};

/** Status as it leaves. `time` in it says when it was taken. */
export function statusIn(as: "json" | "text", asking: Asking): string {
  return keptFor(as, asking, () => renderings[as](statusFor(asking), asking));
}

/** The same as a page. Whoever asks for one brings what makes it: an agent that nobody looks at does not load it. */
export function statusPage(asking: Asking, render: typeof pageOf): string {
  const { view, principal } = asking;
  return keptFor("page", asking, () => render(statusFor(asking), pageContext(view, principal)).html);
}

function keptFor(as: keyof typeof statusMedia, asking: Asking, make: () => string): string {
  const { view, principal } = asking;
  const key = `${as} ${principal.kind} ${shareHere(asking)} ${principal.kind === "account" ? principal.name : ""}`;
  return keptText(view, key, make);
}

function pageContext(view: AgentView, { kind }: Principal): Context {
  const nowMs = view.nowMs();
  return { principal: kind, nowMs, offsetMinutes: -new Date(nowMs).getTimezoneOffset() };
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
