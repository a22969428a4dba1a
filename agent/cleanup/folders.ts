/** The way from a root down to a folder, held component by component while one file after the other lies in it. */
import type { Calls } from "./calls.ts";
import { FolderMarkers, type Marker } from "./guard.ts";
import { type HeldFolder, holdFolder, isSameMount, listFolder } from "./held.ts";
import type { OutcomeCode } from "./outcome.ts";
import { addNamed } from "./root.ts";

export interface Entered {
  readonly kind: "entered";
  readonly folder: HeldFolder;
  /** Where it must be: absolute, a character a byte. */
  readonly path: string;
  /** Whose folder bars what lies in it. */
  readonly barred: Marker | null;
  readonly isOracles: boolean;
}

export type Entering = Entered | { readonly kind: "failed"; readonly code: OutcomeCode; readonly detail: string };

interface Step {
  readonly name: string;
  readonly folder: HeldFolder;
  readonly path: string;
  markers: FolderMarkers;
  /** What `markers` say. */
  tree: Marker | null;
  own: Marker | null;
  /** When its names were last read, and how long that took. */
  readAtMs: number;
  tookMs: number;
}

/** A folder's names are read again after this long, and not so often that it takes more than a twentieth of the time. */
const freshMs = 1_000;
const freshFactor = 20;

export class Folders implements Disposable {
  readonly #calls: Calls;
  readonly #steps: Step[];

  /** `path` of the root as it was asked for. The root itself stays the caller's. */
  constructor(calls: Calls, root: HeldFolder, path: string) {
    this.#calls = calls;
    this.#steps = [stepOf("", root, Buffer.from(path).toString("latin1"))];
  }

  /** `parts` in hex. What it gives is good until another folder is entered. */
  enter(parts: readonly string[]): Entering {
    const same = parts.findIndex((part, at) => this.#steps[at + 1]?.name !== part);
    this.#leave(same < 0 ? parts.length + 1 : same + 1);
    for (const part of parts.slice(this.#steps.length - 1)) {
      const failed = this.#step(part);
      if (failed !== null) return failed;
    }
    const nowMs = this.#calls.nowMs();
    for (const step of this.#steps) {
      const wrong = this.#refresh(step, nowMs);
      if (wrong !== null) return { kind: "failed", code: "refused", detail: `list: ${wrong}` };
    }
    return this.#entered();
  }

  /** Asks each folder on the way for the names that alone say that a database begins there. */
  ask(): void {
    for (const step of this.#steps) {
      addNamed(this.#calls, step.folder, step.markers);
      read(step);
    }
  }

  [Symbol.dispose](): void {
    this.#leave(1);
  }

  #leave(from: number): void {
    for (const { folder } of this.#steps.splice(from)) folder[Symbol.dispose]();
  }

  #step(part: string): Entering | null {
    const [root] = this.#steps;
    const above = this.#steps.at(-1);
    if (root === undefined || above === undefined) throw new Error("expected the root, found no folder");
    const name = Buffer.from(part, "hex");
    const held = holdFolder(this.#calls, above.folder, name);
    if (held.kind === "failed") {
      const isMoved = ["ENOENT", "ENOTDIR", "ELOOP"].includes(held.code);
      return { kind: "failed", code: isMoved ? "moved" : "refused", detail: `open its folder: ${held.code}` };
    }
    if (!isSameMount(held.folder, root.folder)) {
      held.folder[Symbol.dispose]();
      return { kind: "failed", code: "mount", detail: "" };
    }
    this.#steps.push(stepOf(part, held.folder, `${above.path}/${name.toString("latin1")}`));
    return null;
  }

  #refresh(step: Step, nowMs: number): string | null {
    if (nowMs - step.readAtMs < Math.max(freshMs, step.tookMs * freshFactor)) return null;
    const markers = new FolderMarkers();
    const wrong = listFolder(this.#calls, step.folder, [(name) => markers.add(name.toString("latin1"))]);
    if (wrong !== null) return wrong;
    step.markers = markers;
    read(step);
    step.readAtMs = this.#calls.nowMs();
    step.tookMs = step.readAtMs - nowMs;
    return null;
  }

  #entered(): Entering {
    const last = this.#steps.at(-1);
    if (last === undefined) throw new Error("expected the root, found no folder");
    const { folder, path, markers, own } = last;
    const tree = this.#steps.find((step) => step.tree !== null)?.tree;
    return { kind: "entered", folder, path, barred: tree ?? own, isOracles: markers.isOracles };
  }
}

function read(step: Step): void {
  step.tree = step.markers.found("tree");
  step.own = step.markers.found("folder");
}

function stepOf(name: string, folder: HeldFolder, path: string): Step {
  const markers = new FolderMarkers();
  return { name, folder, path, markers, tree: null, own: null, readAtMs: Number.NEGATIVE_INFINITY, tookMs: 0 };
}
