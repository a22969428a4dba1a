/** The file by which the watcher proves that events arrive. */
import { mkdirSync, realpathSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./identity.ts";
import type { Hop } from "./watch-walk.ts";

/** `late`: no event within two seconds. `unwritten`: nothing can be said about events. */
export type Proof =
  | { readonly kind: "seen"; readonly ms: number }
  | { readonly kind: "late" | "ended" }
  | { readonly kind: "unwritten"; readonly code: string };

const withinMs = 2_000;
const fileName = "written";

export class Sentinel {
  readonly kind = "sentinel";
  /** What its event names; null where there is no folder for it. */
  readonly hop: Hop | null;
  readonly #file: string;
  #count = 0;
  #waiting: ((proof: Proof) => void) | null = null;
  #proving: Promise<Proof> | null = null;

  /** A folder of its own in this one: whatever else is written here makes no events. */
  constructor(parent: string) {
    const folder = made(join(parent, "sentinel"));
    this.hop = folder === null ? null : { folder, name: fileName, isNeeded: true };
    this.#file = join(folder ?? parent, fileName);
  }

  /** Its event. */
  seen(): void {
    this.#waiting?.({ kind: "seen", ms: 0 });
  }

  /** One proof at a time: whoever asks meanwhile gets the same. */
  prove(): Promise<Proof> {
    this.#proving ??= this.#prove().finally(() => {
      this.#proving = null;
    });
    return this.#proving;
  }

  async end(): Promise<void> {
    this.#waiting?.({ kind: "ended" });
    await this.#proving;
  }

  async #prove(): Promise<Proof> {
    const started = performance.now();
    const waiting = new Promise<Proof>((resolve) => {
      this.#waiting = resolve;
    });
    const timer = setTimeout(() => this.#lateAfterEvents(), withinMs);
    const written = this.#write().then((failed) => failed ?? waiting);
    const proof = await Promise.race([written, waiting]);
    clearTimeout(timer);
    this.#waiting = null;
    return proof.kind === "seen" ? { kind: "seen", ms: performance.now() - started } : proof;
  }

  /** After a loop that was held up timers come first: what arrived long ago is heard before it is called late. */
  #lateAfterEvents(): void {
    const waiting = this.#waiting;
    setImmediate(() => setImmediate(() => waiting?.({ kind: "late" })));
  }

  /** In place and always as long: it works on a disk that is full. */
  async #write(): Promise<Proof | null> {
    const text = `${String(++this.#count).padStart(15, "0")}\n`;
    try {
      const file = await open(this.#file, "r+").catch(() => null);
      if (file === null) await writeFile(this.#file, text, { mode: 0o600 });
      else await file.write(text, 0).finally(() => file.close());
      return null;
    } catch (error) {
      return { kind: "unwritten", code: codeOf(error) };
    }
  }
}

function made(folder: string): string | null {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return realpathSync(folder);
  } catch {
    return null;
  }
}
