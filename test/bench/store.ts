import { closeSync, constants, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { openStore } from "../../agent/store/index.ts";
import { finding, opened } from "../store/support/state.ts";

/**
 * One event of about 1 kB committed with its finding, against 1 kB appended and fdatasync, by turns in one folder; the
 * quotient of the medians. `folder` is where the disk is that counts.
 */
export async function storeCommit(
  rounds = 500,
  parent = tmpdir(),
): Promise<{ readonly medianRatio: number; readonly commitMs: number; readonly floorMs: number }> {
  const folder = mkdtempSync(`${parent}/rcwarden-bench-`);
  const made = openStore({ folder, instance: "host", nowMs: Date.now(), program: "0.0.0" });
  if (made.kind === "refused") throw new Error(made.message);
  const { store } = made;
  const { O_CREAT, O_WRONLY, O_APPEND } = constants;
  const descriptor = openSync(`${folder}/floor`, O_CREAT | O_WRONLY | O_APPEND, 0o600);
  const block = Buffer.alloc(1024, "x");
  const commits: number[] = [];
  const floors: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      floors.push(
        timed(() => {
          writeSync(descriptor, block);
          fdatasyncSync(descriptor);
        }),
      );
      const state = finding(round % 100);
      commits.push(
        timed(() => {
          const outcome = store.commit({ nowMs: Date.now(), put: [state], events: [opened(state)] });
          if (outcome.kind === "refused") throw new Error(outcome.message);
        }),
      );
    }
  } finally {
    closeSync(descriptor);
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const [commitMs, floorMs] = [median(commits), median(floors)];
  return { medianRatio: commitMs / floorMs, commitMs, floorMs };
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
