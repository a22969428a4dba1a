/**
 * Looks at what lies below a root, as the child that it runs in: it goes into each folder by a held descriptor and uses
 * bare names there, so that nothing outside of the root is ever looked at, whoever moves what meanwhile. It keeps no more
 * than one batch, however many entries there are.
 */
import { matchesName, parseFilePattern } from "../documents/file-pattern.ts";
import { quarantineName } from "../documents/system-folders.ts";
import { regularFile, Status } from "../host/at.ts";
import { errnoName } from "../host/native.ts";
import type { LookRequest } from "./asked.ts";
import type { Calls } from "./calls.ts";
import { FolderMarkers, type Marker } from "./guard.ts";
import { type Guard, guard, guardOfExamined, guardOfStatus, head, namedOf } from "./guarding.ts";
import { type HeldFolder, holdFolder, isPrivateOf, isSameMount, listFolder } from "./held.ts";
import { mostEntries, type Said, type SaidEntry, type TypeLetter } from "./said.ts";

/** Says what it sees, the last line that it is over. `say` comes back when that much may be forgotten. */
export function look(request: LookRequest, root: HeldFolder, calls: Calls, voice: Voice): void {
  const walk = new Walk(request, root, calls, voice);
  walk.folder(root, [], null);
  const { dev, ino } = root;
  voice.say({ looked: { dev, ino, unseen: walk.unseen, why: walk.why } });
}

/** `alive` is called where something takes long. */
export interface Voice {
  say(said: Said): void;
  alive(): void;
}

/** One folder that is being looked through. */
interface Inside {
  readonly parts: readonly string[];
  /** Whose folder bars whatever lies in it. */
  readonly barred: Marker | null;
  /** The same for what lies deeper. */
  readonly barredBelow: Marker | null;
  readonly isOracles: boolean;
}

class Walk {
  unseen = 0;
  why = "";
  readonly #request: LookRequest;
  readonly #root: HeldFolder;
  readonly #calls: Calls;
  readonly #matches: (name: Buffer) => boolean;
  readonly #voice: Voice;
  /** Of the entry at hand. */
  readonly #status = new Status();
  #batch: SaidEntry[] = [];

  constructor(request: LookRequest, root: HeldFolder, calls: Calls, voice: Voice) {
    this.#request = request;
    this.#root = root;
    this.#calls = calls;
    this.#voice = voice;
    const patterns = request.match.flatMap((text) => {
      const parsed = parseFilePattern(text);
      return parsed.kind === "pattern" ? [parsed.pattern] : [];
    });
    this.#matches = (name) => patterns.some((pattern) => matchesName(pattern, name));
  }

  folder(held: HeldFolder, parts: readonly string[], barredBelow: Marker | null): void {
    const markers = new FolderMarkers();
    const mark = (name: Buffer) => {
      markers.add(name.toString("latin1"));
      this.#voice.alive();
    };
    let inside: Inside | null = null;
    const look = (name: Buffer) => {
      inside ??= insideOf(markers, parts, barredBelow);
      this.#entry(held, name, inside);
    };
    const wrong = listFolder(this.#calls, held, [mark, look]);
    // Whatever it was: not all of this folder was seen.
    if (wrong !== null) this.#unlisted(wrong);
    this.#flush(parts);
  }

  #entry(held: HeldFolder, name: Buffer, inside: Inside): void {
    this.#voice.alive();
    const outcome = this.#calls.statAt(held.fd, name, this.#status.into);
    if (outcome < 0) this.#turned(errnoName(outcome));
    else if (this.#status.type === folderType) this.#subfolder(held, name, inside);
    else this.#report(name, this.#guardOf(held, name, inside), inside.parts);
  }

  #subfolder(held: HeldFolder, name: Buffer, inside: Inside): void {
    const isDeepest = inside.parts.length + 1 >= this.#request.depth;
    // Our own, which nobody asked about; deeper down that of another Retention, whose root lay there.
    if (name.equals(quarantine)) return;
    const { bar } = namedOf(name.toString("latin1"), false);
    const kept: Guard = bar ?? guard("not-a-regular-file", "it is a folder");
    if (isDeepest || bar !== null) {
      this.#report(name, kept, inside.parts);
      return;
    }
    const child = holdFolder(this.#calls, held, name);
    if (child.kind === "failed") {
      this.#turned(child.code);
      return;
    }
    using folder = child.folder;
    const isHere = isSameMount(folder, this.#root);
    this.#report(name, isHere ? kept : guard("mount", "it is on another mount than the root"), inside.parts);
    this.#flush(inside.parts);
    if (isHere) this.folder(folder, [...inside.parts, name.toString("hex")], inside.barredBelow);
  }

  #guardOf(held: HeldFolder, name: Buffer, { barred, isOracles }: Inside): Guard | null {
    const { uid } = this.#request;
    const kept = guardOfStatus(this.#status, { uid, mount: this.#root.mountOfFiles });
    if (kept !== null) return kept;
    if (barred !== null) return guard("database", `it lies in a folder of ${barred.system}'s`);
    const named = namedOf(name.toString("latin1"), isOracles);
    if ((named.bar !== null && !named.isArchive) || !this.#matches(name)) return named.bar;
    if (this.#isYoung()) return named.bar;
    const isPrivate = isPrivateOf(held, uid);
    return guardOfExamined(this.#calls.examineAt(held.fd, name, this.#status.into, head, isPrivate), named);
  }

  /** What is too young stays, whatever else it is; and where it counts for nothing else it need not be opened. */
  #isYoung(): boolean {
    const { notOpenedFromS = null } = this.#request;
    return notOpenedFromS !== null && this.#status.changedS > notOpenedFromS;
  }

  #report(name: Buffer, kept: Guard | null, parts: readonly string[]): void {
    const { dev, ino, sizeText, mtimeNs, ctimeNs, uid, links } = this.#status;
    this.#batch.push([name.toString("hex"), this.#letter(), dev, ino, sizeText, mtimeNs, ctimeNs, uid, links, kept]);
    if (this.#batch.length >= mostEntries) this.#flush(parts);
  }

  #letter(): TypeLetter {
    return letters.get(this.#status.type) ?? "o";
  }

  #flush(parts: readonly string[]): void {
    if (this.#batch.length > 0) this.#voice.say({ in: parts, entries: this.#batch });
    this.#batch = [];
  }

  /** What is gone meanwhile, or a folder that is none any more when it is opened, is not missed. */
  #turned(code: string): void {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) this.#unlisted(code);
  }

  #unlisted(code: string): void {
    this.unseen += 1;
    this.why ||= code;
  }
}

const quarantine = Buffer.from(quarantineName);
const folderType = 0o040000;
const linkType = 0o120000;
const letters: ReadonlyMap<number, TypeLetter> = new Map([
  [regularFile, "f"],
  [folderType, "d"],
  [linkType, "l"],
]);

function insideOf(listed: FolderMarkers, parts: readonly string[], barredBelow: Marker | null): Inside {
  const tree = barredBelow ?? listed.found("tree");
  return { parts, barred: tree ?? listed.found("folder"), barredBelow: tree, isOracles: listed.isOracles };
}
