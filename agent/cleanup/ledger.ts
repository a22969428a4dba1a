/**
 * Every entry of a look, in the order in which it was seen, as bytes: a name and some thirty bytes each, so that a list of a
 * million of them needs no million objects.
 */

export interface Entry<Word> {
  /** As in `Seen`. */
  readonly path: readonly string[];
  readonly word: Word;
  /** Mostly the same few. */
  readonly message: string;
  readonly size: bigint;
  readonly agedNs: bigint;
}

const pageBytes = 1 << 20;
const headBytes = 32;
const second = 1_000_000_000n;

export class Ledger<Word> {
  readonly #pages: Buffer[] = [];
  #used = pageBytes;
  readonly #words = new Numbered<Word>();
  readonly #messages = new Numbered<string>();

  add({ path, word, message, size, agedNs }: Entry<Word>): void {
    const names = path.map((name) => Buffer.from(name, "hex"));
    const bytes = headBytes + names.reduce((sum, name) => sum + 2 + name.length, 0);
    const page = this.#room(bytes);
    let at = this.#used;
    page.writeUInt32LE(bytes, at);
    page.writeUInt32LE(this.#words.numberOf(word), at + 4);
    page.writeUInt32LE(this.#messages.numberOf(message), at + 8);
    page.writeBigUInt64LE(size, at + 12);
    // Nanoseconds alone would end in 2262, and anybody may set a file's time to a later one.
    const nanoseconds = ((agedNs % second) + second) % second;
    page.writeBigInt64LE((agedNs - nanoseconds) / second, at + 20);
    page.writeUInt32LE(Number(nanoseconds), at + 28);
    at += headBytes;
    for (const name of names) {
      page.writeUInt16LE(name.length, at);
      at += 2 + name.copy(page, at + 2);
    }
    this.#used = at;
  }

  *entries(): Generator<Entry<Word>> {
    for (const page of this.#pages) {
      // What is left of a page is zero, and no entry is of length 0.
      for (let at = 0; at + headBytes <= page.length; ) {
        const end = at + page.readUInt32LE(at);
        if (end === at) break;
        yield this.#entry(page.subarray(at, end));
        at = end;
      }
    }
  }

  #entry(bytes: Buffer): Entry<Word> {
    const path: string[] = [];
    for (let at = headBytes; at < bytes.length; ) {
      const end = at + 2 + bytes.readUInt16LE(at);
      path.push(bytes.toString("hex", at + 2, end));
      at = end;
    }
    return {
      path,
      word: this.#words.at(bytes.readUInt32LE(4)),
      message: this.#messages.at(bytes.readUInt32LE(8)),
      size: bytes.readBigUInt64LE(12),
      agedNs: bytes.readBigInt64LE(20) * second + BigInt(bytes.readUInt32LE(28)),
    };
  }

  #room(bytes: number): Buffer {
    const last = this.#pages.at(-1);
    if (last !== undefined && this.#used + bytes <= last.length) return last;
    const page = Buffer.alloc(Math.max(pageBytes, bytes));
    this.#pages.push(page);
    this.#used = 0;
    return page;
  }
}

class Numbered<T> {
  readonly #all: T[] = [];
  readonly #numbers = new Map<T, number>();

  numberOf(each: T): number {
    const known = this.#numbers.get(each);
    if (known !== undefined) return known;
    this.#numbers.set(each, this.#all.length);
    return this.#all.push(each) - 1;
  }

  at(number: number): T {
    const found = this.#all[number];
    if (found === undefined) throw new Error(`nothing has the number ${number}`);
    return found;
  }
}
