/** A file in a folder of its own, written and watched, and gone afterwards. */
import { mkdtempDisposableSync, statSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../../host/identity.ts";
import type { Written } from "./world.ts";

const withinMs = 2_000;

export async function writeAndWatch(): Promise<Written> {
  const parent = tmpdir();
  try {
    using folder = mkdtempDisposableSync(join(parent, "rcwarden-doctor-"));
    const file = join(folder.path, "written");
    const event = await eventIn(folder.path, file);
    return { folder: parent, event, aheadMs: statSync(file).mtimeMs - Date.now() };
  } catch (error) {
    return { folder: parent, event: { kind: "failed", code: codeOf(error) }, aheadMs: null };
  }
}

async function eventIn(folder: string, file: string): Promise<Written["event"]> {
  const seen = Promise.withResolvers<Written["event"]>();
  const started = performance.now();
  const watcher = watch(folder, () => seen.resolve({ kind: "seen", ms: performance.now() - started }));
  watcher.on("error", (error) => seen.resolve({ kind: "failed", code: codeOf(error) }));
  const timer = setTimeout(() => seen.resolve({ kind: "late" }), withinMs);
  writeFileSync(file, "");
  const event = await seen.promise.finally(() => {
    clearTimeout(timer);
    watcher.close();
  });
  return event;
}
