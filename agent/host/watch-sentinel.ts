/** The file by which the watcher proves that events arrive. */
import { closeSync, existsSync, mkdirSync, openSync, realpathSync, writeFileSync, writeSync } from "node:fs";
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
  /** Why there is no folder for it. */
  readonly #broken: string | null;
  #count = 0;
  #waiting: ((proof: Proof) => void) | null = null;
  #proving: Promise<Proof> | null = null;

  /** A folder of its own in this one: whatever else is written here makes no events. */
  constructor(parent: string) {
    const folder = join(parent, "sentinel");
    this.#file = join(folder, fileName);
    this.#broken = make(folder, this.#file);
    this.hop = this.#broken === null ? { folder: realpathSync(folder), name: fileName, isNeeded: true } : null;
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
    if (this.#broken !== null) return { kind: "unwritten", code: this.#broken };
    const started = performance.now();
    const waiting = new Promise<Proof>((resolve) => {
      this.#waiting = resolve;
    });
    const timer = setTimeout(() => this.#lateAfterEvents(), withinMs);
    const proof = this.#write() ?? (await waiting);
    clearTimeout(timer);
    this.#waiting = null;
    return proof.kind === "seen" ? { kind: "seen", ms: performance.now() - started } : proof;
  }

  /** After a loop that was held up timers come first: what arrived long ago is heard before it is called late. */
  #lateAfterEvents(): void {
    const waiting = this.#waiting;
    setImmediate(() => setImmediate(() => waiting?.({ kind: "late" })));
  }

  /** In place and always as long: it works on a disk that is full. At once, as the store beside it writes. */
  #write(): Proof | null {
    const text = textOf(++this.#count);
    try {
      if (!existsSync(this.#file)) writeFileSync(this.#file, text, { mode: 0o600 });
      else writeOver(this.#file, text);
      return null;
    } catch (error) {
      return { kind: "unwritten", code: codeOf(error) };
    }
  }
}

function writeOver(path: string, text: string): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, text, 0);
  } finally {
    closeSync(file);
  }
}

function textOf(count: number): string {
  return `${String(count).padStart(15, "0")}\n`;
}

/** Made before it is watched: from then on each write is one event, and none is left for the next proof. */
function make(folder: string, file: string): string | null {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(file)) writeFileSync(file, textOf(0), { mode: 0o600 });
    return null;
  } catch (error) {
    return existsSync(folder) ? null : codeOf(error);
  }
}
