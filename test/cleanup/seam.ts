/**
 * The sweeper's own text run here, with something put between any two of its calls. It runs as the account, what is put
 * between as root, who reaches every name: also the ones in quarantine, which no other account does.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { AskedGroup, SweepRequest } from "../../agent/cleanup/asked.ts";
import { type Calls, realCalls } from "../../agent/cleanup/calls.ts";
import type { Candidate } from "../../agent/cleanup/plan.ts";
import type { Said } from "../../agent/cleanup/said.ts";
import { type Heard, heardOf } from "../../agent/cleanup/said-door.ts";
import { sweep } from "../../agent/cleanup/sweeping.ts";
import type { TestAccount } from "../support/accounts.ts";
import { difference, HeldFile } from "./judged.ts";
import { makeTree, type Tree } from "./looking.ts";

export type CallName = keyof Calls;
export type Errno = keyof typeof constants.errno;

/** What comes before a call, as the account; a word in place of the call's own answer makes it fail so. */
export type Between = (at: number, name: CallName) => Errno | undefined;

/** Neither asks the file system nor changes it. */
const quiet: ReadonlySet<CallName> = new Set<CallName>(["nowMs", "pause", "close", "beIdle"]);

/** The real calls, each with what comes before it; `trace` gets their names. Only the disk is not waited for. */
export function calling(between: Between, trace: CallName[]): Calls {
  const real: Calls = { ...realCalls(), syncFolder: () => 0 };
  const wrapped: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(real)) {
    if (!isCall(name, real) || quiet.has(name)) continue;
    wrapped[name] = (...words: readonly unknown[]) => {
      const failed = between(trace.length, name);
      trace.push(name);
      if (failed === undefined) return Reflect.apply(call, null, words);
      if (name === "pathOf") return null;
      if (name === "read") throw Object.assign(new Error(failed), { code: failed });
      return -constants.errno[failed];
    };
  }
  return { ...real, ...wrapped };
}

function isCall(name: string, calls: Calls): name is CallName {
  return name in calls;
}

/** One file to go, with what lies around it. */
export class World implements Disposable {
  readonly tree: Tree;
  readonly away: Tree;
  readonly planned: HeldFile;
  readonly precious: readonly HeldFile[];
  readonly outside: readonly HeldFile[];
  readonly account: TestAccount;

  constructor(account: TestAccount) {
    this.account = account;
    this.tree = makeTree(account);
    this.away = makeTree(account);
    const alike = (tree: Tree, path: string, text: string) => {
      const made = tree.file(path, text);
      utimesSync(made, 1_700_000_000, 1_700_000_000);
      return made;
    };
    const f = alike(this.tree, "d/f", "planned.");
    const inside = [alike(this.tree, "d/g", "precious"), alike(this.tree, "other/f", "precious")];
    const others = [alike(this.away, "d/f", "precious"), alike(this.away, "d/g", "precious"), this.away.folder("trap")];
    symlinkSync(join(this.away.root, "d"), join(this.tree.root, "link"));
    for (const folder of [this.tree.root, join(this.tree.root, "d"), this.away.root, join(this.away.root, "d")])
      chmodSync(folder, 0o777);
    mkdirSync(join(this.tree.above, "spare"), 0o777);
    this.planned = new HeldFile(f);
    this.precious = inside.map((path) => new HeldFile(path));
    this.outside = others.map((path) => new HeldFile(path));
  }

  path(name: string): string {
    return join(this.tree.root, name);
  }

  /** Where the planned file is now; "" where it is gone. */
  get place(): string {
    const { isGone, place } = this.planned.now();
    return isGone ? "" : place;
  }

  [Symbol.dispose](): void {
    for (const held of [this.planned, ...this.precious, ...this.outside]) held[Symbol.dispose]();
    // It may have been moved.
    for (const { above } of [this.tree, this.away]) rmSync(above, { recursive: true, force: true });
  }
}

export interface Trial {
  readonly trace: readonly CallName[];
  /** How many calls were made when the look was over. */
  readonly lookedAt: number;
  /** `OUTCOME CODE DETAIL` of the planned file, or why there is none. */
  readonly said: string;
  /** What must not be; a sentence each. */
  readonly wrong: readonly string[];
}

let intents = 0;

export interface Judging {
  /** The attack itself brings what lies outside below the root, or takes what is planned out. */
  readonly moves?: boolean;
  /** It leaves the planned file another name. */
  readonly names?: boolean;
  /** It leaves the file open, in this process. */
  readonly opens?: boolean;
  /** With its digest. */
  readonly digest?: string;
}

/** Plans and removes the one file, with this between the calls. */
export function tryWith(world: World, between: Between, judging: Judging = {}): Trial {
  const trace: CallName[] = [];
  const calls = calling(between, trace);
  const before = descriptors();
  const answers: Said[] = [];
  let lookedAt = 0;
  let asked: AskedGroup | null = null;
  const seen: Candidate[] = [];
  const hear = (said: Said) => {
    const heard = heardOf(Buffer.from(JSON.stringify(said)), 2);
    if (heard.kind === "odd") throw new Error(`${heard.message}: ${JSON.stringify(said)}`);
    answers.push(said);
    if (heard.kind === "seen") seen.push(...candidatesOf(heard, world, judging));
    if (heard.kind === "looked") {
      lookedAt = trace.length;
      intents += 1;
      if (seen.length > 0 && heard.unseen === "") asked = { intent: intents, files: seen };
    }
  };
  const next = () => {
    const line = asked === null ? null : JSON.stringify(asked);
    asked = null;
    return line;
  };
  asAccount(world.account, () => sweep(requestOf(world), { say: hear, hear: next }, calls));
  const said = saidOf(answers);
  const wrong = wrongWith(world, said, judging);
  if (descriptors() !== before + (judging.opens === true ? 1 : 0))
    wrong.push(`${descriptors() - before} descriptors stayed open`);
  return { trace, lookedAt, said, wrong };
}

function candidatesOf(heard: Heard & { readonly kind: "seen" }, { planned }: World, { digest }: Judging): Candidate[] {
  return heard.batch
    .filter(({ guard, identity: { dev, ino } }) => guard === null && `${dev}:${ino}` === planned.key)
    .map(({ path, identity }) => ({
      path,
      identity,
      content: digest === undefined ? { kind: "as-seen" } : { kind: "digest", anyOf: [digest] },
    }));
}

function requestOf({ tree, account }: World): SweepRequest {
  const pace = { filesPerSecond: 1_000_000, readBytesPerSecond: 2 ** 40 };
  const { uid, home } = account;
  return { kind: "sweep", root: tree.root, depth: 2, match: ["*"], uid, home, prepare: true, pace };
}

function saidOf(answers: readonly Said[]): string {
  for (const said of answers) {
    if ("refused" in said) return `refused ${said.refused}`;
    if (!("outcomes" in said)) continue;
    const words = said.outcomes.map((one) =>
      typeof one === "number" ? "removed" : one.slice(1, 4).filter(Boolean).join(" "),
    );
    // It may have had two names while it was looked for: then it is planned at both, and is at one of them.
    return words.find((word) => !word.startsWith("kept")) ?? words[0] ?? "nothing";
  }
  return "not planned";
}

function wrongWith({ planned, precious, outside, tree }: World, said: string, { moves, names }: Judging): string[] {
  const wrong: string[] = [];
  for (const held of outside) {
    const changed = difference(held, moves ? ["ctimeNs", "mtimeNs"] : []);
    if (changed !== "") wrong.push(`${held.place}, outside: ${changed}`);
  }
  for (const held of precious) {
    const changed = difference(held, ["ctimeNs"]);
    if (changed !== "") wrong.push(`${held.place}, not planned: ${changed}`);
    if (isTaken(held) && !said.startsWith("in-quarantine"))
      wrong.push(`${held.place}, not planned: it is in quarantine`);
  }
  const { isGone, place } = planned.now();
  const isSaidGone = said === "removed" || said.startsWith("gone-unconfirmed");
  if (isGone !== isSaidGone && !(isSaidGone && names))
    wrong.push(`it is at ${isGone ? "no place" : place}, and is said to be ${said}`);
  if (isTaken(planned) && !said.startsWith("in-quarantine"))
    wrong.push(`it is in quarantine, and is said to be ${said}`);
  if (said.startsWith("in-quarantine") && quarantined(tree) === 0) wrong.push("nothing is in quarantine");
  return wrong;
}

function isTaken(held: HeldFile): boolean {
  return /\/(?:\.rcwarden-quarantine|spare\/q)\/[^/]+$/.test(held.now().place);
}

function quarantined({ root, above }: Tree): number {
  return [join(root, ".rcwarden-quarantine"), join(above, "spare/q")].reduce((sum, place) => {
    try {
      return sum + readdirSync(place).length;
    } catch {
      return sum;
    }
  }, 0);
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

export function asAccount({ uid, gid }: TestAccount, run: () => void): void {
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    run();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** For what comes between two calls. */
export function asRoot<T>({ uid }: TestAccount, run: () => T): T {
  process.seteuid?.(0);
  try {
    return run();
  } finally {
    process.seteuid?.(uid);
  }
}

/**
 * Where something is put: before these calls. At all of them in the long run; else not while the way to the root is gone
 * through, nor within a row of one call over and over.
 */
export function placesOf(trace: readonly CallName[], isLong: boolean): readonly number[] {
  const from = isLong ? 0 : trace.indexOf("makeAt");
  return trace.flatMap((name, at) => {
    const isWithin = trace[at - 1] === name && trace[at + 1] === name;
    return at >= from && (isLong || !isWithin) ? [at] : [];
  });
}
