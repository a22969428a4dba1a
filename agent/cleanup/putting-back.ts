/**
 * After a crash: says of each file that was to go where it is now, and puts back what lies in quarantine, as the child that
 * it runs in. Nothing is removed.
 */
import { constants } from "node:os";
import { type Expected, Status } from "../host/at.ts";
import { errnoName } from "../host/native.ts";
import type { AskedIntent } from "./asked.ts";
import type { Calls } from "./calls.ts";
import { Folders } from "./folders.ts";
import { type HeldFolder, listFolder } from "./held.ts";
import { quarantinedName } from "./outcome.ts";
import type { Candidate } from "./plan.ts";
import { mostStrangers, type Said, type SaidOutcome } from "./said.ts";

const { ENOENT } = constants.errno;

type Became = SaidOutcome extends infer Each ? (Each extends readonly [number, ...infer Rest] ? Rest : never) : never;

export class PuttingBack implements Disposable {
  readonly #root: HeldFolder;
  readonly #quarantine: HeldFolder | null;
  readonly #calls: Calls;
  readonly #folders: Folders;
  readonly #planned = new Status();
  readonly #now = new Status();
  /** Names in quarantine that intents speak of. */
  readonly #known = new Set<string>();

  /** `root` and `quarantine`, null where there is none, stay the caller's; `path` is the root's. */
  constructor(path: string, root: HeldFolder, quarantine: HeldFolder | null, calls: Calls) {
    this.#root = root;
    this.#quarantine = quarantine;
    this.#calls = calls;
    this.#folders = new Folders(calls, root, path);
  }

  intent(asked: AskedIntent): SaidOutcome[] {
    const isRoot = asked.rootIdentity.ino === this.#root.ino;
    const outcomes = asked.files.map((file, at): SaidOutcome => {
      const name = quarantinedName(asked.intent, at);
      this.#known.add(name);
      // Another folder may have other files of these names.
      if (!isRoot) return [at, "gone-unconfirmed", "moved", "the root is another folder since", null];
      return [at, ...this.#file(file, Buffer.from(name), asked.rootIdentity.dev)];
    });
    if (this.#quarantine !== null) this.#calls.syncFolder(this.#quarantine.fd);
    return outcomes;
  }

  /** The first of them, in hex, and how many there are. */
  strangers(): Said {
    const strangers: string[] = [];
    let count = 0;
    const take = (name: Buffer) => {
      if (this.#known.has(name.toString("latin1"))) return;
      count += 1;
      if (strangers.length < mostStrangers) strangers.push(name.toString("hex"));
    };
    if (this.#quarantine !== null) listFolder(this.#calls, this.#quarantine, [take]);
    return { strangers, count };
  }

  [Symbol.dispose](): void {
    this.#folders[Symbol.dispose]();
  }

  #file({ path, identity }: Candidate, quarantined: Buffer, rootDev: string): Became {
    // A start of the host may give a device another number.
    const dev = identity.dev === rootDev ? this.#root.dev : identity.dev;
    const found = this.#lookIn(this.#quarantine, quarantined, { ...identity, dev });
    if (found === "other") return ["in-quarantine", "changed", "another file has its name there", null];
    if (found !== "none" && found !== "same") return ["gone-unconfirmed", "refused", `stat: ${found}`, null];
    const entered = this.#folders.enter(path.slice(0, -1));
    if (entered.kind === "failed") {
      const word = found === "same" ? "in-quarantine" : "gone-unconfirmed";
      return [word, entered.code, entered.detail, null];
    }
    const name = Buffer.from(path.at(-1) ?? "", "hex");
    if (found === "same") return this.#back(quarantined, entered.folder, name);
    const there = this.#lookIn(entered.folder, name, { ...identity, dev });
    if (there === "same") return ["kept", "not-begun", "", null];
    if (there === "none" || there === "other")
      return ["gone-unconfirmed", "gone", there === "other" ? "another file has its name" : "", null];
    return ["gone-unconfirmed", "refused", `stat: ${there}`, null];
  }

  #back(quarantined: Buffer, folder: HeldFolder, name: Buffer): Became {
    if (this.#quarantine === null) return ["gone-unconfirmed", "gone", "", null];
    const back = this.#calls.moveAt(this.#quarantine.fd, quarantined, folder.fd, name);
    if (back < 0) return ["in-quarantine", "not-begun", `rename: ${errnoName(back)}`, null];
    this.#calls.syncFolder(folder.fd);
    return ["put-back", "not-begun", "", null];
  }

  /** `same` but for when the inode changed: it may have been moved to and fro. Another word is an errno's name. */
  #lookIn(folder: HeldFolder | null, name: Buffer, planned: Expected): "none" | "same" | "other" | string {
    if (folder === null) return "none";
    const outcome = this.#calls.statAt(folder.fd, name, this.#now.into);
    if (outcome === -ENOENT) return "none";
    if (outcome < 0) return errnoName(outcome);
    this.#planned.expect(planned, this.#root.mountOfFiles);
    return this.#planned.isSameContent(this.#now) ? "same" : "other";
  }
}
