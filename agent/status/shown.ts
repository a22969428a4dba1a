/** How much of a row each principal sees (design 9, 'Bodies'). */
import type { Share } from "../facts/index.ts";
import type { AgentView, Principal } from "./agent-view.ts";
import { type Refusal, refusal } from "./problem.ts";

type Asking = { readonly view: AgentView; readonly principal: Principal };

/** Of what stays on the host: all for the owner and for an account's own rows, else as `local` of the Grant says. */
export function shareHere({ view, principal }: Asking): Share {
  if (principal.kind === "owner" || principal.kind === "account") return "lines";
  return view.share()?.local ?? "names";
}

/** Of events, which leave the host where an account's engine asks for them. Nothing leaves by a Grant that is broken. */
export function shareLeaving({ view, principal }: Asking): Share | Refusal {
  if (principal.kind === "owner") return "lines";
  const granted = view.share();
  if (granted === null) {
    return refusal(503, "grant-broken", [
      "the host's Grant",
      "one that can be taken",
      "a broken one, so that no event leaves",
      "see problems in /v1/status",
    ]);
  }
  return principal.kind === "viewer" ? granted.local : granted.share;
}

export type Rows = { readonly kind: "rows"; readonly account: string | undefined } | Refusal;

/** Whose rows: an account's own and no other's; others all of them, or those of the account that they name. */
export function rowsFor({ principal }: Asking, named: string | undefined): Rows {
  if (principal.kind !== "account") return { kind: "rows", account: named };
  if (named === undefined || named === principal.name) return { kind: "rows", account: principal.name };
  return refusal(403, "not-your-account", ["account", principal.name, named, "ask for your own, or as root"]);
}
