/** Releases as values, and a database of the version that knew none. */
import { DatabaseSync } from "node:sqlite";
import type { EventDraft } from "../../../agent/drift/index.ts";
import { releaseKey, type StoredRelease } from "../../../agent/store/index.ts";
import { dayMs, startMs } from "./state.ts";

const at = (ms: number) => new Date(ms).toISOString();

export function release(path: string, others: Partial<StoredRelease> = {}): StoredRelease {
  const row = {
    retention: "staging",
    account: "oracle",
    by: { kind: "engine", name: "engine" } as const,
    path: path.split("/").map((name) => Buffer.from(name).toString("hex")),
    size: "9223372036854775807",
    content: { kind: "sha256", digest: "ab".repeat(32) } as const,
    receivedAt: at(startMs),
    expiresAt: at(startMs + 30 * dayMs),
    answer: "accepted" as const,
    ...others,
  };
  return { key: releaseKey(row), ...row };
}

export function answered(row: StoredRelease = release("a.arc")): EventDraft {
  const { retention, account, answer } = row;
  return { type: "release.answered", subject: retention, account, data: { retention, answers: [{ answer }] } };
}

/** What stands in the folder, as the version before releases left it. */
export function asVersion1(folder: string): void {
  using database = new DatabaseSync(`${folder}/state.db`);
  database.exec("DROP TABLE releases; DROP TABLE marks; PRAGMA user_version = 1");
}
