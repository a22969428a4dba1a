/**
 * The accounts that are watched, and what becomes of them: added, renamed, gone, or not named by the name service for a
 * while. Once watched, watched until gone.
 */
import { type AccountData, type Because, type EventDraft, type Via, withdraw } from "../drift/index.ts";
import type { NameService } from "../runs/world.ts";
import type { AccountState, Change, Store } from "../store/index.ts";
import { turnedBy } from "./history.ts";
import type { Keeper } from "./keeper.ts";
import type { Meant, WatchList } from "./watch-list.ts";
import { newlyWatched, type Watched } from "./watched.ts";

/** For so long an account that the name service does not name is unavailable, not gone. */
const patienceMs = 24 * 3_600_000;

export interface AccountsWorld {
  readonly store: Store;
  readonly keeper: Keeper;
  readonly names: NameService;
  nowMs(): number;
  /** Of a clock that never jumps. */
  monotonicMs(): number;
  /** Whether the Grant lets it be measured. */
  mayMeasure(name: string): boolean;
}

export class Accounts {
  readonly #world: AccountsWorld;
  readonly #watched = new Map<string, Watched>();
  /** What accounts are called now, by the name under which they were watched. */
  readonly #newNames = new Map<string, string>();

  constructor(world: AccountsWorld) {
    this.#world = world;
  }

  get all(): readonly Watched[] {
    return [...this.#watched.values()];
  }

  get(name: string): Watched | undefined {
    return this.#watched.get(name);
  }

  /** What the account of this name is called by now. */
  nameNow(name: string): string {
    return this.#newNames.get(name) ?? name;
  }

  /** Takes a new list; answers the names of those whose entry is another one, or that are new. */
  async take(list: WatchList): Promise<readonly string[]> {
    const differ: string[] = [];
    const meantNow = new Set<string>();
    for (const meant of list.meant) {
      if (await this.#meant(meant)) differ.push(meant.name);
      // It may turn out only now that it was renamed.
      meantNow.add(meant.name).add(this.nameNow(meant.name));
    }
    for (const watched of this.all) {
      if (list.notGranted.includes(watched.name))
        this.#unwatch(watched, "unwatched", "the Grant does not name it", "documents");
      else if (!meantNow.has(watched.name))
        this.#unwatch(watched, "unwatched", "no document means it any more", "documents");
    }
    return [...new Set(differ.map((name) => this.nameNow(name)))].filter((name) => this.#watched.has(name));
  }

  /** What the name service said of an account that is about to be measured; true where it may be. */
  async lookUp(watched: Watched): Promise<boolean> {
    const answer = await this.#world.names.account(watched.name);
    if (answer.kind === "account") {
      await this.#meant({ name: watched.name, account: answer.account, because: watched.because, says: "" });
      return true;
    }
    const says = answer.kind === "absent" ? "the name service does not name it" : answer.why;
    await this.#missing(watched, says);
    return false;
  }

  /** Whether its entry is another one than before; also where it has another name now. */
  async #meant(meant: Meant): Promise<boolean> {
    const known = this.#watched.get(meant.name);
    if (known === undefined) {
      const watched = newlyWatched(meant);
      this.#watched.set(meant.name, watched);
      if (meant.account === null) await this.#missing(watched, meant.says);
      else this.#there(watched);
      return true;
    }
    known.because = meant.because;
    if (meant.account === null) {
      await this.#missing(known, meant.says);
      return !this.#watched.has(meant.name);
    }
    const differs = JSON.stringify(known.account) !== JSON.stringify(meant.account);
    known.account = meant.account;
    if (differs || known.unavailableFrom !== null) this.#there(known);
    return differs;
  }

  /** The name service names it. */
  #there(watched: Watched): void {
    const { account } = watched;
    if (account === null) return;
    watched.unavailableFrom = null;
    watched.says = "";
    const { name, uid, shell, home } = account;
    this.#keep(name, (kept) => {
      const watchedSince = kept?.watchedSince ?? this.#now();
      const state: AccountState = { name, uid, shell, home, watchedSince, unavailableSince: null };
      if (kept === undefined) return { accounts: [state], events: [told(name, "watched", watched.because)] };
      const events: EventDraft[] = [];
      if (kept.unavailableSince !== null) events.push(told(name, "available", "the name service names it again"));
      const difference = entryDifference(kept, state);
      if (difference !== "") events.push(told(name, "entry", difference));
      return events.length === 0 ? {} : { accounts: [state], events };
    });
  }

  async #missing(watched: Watched, says: string): Promise<void> {
    watched.says = says;
    const kept = this.#kept(watched.name);
    const renamed = kept === undefined ? null : await this.#newName(kept);
    if (renamed !== null) {
      this.#unwatch(watched, "renamed", `uid ${kept?.uid} is ${renamed} now`, "host");
      await this.#renamedTo(renamed, watched.name);
      return;
    }
    // Counted by a clock that never jumps, from the start of this process at the earliest: to wait longer does no harm.
    watched.unavailableFrom ??= this.#world.monotonicMs();
    this.#keep(watched.name, (now) => {
      if (now === undefined || now.unavailableSince !== null) return {};
      const events = [told(watched.name, "unavailable", says)];
      return { accounts: [{ ...now, unavailableSince: this.#now() }], events };
    });
    if (this.#world.monotonicMs() - watched.unavailableFrom < patienceMs) return;
    this.#unwatch(watched, "removed", "the name service has not named it for 24 h", "host");
  }

  /** Another name of the same uid, where the old name is gone: then the account was renamed. */
  async #newName({ name, uid }: AccountState): Promise<string | null> {
    const answer = await this.#world.names.accountOfUid(uid);
    return answer.kind === "account" && answer.account.name !== name ? answer.account.name : null;
  }

  async #renamedTo(name: string, from: string): Promise<void> {
    this.#newNames.set(from, name);
    if (this.#watched.has(name) || !this.#world.mayMeasure(name)) return;
    const answer = await this.#world.names.account(name);
    if (answer.kind !== "account") return;
    await this.#meant({ name, account: answer.account, because: `was ${from}`, says: "" });
  }

  #unwatch(watched: Watched, change: AccountData["change"], message: string, because: Because): void {
    this.#watched.delete(watched.name);
    const { store, keeper } = this.#world;
    keeper.keep(`account ${watched.name}`, () => {
      const nowMs = this.#world.nowMs();
      const via: Via = because === "documents" ? "documents" : "watch";
      const prior = store.findings(watched.name);
      const gone = withdraw(prior, { nowMs, via, because });
      return {
        nowMs,
        put: gone.put,
        remove: gone.remove,
        events: [...gone.events, told(watched.name, change, message)],
        removeAccounts: [watched.name],
        happened: turnedBy(gone, { account: watched.name, prior, isFirst: false, isLast: true, nowMs }),
      };
    });
  }

  /** `make` says what changes from what is kept of the account, anew where the store had no room before. */
  #keep(name: string, make: (kept: AccountState | undefined) => Omit<Change, "nowMs">): void {
    this.#world.keeper.keep(`account ${name}`, () => ({ nowMs: this.#world.nowMs(), ...make(this.#kept(name)) }));
  }

  #kept(name: string): AccountState | undefined {
    return this.#world.store.accounts().find((state) => state.name === name);
  }

  #now(): string {
    return new Date(this.#world.nowMs()).toISOString();
  }
}

function told(account: string, change: AccountData["change"], message: string): EventDraft {
  return { type: "account.changed", subject: account, account, data: { change, account, message } };
}

function entryDifference(before: AccountState, now: AccountState): string {
  const fields = (["uid", "shell", "home"] as const).filter((field) => before[field] !== now[field]);
  return fields.map((field) => `${field}: was ${before[field]}, is ${now[field]}`).join("; ");
}
