/** Whether the engine knows. */
import { counted, countWords, sizeWords } from "../../facts/amounts.ts";
import { code, type Html, html, type Part } from "./html.ts";
import type { Reading, Sink } from "./reading.ts";
import { pairs, section } from "./section.ts";
import { type Clock, duration, sentence } from "./words.ts";

/** In three words, for the top line; null where nothing is sent. */
export function inThreeWords({ status, clock }: Reading): string | null {
  const engine = engineOf(status.sinks);
  if (engine === undefined) return null;
  const { lastTaken, waiting, problem } = engine;
  const ago = lastTaken === null ? "never" : `${duration(clock.since(lastTaken))} ago`;
  if (problem === null && waiting === 0)
    return lastTaken === null ? "Engine: nothing sent yet" : `Engine up to date, ${ago}`;
  if (problem === null) return `${counted(waiting, "event")} on the way to the engine`;
  const since =
    lastTaken === null ? "Engine never reached" : `Engine not reached for ${duration(clock.since(lastTaken))}`;
  return `${since}, ${counted(waiting, "event")} ${waiting === 1 ? "waits" : "wait"}`;
}

function engineOf(sinks: readonly Sink[]): Sink | undefined {
  return sinks.find(({ kind }) => kind === "engine");
}

/** Null for an account, which is not told where the host's events go. */
export function deliveryOf(reading: Reading): Html | null {
  const { status, clock, principal } = reading;
  if (principal === "account") return null;
  const { sinks, store } = status;
  return section({
    id: "delivery",
    title: "Delivery to the engine",
    sentence: sentenceOf(reading),
    body: pairs([
      ...sinks.flatMap((sink) => rowsOf(sink, clock, sinks.length > 1)),
      ["Events kept", html`${countWords(store.events)}, ${sizeWords(store.bytes)}, up to ${code(store.head)}`],
      ...(store.lost > 0 ? [["Lost", html`<b class="unk">${counted(store.lost, "event")}</b>`] as const] : []),
      ...(store.problem === null ? [] : [["Store", html`<b class="unk">${store.problem.message}</b>`] as const]),
      ...store.notices.map((notice) => ["Notice", notice] as const),
      ["Leaves the host", leaves(reading)],
    ]),
  });
}

function sentenceOf({ status, clock }: Reading): Part {
  const { sinks } = status;
  const engine = engineOf(sinks);
  if (engine === undefined) {
    return sinks.length === 0
      ? "Nothing is sent; an engine asks for its events."
      : "Events are written to a file; an engine asks for its own.";
  }
  const { waiting, lastTaken, problem } = engine;
  if (problem !== null)
    return html`${sentence(problem.message)} Nothing is lost: ${counted(waiting, "event")} ${waiting === 1 ? "waits" : "wait"}.`;
  if (waiting > 0) return `${counted(waiting, "event")} on the way.`;
  return lastTaken === null
    ? "Nothing was sent yet."
    : `In step. The engine took everything, the last ${duration(clock.since(lastTaken))} ago.`;
}

type Row = readonly [name: Part, value: Part];

function rowsOf(sink: Sink, clock: Clock, isNamed: boolean): Row[] {
  const { name, to, lastTaken, waiting, bytes, deadLetters, problem, nextTry, note } = sink;
  const taken = lastTaken === null ? "nothing yet" : html`all that was offered at ${clock.exact(lastTaken)}`;
  return [
    ["Sent to", html`${code(to)}${isNamed && ` (${name})`}`],
    ["Taken", taken],
    ["Waiting", waiting === 0 ? "0" : `${counted(waiting, "event")}, ${sizeWords(bytes)}`],
    ["Refused", deadLetters === 0 ? "0" : html`<b class="unk">${counted(deadLetters, "event")}</b>`],
    ...(problem === null ? [] : [["Last error", html`<b class="unk">${sentence(problem.message)}</b>`] as const]),
    ...(nextTry === null || problem === null ? [] : [["Next try", clock.exact(nextTry)] as const]),
    ...(note === undefined ? [] : [["Releases", note] as const]),
  ];
}

function leaves({ status: { documents } }: Reading): Part {
  if (documents.grant === "broken") return "nothing, for the Grant is broken";
  const name = documents.inForce.find(({ kind }) => kind === "Grant")?.name;
  if (documents.grant === "none") return "findings without values, for there is no Grant";
  return name === undefined ? "as the Grant says" : `as Grant ${name} says`;
}
