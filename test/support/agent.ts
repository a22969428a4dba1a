/** The built agent as its users start it, with folders of the test's own, and a way to ask it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { dist } from "./rcwarden.ts";

export interface AgentWish {
  /** Names for --account. */
  readonly accounts?: readonly string[];
  /** Files below the folder that stands for /etc/rcwarden, by path. */
  readonly documents?: Readonly<Record<string, string>>;
  /** Words before the program: `["/usr/bin/setpriv", "--reuid", ...]`. */
  readonly as?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** State and socket of another one, which is started anew. */
  readonly folder?: string;
  /** Not waited for: for an agent that is to refuse. */
  readonly waitFor?: "ready" | "answers" | "nothing";
  /** Milliseconds to wait at most; a minute if not said. */
  readonly longestMs?: number;
}

export interface TestAgent extends AsyncDisposable {
  readonly pid: number;
  readonly folder: string;
  readonly socket: string;
  readonly state: string;
  readonly config: string;
  readonly child: ChildProcess;
  /** A GET, or with a body a POST; the answer's JSON. */
  ask(path: string, body?: unknown): Promise<Answer>;
  /** Asks again, each time after something moved, until `holds` says so. */
  until<T>(path: string, holds: (json: T) => boolean, what: string): Promise<T>;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Ends with a signal, and waits; the exit status or signal. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

const usualLongestMs = 60_000;

export async function startAgent(wish: AgentWish = {}): Promise<TestAgent> {
  // Below /run, for a socket's path has 107 bytes at most, and an account must reach it.
  const folder = wish.folder ?? newFolder();
  chmodSync(folder, 0o755);
  const [state, config, socket] = [join(folder, "state"), join(folder, "etc"), join(folder, "agent.sock")];
  mkdirSync(config, { recursive: true, mode: 0o755 });
  for (const [file, text] of Object.entries(wish.documents ?? {})) {
    mkdirSync(join(config, file, ".."), { recursive: true, mode: 0o755 });
    writeFileSync(join(config, file), text, { mode: 0o644 });
  }
  const named = (wish.accounts ?? []).flatMap((name) => ["--account", name]);
  const own = ["--config", config, "--state", state, "--socket", socket, ...named];
  const [command, ...words] = [...(wish.as ?? []), `${dist}/rcwarden`, "agent", ...own];
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", command ?? "", ...words], {
    cwd: "/",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...wish.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  const closed = once(child, "close");
  const agent: TestAgent = {
    pid: child.pid ?? -1,
    folder,
    socket,
    state,
    config,
    child,
    ask: (path, body) => ask(socket, path, body),
    until: (path, holds, what) => until(agent, path, holds, what),
    stdout: () => said.out,
    stderr: () => said.err,
    async end(signal) {
      child.kill(signal);
      await closed;
      return child.exitCode ?? child.signalCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
      if (wish.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    const wait = wish.waitFor ?? "ready";
    if (wait === "answers") await answering(agent, "/healthz", wish.longestMs ?? usualLongestMs);
    if (wait === "ready") await answering(agent, "/readyz", wish.longestMs ?? usualLongestMs);
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw new Error(`the agent did not start: ${said.err}${said.out}`, { cause: error });
  }
  return agent;
}

/** The name carries the pid of the test run, so that a later one removes what a killed one left. */
function newFolder(): string {
  for (const entry of readdirSync("/run")) {
    const pid = /^rcw-agent-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join("/run", entry), { recursive: true, force: true });
  }
  return mkdtempSync(`/run/rcw-agent-${process.pid}-`);
}

async function answering(agent: TestAgent, path: string, longestMs: number): Promise<void> {
  const started = performance.now();
  while (performance.now() < started + longestMs) {
    if (agent.child.exitCode !== null || agent.child.signalCode !== null) throw new Error("it ended");
    if (existsSync(agent.socket)) {
      const { status } = await agent.ask(path).catch(() => ({ status: 0 }));
      if (status === 200) return;
    }
    // To ask costs the agent something, too: whoever has waited for long asks less often.
    await new Promise((resolve) => setTimeout(resolve, 20 + (performance.now() - started) / 20));
  }
  throw new Error(`${path}: expected 200 within ${longestMs / 1000} s`);
}

async function until<T>(agent: TestAgent, path: string, holds: (json: T) => boolean, what: string): Promise<T> {
  const deadline = performance.now() + usualLongestMs;
  let last: unknown = null;
  while (performance.now() < deadline) {
    const { json } = await agent.ask(path);
    if (holds(json)) return json;
    last = json;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${path}: expected ${what}, found ${JSON.stringify(last)?.slice(0, 3_000)}; ${agent.stderr()}`);
}

export function ask(socketPath: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = { host: "localhost", ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const call = request({ socketPath, path, method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => {
        try {
          resolve({ status: answer.statusCode ?? 0, json: text === "" ? null : JSON.parse(text) });
        } catch (cause) {
          reject(new Error(`${path}: expected JSON, found ${text.slice(0, 300)}`, { cause }));
        }
      });
      answer.on("error", reject);
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
