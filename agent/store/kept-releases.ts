/** The releases that a state folder holds while no agent runs on it: for who cleans up by hand. */
import type { DatabaseSync } from "node:sqlite";
import { body, connect, schemaVersion } from "./database.ts";
import { files } from "./folder.ts";
import { lookAt } from "./look.ts";
import { resultCode, sqlite } from "./problem.ts";
import type { StoredRelease } from "./releases.ts";

export type KeptReleases =
  /** All that are `accepted`, whether their time is over or not; none where there is no state. */
  | { readonly kind: "releases"; readonly releases: readonly StoredRelease[] }
  /** An agent has the state. */
  | { readonly kind: "busy" }
  /** One clause. */
  | { readonly kind: "unreadable"; readonly message: string };

/** The first version of the schema that holds releases. */
const firstVersion = 2;

/** Changes nothing of what is kept. */
export function keptReleases(folder: string): KeptReleases {
  const path = `${folder}/${files.database}`;
  try {
    const look = lookAt(folder);
    if (look.kind === "absent") return { kind: "releases", releases: [] };
    if (look.kind === "damaged") return unreadable(path, look.why);
    if (look.version > schemaVersion) return unreadable(path, `it is of a newer rcwarden (version ${look.version})`);
    if (look.version < firstVersion) return { kind: "releases", releases: [] };
    return { kind: "releases", releases: acceptedIn(connect(path)) };
  } catch (error) {
    if (resultCode(error) === sqlite.busy) return { kind: "busy" };
    return unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

function acceptedIn(connection: DatabaseSync): readonly StoredRelease[] {
  try {
    const rows = connection.prepare("SELECT body FROM releases WHERE answer = 'accepted'").all();
    return rows.map(body<StoredRelease>);
  } finally {
    connection.close();
  }
}

function unreadable(path: string, found: string): KeptReleases {
  return { kind: "unreadable", message: `${path}: expected to read what was released, found "${found}"` };
}
