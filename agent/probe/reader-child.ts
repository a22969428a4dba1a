/** The reader as a child: started with the account's identity, listened to, and ended, whatever it does. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { Account } from "../facts/index.ts";
import { builtPart } from "../host/beside.ts";
import { taskStatus } from "../host/process.ts";
import type { ReaderRequest } from "../startup/index.ts";
import { wrongIdentity } from "./gate.ts";
import { enterPath } from "./launcher.ts";
import { encodeSpec, lines, parseSaid, type SpecWord } from "./protocol.ts";

export interface Sending {
  readonly account: Account;
  /** Path of the reader's own text, a bundle without imports; `reader.cjs` beside the program if not said. */
  readonly script?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface Errand {
  readonly request: ReaderRequest;
  /** Of the whole answer. */
  readonly mostBytes: number;
  /** Looks that may be waiting for a file system at the same time. */
  readonly threads: number;
  /** What it may be waiting for, as words: whoever comes later does not wait for the same. */
  holds(): readonly string[];
  /** One line of the answer, without its newline; any other word than these says what is wrong with it. */
  take(line: Buffer): "more" | "enough" | string;
}

const usualDeadlineMs = 3_000;
const patienceMs = 500;
/** libuv has 4 threads for file systems; more than these cost more than what is gained. */
const mostThreads = 64;

/** What readers that could not be killed still wait for. */
const stuck = new Map<string, number>();

/** Whether an earlier reader is still waiting for one of these. */
export function isStuck(holds: readonly string[]): boolean {
  return holds.some((one) => stuck.has(one));
}

/** Resolves with null when the answer was `enough`, else with why there is no more of it. Never rejects. */
export async function sendReader(sending: Sending, errand: Errand): Promise<string | null> {
  if (isStuck(errand.holds())) return "an earlier reader still waits for the file system";
  try {
    const text = readFileSync(sending.script ?? builtPart("reader.cjs"), "utf8");
    return await send(sending, errand, `globalThis.request = ${JSON.stringify(errand.request)};\n${text}`);
  } catch (error) {
    return error instanceof Error ? error.message : "the reader could not be started";
  }
}

/** One child, one answer; whatever happens it is ended. */
async function send({ account, deadlineMs, signal }: Sending, errand: Errand, text: string): Promise<string | null> {
  const child = spawn(enterPath(), [], { stdio: ["pipe", "pipe", "ignore", "pipe"], cwd: "/", env: {} });
  const ended = Promise.withResolvers<string | null>();
  const end = (why: string) => ended.resolve(why);
  const timer = setTimeout(() => end("it took longer than the time for it"), deadlineMs ?? usualDeadlineMs);
  const abort = () => end("it was called off");
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  const gone = Promise.withResolvers<void>();
  child.once("close", () => gone.resolve());
  child.once("error", (error) => {
    end(error.message);
    gone.resolve();
  });
  try {
    converse(child, account, { text, threads: errand.threads }, end);
    listen(child, errand, ended.resolve);
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    await dismiss(child, gone.promise, errand);
  }
}

/** A reader on a file system that does not answer cannot be killed: nobody waits for it, and what holds it is remembered. */
async function dismiss(child: ChildProcess, gone: Promise<void>, errand: Errand): Promise<void> {
  child.kill("SIGKILL");
  child.stdin?.destroy();
  child.stdout?.destroy();
  controlOf(child)?.destroy();
  const late = Promise.withResolvers<"late">();
  const patience = setTimeout(late.resolve, patienceMs, "late");
  const outcome = await Promise.race([gone, late.promise]);
  clearTimeout(patience);
  child.unref();
  if (outcome !== "late") return;
  const holds = errand.holds();
  for (const one of holds) stuck.set(one, (stuck.get(one) ?? 0) + 1);
  void gone.then(() => {
    for (const one of holds) release(one);
  });
}

function release(one: string): void {
  const left = (stuck.get(one) ?? 1) - 1;
  if (left > 0) stuck.set(one, left);
  else stuck.delete(one);
}

function controlOf(child: ChildProcess): Duplex | null {
  const control = child.stdio[3];
  return control instanceof Duplex ? control : null;
}

/** Says who the reader is to be, looks whether it became that, and only then lets it go. */
function converse(
  child: ChildProcess,
  account: Account,
  { text, threads }: { readonly text: string; readonly threads: number },
  end: (why: string) => void,
): void {
  const control = controlOf(child);
  if (control === null) {
    end("there is no way to speak with the launcher");
    return;
  }
  // The child may be gone before all was written; its end is heard elsewhere.
  control.on("error", () => {});
  child.stdin?.on("error", () => {});
  const hear = (line: string) => {
    const said = parseSaid(line);
    if (said.kind === "fail") end(`${said.step}: ${said.reason} ${said.detail}`.trim());
    if (said.kind !== "ready") return;
    const status = taskStatus(said.init, said.init);
    const sandbox = process.getuid?.() === 0 ? "whole-root" : "own-account";
    const wrong = status === null ? "it cannot be looked at" : wrongIdentity(status, { account, sandbox });
    if (wrong !== null) return end(`the reader has another identity: ${wrong}`);
    control.write("g");
    child.stdin?.end(text);
  };
  control.on("data", lines(hear));
  control.write(encodeSpec(specOf(account, threads)));
}

function specOf(account: Account, threads: number): SpecWord[] {
  return [
    ["sandbox", "none"],
    ["parent", String(process.pid)],
    ["uid", String(account.uid)],
    ["gid", String(account.gid)],
    ...account.groups.map((group): SpecWord => ["group", String(group)]),
    ["cwd", "/"],
    // Opened before the identity changes: the account may not enter the folder in which it lies.
    ["program-fd", process.execPath],
    ["arg", "node"],
    ["arg", "--max-old-space-size=128"],
    ["arg", "-"],
    ["env", `UV_THREADPOOL_SIZE=${Math.min(mostThreads, Math.max(4, threads))}`],
    ["umask", "077"],
  ];
}

/** Hands out line by line what the reader says; what it says last may have no newline. */
function listen(child: ChildProcess, errand: Errand, end: (why: string | null) => void): void {
  let length = 0;
  let rest: Buffer[] = [];
  let isOver = false;
  const take = (line: Buffer) => {
    if (isOver) return;
    const word = errand.take(line);
    if (word === "more") return;
    isOver = true;
    end(word === "enough" ? null : word);
  };
  child.stdout?.on("error", () => {});
  child.stdout?.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > errand.mostBytes) return end(`it is more than ${Math.ceil(errand.mostBytes / 1_048_576)} MiB`);
    let from = 0;
    for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
      take(Buffer.concat([...rest, chunk.subarray(from, to)]));
      rest = [];
      from = to + 1;
    }
    rest.push(chunk.subarray(from));
  });
  child.once("close", (status, signal) => {
    const last = Buffer.concat(rest);
    if (last.length > 0) take(last);
    end(`the reader ended (${signal ?? status}) and said ${length === 0 ? "nothing" : "too little"}`);
  });
}
