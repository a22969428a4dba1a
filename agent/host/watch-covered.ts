/** The covered paths: what each was when it was last looked at, and by which names in which folders it could change. */
import { basename, dirname } from "node:path";
import type { Mount, Mounts } from "./mounts.ts";
import type { Folders } from "./watch-folders.ts";
import { type Hop, type Look, type Walker, walker } from "./watch-walk.ts";

/** A folder as the covered paths name it, which may lead through links. */
export interface Place {
  readonly kind: "place";
  readonly folder: string;
  readonly entries: Set<Entry>;
  hops: readonly Hop[];
}

/** One covered path. */
export interface Entry {
  readonly kind: "entry";
  readonly path: string;
  readonly place: Place;
  hops: readonly Hop[];
  /** In the words of host/identity.ts; null before the first answer. */
  identity: string | null;
  /** Who may pass the folders on the way to it, as far as it lies here. */
  access: string;
  /** The mount that may not answer, which holds it. */
  mount: Mount | null;
  /** Whether the last question about it was answered. */
  isAnswered: boolean;
  /** It changed so shortly before it was looked at that the next change may leave the same times. */
  isUnsettled: boolean;
}

export type Subject = Place | Entry;

const sliceMs = 4;
/** A tick of the slowest kernel clock, by which file times go, twice. */
const unsettledMs = 20;
/** The identity of a path that is not followed to its end: nothing says when it changes. */
export const tooDeep = "too-deep";
const absentCodes: readonly string[] = ["ENOENT", "ENOTDIR"];

export class Covered<S> {
  readonly #places = new Map<string, Place>();
  readonly #entries = new Map<string, Entry>();
  readonly #folders: Folders<S | Subject>;
  #mounts: Mounts;

  constructor(folders: Folders<S | Subject>, mounts: Mounts) {
    this.#folders = folders;
    this.#mounts = mounts;
  }

  set mounts(mounts: Mounts) {
    this.#mounts = mounts;
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  isAbsent(entry: Entry): boolean {
    return entry.identity !== null && absentCodes.includes(entry.identity);
  }

  /** Whether an event follows each change of it, as far as the kernel has any. */
  isByEvents(entry: Entry): boolean {
    const isSeen = (hop: Hop): boolean => !hop.isNeeded || this.#folders.isLive(hop.folder);
    // Without names nothing could tell: it is on a mount that may not answer, or was not followed.
    const hasNames = entry.place.hops.length + entry.hops.length > 0;
    return entry.mount === null && hasNames && entry.place.hops.every(isSeen) && entry.hops.every(isSeen);
  }

  /** These and no others; answers those that are new, which have not been looked at. */
  set(paths: ReadonlySet<string>): Entry[] {
    for (const entry of [...this.#entries.values()]) if (!paths.has(entry.path)) this.#remove(entry);
    return [...paths].flatMap((path) => (this.#entries.has(path) ? [] : [this.#add(path)]));
  }

  /** Looks at these now: paths that are not as they were or, where an event named them, may not be. */
  look(subjects: Iterable<Subject>, isHinted: boolean): string[] {
    const walk = walker(this.#mounts);
    const changed = new Set<string>();
    for (const subject of subjects)
      for (const entry of subject.kind === "entry" ? [subject] : subject.entries)
        if (this.#isCovered(entry) && this.#look(entry, walk, isHinted)) changed.add(entry.path);
    return [...changed];
  }

  /** Looks at everything that answers, some milliseconds at a time: paths that are not as they were. */
  *slices(): Generator<string[]> {
    let walk = walker(this.#mounts);
    let changed: string[] = [];
    let started = performance.now();
    for (const place of [...this.#places.values()]) {
      for (const entry of [...place.entries])
        if (this.#isCovered(entry) && this.#look(entry, walk, false)) changed.push(entry.path);
      if (performance.now() - started < sliceMs) continue;
      this.#check(walk);
      yield changed;
      walk = walker(this.#mounts);
      changed = [];
      started = performance.now();
    }
    this.#check(walk);
    yield changed;
  }

  /** Paths about which only another process asks. */
  elsewhere(): string[] {
    return [...this.#entries.values()].filter((entry) => entry.mount !== null).map((entry) => entry.path);
  }

  /** What the other process found; paths that are not as they were. Where it has no answer the last one stays. */
  answered(asked: readonly string[], answers: ReadonlyMap<string, string>): string[] {
    return asked.filter((path) => {
      const entry = this.#entries.get(path);
      if (entry === undefined || entry.mount === null) return false;
      const found = answers.get(path) ?? "no-answer";
      entry.isAnswered = found !== "no-answer";
      if (!entry.isAnswered) return false;
      const last = entry.identity;
      entry.identity = found;
      return last !== null && last !== found;
    });
  }

  #isCovered(entry: Entry): boolean {
    return this.#entries.get(entry.path) === entry;
  }

  #add(path: string): Entry {
    const folder = dirname(path);
    const place = this.#places.get(folder) ?? { kind: "place", folder, entries: new Set(), hops: [] };
    this.#places.set(folder, place);
    const entry: Entry = {
      kind: "entry",
      path,
      place,
      hops: [],
      identity: null,
      access: "",
      mount: null,
      isAnswered: true,
      isUnsettled: false,
    };
    place.entries.add(entry);
    this.#entries.set(path, entry);
    return entry;
  }

  #remove(entry: Entry): void {
    const { path, place } = entry;
    this.#entries.delete(path);
    place.entries.delete(entry);
    this.#hop(entry, []);
    if (place.entries.size > 0) return;
    this.#places.delete(place.folder);
    this.#hop(place, []);
  }

  /** Whether it changed. */
  #look(entry: Entry, walk: Walker, isHinted: boolean): boolean {
    const folder = walk.to(entry.place.folder);
    const found = walk.look(folder, basename(entry.path));
    this.#hop(entry.place, folder.hops);
    this.#hop(entry, found.hops);
    return this.#note(entry, found, isHinted);
  }

  #note(entry: Entry, found: Look, isHinted: boolean): boolean {
    const isKnown = entry.identity !== null;
    if (found.kind === "elsewhere") {
      const wasHere = entry.mount === null;
      entry.mount = found.mount;
      return wasHere && isKnown;
    }
    if (found.kind === "too-deep") {
      const isNew = entry.identity !== tooDeep;
      entry.mount = null;
      entry.isAnswered = false;
      entry.identity = tooDeep;
      return isKnown && isNew;
    }
    const isSame = entry.identity === found.identity && entry.access === found.access;
    const wasUnsettled = entry.isUnsettled;
    entry.mount = null;
    entry.isAnswered = true;
    entry.identity = found.identity;
    entry.access = found.access;
    entry.isUnsettled = Math.abs(Date.now() - found.changedAtMs) < unsettledMs;
    return isKnown && (!isSame || (isHinted && wasUnsettled));
  }

  #hop(subject: Subject, hops: readonly Hop[]): void {
    const last = subject.hops;
    if (isSameHops(last, hops)) return;
    // The new ones first: a folder that stays keeps its watch.
    for (const hop of hops) this.#folders.hold(hop, subject);
    for (const hop of last) this.#folders.release(hop, subject);
    subject.hops = hops;
  }

  #check({ folders }: Walker): void {
    for (const [folder, identity] of folders) this.#folders.check(folder, identity);
  }
}

function isSameHops(some: readonly Hop[], others: readonly Hop[]): boolean {
  return (
    some.length === others.length &&
    some.every((hop, at) => {
      const other = others[at];
      return other?.folder === hop.folder && other.name === hop.name && other.isNeeded === hop.isNeeded;
    })
  );
}
