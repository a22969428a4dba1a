/** Which paths are watched, and for whom: what an account's shell reads, what sessions are made of, the documents. */
import type { Watch } from "../host/watching.ts";

export interface Concerned {
  readonly accounts: ReadonlySet<string>;
  /** What every session of the host is made of changed. */
  readonly everybody: boolean;
  /** The account database, or a document. */
  readonly names: boolean;
  readonly documents: boolean;
}

export interface Sets {
  readonly accounts: readonly { readonly name: string; readonly paths: ReadonlySet<string> }[];
  readonly system: readonly string[];
  readonly names: readonly string[];
  readonly documents: readonly string[];
}

export class Coverage {
  readonly #watch: Watch;
  #sets: Sets = { accounts: [], system: [], names: [], documents: [] };
  #owners = new Map<string, string[]>();
  #covered = "";
  #covering: Promise<void> = Promise.resolve();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Watches these and no others; what is the same costs nothing. Resolves when it holds. */
  cover(sets: Sets): Promise<void> {
    this.#sets = sets;
    this.#owners = new Map();
    for (const { name, paths } of sets.accounts) {
      for (const path of paths) {
        const owners = this.#owners.get(path);
        if (owners === undefined) this.#owners.set(path, [name]);
        else owners.push(name);
      }
    }
    const all = [...new Set([...this.#owners.keys(), ...sets.system, ...sets.names, ...sets.documents])].sort();
    const key = all.join("\n");
    if (key === this.#covered) return this.#covering;
    this.#covered = key;
    this.#covering = this.#covering.then(() => this.#watch.cover(all));
    return this.#covering;
  }

  /** The account by whose identity a path is looked at where its mount may not answer; null for the host's own. */
  ownerOf(path: string): string | null {
    return this.#owners.get(path)?.[0] ?? null;
  }

  concernedBy(paths: readonly string[]): Concerned {
    const accounts = new Set<string>();
    let everybody = false;
    for (const path of paths) {
      const owners = this.#owners.get(path);
      for (const owner of owners ?? []) accounts.add(owner);
      // A file that some accounts' shells read is theirs; one that nobody reads by name is sshd's or PAM's.
      if (owners === undefined && this.#sets.system.includes(path)) everybody = true;
    }
    const touches = (some: readonly string[]) => paths.some((path) => some.includes(path));
    return { accounts, everybody, names: touches(this.#sets.names), documents: touches(this.#sets.documents) };
  }
}
