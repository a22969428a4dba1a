import { mkdirSync } from "node:fs";

/** Where clean-up keeps its own below an instance's state folder: the journal's folder. */
export function journalFolder(state: string): string {
  return `${state}/cleanup/journal`;
}

/** The folder above it, for whoever opens the journal to write. Throws what mkdir(2) says. */
export function makeCleanupFolder(state: string): void {
  mkdirSync(`${state}/cleanup`, { recursive: true, mode: 0o700 });
}
