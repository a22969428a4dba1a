/**
 * A child with an account's identity and nothing else: node started through the launcher, with its program's text on stdin,
 * so that it needs no file that the account cannot open; behind the text come lines for it. It is listened to and ended,
 * whatever it does. What it says is a claim: whoever takes a line looks at it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { Account } from "../facts/index.ts";
import { enterPath } from "./enter.ts";
import { encodeSpec, lines, parseSaid, type SpecWord } from "./launcher-words.ts";
import { taskStatus } from "./process.ts";
import { wrongIdentity } from "./wrong-identity.ts";

export interface BareChild {
  /** What it is, for messages: `reader`. */
  readonly is: string;
  readonly account: Account;
  /** Its program, without imports of ours. */
  readonly text: string;
  /** Words for node before the program: `--max-old-space-size=128`. */
  readonly options: readonly string[];
  /** The whole environment of it. */
  readonly env: Readonly<Record<string, string>>;
  /** An open descriptor that it has as 2, where it needs a file that the account may not reach; it has no stderr. */
  readonly descriptor?: number;
  /** Whether it may take longer than the launcher's own minute. */
  readonly stays?: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Of the whole answer. */
  readonly mostBytes: number;
  /** Of one line of it, where that is less. */
  readonly mostLineBytes?: number;
  /** What it may be waiting for, as words: whoever comes later does not wait for the same. */
  holds(): readonly string[];
  /** How long it may be silent while it owes an answer; for ever, if not said. */
  readonly silenceMs?: number;
  /** How many of its kind may wait for file systems, unkillable, when another one starts; any number, if not said. */
  readonly mostStuck?: number;
  /**
   * One line of the answer without its newline; nothing more is read before it is done. A rejection ends the child. `say`
   * writes to its stdin behind its program.
   */
  take(line: Buffer, say: (text: string) => void): Took | Promise<Took>;
}

/** Any other word than the first two says what is wrong with the line. */
export type Took = "more" | "enough" | string;

export type BareEnd =
  | { readonly kind: "enough" }
  /** The time for it was over. */
  | { readonly kind: "late"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

const patienceMs = 500;

/** What children that could not be killed still wait for. */
const stuck = new Map<string, number>();
/** How many of them there are, by what they are. */
const stuckKinds = new Map<string, number>();

/**
 * Reads its program from descriptor 0, which stays open: ten digits, how many bytes it is, and the bytes. What comes later
 * is the program's own affair.
 */
const boot = `{
  const { readSync } = require("node:fs");
  const read = (room) => {
    for (let at = 0; at < room.length; ) {
      const got = readSync(0, room, at, room.length - at, null);
      if (got === 0) process.exit(1);
      at += got;
    }
    return room.toString();
  };
  const bytes = Number(read(Buffer.alloc(10)));
  require("node:vm").runInThisContext(read(Buffer.alloc(bytes)));
}`;

function programBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(String(bytes.length).padStart(10, "0")), bytes]);
}

/** Whether an earlier child is still waiting for one of these. */
export function isStuck(holds: readonly string[]): boolean {
  return holds.some((one) => stuck.has(one));
}

/** One child, one answer; whatever happens it is ended. Rejects only with what `take` rejects with. */
export async function runBareChild(bare: BareChild): Promise<BareEnd> {
  if (isStuck(bare.holds())) return failed(`an earlier ${bare.is} still waits for the file system`);
  const others = stuckKinds.get(bare.is) ?? 0;
  if (bare.mostStuck !== undefined && others >= bare.mostStuck)
    return failed(`${others} earlier children (${bare.is}) still wait for file systems`);
  const stdio = ["pipe", "pipe", bare.descriptor ?? "ignore", "pipe"] as const;
  const child = spawn(enterPath(), [], { stdio: [...stdio], cwd: "/", env: {} });
  const ended = Promise.withResolvers<BareEnd>();
  const fail = (why: string) => ended.resolve(failed(why));
  const late = () => ended.resolve({ kind: "late", why: "it took longer than the time for it" });
  const timer = setTimeout(late, bare.deadlineMs);
  const abort = () => fail("it was called off");
  bare.signal?.addEventListener("abort", abort, { once: true });
  if (bare.signal?.aborted) abort();
  const gone = Promise.withResolvers<string>();
  child.once("close", (status, signal) => gone.resolve(`${signal ?? status}`));
  child.once("error", (error) => {
    fail(error.message);
    gone.resolve(error.message);
  });
  try {
    converse(child, bare, fail);
    const silent = () => ended.resolve({ kind: "late", why: `it said nothing for ${(bare.silenceMs ?? 0) / 1_000} s` });
    listen(child, bare, gone.promise, silent).then(ended.resolve, ended.reject);
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    bare.signal?.removeEventListener("abort", abort);
    await dismiss(child, gone.promise, bare);
  }
}

function failed(why: string): BareEnd {
  return { kind: "failed", why };
}

/** A child on a file system that does not answer cannot be killed: nobody waits for it, and what holds it is remembered. */
async function dismiss(child: ChildProcess, gone: Promise<unknown>, bare: BareChild): Promise<void> {
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
  const holds = bare.holds();
  for (const one of holds) count(stuck, one, 1);
  count(stuckKinds, bare.is, 1);
  void gone.then(() => {
    for (const one of holds) count(stuck, one, -1);
    count(stuckKinds, bare.is, -1);
  });
}

function count(counts: Map<string, number>, one: string, more: number): void {
  const now = (counts.get(one) ?? 0) + more;
  if (now > 0) counts.set(one, now);
  else counts.delete(one);
}

function controlOf(child: ChildProcess): Duplex | null {
  const control = child.stdio[3];
  return control instanceof Duplex ? control : null;
}

/** Says who the child is to be, looks whether it became that, and only then lets it go. */
function converse(child: ChildProcess, { is, account, text, ...bare }: BareChild, fail: (why: string) => void): void {
  const control = controlOf(child);
  if (control === null) {
    fail("there is no way to speak with the launcher");
    return;
  }
  // The child may be gone before all was written; its end is heard elsewhere.
  control.on("error", () => {});
  child.stdin?.on("error", () => {});
  const hear = (line: string) => {
    const said = parseSaid(line);
    if (said.kind === "fail") fail(`${said.step}: ${said.reason} ${said.detail}`.trim());
    if (said.kind !== "ready") return;
    const status = taskStatus(said.init, said.init);
    const sandbox = process.getuid?.() === 0 ? "whole-root" : "own-account";
    const wrong = status === null ? "it cannot be looked at" : wrongIdentity(status, { account, sandbox });
    if (wrong !== null) return fail(`the ${is} has another identity: ${wrong}`);
    control.write("g");
    child.stdin?.write(programBytes(text));
  };
  control.on("data", lines(hear));
  control.write(encodeSpec(specOf({ account, ...bare })));
}

function specOf({ account, options, env, stays }: Pick<BareChild, "account" | "options" | "env" | "stays">) {
  const words: SpecWord[] = [
    ["sandbox", "none"],
    ...(stays ? [["stays", "1"] as const] : []),
    ["parent", String(process.pid)],
    ["uid", String(account.uid)],
    ["gid", String(account.gid)],
    ...account.groups.map((group): SpecWord => ["group", String(group)]),
    ["cwd", "/"],
    // Opened before the identity changes: the account may not enter the folder in which it lies.
    ["program-fd", process.execPath],
    ...["node", ...options, "--eval", boot].map((word): SpecWord => ["arg", word]),
    ...Object.entries(env).map(([name, value]): SpecWord => ["env", `${name}=${value}`]),
    ["umask", "077"],
  ];
  return words;
}

/** Hands out line by line what the child says; what it says last may have no newline. */
async function listen(
  child: ChildProcess,
  bare: BareChild,
  gone: Promise<string>,
  silent: () => void,
): Promise<BareEnd> {
  const { is, mostBytes, mostLineBytes = mostBytes } = bare;
  let [length, pending] = [0, 0];
  let rest: Buffer[] = [];
  const say = (text: string) => void child.stdin?.write(text);
  for await (const chunk of chunksOf(child, bare.silenceMs, silent)) {
    length += chunk.length;
    if (length > mostBytes) return failed(`it is more than ${Math.ceil(mostBytes / 1_048_576)} MiB`);
    let from = 0;
    for (let to = chunk.indexOf(0x0a); to >= 0; to = chunk.indexOf(0x0a, from)) {
      const end = endOf(await bare.take(Buffer.concat([...rest, chunk.subarray(from, to)]), say));
      if (end !== null) return end;
      [rest, pending, from] = [[], 0, to + 1];
    }
    rest.push(chunk.subarray(from));
    pending += chunk.length - from;
    if (pending > mostLineBytes) return failed(`a line of it is more than ${Math.ceil(mostLineBytes / 1_048_576)} MiB`);
  }
  const end = pending === 0 ? null : endOf(await bare.take(Buffer.concat(rest), say));
  return end ?? failed(`the ${is} ended (${await gone}) and said ${length === 0 ? "nothing" : "too little"}`);
}

function endOf(took: Took): BareEnd | null {
  if (took === "more") return null;
  return took === "enough" ? { kind: "enough" } : failed(took);
}

/** Ends quietly where the pipe breaks: why it did is heard elsewhere. */
async function* chunksOf(
  child: ChildProcess,
  silenceMs: number | undefined,
  silent: () => void,
): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> | undefined = child.stdout?.[Symbol.asyncIterator]();
  for (;;) {
    const timer = silenceMs === undefined ? undefined : setTimeout(silent, silenceMs);
    const next = await chunks?.next().catch(() => undefined);
    clearTimeout(timer);
    if (next === undefined || next.done) return;
    yield next.value;
  }
}
