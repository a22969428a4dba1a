/** A watch over paths in a folder of its own, and what it told. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityNow } from "../../agent/host/identity.ts";
import { watch } from "../../agent/host/watch.ts";
import type { Watch, WatchOptions } from "../../agent/host/watching.ts";

/** So that no sweep happens unless a test asks for one. */
export const hourMs = 3_600_000;
const deadlineMs = 60_000;

export interface Told {
  readonly path: string;
  readonly via: "watch" | "sweep";
  /** What the path was when it was told. */
  readonly identity: string;
}

export interface Watched extends AsyncDisposable {
  /** Holds `state` and whatever the test makes. */
  readonly folder: string;
  readonly watch: Watch;
  readonly told: readonly Told[];
  path(...names: readonly string[]): string;
  /** Makes the change; resolves once each path was told of as it is then. */
  sees(change: () => unknown, ...paths: readonly string[]): Promise<readonly Told[]>;
  /** Resolves when it holds; it is asked whenever something was told, and now and then. */
  until(holds: () => boolean, what: string): Promise<void>;
}

/** `identify` says what a path is when it was told; `mountinfo` stands for the kernel's. */
export function watching(
  options: Partial<WatchOptions> = {},
  identify = identityNow,
  mountinfo?: () => string,
): Watched {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "rcwarden-watch-")));
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  const watched = watch(
    {
      sentinelFolder: join(folder, "state"),
      sweepMs: hourMs,
      lookElsewhere: async () => new Map(),
      ...options,
      changed(paths, via) {
        for (const path of paths) told.push({ path, via, identity: identify(path) });
        options.changed?.(paths, via);
        for (const ask of waiting) ask();
      },
    },
    mountinfo,
  );
  const until = (holds: () => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const ask = (): void => {
        if (holds()) settle(resolve);
      };
      const settle = (end: () => void): void => {
        clearTimeout(late);
        clearInterval(again);
        waiting.delete(ask);
        end();
      };
      const late = setTimeout(() => settle(() => reject(new Error(`never: ${what}`))), deadlineMs);
      const again = setInterval(ask, 10);
      waiting.add(ask);
      ask();
    });
  return {
    folder,
    watch: watched,
    told,
    path: (...names) => join(folder, ...names),
    async sees(change, ...paths) {
      const from = told.length;
      const before = new Map(paths.map((path) => [path, identityNow(path)]));
      await change();
      const found: Told[] = [];
      for (const path of paths) {
        const after = identityNow(path);
        assert.notEqual(after, before.get(path), `${path} was not changed by the test`);
        const isIt = (one: Told): boolean => one.path === path && one.identity === after;
        await until(() => told.slice(from).some(isIt), `${path} told as it is`);
        found.push(...told.slice(from).filter(isIt));
      }
      return found;
    },
    until,
    async [Symbol.asyncDispose]() {
      await watched[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
