/** Which paths are watched, and for whom: what an account's shell reads, what sessions are made of, the documents. */
import type { Unseen, Watch } from "../host/watching.ts";

export interface Concerned {
  readonly accounts: ReadonlySet<string>;
  /** What every session of the host is made of changed. */
  readonly everybody: boolean;
  /** The account database, or a document. */
  readonly names: boolean;
  readonly documents: boolean;
}

export interface Sets {
  readonly accounts: readonly {
    readonly name: string;
    /** Null where the account's entry is not known now. */
    readonly home: string | null;
    readonly paths: ReadonlySet<string>;
  }[];
  readonly system: readonly string[];
  readonly names: readonly string[];
  readonly documents: readonly string[];
}

export class Coverage {
  readonly #watch: Watch;
  #sets: Sets = { accounts: [], system: [], names: [], documents: [] };
  #owners = new Map<string, string[]>();
  #homes = new Map<string, string>();
  #everybodys = new Set<string>();
  #covered = "";
  #covering: Promise<void> = Promise.resolve();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Watches these and no others; what is the same costs nothing. Resolves when it holds. */
  cover(sets: Sets): Promise<void> {
    this.#sets = sets;
    this.#owners = new Map();
    this.#homes = new Map(sets.accounts.flatMap(({ name, home }) => (home === null ? [] : [[home, name]])));
    this.#everybodys = new Set(sets.system);
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

  /**
   * The account by whose identity a path is looked at where its mount may not answer; null for the host's own. What lies in
   * an account's home is asked by that account: another one that names it, too, may see less, and may lie.
   */
  ownerOf(path: string): string | null {
    const owners = this.#owners.get(path) ?? [];
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const host = this.#homes.get(path.slice(0, at));
      if (host !== undefined && owners.includes(host)) return host;
    }
    return owners[0] ?? null;
  }

  /** Whether something that concerns this account could change unseen. What another account names holds up nobody else. */
  isUnseen(account: string, { everything, paths }: Unseen): boolean {
    return everything || paths.some((path) => this.#concerns(path, account));
  }

  concernedBy(paths: readonly string[]): Concerned {
    const accounts = new Set<string>();
    let everybody = false;
    for (const path of paths) {
      const owners = this.#owners.get(path);
      for (const owner of owners ?? []) accounts.add(owner);
      // Also where some account's startup file names it: that does not make it its own.
      if (this.#everybodys.has(path)) everybody = true;
    }
    const touches = (some: readonly string[]) => paths.some((path) => some.includes(path));
    return { accounts, everybody, names: touches(this.#sets.names), documents: touches(this.#sets.documents) };
  }

  #concerns(path: string, account: string): boolean {
    const owners = this.#owners.get(path);
    return owners === undefined || owners.includes(account) || this.#everybodys.has(path);
  }
}
