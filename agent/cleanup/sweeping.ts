/** What the sweeper does from its beginning to its end, as the child that it runs in; a test calls it with calls of its own. */
import type { AskedGroup, AskedIntent, SweepRequest } from "./asked.ts";
import type { Calls } from "./calls.ts";
import type { HeldFolder } from "./held.ts";
import { PuttingBack } from "./putting-back.ts";
import { heldQuarantine, madeQuarantine } from "./quarantine.ts";
import { openRoot } from "./root.ts";
import { aliveEveryMs, type Said } from "./said.ts";
import { Taking } from "./take.ts";
import { look } from "./walk.ts";

export interface Channel {
  /** Comes back when that much may be forgotten. */
  say(said: Said): void;
  /** The next line of whoever asked; null when there will be none. */
  hear(): string | null;
}

export function sweep(request: SweepRequest, channel: Channel, calls: Calls): void {
  const opened = openRoot(calls, request);
  if (opened.kind === "refused") {
    channel.say({ refused: opened.message });
    return;
  }
  using root = opened.folder;
  const voice = voiceOf(channel, calls);
  if (request.kind === "recover") recover(request, root, voice, calls);
  else lookAndTake(request, root, voice, calls);
}

type Voice = Channel & { alive(): void };

/** Who says nothing for long is taken for dead. */
function voiceOf(channel: Channel, calls: Calls): Voice {
  let saidAtMs = calls.nowMs();
  const say = (said: Said) => {
    channel.say(said);
    saidAtMs = calls.nowMs();
  };
  const alive = () => {
    if (calls.nowMs() - saidAtMs >= aliveEveryMs) say({ alive: true });
  };
  return { say, alive, hear: channel.hear };
}

function lookAndTake(
  request: SweepRequest & { readonly kind: "sweep" },
  root: HeldFolder,
  voice: Voice,
  calls: Calls,
): void {
  // What is wrong with it is said when a file is to go there: a plan needs none.
  if (request.prepare) dispose(madeQuarantine(calls, root, request.uid));
  look(request, root, calls, voice);
  const { pace } = request;
  if (pace === null) return;
  using taking = new Taking({ ...request, pace }, root, calls, voice.alive);
  for (let line = voice.hear(); line !== null; line = voice.hear()) {
    const asked: AskedGroup = JSON.parse(line);
    voice.say({ done: asked.intent, outcomes: taking.group(asked) });
  }
}

function recover(
  request: SweepRequest & { readonly kind: "recover" },
  root: HeldFolder,
  voice: Voice,
  calls: Calls,
): void {
  const quarantine = heldQuarantine(calls, root, request.uid);
  if (quarantine.kind === "failed") {
    voice.say({ refused: quarantine.why });
    return;
  }
  const folder = quarantine.kind === "held" ? quarantine.folder : null;
  using putting = new PuttingBack(request.root, root, folder, calls);
  voice.say({ opened: { dev: root.dev, ino: root.ino } });
  for (let line = voice.hear(); line !== null; line = voice.hear()) {
    const asked: AskedIntent | null = JSON.parse(line);
    if (asked === null) voice.say(putting.strangers());
    else voice.say({ done: asked.intent, outcomes: putting.intent(asked) });
  }
  dispose(quarantine);
}

function dispose(quarantine: ReturnType<typeof madeQuarantine>): void {
  if (quarantine.kind === "held") quarantine.folder[Symbol.dispose]();
}
