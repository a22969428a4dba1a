/** What the reader is asked, and what is made of its answers: they are claims. */
import type { Account, ModeId, Replacement } from "../facts/index.ts";
import { isStuck } from "../host/bare-child.ts";
import { hostMounts, type Mount, mayNotAnswer, mountOf } from "../host/mounts.ts";
import type { Shell } from "../shells/index.ts";
import type { Reading, SameMount } from "../startup/index.ts";
import { type Sending, sendReader } from "./reader-child.ts";
import { identityAnswer, linesAnswer, startupAnswer } from "./reading-answer.ts";

export interface ToRead extends Sending {
  readonly shell: Shell;
  readonly mode: ModeId;
  readonly env: Readonly<Record<string, string>>;
  readonly replaced?: readonly Replacement[];
}

export interface ToReadModes extends Sending {
  readonly shell: Shell;
  readonly modes: readonly ModeId[];
  /** Somebody waits for so many of them; the others may take their time. All, if not said. */
  readonly urgent?: number;
  readonly env: Readonly<Record<string, string>>;
  readonly replaced?: readonly Replacement[];
}

const mostBytes = 8 * 1_048_576;
/** Links to mounts that do not answer, which may be waited for at once. */
const linksAtOnce = 16;
/** Of one identity, with its place. */
const mostIdentity = 2_048;

/** Never rejects: what could not be read is a doubt in an empty Reading. */
export async function readStartup({ mode, ...wanted }: ToRead): Promise<Reading> {
  const readings = await readStartupModes({ ...wanted, modes: [mode] });
  return readings.get(mode) ?? nothing("it was not answered");
}

/** Several modes by one reader. Each of `modes` has a Reading; never rejects. */
export async function readStartupModes(wanted: ToReadModes): Promise<ReadonlyMap<ModeId, Reading>> {
  const { ended, readings } = beginReading(wanted);
  const why = (await ended) ?? "it was not answered";
  return new Map(wanted.modes.map((mode) => [mode, readings.get(mode) ?? nothing(why)]));
}

/** A reader at work. Neither promise rejects. */
export interface Begun {
  /** Of this mode, as soon as it is known; null where there was no answer about it. */
  of(mode: ModeId): Promise<Reading | null>;
  /** Null where everything was answered, else why not. */
  readonly ended: Promise<string | null>;
  /** What was answered so far. */
  readonly readings: ReadonlyMap<ModeId, Reading>;
}

/** As `readStartupModes`, for who wants the first mode before the last one was read. */
export function beginReading(wanted: ToReadModes): Begun {
  const { shell, modes, account, env, urgent = modes.length, replaced = [] } = wanted;
  const contents = replaced.map(({ real, content }) => [real, Buffer.from(content).toString("base64")]);
  const readings = new Map<ModeId, Reading>();
  const waiting = new Map(modes.map((mode) => [mode, Promise.withResolvers<Reading | null>()]));
  const { name, syntax, reads } = shell;
  const { home, uid } = account;
  const take = (line: Buffer) => {
    const answer = startupAnswer(line);
    if (typeof answer === "string") return answer;
    if (!modes.includes(answer.mode)) return "the reader's answer is about another mode";
    readings.set(answer.mode, answer.reading);
    waiting.get(answer.mode)?.resolve(answer.reading);
    return readings.size === modes.length ? "enough" : "more";
  };
  const ended = sendReader(wanted, {
    request: {
      kind: "startup",
      shell: { name, syntax, reads },
      modes,
      urgent,
      account: { home, uid },
      env,
      replaced: Object.fromEntries(contents),
    },
    mostBytes: mostBytes * modes.length,
    threads: 1,
    holds: () => [`uid ${uid}`, ...silentPlace(home, hostMounts())],
    take,
  });
  void ended.then(() => {
    for (const { resolve } of waiting.values()) resolve(null);
  });
  return { of: async (mode) => waiting.get(mode)?.promise ?? null, ended, readings };
}

/**
 * What identityOf says of each path, as the account sees it; for paths on mounts that may not answer, for it is the child
 * that waits. What did not come within the deadline is `no-answer`, and so is, at once, what an earlier child still waits
 * for. Never rejects; each path has an identity.
 */
export async function identitiesAs(
  account: Account,
  paths: readonly string[],
  more: Omit<Sending, "account"> = {},
): Promise<ReadonlyMap<string, string>> {
  const identities = new Map<string, string>(paths.map((path) => [path, "no-answer"]));
  const mounts = hostMounts();
  const open = [...identities.keys()].filter((path) => !isStuck(placeOf(path, mounts)));
  if (open.length === 0) return identities;
  const byMount = byMountOf(open, mounts);
  const waiting = new Set(open.keys());
  const take = (line: Buffer) => {
    const answer = identityAnswer(line);
    if (typeof answer === "string") return answer;
    const path = open[answer[0]];
    if (path === undefined || !waiting.delete(answer[0])) return "the reader's answer is about another path";
    identities.set(path, answer[1]);
    return waiting.size === 0 ? "enough" : "more";
  };
  const holds = () => [...new Set([...waiting].flatMap((at) => placeOf(open[at] ?? "", mounts)))];
  await sendReader(
    { ...more, account },
    {
      request: { kind: "identities", paths: open, byMount },
      mostBytes: mostIdentity * open.length,
      threads: byMount.length + linksAtOnce,
      holds,
      take,
    },
  );
  return identities;
}

export interface WantedLines {
  readonly path: string;
  /** Of the file in which they are wanted, `sha256:HEX`. */
  readonly digest: string;
  /** From 1. */
  readonly numbers: readonly number[];
}

/** Characters of a line; what is cut off is cut before secrets are taken away, so that it is more than is shown. */
const longestLine = 4_096;
const mostLineBytes = 131_072;

/**
 * Lines of a file as the account reads them, by number; null where it could not be read, or is another one by now. Never
 * rejects.
 */
export async function linesAs(
  account: Account,
  { path, digest, numbers }: WantedLines,
  more: Omit<Sending, "account"> = {},
): Promise<ReadonlyMap<number, string> | null> {
  let answer: ReturnType<typeof linesAnswer> = null;
  const why = await sendReader(
    { ...more, account },
    {
      request: { kind: "lines", path, numbers, longest: longestLine },
      mostBytes: mostLineBytes,
      threads: 1,
      holds: () => [`uid ${account.uid}`, ...placeOf(path, hostMounts())],
      take(line) {
        answer = linesAnswer(line);
        return typeof answer === "string" ? answer : "enough";
      },
    },
  );
  return linesOf(why === null ? answer : null, digest);
}

function linesOf(answer: ReturnType<typeof linesAnswer>, digest: string): ReadonlyMap<number, string> | null {
  if (answer === null || typeof answer === "string" || answer.digest !== digest) return null;
  return new Map(answer.lines);
}

function byMountOf(paths: readonly string[], mounts: readonly Mount[]): SameMount[] {
  const byMount = new Map<Mount | null, number[]>();
  for (const [at, path] of paths.entries()) {
    const mount = mountOf(path, mounts);
    const places = byMount.get(mount);
    if (places === undefined) byMount.set(mount, [at]);
    else places.push(at);
  }
  return [...byMount].map(([mount, places]) => ({ places, mayNotAnswer: mount !== null && mayNotAnswer(mount) }));
}

/** What a look at the path may hold up: its mount, where that may not answer; else nothing but this path. */
function placeOf(path: string, mounts: readonly Mount[]): string[] {
  const [mount] = silentPlace(path, mounts);
  return [mount ?? `path ${path}`];
}

function silentPlace(path: string, mounts: readonly Mount[]): string[] {
  const mount = mountOf(path, mounts);
  return mount !== null && mayNotAnswer(mount) ? [`mount ${mount.id}`] : [];
}

function nothing(why: string): Reading {
  const doubts = [{ code: "unreadable", message: `the startup files could not be read: ${why}` }] as const;
  return {
    files: [],
    identities: [],
    dependsOn: [],
    statements: [],
    guards: [],
    lines: {},
    environmentFiles: {},
    doubts,
  };
}
