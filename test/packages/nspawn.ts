/**
 * A Debian host booted for one test: systemd as PID 1 in a container of systemd-nspawn, on a copy-on-write view of a root
 * that `debootstrap` made once. The test runs commands inside and reads and writes files from outside; when the scope ends
 * the host is gone, with everything that happened on it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { runCommand } from "../../agent/host/command.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const nspawnWords = ["-q", "--register=no", "--keep-unit", "--private-network"];

/** A container may do less than a host, and what a unit forbids would not be seen. */
const asOnMetal = ["--capability=all", "--system-call-filter=@known"];

/** Outside of the checkout: making them takes minutes and the network. */
const roots = "/var/cache/rcwarden-test-roots";

/** What each root has beside Debian's smallest, for every test that boots it. */
const packages = {
  bookworm: ["systemd", "systemd-sysv", "dbus", "openssh-server", "zsh", "tcsh"],
  bullseye: [],
} as const;
export type RootName = keyof typeof packages;

/** Why nothing can be booted here, as a sentence for `skip`; false where it can. */
export const noBoot: string | false =
  process.getuid?.() !== 0
    ? "needs root, to boot a host"
    : !existsSync("/usr/bin/systemd-nspawn")
      ? "needs systemd-nspawn, to boot a host"
      : false;

export interface HostWish {
  readonly root?: RootName;
  /** What is laid into it before it boots: a path inside, and the file or folder outside that is copied there. */
  readonly put?: Readonly<Record<string, string>>;
  /** Files by path inside, with their text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders of this machine that are seen inside, read-only, at the same path. */
  readonly see?: readonly string[];
  /** Runs in the root before it boots: makes accounts, installs a package. Refused where one of them fails. */
  readonly before?: readonly (readonly string[])[];
}

export interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunWish {
  readonly withinMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

interface Ground {
  /** Of its folder below /run, and of its control groups. */
  readonly name: string;
  readonly root: string;
}

export interface BootedHost extends AsyncDisposable {
  /** A command inside, as root, with a clean environment. */
  run(argv: readonly string[], wish?: RunWish): Promise<End>;
  /** The same, and its stdout; throws where it fails. */
  must(argv: readonly string[]): Promise<string>;
  /** Where a path inside lies outside, below the root only: what is mounted inside (/run, /tmp) is not seen by it. */
  outside(path: string): string;
  /** Process id of its PID 1, as this machine counts. */
  readonly leader: number;
}

/** A root that is there afterwards; made at the first call on a machine, which takes two minutes. */
export async function rootOf(name: RootName): Promise<string> {
  const root = join(roots, name);
  if (existsSync(root)) return root;
  mkdirSync(roots, { recursive: true });
  const include = packages[name].length === 0 ? "" : `--include=${packages[name].join(",")}`;
  // Another test run may be making it.
  // The archive from which this machine has its own packages; without one, debootstrap's own.
  const mirror = `$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sed -n 's/ bookworm$//p' | head -n 1)`;
  const script = `[ -e ${root} ] || { rm -rf ${root}.new; debootstrap --variant=minbase ${include} ${name} ${root}.new ${mirror} && mv ${root}.new ${root}; }`;
  const made = await runCommand(["flock", join(roots, ".lock"), "sh", "-c", script], {
    deadlineMs: 900_000,
    maxBytes: 1_048_576,
  });
  if (made.kind !== "ended" || made.status !== 0) throw new Error(`debootstrap: expected ${root}, found ${told(made)}`);
  return root;
}

function told(outcome: Awaited<ReturnType<typeof runCommand>>): string {
  if (outcome.kind !== "ended") return outcome.kind;
  return `exit ${outcome.status}: ${`${outcome.stdout}${outcome.stderr}`.slice(-2_000)}`;
}

/** Boots one and waits until systemd has started what is enabled. */
export async function bootHost(wish: HostWish = {}): Promise<BootedHost> {
  const lower = await rootOf(wish.root ?? "bookworm");
  await leftovers();
  // The name carries the pid of the test run.
  const folder = mkdtempSync(`/run/rcw-host-${process.pid}-`);
  const ground = { name: basename(folder), root: join(folder, "root") };
  for (const each of ["root", "upper", "work"]) mkdirSync(join(folder, each));
  let container: ChildProcess | null = null;
  try {
    const layers = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`;
    await command(["mount", "-t", "overlay", "overlay", "-o", layers, ground.root]);
    lay(ground.root, wish);
    for (const argv of wish.before ?? [])
      await command(["systemd-nspawn", ...nspawnWords, "--pipe", "-D", ground.root, ...argv]);
    container = nspawn(ground.root, ground.name, wish);
    return await started(container, ground);
  } catch (error) {
    if (container !== null) await ended(container);
    await remove(ground.name);
    throw error;
  }
}

function lay(root: string, { put = {}, files = {} }: HostWish): void {
  for (const [path, from] of Object.entries(put)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(from, join(root, path), { recursive: true, dereference: false, verbatimSymlinks: true });
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  writeFileSync(join(root, "etc/machine-id"), "");
  appendFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
}

/** In control groups of its own, or two hosts at once would share theirs. */
function nspawn(root: string, name: string, { see = [] }: HostWish): ChildProcess {
  const script =
    'until [ "$1" = -- ]; do mkdir "$1" && echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
  const seen = see.map((path) => `--bind-ro=${path}`);
  const words = [...nspawnWords, "--console=pipe", ...asOnMetal, ...seen, "-D", root];
  const argv = ["sh", "-c", script, "sh", ...groupsOf(name), "--", "systemd-nspawn", ...words, "-b"];
  return spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", ...argv], {
    env: { PATH: path, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** systemd's own hierarchy and the unified one, or the one that there is. */
function groupsOf(name: string): string[] {
  const base = "/sys/fs/cgroup";
  const places = existsSync(`${base}/cgroup.procs`) ? [base] : [`${base}/systemd`, `${base}/unified`];
  return places.filter((place) => existsSync(place)).map((place) => join(place, name));
}

async function started(container: ChildProcess, { root, name }: Ground): Promise<BootedHost> {
  let said = "";
  for (const stream of [container.stdout, container.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-20_000);
    });
  const deadline = performance.now() + 60_000;
  const wait = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (container.exitCode !== null || container.signalCode !== null || performance.now() > deadline)
        throw new Error(`a host in ${root}: expected ${what}, found ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const leader = await wait("a PID 1", async () => leaderOf(container.pid ?? -1));
  const run: BootedHost["run"] = (argv, wish = {}) => inside(leader, argv, wish);
  // `degraded` is a word for hosts on which some unit failed, which is each test's own affair.
  await wait("systemd to have started", async () => {
    const { stdout } = await run(["systemctl", "is-system-running", "--wait"]);
    return /^(running|degraded)/.test(stdout) ? true : null;
  });
  return {
    leader,
    run,
    outside: (at) => join(root, at),
    async must(argv) {
      const end = await run(argv);
      if (end.status !== 0) throw new Error(`${argv.join(" ")}: exit ${end.status}, ${end.stderr}${end.stdout}`);
      return end.stdout;
    },
    async [Symbol.asyncDispose]() {
      await ended(container);
      await remove(name);
    },
  };
}

/** The process below this one that is PID 1 of a namespace. */
function leaderOf(pid: number): number | null {
  for (const child of childrenOf(pid)) {
    const numbers = /^NSpid:\t(.*)$/m.exec(textOf(`/proc/${child}/status`))?.[1]?.split("\t") ?? [];
    if (numbers.length > 1 && numbers.at(-1) === "1" && textOf(`/proc/${child}/comm`) === "systemd\n") return child;
    const below = leaderOf(child);
    if (below !== null) return below;
  }
  return null;
}

function childrenOf(pid: number): number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Joins the host's namespaces. Not its control groups: what is started so is no part of any unit. */
async function inside(leader: number, argv: readonly string[], { withinMs = 60_000, env = {} }: RunWish): Promise<End> {
  const entering: readonly [string, ...string[]] = [
    "nsenter",
    "-t",
    String(leader),
    "-m",
    "-u",
    "-i",
    "-n",
    "-p",
    "-C",
    "-r",
    "-w",
    "--",
  ];
  const set = Object.entries({ PATH: path, ...env }).map(([name, value]) => `${name}=${value}`);
  const outcome = await runCommand([...entering, "/usr/bin/env", "-i", ...set, ...argv], {
    deadlineMs: withinMs,
    maxBytes: 16_777_216,
  });
  if (outcome.kind === "ended")
    return { status: outcome.status, stdout: outcome.stdout.toString(), stderr: outcome.stderr.toString() };
  return { status: null, stdout: "", stderr: outcome.kind === "not-started" ? outcome.why : outcome.kind };
}

async function ended(container: ChildProcess): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const gone = once(container, "exit");
  const leader = leaderOf(container.pid ?? -1);
  if (leader !== null) process.kill(leader, "SIGKILL");
  container.kill("SIGKILL");
  await gone;
}

async function remove(name: string): Promise<void> {
  // Those that were killed leave their group a moment later.
  const script = `for group; do
    tries=0
    while [ -d "$group" ] && ! find "$group" -depth -type d -exec rmdir {} + 2>&- && [ $tries -lt 200 ]; do
      tries=$((tries + 1)); sleep 0.02
    done
  done`;
  await command(["sh", "-c", script, "sh", ...groupsOf(name)]).catch(() => {});
  const folder = join("/run", name);
  await command(["sh", "-c", `umount -l ${folder}/root 2>&-; rm -rf ${folder}`]).catch(() => {});
}

/** Of test runs that were killed. */
async function leftovers(): Promise<void> {
  for (const entry of readdirSync("/run")) {
    const pid = /^rcw-host-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await remove(entry);
  }
}

async function command(argv: readonly [string, ...string[]]): Promise<void> {
  const outcome = await runCommand(argv, { deadlineMs: 300_000, maxBytes: 1_048_576 });
  if (outcome.kind !== "ended" || outcome.status !== 0) throw new Error(`${argv.join(" ")}: ${told(outcome)}`);
}
