/**
 * Clean-up against `find -delete` and others: the same tree, the same predicate, in turns. Files are empty, so the ratios
 * are the worst there are. Processor time is that of the agent's side and of the sweeper together.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { agentFlags } from "../../packaging/agent-flags.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { compileAddon } from "../support/addon.ts";
import { dist } from "../support/rcwarden.ts";

const files = 100_000;
/** The clock is ahead in the process that cleans, for nobody can set when an inode changed. */
const aheadDays = 10;

export interface Cost {
  /** User and system, with all children, in seconds. */
  readonly cpu: number;
  readonly wall: number;
}

export interface CleanupSpeed {
  /** `ext4 in a loop image in tmpfs`, or what it was instead. */
  readonly ground: string;
  /** By name: processor time and wall-clock time against that of find. */
  readonly ratios: Readonly<Record<string, Cost>>;
  /** Milliseconds for each of 50,000 files that went, one folder, of the clock on the wall. */
  readonly fileMs: number;
  /** MiB at a million entries in one folder: the sweeper's peak, and by how much the agent's side grew. */
  readonly sweeperMiB: number;
  readonly grownMiB: number;
}

interface Ground extends Disposable {
  readonly folder: string;
  readonly is: string;
}

function ground(): Ground {
  const folder = mkdtempSync("/run/rcwarden-bench-");
  chmodSync(folder, 0o755);
  const image = `/dev/shm/${folder.split("/").at(-1)}`;
  const point = join(folder, "disk");
  mkdirSync(point);
  const undo = () => {
    spawnSync("umount", [point]);
    for (const path of [image, folder]) rmSync(path, { recursive: true, force: true });
  };
  execFileSync("truncate", ["-s", "2G", image]);
  const made = spawnSync("mke2fs", ["-q", "-F", "-t", "ext4", "-N", "1200000", image]);
  const isMounted = made.status === 0 && spawnSync("mount", ["-o", "loop,noatime", image, point]).status === 0;
  if (!isMounted) rmSync(image, { force: true });
  const is = isMounted ? "ext4 in a loop image in tmpfs" : `the file system of ${folder}`;
  return { folder: point, is, [Symbol.dispose]: undo };
}

/** Half of them go: the rest is too young, or has another name. */
function makeFiles(maker: string, root: string, account: TestAccount, count: number, folders: number): void {
  mkdirSync(root);
  chownSync(root, account.uid, account.gid);
  const as = ["--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--clear-groups"];
  execFileSync("setpriv", [...as, maker, root, `${count}`, `${folders}`]);
}

interface Program {
  readonly command: readonly string[];
  readonly folder: string;
  /** Makes the files. */
  readonly maker: string;
}

/** Bundled, beside a sweeper, an addon and a launcher, as it is shipped. */
async function program(): Promise<Program & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-bench-"));
  const entryPoints = { run: "test/bench/cleanup-run.ts", sweeper: "agent/children/sweeper.ts" };
  await build({
    ...{ entryPoints, outdir: folder, outExtension: { ".js": ".cjs" }, bundle: true, minify: true },
    ...{ format: "cjs", platform: "node", logLevel: "error", absWorkingDir: join(import.meta.dirname, "../..") },
  });
  compileAddon(join(folder, "host.node"));
  copyFileSync(join(dist, "enter"), join(folder, "enter"));
  chmodSync(join(folder, "enter"), 0o755);
  const command = [process.execPath, join(folder, "run.cjs")];
  const maker = join(folder, "files");
  execFileSync("cc", ["-O1", "-o", maker, join(import.meta.dirname, "cleanup-files.c")]);
  chmodSync(folder, 0o755);
  return { folder, command, maker, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** bash adds up what children took that were waited for. */
function costOf(command: readonly string[], mayFail = false): Cost & { readonly stdout: string } {
  const text = 'TIMEFORMAT="%U %S %R"; time "$@"';
  const done = spawnSync("bash", ["-c", text, "bash", ...command], { encoding: "utf8" });
  if (done.status !== 0 && !mayFail) throw new Error(`${command.join(" ")}: ${done.status} ${done.stderr}`);
  const [user = 0, system = 0, wall = 0] = (done.stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { cpu: user + system, wall, stdout: done.stdout };
}

interface Contestant {
  readonly name: string;
  command(root: string): readonly string[];
  readonly mayFail?: boolean;
}

function contestants(account: TestAccount, { command, folder }: Program): Contestant[] {
  const { name, uid, gid, home } = account;
  const as = JSON.stringify({ name, uid, gid, home, groups: [gid], shell: "/bin/sh" });
  const all: Contestant[] = [
    {
      name: "find",
      command: (root) => [
        ...["find", root, "-xdev", "-type", "f", "-links", "1", "-user", `${uid}`, "-mtime", "+6"],
        ...["-name", "arch_*.arc", "-delete"],
      ],
    },
    {
      name: "rcwarden",
      command: (root) => [...command, root, as, join(folder, `journal${process.hrtime.bigint()}`), `${aheadDays}`],
    },
    {
      name: "the plan alone",
      command: (root) => [
        ...command,
        root,
        as,
        join(folder, `journal${process.hrtime.bigint()}`),
        `${aheadDays}`,
        "plan",
      ],
    },
  ];
  const configuration = join(folder, "tmpfiles.conf");
  if (spawnSync("systemd-tmpfiles", ["--version"]).status === 0)
    all.push({
      name: "systemd-tmpfiles",
      command(root) {
        writeFileSync(configuration, `d ${root} - - - m:7d\nx ${root}/keep_*\nx ${root}/*/keep_*\n`);
        return ["systemd-tmpfiles", "--clean", configuration];
      },
      mayFail: true,
    });
  if (spawnSync("tmpreaper", ["--help"]).status === 0)
    all.push({
      name: "tmpreaper",
      command: (root) => ["tmpreaper", "--mtime", "--runtime=0", "--protect", `${root}/keep_*`, "7d", root],
    });
  return all;
}

function filesIn(root: string): number {
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Each of them on a tree of its own, `rounds` times in turns; against find of the same round. */
function race(account: TestAccount, built: Program, place: string, folders: number, rounds: number) {
  const all = contestants(account, built);
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, command, mayFail } of all) {
      const root = join(place, "tree", "root");
      mkdirSync(join(place, "tree"));
      makeFiles(built.maker, root, account, files, folders);
      execFileSync("sync", ["-f", root]);
      const { cpu, wall } = costOf(command(root), mayFail);
      const left = filesIn(root);
      const expected = name === "the plan alone" ? files : files / 2;
      if (left !== expected) throw new Error(`${name}: expected ${expected} files to be left, found ${left}`);
      costs.set(name, [...(costs.get(name) ?? []), { cpu, wall }]);
      rmSync(join(place, "tree"), { recursive: true });
    }
  }
  const finds = costs.get("find") ?? [];
  return [...costs].map(([name, each]) => {
    const against = (what: keyof Cost) => median(each.map((cost, at) => cost[what] / (finds[at]?.[what] ?? 1)));
    const seconds = median(each.map(({ wall }) => wall));
    return { name, seconds, ratio: { cpu: against("cpu"), wall: against("wall") } };
  });
}

/** A million entries, none of which goes: what both sides hold. The sweeper's peak is asked when it is almost done. */
function memory(account: TestAccount, { command, folder, maker }: Program, place: string) {
  const root = join(place, "million");
  makeFiles(maker, root, account, 1_000_000, 1);
  const { name, uid, gid, home } = account;
  const as = JSON.stringify({ name, uid, gid, home, groups: [gid], shell: "/bin/sh" });
  const words = [root, as, join(folder, "journal-million"), "0", "memory"];
  const [node = "", ...rest] = command;
  const { stdout } = costOf([node, ...agentFlags, ...rest, ...words]);
  const { grownMiB, sweeperMiB }: { readonly grownMiB: number; readonly sweeperMiB: number } = JSON.parse(stdout);
  rmSync(root, { recursive: true });
  return { grownMiB, sweeperMiB };
}

export async function cleanupSpeed(rounds = 3): Promise<CleanupSpeed> {
  await using account = await makeAccount({ home: "empty" });
  using disk = ground();
  using built = await program();
  const ratios: Record<string, Cost> = {};
  let fileMs = Number.NaN;
  for (const folders of [1, 100])
    for (const { name, ratio, seconds } of race(account, built, disk.folder, folders, rounds)) {
      ratios[`${name}, ${folders} ${folders === 1 ? "folder" : "folders"}`] = ratio;
      if (name === "rcwarden" && folders === 1) fileMs = (1_000 * seconds) / (files / 2);
    }
  return { ground: disk.is, ratios, fileMs, ...memory(account, built, disk.folder) };
}
