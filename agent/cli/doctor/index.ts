/**
 * Self-checks of `rcwarden doctor`. One is a file with what it asks and how it looks, and a line below; it gets the world as
 * a value and says `ok`, or what was expected, what was found and what mends it. At most 20, for all are looked at together.
 */
import { certificates } from "./certificates.ts";
import { clock } from "./clock.ts";
import { documents } from "./documents.ts";
import { enabled } from "./enabled.ts";
import { engines } from "./engines.ts";
import { grant } from "./grant.ts";
import { homes } from "./homes.ts";
import { inotify } from "./inotify.ts";
import { names } from "./names.ts";
import { namespaces } from "./namespaces.ts";
import { owners } from "./owners.ts";
import { processes } from "./processes.ts";
import { program } from "./program.ts";
import { sandbox } from "./sandbox.ts";
import type { SelfCheck } from "./self-check.ts";
import { shells } from "./shells.ts";
import { socket } from "./socket.ts";
import { sshd } from "./sshd.ts";
import { state } from "./state.ts";
import { version } from "./version.ts";
import { watching } from "./watching.ts";

/** In the order in which they are told: what a measurement needs, what is set up, how the agent does. */
export const selfChecks: readonly SelfCheck[] = [
  program,
  namespaces,
  sandbox,
  inotify,
  names,
  processes,
  sshd,
  clock,
  documents,
  owners,
  grant,
  certificates,
  shells,
  homes,
  state,
  socket,
  enabled,
  version,
  watching,
  engines,
];
