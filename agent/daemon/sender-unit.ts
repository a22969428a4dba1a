/**
 * The sender as a unit of its own: its socket is there only where the host's owner enabled it
 * (packaging/systemd/rcwarden-sender.socket), and each connection starts one.
 */
import { lstatSync } from "node:fs";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { peerOf } from "../host/peer.ts";
import type { SenderProcess } from "../sinks/index.ts";

export const senderSocket = "/run/rcwarden/sender.sock";

/** Whether the service manager offers one. What cannot be looked at is none: then the agent starts its own. */
export function hasSenderUnit(path = senderSocket): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/**
 * A connection to it. What is written waits until the kernel has said that root listens there (the service manager, which
 * hands the connection on): keys go over it.
 */
export function connectedSender(path = senderSocket, listenerUid = 0): SenderProcess {
  const socket = connect({ path });
  const input = new PassThrough();
  // What goes wrong is told by `ended`, with its reason.
  const output = new PassThrough();
  let why = "the connection was closed";
  const refuse = (found: string) => {
    why = `${path}: expected root to listen, found ${found}`;
    socket.destroy();
  };
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(why)));
  socket.on("error", ({ message }) => {
    why = `${message}; see systemctl status rcwarden-sender.socket`;
  });
  socket.once("connect", () => {
    const uid = peerOf(socket)?.uid ?? null;
    if (uid === listenerUid) input.pipe(socket).pipe(output);
    else refuse(uid === null ? "nobody that the kernel names" : `uid ${uid}`);
  });
  // It may be gone before all was written; its end is heard above.
  input.on("error", () => {});
  socket.unref();
  return { input, output, identity: "rcwarden-sender.service", ended, kill: () => void socket.destroy() };
}
