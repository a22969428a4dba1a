/** `check --watch`: measures again whenever something changed that decides, and says what is otherwise since. */
import { resolve } from "node:path";
import { drift, type FindingState, type KeptFinding } from "../drift/index.ts";
import type { Account } from "../facts/index.ts";
import { namePaths, pathsOfAccount, programPaths, systemPaths } from "../runs/watched-paths.ts";
import { checkOnce, type Once, type Wish } from "./check-once.ts";
import type { Parts } from "./parts.ts";
import type { ExitCode, Surroundings } from "./verb.ts";

export type Round = Extract<Once, { readonly kind: "checked" }>;

/** What is otherwise since the last round. */
export interface Update {
  /** Paths that changed; empty where all was only looked at once more. */
  readonly changed: readonly string[];
  readonly opened: readonly KeptFinding[];
  readonly altered: readonly KeptFinding[];
  readonly resolved: readonly KeptFinding[];
  readonly round: Round;
}

/** How a round is told. */
export interface Teller {
  first(update: Update): void;
  /** Called for a round in which nothing is otherwise only where a path changed. */
  update(update: Update): void;
}

/** Measures until it is interrupted; the exit code is the last round's. */
export async function watchCheck(
  wish: Wish,
  teller: Teller,
  { voice, parts, version }: Pick<Surroundings, "voice" | "parts" | "version">,
): Promise<ExitCode> {
  const stopped = parts.interrupted();
  const changes = new Changes();
  await using files = parts.watchFiles((paths) => changes.add(paths));
  const covered = new Coverage(files, parts, wish);
  const kept = new Kept(version);
  let code: ExitCode | null = null;
  while (voice.isHeard()) {
    const changed = changes.take();
    const once = await orStopped(round(), stopped);
    if (once === null) break;
    // Whoever repairs a document sees at once what is wrong with it; but there must be something to watch.
    if (once.kind === "refused") voice.remark(...once.remarks);
    if (once.kind === "refused" && code === null) return 2;
    if (once.kind === "checked") await told(once, changed, code === null);
    code = once.kind === "refused" ? 2 : once.outcome.code;
    if ((await orStopped(changes.come(), stopped)) === null) break;
  }
  return code ?? 3;

  function round(): Promise<Once> {
    const progress = voice.progress("looking");
    const telling = {
      progress: (text: string) => progress.say(text),
      chosen: (accounts: readonly Account[]) => covered.begin(accounts),
    };
    return checkOnce(wish, parts, version, telling).finally(() => progress.end());
  }

  async function told(once: Round, changed: readonly string[], isFirst: boolean): Promise<void> {
    const update = { ...kept.put(once, parts.now().getTime()), changed, round: once };
    const isOtherwise = update.opened.length + update.altered.length + update.resolved.length > 0;
    if (isFirst) teller.first(update);
    else if (isOtherwise || changed.length > 0) teller.update(update);
    const hasMore = await covered.also(once);
    if (!isFirst) return;
    voice.remark(...once.notes, `watching ${covered.count} paths; Ctrl-C ends it`);
    // Files that others include were not watched while they were read: all is looked at once more.
    if (hasMore) changes.add([]);
  }
}

/** What was found before, by account. A gap resolves nothing: drift/ decides. */
class Kept {
  readonly #states = new Map<string, readonly FindingState[]>();
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  put({ checked }: Round, nowMs: number): Pick<Update, "opened" | "altered" | "resolved"> {
    const { verdicts, missing } = checked;
    const unseen = new Set(missing.map(({ account }) => account));
    const accounts = new Set([...verdicts.map(({ account }) => account), ...this.#states.keys()]);
    const inputs = { program: this.#version, documents: "", rules: {} };
    const news = [...accounts]
      .filter((account) => !unseen.has(account))
      .map((account) => {
        const prior = this.#states.get(account) ?? [];
        const own = verdicts.filter((verdict) => verdict.account === account);
        const known = { prior, last: inputs, inputs, turns: () => [], hint: () => null };
        const { put, remove } = drift({ nowMs, via: "watch", account, verdicts: own, ...known });
        const isReplaced = isAmong([...remove, ...put.map(({ finding }) => finding.fingerprint)]);
        this.#states.set(account, [...prior.filter((state) => !isReplaced(state)), ...put]);
        const isKnown = isAmong(prior.map(({ finding }) => finding.fingerprint));
        return {
          opened: put.filter((state) => !isKnown(state)),
          altered: put.filter(isKnown),
          resolved: prior.filter(isAmong(remove)),
        };
      });
    const all = (part: "opened" | "altered" | "resolved") =>
      news.flatMap((each) => each[part].map(({ finding }) => finding));
    return { opened: all("opened"), altered: all("altered"), resolved: all("resolved") };
  }
}

function isAmong(fingerprints: readonly string[]): (state: FindingState) => boolean {
  const among = new Set(fingerprints);
  return ({ finding }) => among.has(finding.fingerprint);
}

/** Null where it was interrupted first. */
function orStopped<T>(work: Promise<T>, stopped: Promise<void>): Promise<T | null> {
  return Promise.race([work, stopped.then(() => null)]);
}

/** Paths that changed and were not asked about yet. An empty list wakes, too. */
class Changes {
  readonly #paths = new Set<string>();
  #isWoken = false;
  #wake: (() => void) | null = null;

  add(paths: readonly string[]): void {
    for (const path of paths) this.#paths.add(path);
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Resolves at the next change, or at once where there was one. */
  come(): Promise<true> {
    if (this.#isWoken) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#wake = () => resolve(true);
    });
  }

  take(): readonly string[] {
    const paths = [...this.#paths];
    this.#paths.clear();
    this.#isWoken = false;
    this.#wake = null;
    return paths;
  }
}

/** Which paths are watched: those of the accounts before they are measured, and afterwards what they came to. */
class Coverage {
  readonly #files: ReturnType<Parts["watchFiles"]>;
  readonly #documents: readonly string[];
  #base: readonly string[] = [];
  #reached: readonly string[] = [];
  #covered: ReadonlySet<string> = new Set();

  constructor(files: ReturnType<Parts["watchFiles"]>, { hostFolder }: Parts, { policyPaths }: Wish) {
    this.#files = files;
    const installed = [hostFolder, `${hostFolder}/policies`];
    this.#documents = policyPaths.length > 0 ? policyPaths.map((path) => resolve(path)) : installed;
  }

  get count(): number {
    return this.#covered.size;
  }

  async begin(accounts: readonly Account[]): Promise<void> {
    const own = accounts.flatMap((account) => pathsOfAccount(account, []));
    this.#base = [...systemPaths(), ...namePaths, ...own, ...this.#documents];
    await this.#cover(accounts);
  }

  /** True where there is any that was not watched before. */
  async also({ checked, outcome }: Round): Promise<boolean> {
    const before = this.#covered;
    const modes = checked.measured.flatMap((each) => each.modes);
    this.#reached = [
      ...modes.flatMap(({ startupFiles }) => startupFiles.map(({ path }) => path)),
      ...programPaths(modes),
      ...outcome.report.applied.map(({ file }) => file),
    ];
    await this.#cover(checked.measured.map(({ account }) => account));
    return [...this.#covered].some((path) => !before.has(path));
  }

  async #cover(accounts: readonly Account[]): Promise<void> {
    const paths = [...this.#base, ...this.#reached];
    this.#covered = new Set(paths.filter((path) => path.startsWith("/") && !path.includes("\0")));
    await this.#files.cover([...this.#covered], accounts);
  }
}
