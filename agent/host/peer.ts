import type { Socket } from "node:net";
import { peerCredentials } from "./native.ts";

/** Who is at the other end of a connection, as the kernel noted it when that end connected. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups; empty where the kernel (before 4.13) does not say, so that nobody gains by it. */
  readonly groups: readonly number[];
}

/** Null where there is no telling: the connection is closed already, or is none of a unix socket. Ask at once. */
export function peerOf(socket: Socket): Peer | null {
  const fd = descriptorOf(socket);
  if (fd === null) return null;
  const found = peerCredentials(fd);
  return found.kind === "failed" ? null : { ...found.value, groups: found.value.groups ?? [] };
}

/** Node has no public name for it. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : null;
  return typeof fd === "number" && Number.isInteger(fd) && fd >= 0 ? fd : null;
}
