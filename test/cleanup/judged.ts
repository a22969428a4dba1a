/**
 * Files held before an attack, so that whatever becomes of their names it can be said what became of them: a descriptor
 * (O_PATH) stays at its inode. Names are never asked what was removed.
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from "node:fs";

const O_PATH = 0o10000000;

export class HeldFile implements Disposable {
  readonly #fd: number;
  /** As it was when it was held. */
  readonly was: BigIntStats;
  readonly place: string;

  constructor(path: string) {
    this.#fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    this.was = fstatSync(this.#fd, { bigint: true });
    this.place = this.now().place;
  }

  get key(): string {
    return `${this.was.dev}:${this.was.ino}`;
  }

  /** `isGone`: no name leads to it any more. `place`: where the name now is by which it was held; "" where that is gone. */
  now(): { readonly status: BigIntStats; readonly isGone: boolean; readonly place: string } {
    const status = fstatSync(this.#fd, { bigint: true });
    const place = readlinkSync(`/proc/self/fd/${this.#fd}`);
    return { status, isGone: status.nlink === 0n, place: place.endsWith(" (deleted)") ? "" : place };
  }

  content(): Buffer {
    return readFileSync(`/proc/self/fd/${this.#fd}`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** What about an inode that nobody may touch is another than it was; "" where nothing is. A rename alone changes ctime. */
export function difference(held: HeldFile, ignore: readonly (keyof BigIntStats)[] = []): string {
  const { status } = held.now();
  const watched = ["dev", "ino", "nlink", "size", "mtimeNs", "ctimeNs", "uid", "gid", "mode"] as const;
  return watched
    .filter((field) => !ignore.includes(field) && status[field] !== held.was[field])
    .map((field) => `${field} ${held.was[field]} -> ${status[field]}`)
    .join(", ");
}
