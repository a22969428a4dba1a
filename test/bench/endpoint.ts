/**
 * The endpoint of the built agent against nginx with one worker that serves a file of the very size: both on a Unix socket,
 * asked in turns by the same program (endpoint-asks.c). And what the command line takes to ask.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeAccount } from "../support/accounts.ts";
import { startAgent } from "../support/agent.ts";
import { dist } from "../support/rcwarden.ts";

const rounds = 7;
const secondsEach = 1;
/** V8 compiles what is asked this long without a pause, and an idle agent does not: what counts is a server under load. */
const warmSeconds = 10;
/** Half of what one user may have, so that one that is being closed does not count twice. */
const connections = 4;

interface Answers {
  readonly perSecond: number;
  readonly p99Us: number;
}

export interface Against {
  /** Of the body. */
  readonly bytes: number;
  /** Answers a second by those of nginx, the median of the rounds. */
  readonly ratio: number;
  readonly ours: Answers;
  readonly nginx: Answers;
}

export interface EndpointSpeed {
  readonly healthz: Against;
  readonly status: Against;
  /** Milliseconds of `rcwarden status` and of `node -e 0`, the medians. */
  readonly verbMs: number;
  readonly nodeMs: number;
}

export async function endpointSpeed(): Promise<EndpointSpeed> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync("/run/rcwarden-bench-");
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const asker = join(folder, "asks");
  const source = fileURLToPath(new URL("endpoint-asks.c", import.meta.url));
  execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", asker, source]);
  const account = stack.use(await makeAccount({ files: { ".bashrc": 'cp() { command cp "$@" -i; }\n' } }));
  const agent = stack.use(await startAgent({ accounts: [account.name] }));
  const sizes = {
    healthz: asks(asker, agent.socket, "/healthz").bytes,
    status: asks(asker, agent.socket, "/v1/status").bytes,
  };
  const socket = await nginx(folder, sizes, stack);
  const against = (path: string, name: keyof typeof sizes): Against => {
    const turns: { ours: Answers; nginx: Answers }[] = [];
    asks(asker, agent.socket, path, warmSeconds);
    for (let round = 0; round <= rounds; round++) {
      const turn = { ours: asks(asker, agent.socket, path), nginx: asks(asker, socket, `/${name}`) };
      if (round > 0) turns.push(turn);
    }
    const of = (pick: (turn: (typeof turns)[number]) => number) => median(turns.map(pick));
    return {
      bytes: sizes[name],
      ratio: of(({ ours, nginx }) => ours.perSecond / nginx.perSecond),
      ours: { perSecond: of(({ ours }) => ours.perSecond), p99Us: of(({ ours }) => ours.p99Us) },
      nginx: { perSecond: of(({ nginx }) => nginx.perSecond), p99Us: of(({ nginx }) => nginx.p99Us) },
    };
  };
  const healthz = against("/healthz", "healthz");
  const status = against("/v1/status", "status");
  const verbs: number[] = [];
  const nodes: number[] = [];
  for (let round = 0; round <= 20; round++) {
    const verb = took(`${dist}/rcwarden`, "status", "--socket", agent.socket);
    const node = took(`${dist}/bin/node`, "-e", "0");
    if (round === 0) continue;
    verbs.push(verb);
    nodes.push(node);
  }
  return { healthz, status, verbMs: median(verbs), nodeMs: median(nodes) };
}

/** Serves files of these sizes by their names; gives its socket. */
async function nginx(
  folder: string,
  sizes: Readonly<Record<string, number>>,
  stack: AsyncDisposableStack,
): Promise<string> {
  const socket = join(folder, "nginx.sock");
  mkdirSync(join(folder, "files"));
  for (const [name, bytes] of Object.entries(sizes)) writeFileSync(join(folder, "files", name), "x".repeat(bytes));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = `user root; daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr error;
events { worker_connections 256; }
http {
  access_log off; default_type application/json; keepalive_requests 1000;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  server { listen unix:${socket}; root ${folder}/files; }
}
`;
  writeFileSync(join(folder, "nginx.conf"), config);
  const words = ["--pdeathsig", "TERM", "/usr/sbin/nginx", "-p", folder, "-c", join(folder, "nginx.conf")];
  const child = spawn("/usr/bin/setpriv", words, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  for (let look = 0; !existsSync(socket); look++) {
    if (look > 200 || child.exitCode !== null) throw new Error("nginx did not start");
    await pause(20);
  }
  return socket;
}

function asks(
  asker: string,
  socket: string,
  path: string,
  forSeconds = secondsEach,
): Answers & { readonly bytes: number } {
  const said = execFileSync(asker, [socket, path, String(connections), String(forSeconds)], { encoding: "utf8" });
  const [answers = 0, seconds = 1, p99Us = 0, bytes = 0] = said.trim().split(" ").map(Number);
  return { perSecond: answers / seconds, p99Us, bytes };
}

/** Milliseconds. */
function took(command: string, ...args: readonly string[]): number {
  const started = performance.now();
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined || (status !== 0 && status !== 1)) throw new Error(`${command}: ${status} ${stderr}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
