/**
 * The reader: looks at files with the account's identity. It is `node -` started through the launcher; its own text comes
 * on stdin behind one line that sets `globalThis.request`, so that it needs no file that the account cannot open. One JSON
 * document a line comes out, each as soon as it is known, for the next look may never end.
 */
import { writeSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { setTimeout } from "node:timers/promises";
import { accountFiles } from "../host/account-files.ts";
import { slowIdentityOf } from "../host/identity.ts";
import { replacedFiles } from "../host/replaced-files.ts";
import { standingOf } from "../host/standing.ts";
import {
  type IdentitiesRequest,
  type LinesRequest,
  type ReaderRequest,
  read,
  type SameMount,
  type StandingsRequest,
  type StartupRequest,
} from "../startup/index.ts";

declare global {
  /** Set by the line that the agent puts before this text. */
  var request: ReaderRequest | undefined;
}

/** By the descriptor itself: what a stream keeps for later would be lost behind a look that never ends. */
function say(answer: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function filesWith(replaced: StartupRequest["replaced"]) {
  const contents = Object.entries(replaced).map(([real, text]) => [real, Buffer.from(text, "base64")] as const);
  return replacedFiles(accountFiles(), new Map(contents));
}

function startup({ shell, modes, urgent, account, env, replaced }: StartupRequest): void {
  const files = filesWith(replaced);
  for (const [at, mode] of modes.entries()) {
    if (at === urgent) setPriority(constants.priority.PRIORITY_LOW);
    say({ mode, reading: read(shell, mode, account, env, files) });
  }
}

const graceMs = 200;

async function identities({ paths, byMount }: IdentitiesRequest): Promise<void> {
  const looked = async (at: number) => say([at, await slowIdentityOf(paths[at] ?? "")]);
  const inTurn = async ({ places, mayNotAnswer }: SameMount) => {
    for (const at of places) await (mayNotAnswer ? looked(at) : Promise.race([looked(at), setTimeout(graceMs)]));
  };
  await Promise.all(byMount.map(inTurn));
}

function lines({ path, numbers, longest }: LinesRequest): void {
  const look = accountFiles().look(path);
  if (look.state !== "text") {
    say(null);
    return;
  }
  const all = look.text.replace(/\n$/, "").split("\n");
  const there = numbers.filter((number) => number <= all.length);
  say({ digest: look.digest, lines: there.map((number) => [number, (all[number - 1] ?? "").slice(0, longest)]) });
}

function standings({ paths, replaced }: StandingsRequest): void {
  const files = filesWith(replaced);
  for (const [at, path] of paths.entries()) say([at, standingOf(path, files)]);
}

const asked = globalThis.request;
if (asked?.kind === "startup") startup(asked);
if (asked?.kind === "lines") lines(asked);
if (asked?.kind === "standings") standings(asked);
if (asked?.kind === "identities") {
  identities(asked).catch(() => {
    process.exitCode = 1; // nobody listens any more
  });
}
