import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What a client of the private sshd ended with. */
export interface SshEnd {
  /** Exit status of the client, thus of the command; null if it was killed (`timedOut`) or a signal ended it. */
  readonly status: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface SshWish {
  /** `-tt`: a terminal on the other side, with TERM=xterm-256color. */
  readonly tty?: boolean;
  /** What the command reads, then the end; `open` (the default) keeps stdin open and silent, as an engine does. */
  readonly stdin?: "open" | { readonly text: string };
  /** After this the client is killed and `timedOut` is true; 15 s if not said. */
  readonly timeoutMs?: number;
  /** More switches of the client: `["-o", "SendEnv=LANG"]`, `["-O"]` for scp. */
  readonly client?: readonly string[];
  /** Variables of the client itself (for SendEnv). */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TestSshd extends AsyncDisposable {
  readonly port: number;
  /** Pid of the listener. */
  readonly pid: number;
  readonly folder: string;
  /** Runs `ssh ACCOUNT@127.0.0.1 ARGS`; no args: a login shell. */
  ssh(account: string, args: readonly string[], wish?: SshWish): Promise<SshEnd>;
  /** Paths of the other side are written `:PATH`. */
  scp(account: string, from: string, to: string, wish?: SshWish): Promise<SshEnd>;
  /** Runs sftp's commands in batch mode, one an entry. */
  sftp(account: string, commands: readonly string[], wish?: SshWish): Promise<SshEnd>;
  /** Lets the test's key in as `account`, and gives the private key's path. The account's home is left alone. */
  keyFor(account: string): string;
  /** What sshd logged so far. */
  log(): string;
}

export interface SshdWish {
  /** Lines of sshd_config that win over ours; `Match` blocks come last. */
  readonly config?: string;
  /**
   * Text by path of files of the system that this sshd and its sessions see instead of the host's, in a mount namespace
   * of their own. Where the host has no such file, its folder is shown with nothing else in it.
   */
  readonly instead?: Readonly<Record<string, string>>;
}

const daemon = "/usr/sbin/sshd";
const needed = [daemon, "/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/bin/setpriv"];

/** Why no sshd can be started here, as a sentence for `skip`; false where one can. */
export const noSshd: string | false =
  process.getuid?.() !== 0
    ? "needs root, to start an sshd that lets accounts in"
    : needed.every((program) => existsSync(program))
      ? false
      : `needs ${needed.filter((program) => !existsSync(program)).join(", ")}`;

/**
 * Starts an sshd of the test's own on a free port of 127.0.0.1, with its own host key, PAM on, keys only:
 * `await using sshd = await startSshd()`. Leaving the scope ends it with all its sessions and removes its folder; it
 * dies with the test run as well.
 */
export async function startSshd(wish: SshdWish = {}): Promise<TestSshd> {
  leftovers();
  const folder = mkdtempSync(join(tmpdir(), `rcw-sshd-${process.pid}-`));
  // sshd reads the authorized keys as the account.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "keys"), 0o755);
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  for (const key of ["host", "client"]) {
    execFileSync("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      `rcwarden test ${key}`,
      "-f",
      join(folder, key),
    ]);
  }
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  try {
    const { listener, port } = await listen(folder, wish);
    return clients(folder, listener, port, removeFolder);
  } catch (error) {
    removeFolder();
    throw error;
  }
}

async function listen(folder: string, wish: SshdWish): Promise<{ listener: ChildProcess; port: number }> {
  const within = mounts(folder, wish.instead ?? {});
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    writeFileSync(join(folder, "sshd_config"), configFor(folder, port, wish.config ?? ""));
    writeFileSync(join(folder, "log"), "");
    const listener = mortal(
      [...within, daemon, "-D", "-f", join(folder, "sshd_config"), "-E", join(folder, "log")],
      "ignore",
      {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      },
    );
    if (await listening(listener, port)) return { listener, port };
    const log = readFileSync(join(folder, "log"), "utf8");
    // Another process took the port meanwhile.
    if (!log.includes("Address already in use") || attempt === 10) throw new Error(`sshd did not start: ${log}`);
  }
}

function configFor(folder: string, port: number, config: string): string {
  const match = config.search(/^\s*match\b/im);
  const [global, blocks] = match < 0 ? [config, ""] : [config.slice(0, match), config.slice(match)];
  const own = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host")}`,
    "PidFile none",
    `AuthorizedKeysFile ${join(folder, "keys")}/%u`,
    // The folder lies below /tmp, where others may write.
    "StrictModes no",
    "UsePAM yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PrintMotd no",
    "UseDNS no",
    "MaxStartups 200",
    "MaxSessions 200",
    "LogLevel VERBOSE",
    ...(/^\s*subsystem\b/im.test(config) ? [] : [`Subsystem sftp ${sftpServer()}`]),
    ...(sshVersion() >= 9.08 ? ["PerSourcePenalties no"] : []),
  ];
  return `${global}\n${own.join("\n")}\n${blocks}\n`;
}

/** A command before sshd that puts other files in the place of the host's, and takes sshd's place in the end. */
function mounts(folder: string, instead: Readonly<Record<string, string>>): string[] {
  const binds = Object.entries(instead).map(([path, text], index) => {
    const source = join(folder, `instead-${index}`);
    writeFileSync(source, text, { mode: 0o644 });
    const parent = dirname(path);
    const over = existsSync(path)
      ? ""
      : `mountpoint -q '${parent}' || mount -t tmpfs tmpfs '${parent}'; : >'${path}'; `;
    return `${over}mount --bind '${source}' '${path}'`;
  });
  if (binds.length === 0) return [];
  return ["/usr/bin/unshare", "-m", "--propagation", "private", "sh", "-ec", `${binds.join("\n")}\nexec "$@"`, "sh"];
}

function sftpServer(): string {
  const places = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"];
  return places.find((place) => existsSync(place)) ?? "internal-sftp";
}

/** 9.2 is 9.02, 9.10 is 9.1. */
function sshVersion(): number {
  const said = execFileSync("sh", ["-c", "ssh -V 2>&1"], { encoding: "utf8" });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major ?? 0) + Number(minor ?? 0) / 100;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** True when `listener` listens on the port, false when it ended without. Read from /proc, so that no client shows up. */
async function listening(listener: ChildProcess, port: number): Promise<boolean> {
  const row = new RegExp(`: 0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A `);
  const deadline = performance.now() + 10_000;
  while (listener.exitCode === null && listener.signalCode === null && performance.now() < deadline) {
    if (row.test(readFileSync("/proc/net/tcp", "utf8"))) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  listener.kill("SIGKILL");
  return false;
}

/** A child that the kernel kills when this process ends, however it ends. */
function mortal(
  argv: readonly string[],
  stdin: "ignore" | "pipe",
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const output = stdin === "pipe" ? "pipe" : "ignore";
  return spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", ...argv], {
    env: { ...env },
    stdio: [stdin, output, output],
  });
}

function clients(folder: string, listener: ChildProcess, port: number, removeFolder: () => void): TestSshd {
  const options = [
    ...["-F", "none", "-i", join(folder, "client"), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"],
    ...["-o", "IdentityAgent=none", "-o", `UserKnownHostsFile=${join(folder, "known_hosts")}`],
    ...["-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
    ...["-o", "HostKeyAlias=rcwarden-test", "-o", "ConnectTimeout=10"],
  ];
  const hostKey = readFileSync(join(folder, "host.pub"), "utf8");
  writeFileSync(join(folder, "known_hosts"), `rcwarden-test ${hostKey}`);
  const keyFor = (account: string): string => {
    const file = join(folder, "keys", account);
    if (!existsSync(file)) appendFileSync(file, readFileSync(join(folder, "client.pub"), "utf8"), { mode: 0o644 });
    return join(folder, "client");
  };
  const run = (account: string, argv: readonly string[], wish: SshWish): Promise<SshEnd> => {
    keyFor(account);
    return client(argv, wish);
  };
  const more = (wish: SshWish) => wish.client ?? [];
  return {
    port,
    pid: listener.pid ?? -1,
    folder,
    keyFor,
    log: () => readFileSync(join(folder, "log"), "utf8"),
    ssh(account, args, wish = {}) {
      const terminal = wish.tty ? ["-tt"] : ["-T"];
      const target = ["-p", String(port), `${account}@127.0.0.1`, ...(args.length > 0 ? ["--", ...args] : [])];
      return run(account, ["/usr/bin/ssh", ...more(wish), ...options, ...terminal, ...target], wish);
    },
    scp(account, from, to, wish = {}) {
      const paths = [from, to].map((path) => (path.startsWith(":") ? `${account}@127.0.0.1${path}` : path));
      return run(account, ["/usr/bin/scp", ...more(wish), ...options, "-P", String(port), "--", ...paths], wish);
    },
    sftp(account, commands, wish = {}) {
      const batch = { ...wish, stdin: { text: `${commands.join("\n")}\n` } };
      const target = ["-P", String(port), "-b", "-", `${account}@127.0.0.1`];
      return run(account, ["/usr/bin/sftp", ...more(wish), ...options, ...target], batch);
    },
    async [Symbol.asyncDispose]() {
      const sessions = descendantsOf(listener.pid ?? -1);
      const ended = listener.exitCode === null && listener.signalCode === null ? once(listener, "exit") : null;
      listener.kill("SIGKILL");
      await ended;
      for (const pid of sessions) end(pid);
      process.off("exit", removeFolder);
      removeFolder();
    },
  };
}

async function client(argv: readonly string[], wish: SshWish): Promise<SshEnd> {
  const started = performance.now();
  // Nothing of the caller's environment, or it would show in the session; the client needs no HOME with these switches.
  const child = mortal(argv, "pipe", { PATH: "/usr/bin:/bin", TERM: "xterm-256color", HOME: "/", ...wish.env });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
  child.stdin?.on("error", () => {});
  if (typeof wish.stdin === "object") child.stdin?.end(wish.stdin.text);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
    // scp and sftp have an ssh of their own, which may hold these open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, wish.timeoutMs ?? 15_000);
  const [status]: (number | null)[] = await once(child, "close");
  clearTimeout(timer);
  child.stdin?.destroy();
  const text = (stream: Buffer[]) => Buffer.concat(stream).toString();
  const seconds = (performance.now() - started) / 1000;
  return { status: status ?? null, timedOut, stdout: text(chunks.stdout), stderr: text(chunks.stderr), seconds };
}

function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(entry);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
  }
  const below = (one: number): number[] => (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? -1);
  } catch {
    return -1;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Folders of test runs that were killed. */
function leftovers(): void {
  for (const entry of readdirSync(tmpdir())) {
    const pid = /^rcw-sshd-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), entry), { recursive: true, force: true });
  }
}
