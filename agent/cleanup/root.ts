/** Opens a root from `/` on, by one component after the other, and says why it is none that may be looked into. */
import { lstatSync, opendirSync, statSync } from "node:fs";
import { barredFolders, barredTrees } from "../documents/system-folders.ts";
import { hostMounts, mayNotAnswer, mountOf } from "../host/mounts.ts";
import { systemFile } from "../host/system-file.ts";
import { FolderMarkers, treeNames } from "./guard.ts";
import { codeOf, type HeldFolder, holdFolder } from "./held.ts";

/** What the sweeper is asked. */
export interface LookRequest {
  /** An absolute path as the document has it. */
  readonly root: string;
  readonly depth: number;
  /** Patterns of names: only what matches one is opened, to see what it is and who has it open. */
  readonly match: readonly string[];
  readonly uid: number;
  readonly home: string;
}

export type OpenedRoot =
  | { readonly kind: "root"; readonly folder: HeldFolder }
  | { readonly kind: "refused"; readonly message: string };

export function openRoot({ root, uid, home }: LookRequest): OpenedRoot {
  const [first, ...components] = root.split("/");
  if (first !== "" || components.some((one) => one === "" || one === "." || one === ".." || one.includes("\0")))
    return refused(root, "an absolute path without empty components, . and ..", "another one", "write its real path");
  if (components.length < 2)
    return refused(root, "a folder at least two deep", `one ${components.length} deep`, "name the folder itself");
  const homes = [home, ...homesOf(systemFile("/etc/passwd", 16 << 20) ?? "")];
  if (homes.includes(root)) return refused(root, "a folder below a home", "a home itself", "name a folder below it");
  const trees = identitiesOf(barredTrees);
  let folder = holdFolder("/");
  let path = "";
  for (const component of components) {
    const wrong = wrongAbove(folder, path || "/", uid);
    if (wrong !== null) return wrong;
    const above = folder;
    path += `/${component}`;
    try {
      folder = holdFolder(`${above.at}/${component}`);
    } catch (error) {
      return refused(path, "a folder that is no link and may be passed", codeOf(error), "write the root's real path");
    } finally {
      above[Symbol.dispose]();
    }
    if (trees.has(identityOf(folder))) return refused(path, "no folder of the system", "one", "name another folder");
  }
  return checkedRoot(folder, { root, uid });
}

function checkedRoot(folder: HeldFolder, { root, uid }: Pick<LookRequest, "root" | "uid">): OpenedRoot {
  if (identitiesOf(barredFolders).has(identityOf(folder)))
    return refused(root, "a folder of one owner", "one that holds those of many", "name a folder below it");
  if (folder.uid !== uid)
    return refused(root, `a folder of the account's (uid ${uid})`, `uid ${folder.uid}`, "name one that it owns");
  return wrongAbove(folder, root, uid) ?? { kind: "root", folder };
}

/** What is wrong with a folder on the way to the root, or with the root itself. */
function wrongAbove(folder: HeldFolder, path: string, uid: number): OpenedRoot | null {
  if (uid === 0 && (folder.uid !== 0 || (folder.mode & 0o022) !== 0)) {
    const found = `uid ${folder.uid} and mode ${folder.mode.toString(8)}`;
    return refused(path, "for the account root a folder that only root may write", found, "give it to root, mode 755");
  }
  const marker = treeMarker(folder);
  if (marker === null) return null;
  return refused(path, "no database", `one of ${marker}'s`, "leave the files to the database's own clean-up");
}

/** Whose tree this folder is the top of, by the names in it; where it may not be listed, by asking for each. */
function treeMarker(folder: HeldFolder): string | null {
  const markers = new FolderMarkers();
  try {
    using entries = opendirSync(folder.at, { bufferSize: 64, encoding: "latin1" });
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) markers.add(entry.name);
  } catch {
    for (const name of treeNames) if (exists(`${folder.at}/${name}`)) markers.add(name);
  }
  return markers.found("tree")?.system ?? null;
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
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

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

function homesOf(passwd: string): string[] {
  return passwd.split("\n").map((line) => line.split(":")[5] ?? "");
}

function refused(where: string, expected: string, found: string, advice: string): OpenedRoot {
  return { kind: "refused", message: `${where}: expected ${expected}, found ${found}; ${advice}` };
}
