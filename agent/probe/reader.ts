/** Starts the reader of startup files with the account's identity, and takes what it says for what it is: a claim. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { Account, ModeId } from "../facts/index.ts";
import { builtPart } from "../host/beside.ts";
import { taskStatus } from "../host/process.ts";
import type { Shell } from "../shells/index.ts";
import type { Reading } from "../startup/index.ts";
import { wrongIdentity } from "./gate.ts";
import { enterPath } from "./launcher.ts";
import { encodeSpec, lines, parseSaid, type SpecWord } from "./protocol.ts";
import { readingAnswer } from "./reading-answer.ts";

export interface ToRead {
  readonly account: Account;
  readonly shell: Shell;
  readonly mode: ModeId;
  readonly env: Readonly<Record<string, string>>;
  /** Path of the reader's own text, a bundle without imports; `reader.cjs` beside the program if not said. */
  readonly script?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

const usualDeadlineMs = 3_000;
const mostBytes = 8 * 1_048_576;

/** Never rejects: what could not be read is a doubt in an empty Reading. */
export async function readStartup(wanted: ToRead): Promise<Reading> {
  try {
    const { shell, mode, account, env } = wanted;
    const { name, syntax, reads } = shell;
    const { home, uid } = account;
    const request = { shell: { name, syntax, reads }, mode, account: { home, uid }, env };
    const text = readFileSync(wanted.script ?? builtPart("reader.cjs"), "utf8");
    const answer = await answerOf(wanted, `globalThis.request = ${JSON.stringify(request)};\n${text}`);
    if (answer.kind === "nothing") return nothing(answer.why);
    const reading = readingAnswer(answer.bytes);
    return typeof reading === "string" ? nothing(reading) : reading;
  } catch (error) {
    return nothing(error instanceof Error ? error.message : "the reader could not be started");
  }
}

function nothing(why: string): Reading {
  const doubts = [{ code: "unreadable", message: `the startup files could not be read: ${why}` }] as const;
  return { files: [], identities: [], statements: [], guards: [], lines: {}, environmentFiles: {}, doubts };
}

type Answer = { readonly kind: "said"; readonly bytes: Buffer } | { readonly kind: "nothing"; readonly why: string };

/** One child, one answer; whatever happens it is ended. */
async function answerOf(wanted: ToRead, text: string): Promise<Answer> {
  const child = spawn(enterPath(), [], { stdio: ["pipe", "pipe", "ignore", "pipe"], cwd: "/", env: {} });
  const ended = Promise.withResolvers<Answer>();
  const end = (why: string) => ended.resolve({ kind: "nothing", why });
  const timer = setTimeout(() => end("it took longer than the time for it"), wanted.deadlineMs ?? usualDeadlineMs);
  const abort = () => end("it was called off");
  wanted.signal?.addEventListener("abort", abort, { once: true });
  if (wanted.signal?.aborted) abort();
  const gone = Promise.withResolvers<void>();
  child.once("close", () => gone.resolve());
  child.once("error", (error) => {
    end(error.message);
    gone.resolve();
  });
  try {
    converse(child, wanted.account, text, end);
    collect(child, ended.resolve, end);
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    wanted.signal?.removeEventListener("abort", abort);
    child.kill("SIGKILL");
    child.stdin?.destroy();
    child.stdout?.destroy();
    controlOf(child)?.destroy();
    // A reader on a file system that does not answer cannot be killed, and nobody waits for it.
    const patience = setTimeout(gone.resolve, 500);
    await gone.promise;
    clearTimeout(patience);
    child.unref();
  }
}

function controlOf(child: ChildProcess): Duplex | null {
  const control = child.stdio[3];
  return control instanceof Duplex ? control : null;
}

/** Says who the reader is to be, looks whether it became that, and only then lets it go. */
function converse(child: ChildProcess, account: Account, text: string, end: (why: string) => void): void {
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
  control.write(encodeSpec(specOf(account)));
}

function specOf(account: Account): SpecWord[] {
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
    ["umask", "077"],
  ];
}

function collect(child: ChildProcess, resolve: (answer: Answer) => void, end: (why: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout?.on("error", () => {});
  child.stdout?.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > mostBytes) end(`it is more than ${mostBytes / 1_048_576} MiB`);
    else chunks.push(chunk);
  });
  child.once("close", (status, signal) => {
    if (length === 0) end(`the reader ended (${signal ?? status}) and said nothing`);
    else resolve({ kind: "said", bytes: Buffer.concat(chunks) });
  });
}
