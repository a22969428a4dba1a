/**
 * Looks at what lies below a root, as the child that it runs in: it goes into each folder by a held descriptor and uses
 * bare names there, so that nothing outside of the root is ever looked at, whoever moves what meanwhile. It keeps no more
 * than one batch, however many entries there are.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, opendirSync, openSync, readSync } from "node:fs";
import { matchesName, parseFilePattern } from "../documents/file-pattern.ts";
import { hostMounts } from "../host/mounts.ts";
import { hasAddon, opennessOf } from "../host/native.ts";
import { barredName, FolderMarkers, type Marker, magicBytes, magicOf, mayBeArchived, quarantineName } from "./guard.ts";
import { codeOf, type HeldFolder, holdFolder, isSameMount, mountOf, O_PATH } from "./held.ts";
import type { GuardCode } from "./plan.ts";
import { type LookRequest, openRoot } from "./root.ts";
import { mostEntries, type Said, type SaidEntry, type TypeLetter } from "./said.ts";

type Guard = readonly [code: GuardCode, message: string];

/** Says what it sees, the last line that it is over. `say` comes back when that much may be forgotten. */
export function look(request: LookRequest, say: (said: Said) => void): void {
  const opened = openRoot(request);
  if (opened.kind === "refused") {
    say({ refused: opened.message });
    return;
  }
  using root = opened.folder;
  const walk = new Walk(request, root, say);
  walk.folder(root, [], null);
  const { dev, ino } = root;
  say({ looked: { dev: `${dev}`, ino: `${ino}`, unseen: walk.unseen, why: walk.why } });
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
  readonly #matches: (name: Buffer) => boolean;
  readonly #say: (said: Said) => void;
  /** Whether anything is mounted below the root; only then each file is asked where it was reached. */
  readonly #hasMounts: boolean;
  #batch: SaidEntry[] = [];

  constructor(request: LookRequest, root: HeldFolder, say: (said: Said) => void) {
    this.#request = request;
    this.#root = root;
    this.#say = say;
    const patterns = request.match.flatMap((text) => {
      const parsed = parseFilePattern(text);
      return parsed.kind === "pattern" ? [parsed.pattern] : [];
    });
    this.#matches = (name) => patterns.some((pattern) => matchesName(pattern, name));
    this.#hasMounts = hostMounts().some(({ point }) => point.startsWith(`${request.root}/`));
  }

  folder(held: HeldFolder, parts: readonly string[], barredBelow: Marker | null): void {
    try {
      process.chdir(held.at);
      const listed = markersHere();
      using entries = opendirSync(".", { bufferSize: 64, encoding: "latin1" });
      const tree = barredBelow ?? listed.found("tree");
      const inside = { parts, barred: tree ?? listed.found("folder"), barredBelow: tree, isOracles: listed.isOracles };
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        this.#entry(held, Buffer.from(entry.name, "latin1"), inside);
      }
    } catch (error) {
      // Whatever it was: not all of this folder was seen.
      this.#unlisted(codeOf(error));
    }
    this.#flush(parts);
  }

  #entry(held: HeldFolder, name: Buffer, inside: Inside): void {
    let status: BigIntStats | undefined;
    try {
      status = lstatSync(name, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      this.#unlisted(codeOf(error));
      return;
    }
    if (status === undefined) return; // It is gone meanwhile.
    if (status.isDirectory()) this.#subfolder(held, name, status, inside);
    else this.#report(name, status, this.#guardOf(name, status, inside), inside.parts);
  }

  #subfolder(held: HeldFolder, name: Buffer, status: BigIntStats, inside: Inside): void {
    const isDeepest = inside.parts.length + 1 >= this.#request.depth;
    const bar = ownBar(name);
    const kept: Guard = bar ?? ["not-a-regular-file", "it is a folder"];
    if (isDeepest || bar !== null) {
      this.#report(name, status, kept, inside.parts);
      return;
    }
    try {
      using child = holdFolder(name);
      const isHere = isSameMount(child, this.#root);
      this.#report(name, status, isHere ? kept : ["mount", "it is on another mount than the root"], inside.parts);
      this.#flush(inside.parts);
      if (isHere) this.folder(child, [...inside.parts, name.toString("hex")], inside.barredBelow);
    } catch (error) {
      this.#turned(codeOf(error));
    }
    process.chdir(held.at);
  }

  #guardOf(name: Buffer, status: BigIntStats, { barred, isOracles }: Inside): Guard | null {
    if (!status.isFile()) return ["not-a-regular-file", `it is ${kindOf(status)}`];
    if (status.nlink !== 1n) return ["several-links", `it has ${status.nlink} links`];
    if (Number(status.uid) !== this.#request.uid) return ["another-owner", `it belongs to uid ${status.uid}`];
    if (barred !== null) return ["database", `it lies in a folder of ${barred.system}'s`];
    const text = name.toString("latin1");
    const bar = ownBar(name);
    const isArchive = mayBeArchived(text) && !isOracles;
    if (bar !== null && !(isArchive && bar[0] === "database")) return bar;
    if (!this.#matches(name)) return bar;
    return this.#content(name, status, { isArchive, bar });
  }

  /** What only an open file tells. It is opened by what was found, so that nothing but a regular file ever is. */
  #content(name: Buffer, status: BigIntStats, more: { isArchive: boolean; bar: Guard | null }): Guard | null {
    let place = -1;
    let fd = -1;
    try {
      place = openSync(name, O_PATH | constants.O_NOFOLLOW);
      if (!isSame(fstatSync(place, { bigint: true }), status)) return ["changed", "it changed while it was looked at"];
      if (this.#hasMounts && mountOf(place) !== this.#root.mount) return ["mount", "it is mounted over another file"];
      fd = openSync(`/proc/self/fd/${place}`, readQuietly);
      // Older kernels would count it among those who have the file open.
      closeSync(place);
      place = -1;
      return magicGuard(fd, more) ?? openGuard(fd);
    } catch (error) {
      return failedGuard(codeOf(error));
    } finally {
      for (const one of [place, fd]) if (one >= 0) closeSync(one);
    }
  }

  #report(name: Buffer, status: BigIntStats, guard: Guard | null, parts: readonly string[]): void {
    const { dev, ino, size, mtimeNs, ctimeNs, uid, nlink } = status;
    const numbers = [`${dev}`, `${ino}`, `${size}`, `${mtimeNs}`, `${ctimeNs}`, Number(uid), Number(nlink)] as const;
    this.#batch.push([name.toString("hex"), letterOf(status), ...numbers, guard]);
    if (this.#batch.length >= mostEntries) this.#flush(parts);
  }

  #flush(parts: readonly string[]): void {
    if (this.#batch.length > 0) this.#say({ in: parts, entries: this.#batch });
    this.#batch = [];
  }

  /** A folder that is none any more when it is opened. */
  #turned(code: string): void {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) this.#unlisted(code);
  }

  #unlisted(code: string): void {
    this.unseen += 1;
    this.why ||= code;
  }
}

/** O_NOATIME: a look leaves nothing behind; the file is the account's own, which may ask for that. */
const readQuietly = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOATIME | constants.O_NOCTTY;

function markersHere(): FolderMarkers {
  const markers = new FolderMarkers();
  using entries = opendirSync(".", { bufferSize: 64, encoding: "latin1" });
  for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) markers.add(entry.name);
  return markers;
}

function ownBar(name: Buffer): Guard | null {
  const text = name.toString("latin1");
  if (text === quarantineName) return ["name-refused", "it is the folder into which files are taken before they go"];
  const bar = barredName(text);
  return bar === null ? null : [bar.code, bar.message];
}

const head = Buffer.alloc(magicBytes);

function magicGuard(fd: number, { isArchive, bar }: { isArchive: boolean; bar: Guard | null }): Guard | null {
  const magic = magicOf(head.subarray(0, readSync(fd, head, 0, magicBytes, 0)));
  if (magic.kind === "none") return bar;
  if (magic.kind === "database") return ["database", `its first bytes are ${magic.system}'s`];
  if (!isArchive) return ["database", "it is a redo log, and nothing says that it is an archived one"];
  return openGuard(fd) ?? ["archived-log", "it is a redo log: it goes only by a release with its sha256"];
}

let asks: boolean | null = null;

function openGuard(fd: number): Guard | null {
  // Where the account may not even read the addon nothing tells, and that is said of each file.
  asks ??= hasAddon();
  const openness = asks ? opennessOf(fd) : "unknown";
  if (openness === "idle") return null;
  if (openness === "busy") return ["held-open", "a process has it open"];
  return ["open-unknown", "whether a process has it open cannot be told here"];
}

function failedGuard(code: string): Guard {
  if (code === "ENOENT" || code === "ELOOP") return ["changed", "it changed while it was looked at"];
  if (code === "EAGAIN") return ["held-open", "a process has a lease on it"];
  return ["open-unknown", `it could not be opened: ${code}`];
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.isFile() && one.nlink === 1n && one.dev === other.dev && one.ino === other.ino && one.uid === other.uid;
}

function kindOf(status: BigIntStats): string {
  if (status.isSymbolicLink()) return "a link";
  if (status.isFIFO()) return "a FIFO";
  if (status.isSocket()) return "a socket";
  return status.isBlockDevice() || status.isCharacterDevice() ? "a device" : "of no known type";
}

function letterOf(status: BigIntStats): TypeLetter {
  if (status.isFile()) return "f";
  if (status.isDirectory()) return "d";
  return status.isSymbolicLink() ? "l" : "o";
}
