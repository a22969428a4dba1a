/** What is released over the socket: each entry through the same door as an engine's, then in the name of an account. */
import type * as z from "zod";
import {
  type AskedRelease,
  parseRelease,
  type Released,
  type StoredRelease,
  shownContent,
  shownPath,
} from "../store/index.ts";
import type { AgentView, Principal } from "./agent-view.ts";
import { type Refusal, refusal } from "./problem.ts";
import { type Answered, answer } from "./route.ts";
import { mostReleases, type Shapes } from "./shapes.ts";

type Answers = Extract<Released, { readonly kind: "released" }>["answers"];

/** All of them, in their order; nothing is taken where one of them is no release. */
export function released(
  view: AgentView,
  principal: Principal,
  entries: readonly unknown[],
): Answered<{ readonly answers: Answers }> | Refusal {
  const asked: AskedRelease[] = [];
  for (const [at, entry] of entries.entries()) {
    const parsed = parseRelease(entry, `releases[${at}]`);
    if (parsed.kind === "wrong") return refusal(400, "body-wrong", [parsed.where, parsed.expected, parsed.found]);
    asked.push(parsed.asked);
  }
  const outcome = releasedAs(view, principal, asked);
  if (outcome.kind === "released") return answer({ answers: outcome.answers });
  return refusal(507, "not-kept", ["the state", "room for releases", outcome.message, "send them again afterwards"]);
}

/** The owner speaks for whichever account the Retention names. */
function releasedAs(view: AgentView, principal: Principal, asked: readonly AskedRelease[]): Released {
  if (principal.kind === "account") return view.release({ kind: "account", name: principal.name }, asked);
  const accounts = new Map(view.cleanup().retentions.map(({ retention, account }) => [retention, account]));
  const answers: Answers[number][] = [];
  const places = asked.map((each, at) => ({ each, at }));
  for (const [name, own] of Map.groupBy(places, ({ each }) => accounts.get(each.retention) ?? "")) {
    const outcome = view.release(
      { kind: "account", name },
      own.map(({ each }) => each),
    );
    if (outcome.kind === "refused") return outcome;
    for (const [index, { at }] of own.entries()) {
      const given = outcome.answers[index];
      if (given !== undefined) answers[at] = given;
    }
  }
  return { kind: "released", answers };
}

/** Those that are accepted, by their key; `after` is what `next` of the page before said. */
export function keptReleases(
  view: AgentView,
  {
    retention,
    account,
    after,
  }: {
    readonly retention?: string | undefined;
    readonly account: string | undefined;
    readonly after?: string | undefined;
  },
): z.output<Shapes["Releases"]> {
  const kept = retention === undefined ? view.store.releases() : view.store.releases(retention, "accepted");
  const rows = kept
    .filter((each) => each.answer === "accepted" && (account === undefined || each.account === account))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = rows.slice(0, mostReleases);
  return { items: page.map(shownRelease), next: rows.length > page.length ? (page.at(-1)?.key ?? null) : null };
}

function shownRelease({ path, content, key: _, answer: __, ...says }: StoredRelease) {
  return { ...says, ...shownPath(path), ...shownContent(content) };
}
