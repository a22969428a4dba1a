/**
 * `events --follow`: what is kept and then what is yet to come, until the caller ends it. An agent that went away is waited
 * for; where the place to go on is no longer held, what was missed is said.
 */

import { longestWaitMs, page, type Stream } from "./events-page.ts";
import type { Voice } from "./io.ts";
import type { Parts } from "./parts.ts";
import type { ExitCode } from "./verb.ts";

/** Between two tries while nobody answers. */
const restMs = 1_000;

interface From extends Stream {
  readonly after: string | null;
}

type Page = Awaited<ReturnType<typeof page>>;
type Unheard = Exclude<Page, { readonly kind: "answer" }>;

/** `unheard` says why, and is asked where there is no sense in trying again: nobody ever answered, or the call is wrong. */
export async function follow(
  from: From,
  { voice, parts }: { readonly voice: Voice; readonly parts: Parts },
  unheard: (heard: Unheard) => ExitCode,
): Promise<ExitCode> {
  const ended = parts.interrupted().then((): "ended" => "ended");
  const remark = (text: string) => voice.remark(`rcwarden events: ${text}`);
  let { after } = from;
  /** Why nobody answers at present, as it was said; null while somebody does. */
  let silence: string | null = null;
  let heardOnce = false;
  while (voice.isHeard()) {
    const heard = await Promise.race([ended, page(parts, from, after, longestWaitMs)]);
    if (heard === "ended") break;
    if (heard.kind !== "answer") {
      if (isFinal(heard, heardOnce)) return unheard(heard);
      if (heard.message !== silence) remark(`${heard.message}; trying again`);
      silence = heard.message;
      if ((await Promise.race([ended, parts.pause(restMs)])) === "ended") break;
      continue;
    }
    heardOnce = true;
    if (silence !== null) remark(`${heard.socket}: it answers again`);
    silence = null;
    if (after !== null && isSnapshot(heard.value.items[0]?.type)) remark(missed(after));
    for (const item of heard.value.items) voice.jsonLine(item);
    after = heard.value.next;
  }
  if (after !== null && voice.isHeard()) remark(`ended; --after ${after} goes on from here`);
  return 0;
}

/** What another try does not change: nobody was ever there, or whoever asks may not, or asks for what there is none of. */
function isFinal(heard: Unheard, heardOnce: boolean): boolean {
  return heard.kind === "refused" ? heard.status !== 429 && heard.status < 500 : !heardOnce;
}

function isSnapshot(type: string | undefined): boolean {
  return type?.endsWith(".state.snapshot") === true;
}

function missed(after: string): string {
  return `what came after ${after} is no longer held, or of another state; the state.snapshot says how all stands now`;
}
