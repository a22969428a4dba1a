/**
 * Asks an agent for its status. What an agent of this very version says has this version's shape, and only one of root or of
 * the caller is asked (ask.ts); what another version says is parsed. That leaves the start of `status` without the parser,
 * which would be half of it.
 */
import type { StatusAnswer } from "../status/shapes.ts";
import type { AskingParts } from "./asking-parts.ts";
import { noAgent } from "./sockets.ts";

export type Heard =
  | { readonly kind: "answer"; readonly socket: string; readonly value: StatusAnswer }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "no-agent"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string };

const question = { method: "GET", path: "/v1/status" } as const;

export async function hearStatus(parts: AskingParts, sockets: readonly string[], version: string): Promise<Heard> {
  const told = await parts.ask(sockets, question);
  if (told.kind === "failed") return { kind: "failed", message: told.message };
  if (told.kind === "no-agent") return { kind: "no-agent", message: noAgent(sockets) };
  if (told.status === 200 && isOfVersion(told.body, version)) {
    return { kind: "answer", socket: told.socket, value: told.body };
  }
  const { heardOf } = await import("./agents.ts");
  const { shapes } = await import("../status/shapes.ts");
  return heardOf(told, shapes().Status);
}

/** The door: the version stands for the shape. */
function isOfVersion(body: unknown, version: string): body is StatusAnswer {
  if (typeof body !== "object" || body === null) return false;
  return Reflect.get(body, "kind") === "Status" && Reflect.get(body, "rcwarden") === version;
}
