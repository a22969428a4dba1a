/** Puts reader, collector and probe together: one account in one mode, measured on this host. */
import { sessionGround } from "../collectors/session-ground.ts";
import { type Account, type ModeFacts, type ModeId, modeIds, modeOf } from "../facts/index.ts";
import { ourselves } from "../host/kernel.ts";
import { realPath } from "../host/real-path.ts";
import { measure, type Sources } from "../probe/measure.ts";
import { type Begun, beginReading, readStartup } from "../probe/reader.ts";
import { personalityOf, type Shell } from "../shells/index.ts";
import type { Reading } from "../startup/index.ts";
import { areWhole, type KnownPaths, pathsOfAccount } from "./watched-paths.ts";
import type { MeasureRequest } from "./world.ts";

/** `readings` of this account, begun before; what is not in them is read by a reader of its own. */
export async function measureHere(
  request: MeasureRequest,
  isRoot: boolean,
  readings?: AccountReadings,
): Promise<ModeFacts> {
  const sources: Sources = {
    isRoot,
    read: async (account, shell, mode, env) => {
      const isOfItsOwn = account.shell !== request.account.shell || Object.keys(env).length > 0;
      const begun = isOfItsOwn ? null : await readings?.take(mode);
      return begun ?? readStartup({ account, shell, mode, env, replaced: request.replaced ?? [] });
    },
    ground: (account, mode, files) =>
      sessionGround({ account, mode, environmentFiles: belowHome(files, account.home) }),
  };
  const reached = { ...request, account: asStarted(asReached(request.account, isRoot), request.mode) };
  const measuring = measure(reached, sources);
  if ((request.asks ?? []).length === 0) return measuring;
  const { withHostFacts } = await import("./host-facts.ts");
  return withHostFacts(measuring, reached);
}

/** Without root nobody can take groups on: a probe has those of this process, whatever the name service says by now. */
function asReached(account: Account, isRoot: boolean): Account {
  return isRoot ? account : { ...account, groups: ourselves().groups };
}

/** With the shell that is started in this mode: cron takes /bin/sh, whatever the account's own is. */
function asStarted(account: Account, mode: ModeId): Account {
  return modeOf(mode).by === "cron" ? { ...account, shell: "/bin/sh" } : account;
}

/** What one reader found of an account's startup files in every mode, for everything that one run needs it for. */
export interface AccountReadings {
  /**
   * Of this mode, the first time that it is asked for; null later, for then something changed since. A measurement holds
   * the identities in it against those at its end, so that it may have been read some time before.
   */
  take(mode: ModeId): Promise<Reading | null>;
  /** Paths that its shell reads or asks about. */
  readonly paths: Promise<KnownPaths>;
  /** What was read or looked for in this mode; nothing before `paths` are known. */
  startupFiles(mode: ModeId): readonly string[];
}

/** Begins at once; never rejects. The modes `first` are read before the others, which give way to everything else then. */
export function readingsOf(account: Account, isRoot: boolean, first: readonly ModeId[]): AccountReadings {
  const begun = begin(asReached(account, isRoot), first);
  const taken = new Set<ModeId>();
  let ended: Begun | null = null;
  return {
    async take(mode) {
      if (taken.has(mode)) return null;
      taken.add(mode);
      return (await begun)?.of(mode) ?? null;
    },
    startupFiles: (mode) => ended?.readings.get(mode)?.identities.map(({ path }) => path) ?? [],
    paths: begun.then(async (reader) => {
      await reader?.ended;
      ended = reader;
      const readings = [...(reader?.readings.values() ?? [])];
      const isWhole = reader === null || (readings.length === modeIds.length && areWhole(readings));
      return { paths: pathsOfAccount(account, readings), isWhole };
    }),
  };
}

async function begin(account: Account, first: readonly ModeId[]): Promise<Begun | null> {
  const shell = await shellOf(account);
  const modes = [...first, ...modeIds.filter((mode) => !first.includes(mode))];
  const urgent = first.length > 0 ? first.length : modes.length;
  return shell === null ? null : beginReading({ account, shell, modes, urgent, env: {} });
}

async function shellOf({ shell }: Account): Promise<Shell | null> {
  return personalityOf({ path: shell, resolved: (await realPath(shell)) ?? shell });
}

/** By reading alone: how many startup files the account's shell comes to by `ssh host CMD`. */
export async function startupFilesOf(account: Account): Promise<number | null> {
  const shell = await shellOf(account);
  if (shell === null) return null;
  const { files, doubts } = await readStartup({ account, shell, mode: "ssh-command", env: {} });
  if (files.length === 0 && doubts.length > 0) return null;
  return files.filter(({ state }) => state === "read").length;
}

/** By their path relative to the home. */
function belowHome(files: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const prefix = home === "/" ? home : `${home}/`;
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(prefix.length), text]));
}
