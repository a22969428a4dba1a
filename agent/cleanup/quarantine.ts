/** The folder below a root into which a file is taken before it goes: the account's alone, and held while it is used. */
import { constants } from "node:os";
import { quarantineName } from "../documents/system-folders.ts";
import { errnoName } from "../host/native.ts";
import type { Calls } from "./calls.ts";
import { type HeldFolder, holdFolder, isSameMount } from "./held.ts";

export type Quarantine =
  | { readonly kind: "held"; readonly folder: HeldFolder }
  | { readonly kind: "none" }
  /** One clause: why it is not used. */
  | { readonly kind: "failed"; readonly why: string };

const name = Buffer.from(quarantineName);
const { ENOENT, EEXIST } = constants.errno;

/** It is made where it is missing. What is there already is never changed: another owner or mode is a reason to stop. */
export function madeQuarantine(calls: Calls, root: HeldFolder, uid: number): Quarantine {
  const found = heldQuarantine(calls, root, uid);
  if (found.kind !== "none") return found;
  const made = calls.makeAt(root.fd, name);
  if (made < 0 && made !== -EEXIST) return { kind: "failed", why: `${quarantineName}: mkdir: ${errnoName(made)}` };
  return heldQuarantine(calls, root, uid);
}

export function heldQuarantine(calls: Calls, root: HeldFolder, uid: number): Quarantine {
  const held = holdFolder(calls, root, name);
  if (held.kind === "failed" && held.code === errnoName(-ENOENT)) return { kind: "none" };
  if (held.kind === "failed") return { kind: "failed", why: `${quarantineName}: open: ${held.code}` };
  const { folder } = held;
  const wrong = wrongWith(folder, root, uid);
  if (wrong === null) return held;
  folder[Symbol.dispose]();
  return { kind: "failed", why: `${quarantineName}: expected a folder of the account's alone, found ${wrong}` };
}

function wrongWith(folder: HeldFolder, root: HeldFolder, uid: number): string | null {
  if (folder.uid !== uid) return `one of uid ${folder.uid}`;
  if (!isSameMount(folder, root)) return "one on another mount";
  // A folder gets its parent's set-group-id bit by itself.
  return (folder.mode & ~0o2000) === 0o700 ? null : `mode ${folder.mode.toString(8)}`;
}
