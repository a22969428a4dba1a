/** How a path stands on the file system, as the identity of this process sees it. Opens nothing but what `files` reads. */
import { accessSync, constants, lstatSync, readlinkSync, type Stats, statfsSync } from "node:fs";
import type { Room, Standing, Step, TextMarks } from "../facts/index.ts";
import type { AccountFiles } from "./account-files.ts";
import { codeOf } from "./identity.ts";

/** As the kernel has it (path_resolution(7)). */
const mostLinks = 40;
/** A path has at most 4096 bytes; with links it could go on. */
const mostSteps = 256;

export function standingOf(path: string, files: AccountFiles): Standing {
  const { steps, end } = walk(path);
  const last = steps.at(-1);
  const isThere = end === "there" && last !== undefined;
  const is = isThere ? (last.is === "link" ? "other" : last.is) : end === "there" ? "unreadable" : end;
  return {
    path,
    is,
    real: isThere ? last.path : null,
    steps: steps.filter((step, at) => steps.findIndex((other) => other.path === step.path) === at),
    text: is === "file" ? marksOf(files.look(path)) : null,
    room: is === "folder" ? roomOf(path) : null,
  };
}

interface Walked {
  readonly steps: readonly Step[];
  readonly end: "there" | "absent" | "unreadable";
}

function walk(path: string): Walked {
  const steps: Step[] = [stepOf("/", lstatSync("/"))];
  const waiting = path.split("/");
  let here = "/";
  let links = 0;
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      here = folderOf(here);
      continue;
    }
    const next = here === "/" ? `/${name}` : `${here}/${name}`;
    const looked = lookAt(next);
    if (typeof looked === "string") return { steps, end: looked };
    if (steps.length >= mostSteps) return { steps, end: "unreadable" };
    steps.push(looked.step);
    if (looked.target === null) {
      here = next;
      continue;
    }
    if (++links > mostLinks) return { steps, end: "unreadable" };
    if (looked.target.startsWith("/")) here = "/";
    waiting.unshift(...looked.target.split("/"));
  }
  // What a link or `..` led to was seen before: it stands last, for it is the end.
  return { steps: [...steps, stepOf(here, lstatSync(here))], end: "there" };
}

function lookAt(path: string): { readonly step: Step; readonly target: string | null } | "absent" | "unreadable" {
  try {
    const stats = lstatSync(path);
    return { step: stepOf(path, stats), target: stats.isSymbolicLink() ? readlinkSync(path) : null };
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(codeOf(error)) ? "absent" : "unreadable";
  }
}

function stepOf(path: string, stats: Stats): Step {
  const kinds = [
    [stats.isFile(), "file"],
    [stats.isDirectory(), "folder"],
    [stats.isSymbolicLink(), "link"],
  ] as const;
  const is = kinds.find(([itIs]) => itIs)?.[1] ?? "other";
  return { path, is, uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

const byteOrderMark = "\ufeff";

/** Null for what could not be read as a text. */
function marksOf(look: ReturnType<AccountFiles["look"]>): TextMarks | null {
  if (look.state !== "text") return null;
  const lines = look.text.split("\n");
  const ended = lines.slice(0, -1).flatMap((line, at) => (line.endsWith("\r") ? [at + 1] : []));
  const [line] = ended;
  return {
    crLf: line === undefined ? null : { line, count: ended.length },
    byteOrderMark: look.text.startsWith(byteOrderMark),
    nul: look.odd !== undefined,
  };
}

function roomOf(path: string): Room | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    return { readOnly: isReadOnly(path), freeBytes: bavail * bsize, freeInodes: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}

/** The kernel says it of who may not write there, too. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return codeOf(error) === "EROFS";
  }
}
