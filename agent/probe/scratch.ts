/**
 * The scratch folder of one run: four things that commands may be tried on, what they held, and what became of them,
 * seen from outside through a descriptor that was opened before the shell went.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { Afterwards, ScratchPaths, State } from "../documents/sends.ts";
import type { PlacedFile } from "./session.ts";

const names = { "{file}": "file.1", "{existing}": "existing.1", "{folder}": "folder.1", "{new}": "new.1" } as const;
type Thing = "file" | "existing" | "folder" | "new";

export const contentOfFile = "what the scratch file holds\n";
const contentOfExisting = "what the second scratch file holds\n";
const contentOfFolder = { one: "first\n", two: "second\n" } as const;
const mark = "mark";
const secondMark = "mark.2";

/** What stands at a name: enough to tell every `State` apart. */
type Seen =
  | { readonly kind: "nothing" }
  | { readonly kind: "file"; readonly content: string; readonly mode: number; readonly inode: bigint }
  | { readonly kind: "folder"; readonly entries: Readonly<Record<string, string>>; readonly mode: number }
  | { readonly kind: "link"; readonly to: string }
  | { readonly kind: "other" };

export interface Scratch {
  readonly places: readonly PlacedFile[];
  readonly paths: ScratchPaths;
  /** The FIFO for answers, and the file whose appearance shows that commands run. */
  readonly answer: string;
  readonly mark: string;
  /** Another such file, for a second command that is typed. */
  readonly secondMark: string;
  /** A file of root's, for text that is too long to be typed. */
  readonly text: string;
  /** Takes the scratch folder's path out of what a program said, for people: `'existing.1'`. */
  plain(text: string): string;
  ready(root: string): void;
  done(): void;
  /** Lets go of what `ready` opened, where `done` never came. */
  close(): void;
  /** After `done`: whether the mark is there, and what is missing of what should be true ("" if nothing is). */
  isMarked(): boolean;
  isSecondMarked(): boolean;
  /** The same between `ready` and `done`. */
  isMarkedNow(): boolean;
  missingNow(expected: Afterwards, mode: number | null): string;
  missing(expected: Afterwards, mode: number | null): string;
  namesInFolder: readonly string[];
}

/** `name` is a word that nobody can foresee, so that no account can stand in its way; it becomes a folder in /tmp. */
export function scratchFolder(name: string, what: "empty" | "things"): Scratch {
  const base = `/tmp/${name}`;
  const inner = `${base}/c`;
  const path = (placeholder: keyof typeof names) => `${inner}/${names[placeholder]}`;
  const paths = {
    "{file}": path("{file}"),
    "{existing}": path("{existing}"),
    "{folder}": path("{folder}"),
    "{new}": path("{new}"),
  };
  const answer = `${base}/answer`;
  const things: PlacedFile[] = [
    { type: "f", mode: 0o644, path: paths["{file}"], content: contentOfFile },
    { type: "f", mode: 0o644, path: paths["{existing}"], content: contentOfExisting },
    { type: "d", mode: 0o755, path: paths["{folder}"] },
    ...Object.entries(contentOfFolder).map(
      ([entry, content]): PlacedFile => ({ type: "f", mode: 0o644, path: `${paths["{folder}"]}/${entry}`, content }),
    ),
  ];
  let folder = -1;
  let before: Readonly<Record<Thing, Seen>> | null = null;
  let after: Readonly<Record<Thing, Seen>> | null = null;
  let marked = false;
  let secondMarked = false;
  const isThere = (name: string) => look(folder, name).kind === "file";
  const lookAll = (): Readonly<Record<Thing, Seen>> => ({
    file: look(folder, names["{file}"]),
    existing: look(folder, names["{existing}"]),
    folder: look(folder, names["{folder}"]),
    new: look(folder, names["{new}"]),
  });
  const missingIn = (now: typeof after, expected: Afterwards, mode: number | null) => {
    if (before === null || now === null) return "its effect could not be seen";
    for (const thing of ["file", "existing", "folder", "new"] as const) {
      const clause = wrong(expected[thing], thing, { before, after: now, paths, mode });
      if (clause !== "") return clause;
    }
    return "";
  };
  const close = () => {
    if (folder >= 0) closeSync(folder);
    folder = -1;
  };
  return {
    places: [
      { type: "D", mode: 0o711, path: base },
      { type: "d", mode: 0o755, path: inner },
      { type: "p", mode: 0o600, path: answer },
      ...(what === "things" ? things : []),
    ],
    paths,
    answer,
    mark: `${inner}/${mark}`,
    secondMark: `${inner}/${secondMark}`,
    text: `${base}/text`,
    namesInFolder: Object.keys(contentOfFolder),
    plain: (text) => text.replaceAll(`${inner}/`, "").replaceAll(inner, "the scratch folder"),
    ready(root) {
      folder = openSync(`${root}${inner}`, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      before = lookAll();
    },
    done() {
      if (folder < 0) return;
      after = lookAll();
      marked = isThere(mark);
      secondMarked = isThere(secondMark);
      close();
    },
    close,
    isMarked: () => marked,
    isSecondMarked: () => secondMarked,
    isMarkedNow: () => folder >= 0 && isThere(mark),
    missing: (expected, mode) => missingIn(after, expected, mode),
    missingNow: (expected, mode) => missingIn(folder < 0 ? null : lookAll(), expected, mode),
  };
}

interface Looks {
  readonly before: Readonly<Record<Thing, Seen>>;
  readonly after: Readonly<Record<Thing, Seen>>;
  readonly paths: ScratchPaths;
  readonly mode: number | null;
}

/** What is wrong with one thing, as a clause; "" if it is as expected. */
function wrong(expected: State, thing: Thing, { before, after, paths, mode }: Looks): string {
  const was = before[thing];
  const is = after[thing];
  const name = names[`{${thing}}`];
  const holds = (content: string) => is.kind === "file" && is.content === content;
  const linksTo = (path: string) => is.kind === "link" && is.to === path;
  const table: Readonly<Record<State, readonly [boolean, string]>> = {
    stays: [same(was, is), `${name} is not what it was`],
    gone: [is.kind === "nothing", `${name} is still there`],
    absent: [is.kind === "nothing", `${name} came to be`],
    "content-of-file": [
      holds(contentOfFile),
      is.kind === "nothing" ? `${name} is not there` : `${name} does not hold the new content`,
    ],
    "content-of-folder": [
      is.kind === "folder" && sameEntries(is.entries, contentOfFolder),
      `${name} does not hold the folder's files`,
    ],
    "file-inside": [
      is.kind === "folder" && sameEntries(is.entries, { ...contentOfFolder, [names["{file}"]]: contentOfFile }),
      `${name} does not hold the file`,
    ],
    folder: [is.kind === "folder" && Object.keys(is.entries).length === 0, `${name} is no new folder`],
    "empty-file": [holds(""), `${name} is no empty file`],
    "link-to-file": [linksTo(paths["{file}"]), `${name} is no link to the file`],
    "link-to-folder": [linksTo(paths["{folder}"]), `${name} is no link to the folder`],
    "same-file": [
      is.kind === "file" && after.file.kind === "file" && is.inode === after.file.inode,
      `${name} is not the same file`,
    ],
    "mode-as-sent": [
      (is.kind === "file" || is.kind === "folder") && is.mode === mode,
      `the permissions of ${name} are not as sent`,
    ],
  };
  const [holdsTrue, clause] = table[expected];
  return holdsTrue ? "" : clause;
}

function same(was: Seen, is: Seen): boolean {
  if (was.kind === "file" && is.kind === "file") return was.content === is.content && was.mode === is.mode;
  if (was.kind === "folder" && is.kind === "folder")
    return was.mode === is.mode && sameEntries(was.entries, is.entries);
  return was.kind === is.kind && was.kind === "nothing";
}

function sameEntries(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

/** What stands at a bare name below a held descriptor. Follows no link, opens nothing that could block, reads little. */
function look(folder: number, name: string): Seen {
  const at = `/proc/self/fd/${folder}/${name}`;
  try {
    const stat = lstatSync(at, { bigint: true });
    const mode = Number(stat.mode) & 0o7777;
    if (stat.isSymbolicLink()) return { kind: "link", to: readlinkSync(at) };
    if (stat.isFile()) return { kind: "file", content: contentAt(at), mode, inode: stat.ino };
    if (stat.isDirectory()) return { kind: "folder", entries: entriesAt(at), mode };
    return { kind: "other" };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { kind: "nothing" };
    return { kind: "other" };
  }
}

function contentAt(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const some = Buffer.alloc(4096);
    return some.toString("latin1", 0, readSync(fd, some));
  } finally {
    closeSync(fd);
  }
}

function entriesAt(path: string): Record<string, string> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const entries: Record<string, string> = {};
    for (const entry of readdirSync(`/proc/self/fd/${fd}`).slice(0, 16)) {
      const at = `/proc/self/fd/${fd}/${entry}`;
      entries[entry] = lstatSync(at).isFile() ? contentAt(at) : "";
    }
    return entries;
  } finally {
    closeSync(fd);
  }
}
