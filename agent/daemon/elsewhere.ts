/** Two instances never watch the same account: who else on this host listens for questions about it. */

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import type { Account } from "../facts/index.ts";
import { peerOf } from "../host/peer.ts";
import { realPath } from "../host/real-path.ts";

const listening = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 \S+ \S+ \d+ (\/.*)$/gm;
const deadlineMs = 1_000;

/**
 * Where an agent of the account's own listens, and the account answers there; null where none does. The kernel lists who
 * listens, so that no folder of the account's is looked into for nothing: under the name by which a socket was bound, which
 * is another one in the same folder (status/place.ts).
 */
export async function ownInstanceOf(account: Account): Promise<string | null> {
  const places = [
    `/run/rcwarden/${account.name}/agent.sock`,
    `/run/user/${account.uid}/rcwarden/agent.sock`,
    `${account.home}/.local/state/rcwarden/agent.sock`,
  ];
  const heard = new Set(Array.from(socketsOfHost().matchAll(listening), ([, path]) => dirname(path ?? "")));
  for (const place of places)
    if (heard.has(dirname(place)) && (await isThere(place)) && (await answersAs(place, account.uid))) return place;
  return null;
}

/** connect(2) looks the path up at once: on a home that does not answer it would hold up the agent for ever. */
async function isThere(place: string): Promise<boolean> {
  return typeof (await realPath(place)) === "string";
}

function socketsOfHost(): string {
  try {
    return readFileSync("/proc/net/unix", "utf8");
  } catch {
    return "";
  }
}

function answersAs(path: string, uid: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(deadlineMs, () => end(false));
    socket.once("error", () => end(false));
    socket.once("connect", () => end(peerOf(socket)?.uid === uid));
  });
}
