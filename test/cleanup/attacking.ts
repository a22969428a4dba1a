/**
 * Races against the sweeper for real: another account, which may write every folder of the root, attacks while planned files
 * are removed. It cannot enter the quarantine folder, which is the account's alone: nobody who could is kept from removing
 * the account's files himself.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync, unlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Candidate, FileIdentity, Seen } from "../../agent/cleanup/plan.ts";
import { hostMounts } from "../../agent/host/mounts.ts";
import type { TestAccount } from "../support/accounts.ts";
import { difference, HeldFile } from "./judged.ts";
import { makeTree, type Tree } from "./looking.ts";
import { type Ran, sweep } from "./sweeping.ts";

let program: string | null = null;

/** Path of attack.c's program, compiled once for all test files of this process. */
export function attacker(): string {
  if (program !== null) return program;
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-attack-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  program = join(folder, "attack");
  const source = join(import.meta.dirname, "attack.c");
  execFileSync("cc", ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", program, source]);
  return program;
}

/** Words of attack.c behind the seed. */
export type Attack = readonly [kind: string, count: number, a: string, b: string];

/** Who attacks: an account, or root where only root can. */
export type Attacker = Pick<TestAccount, "uid" | "gid">;
export type Owner = Pick<TestAccount, "name" | "uid" | "gid" | "home">;

class Running {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
    this.#ended = new Promise((resolve) => child.once("close", resolve));
  }

  /** Comes back once it did it for the first time. */
  static async start(attack: Attack, who: Attacker, seed: number): Promise<Running> {
    const as = [`--reuid=${who.uid}`, `--regid=${who.gid}`, "--clear-groups", attacker(), `${seed}`];
    const child = spawn("setpriv", [...as, ...attack.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
    const running = new Running(child);
    const began = new Promise((resolve) => child.stdout.once("data", resolve));
    await Promise.race([began, running.#ended]);
    return running;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** How often it did what it does; 0 where it ended before it was told to. */
  async end(): Promise<number> {
    this.goOn();
    this.#child.kill("SIGTERM");
    await this.#ended;
    return Number(/^s(\d+) \d+\n$/.exec(this.#said)?.[1] ?? 0);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** What lies there before an attack: paths by what they are. All files have the same size and time. */
export interface Layout {
  readonly planned: string[];
  /** Below the root, and in no plan. */
  readonly precious: string[];
  /** Outside of the root. */
  readonly outside: string[];
}

export interface Scenario {
  /** Makes a root with this many planned files. */
  lay(layout: Layout, tree: Tree, away: Tree, files: number): readonly Attack[];
  /** Whether the attack itself brings what is not planned to a name that is: then it may be taken and put back. */
  readonly bringsIn?: boolean;
  /** Whether a new file may have the name to which another is to be put back. */
  readonly occupies?: boolean;
}

export interface Tally {
  /** Planned files that were about to be removed while they were attacked. */
  iterations: number;
  rounds: number;
  attacks: number;
  /** `OUTCOME CODE` to how often. */
  readonly outcomes: Map<string, number>;
  /** Inodes that were removed, moved or changed and were not planned, and outcomes that are not true; a sentence each. */
  readonly wrong: string[];
}

export const perRound = 250;
const [plannedText, preciousText] = ["planned.", "precious"];

/** Makes the files of a layout. */
export function layFile(tree: Tree, path: string, kind: string[], text = preciousText): string {
  const whole = tree.file(path, text);
  utimesSync(whole, 1_700_000_000, 1_700_000_000);
  kind.push(whole);
  return whole;
}

export function layPlanned(tree: Tree, path: string, layout: Layout): string {
  return layFile(tree, path, layout.planned, plannedText);
}

export const folders = 4;

/** The same number in each of the folders `cur0`, `cur1`, with one more in each that is not planned. */
export function planFolders(layout: Layout, tree: Tree, files: number, prefix = "cur"): void {
  for (let at = 0; at < files; at++) layPlanned(tree, `${prefix}${at % folders}/f${at}`, layout);
  for (let at = 0; at < folders; at++) layFile(tree, `${prefix}${at}/other`, layout.precious);
}

/** Folders beside the root with files of the same names. */
export function spareFolders(layout: Layout, away: Tree, files: number, prefix = "cur"): void {
  for (let at = 0; at < files; at++) layFile(away, `${prefix}${at % folders}/f${at}`, layout.outside);
}

export interface Wanted {
  readonly iterations: number;
  readonly seed: number;
  /** `paths` does what nobody should: it looks whether a path is still the planned file, and removes by the same path. */
  readonly by: "sweeper" | "paths";
}

/** Rounds until that many planned files were intended, or far too many rounds. */
export async function attack(scenario: Scenario, owner: Owner, who: Attacker, wanted: Wanted): Promise<Tally> {
  const tally: Tally = { iterations: 0, rounds: 0, attacks: 0, outcomes: new Map(), wrong: [] };
  const mostRounds = 4 + (4 * wanted.iterations) / perRound;
  while (tally.iterations < wanted.iterations && tally.rounds < mostRounds) {
    tally.rounds += 1;
    await round(scenario, { owner, who }, { ...wanted, seed: wanted.seed + tally.rounds * 1_000 }, tally);
  }
  return tally;
}

type Parties = { readonly owner: Owner; readonly who: Attacker };

async function round(scenario: Scenario, { owner, who }: Parties, wanted: Wanted, tally: Tally): Promise<void> {
  using tree = makeTree(owner);
  using away = makeTree(owner);
  const layout: Layout = { planned: [], precious: [], outside: [] };
  const attacks = scenario.lay(layout, tree, away, perRound);
  for (const { root } of [tree, away]) openToAll(root);
  using field = new Field(layout);
  const running: Running[] = [];
  try {
    for (const [at, each] of attacks.entries()) running.push(await Running.start(each, who, wanted.seed + at));
    const isLate = tally.rounds % 2 === 0;
    if (wanted.by === "sweeper") await bySweeper({ owner, tree, field, running, isLate }, tally);
    else byPaths(field, tally);
    for (const one of running) tally.attacks += await one.end();
    field.judge(scenario, tally);
  } finally {
    for (const one of running) one.kill();
    unmountBelow(tree.root);
  }
}

/** Where a file is taken just while something is mounted over it, whoever mounts does not find it any more. */
function unmountBelow(folder: string): void {
  const points = hostMounts().filter(({ point }) => point.startsWith(`${folder}/`));
  for (const { point } of points.reverse()) execFileSync("umount", ["-l", point]);
}

/** Everybody may write: the worst that an account can do with its folders. Links and what they lead to stay. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o777);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === ".rcwarden-quarantine") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, 0o666);
  }
}

/** Everything of a layout, held. */
class Field implements Disposable {
  readonly planned: readonly HeldFile[];
  readonly paths: readonly string[];
  readonly #precious: readonly HeldFile[];
  readonly #outside: readonly HeldFile[];
  readonly #places: ReadonlyMap<string, number>;
  /** What was said of each planned file. */
  readonly said = new Map<number, string>();
  /** What the plan says that each is: whoever attacks may have written to it before it was seen. */
  readonly identities = new Map<number, FileIdentity>();

  constructor({ planned, precious, outside }: Layout) {
    this.paths = planned;
    this.planned = planned.map((path) => new HeldFile(path));
    this.#precious = precious.map((path) => new HeldFile(path));
    this.#outside = outside.map((path) => new HeldFile(path));
    this.#places = new Map(this.planned.map(({ key }, at) => [key, at]));
  }

  /** The number of a planned file by its identity, wherever it is. */
  placeOf({ identity: { dev, ino } }: Pick<Seen, "identity">): number | undefined {
    return this.#places.get(`${dev}:${ino}`);
  }

  judge({ bringsIn = false, occupies = false }: Scenario, { wrong }: Tally): void {
    for (const held of this.#outside) {
      const changed = difference(held, bringsIn ? ["ctimeNs"] : []);
      if (changed !== "") wrong.push(`${held.place}, outside: ${changed}`);
      const { place } = held.now();
      if (!bringsIn && place !== held.place) wrong.push(`${held.place}, outside: it is ${place}`);
      if (place.includes("/.rcwarden-quarantine/")) wrong.push(`${held.place}, outside: it is in quarantine`);
    }
    for (const held of this.#precious) {
      const changed = difference(held, ["ctimeNs"]);
      if (changed !== "") wrong.push(`${held.place}, not planned: ${changed}`);
      const isTaken = held.now().place.includes("/.rcwarden-quarantine/");
      if (isTaken && !occupies) wrong.push(`${held.place}, not planned: it is in quarantine`);
    }
    for (const at of this.planned.keys()) this.#judgePlanned(at, wrong);
  }

  #judgePlanned(at: number, wrong: string[]): void {
    const held = this.planned[at];
    if (held === undefined) throw new Error(`expected a planned file ${at}, found none`);
    const said = this.said.get(at);
    const { size, mtimeNs } = this.identities.get(at) ?? held.was;
    const { isGone, place, status } = held.now();
    const isTaken = place.includes("/.rcwarden-quarantine/");
    if (isGone !== (said === "removed")) wrong.push(`${held.place}: it is said to be ${said}, and is at ${place}`);
    if (isGone && (`${status.size}` !== `${size}` || `${status.mtimeNs}` !== `${mtimeNs}`))
      wrong.push(`${held.place}: it was removed, and was changed since it was planned`);
    if (isTaken && said?.startsWith("in-quarantine") !== true)
      wrong.push(`${held.place}: it is in quarantine, and is said to be ${said}`);
  }

  [Symbol.dispose](): void {
    for (const held of [...this.planned, ...this.#precious, ...this.#outside]) held[Symbol.dispose]();
  }
}

interface Run {
  readonly owner: Owner;
  readonly tree: Tree;
  readonly field: Field;
  readonly running: readonly Running[];
  readonly isLate: boolean;
}

async function bySweeper({ owner, tree, field, running, isLate }: Run, tally: Tally): Promise<void> {
  if (isLate) for (const one of running) one.pause();
  const ran = await sweep({
    toLookAt: { root: tree.root, depth: 2 },
    account: owner,
    decide: (seen) => plannedOf(seen, field),
    intended: () => {
      for (const one of running) one.goOn();
      return true;
    },
  });
  if (ran.swept.kind !== "looked") tally.wrong.push(`the sweep ended: ${ran.swept.kind} ${ran.swept.message}`);
  note(ran, field, tally);
}

/** Those that were planned, at the name that they had when they were seen, in the order of the layout. */
function plannedOf(seen: readonly Seen[], field: Field): readonly Candidate[] {
  const free = seen.filter(({ guard }) => guard === null);
  // One that was moved while it was looked for was seen at two names.
  const placed = new Map(free.map((one) => [field.placeOf(one), one]));
  return [...placed]
    .flatMap(([at, one]) => (at === undefined ? [] : [{ at, one }]))
    .sort((a, b) => a.at - b.at)
    .map(({ one: { path, identity } }) => ({ path, identity, content: { kind: "as-seen" } }));
}

function note({ groups }: Ran, field: Field, tally: Tally): void {
  for (const { files, outcomes } of groups) {
    for (const [at, file] of files.entries()) {
      const said = outcomes?.find((one) => one.at === at);
      const word = said === undefined ? "not settled" : [said.outcome, said.code].filter(Boolean).join(" ");
      // Where there was no quarantine folder nothing was about to be removed.
      if (word !== "kept refused") tally.iterations += 1;
      tally.outcomes.set(word, (tally.outcomes.get(word) ?? 0) + 1);
      const place = field.placeOf(file);
      if (place === undefined) continue;
      field.said.set(place, word);
      field.identities.set(place, file.identity);
    }
  }
}

function byPaths(field: Field, tally: Tally): void {
  for (const [at, held] of field.planned.entries()) {
    tally.iterations += 1;
    const path = field.paths[at] ?? "";
    waitMicroseconds(200);
    try {
      const { dev, ino, size, mtimeNs } = lstatSync(path, { bigint: true });
      const { was } = held;
      if (dev !== was.dev || ino !== was.ino || size !== was.size || mtimeNs !== was.mtimeNs) continue;
      unlinkSync(path);
      field.said.set(at, "removed");
    } catch {
      // It was exchanged meanwhile.
    }
  }
}

/** By its own work, as the sweeper has it: whoever attacks gets as far as it. */
function waitMicroseconds(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

/** How often each outcome was, on one line. */
export function told({ iterations, rounds, attacks, outcomes, wrong }: Tally): string {
  const each = [...outcomes].sort(([, a], [, b]) => b - a).map(([word, count]) => `${word} ${count}`);
  return `${iterations} iterations in ${rounds} rounds, ${attacks} attacks: ${each.join(", ") || "-"}; wrong ${wrong.length}`;
}

export const isLong = process.env.RCWARDEN_TEST_LONG === "1";
export const iterations = isLong ? 10_000 : 1_000;

/** Printed by whoever uses it: the same number gives the same pauses. */
export function seedOf(): number {
  const set = Number(process.env.RCWARDEN_TEST_SEED ?? "");
  return Number.isInteger(set) && set > 0 ? set : (Date.now() % 1_000_000_000) + 1;
}
