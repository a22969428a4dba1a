/** Opens a root from `/` on, by one component after the other, and says why it is none that may be looked into. */
import { statSync } from "node:fs";
import { barredFolders, barredTrees } from "../documents/system-folders.ts";
import { Status } from "../host/at.ts";
import { hostMounts, mayNotAnswer, mountOf } from "../host/mounts.ts";
import { systemFile } from "../host/system-file.ts";
import type { Calls } from "./calls.ts";
import { FolderMarkers, treeNames } from "./guard.ts";
import { type Held, type HeldFolder, holdFolder, holdTop, listFolder } from "./held.ts";

/** Of a root what there is to check. */
export interface RootRequest {
  /** An absolute path as the document has it. */
  readonly root: string;
  readonly uid: number;
  readonly home: string;
}

export type OpenedRoot =
  | { readonly kind: "root"; readonly folder: HeldFolder }
  | { readonly kind: "refused"; readonly message: string };

export function openRoot(calls: Calls, { root, uid, home }: RootRequest): OpenedRoot {
  const [first, ...components] = root.split("/");
  if (first !== "" || components.some((one) => one === "" || one === "." || one === ".." || one.includes("\0")))
    return refused(root, "an absolute path without empty components, . and ..", "another one", "write its real path");
  if (components.length < 2)
    return refused(root, "a folder at least two deep", `one ${components.length} deep`, "name the folder itself");
  const homes = [home, ...homesOf(systemFile("/etc/passwd", 16 << 20) ?? "")];
  if (homes.includes(root)) return refused(root, "a folder below a home", "a home itself", "name a folder below it");
  const trees = identitiesOf(barredTrees);
  let held: Held = holdTop(calls);
  let path = "";
  for (const component of components) {
    if (held.kind === "failed") break;
    using above = held.folder;
    const wrong = wrongAbove(calls, above, path || "/", uid);
    if (wrong !== null) return wrong;
    path += `/${component}`;
    held = holdFolder(calls, above, Buffer.from(component));
    if (held.kind === "held" && trees.has(identityOf(held.folder))) {
      held.folder[Symbol.dispose]();
      return refused(path, "no folder of the system", "one", "name another folder");
    }
  }
  if (held.kind === "failed")
    return refused(path, "a folder that is no link and may be passed", held.code, "write the root's real path");
  const checked = checkedRoot(calls, held.folder, { root, uid });
  if (checked.kind === "refused") held.folder[Symbol.dispose]();
  return checked;
}

function checkedRoot(calls: Calls, folder: HeldFolder, { root, uid }: Pick<RootRequest, "root" | "uid">): OpenedRoot {
  if (identitiesOf(barredFolders).has(identityOf(folder)))
    return refused(root, "a folder of one owner", "one that holds those of many", "name a folder below it");
  if (folder.uid !== uid)
    return refused(root, `a folder of the account's (uid ${uid})`, `uid ${folder.uid}`, "name one that it owns");
  return wrongAbove(calls, folder, root, uid) ?? { kind: "root", folder };
}

/** What is wrong with a folder on the way to the root, or with the root itself. */
function wrongAbove(calls: Calls, folder: HeldFolder, path: string, uid: number): OpenedRoot | null {
  if (uid === 0 && (folder.uid !== 0 || (folder.mode & 0o022) !== 0)) {
    const found = `uid ${folder.uid} and mode ${folder.mode.toString(8)}`;
    return refused(path, "for the account root a folder that only root may write", found, "give it to root, mode 755");
  }
  const marker = treeMarker(calls, folder);
  if (marker === null) return null;
  return refused(path, "no database", `one of ${marker}'s`, "leave the files to the database's own clean-up");
}

/** Whose tree this folder is the top of, by the names in it; where it may not be listed, by asking for each. */
function treeMarker(calls: Calls, folder: HeldFolder): string | null {
  const markers = new FolderMarkers();
  if (listFolder(calls, folder, [(name) => markers.add(name.toString("latin1"))]) !== null)
    addNamed(calls, folder, markers);
  return markers.found("tree")?.system ?? null;
}

/** Asks for each name that stands for itself. */
export function addNamed(calls: Calls, folder: HeldFolder, markers: FolderMarkers): void {
  const status = new Status();
  for (const name of treeNames) if (calls.statAt(folder.fd, Buffer.from(name), status.into) === 0) markers.add(name);
}

/** For they are links on some hosts, and a bind mount gives them another path. One that may never answer is not asked. */
function identitiesOf(paths: readonly string[]): ReadonlySet<string> {
  const mounts = hostMounts();
  return new Set(
    paths.flatMap((path) => {
      const mount = mountOf(path, mounts);
      if (mount !== null && mayNotAnswer(mount)) return [];
      try {
        return [identityOf(statSync(path, { bigint: true }))];
      } catch {
        return [];
      }
    }),
  );
}

function identityOf({ dev, ino }: { readonly dev: bigint | string; readonly ino: bigint | string }): string {
  return `${dev}:${ino}`;
}

function homesOf(passwd: string): string[] {
  return passwd.split("\n").map((line) => line.split(":")[5] ?? "");
}

function refused(where: string, expected: string, found: string, advice: string): OpenedRoot {
  return { kind: "refused", message: `${where}: expected ${expected}, found ${found}; ${advice}` };
}
