// Speaks the launcher's protocol for tests: writes a spec, reads the lines, opens the gate.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, createReadStream, openSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";

/** Keys and values of a spec, in order; a key may come more than once. */
export type Spec = readonly (readonly [key: string, value: string | Buffer])[];

/** What a line says: its first word and the rest, unescaped. */
export type Line = readonly string[];

export type Ended = {
  readonly lines: readonly Line[];
  readonly stdout: string;
  readonly stderr: string;
  /** What the launcher itself wrote to its descriptor 2: a sanitizer's report. */
  readonly complaint: string;
  /** The launcher's own exit status, -1 when a signal ended it. */
  readonly status: number;
};

export type Launcher = {
  readonly child: ChildProcess;
  readonly control: Socket;
  readonly lines: Line[];
  /** The next line that begins with one of the words; undefined when the launcher ended before. */
  until(...words: string[]): Promise<Line | undefined>;
  readonly over: Promise<number>;
  complaint(): string;
};

export function netstrings(spec: Spec): Buffer {
  const parts = spec.map(([key, value]) => {
    const bytes = Buffer.concat([Buffer.from(`${key}=`), typeof value === "string" ? Buffer.from(value) : value]);
    return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")]);
  });
  return Buffer.concat([...parts, Buffer.from("0:,")]);
}

function unescaped(word: string): string {
  const bytes = word.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

type Start = {
  readonly enter: string;
  /** Command words put before the launcher, as `unshare -m`; they must exec it. */
  readonly before?: readonly string[];
  /** Descriptors 0 to 2 of the launcher: a terminal's slave, or pipes for a reader. */
  readonly stdio?: readonly ["ignore" | "pipe" | number, "ignore" | "pipe" | number, "ignore" | "pipe" | number];
  readonly uid?: number;
  readonly gid?: number;
};

/** Starts the launcher and hands it these bytes; says nothing about the gate. */
export function start({ enter, before = [], stdio, uid, gid }: Start, bytes: Buffer): Launcher {
  const [file = enter, ...words] = [...before, enter];
  const [first, second, third] = stdio ?? ["ignore", "ignore", "pipe"];
  const child = spawn(file, words, {
    cwd: "/",
    env: {},
    stdio: [first, second, third, "pipe"],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const control = child.stdio[3] as Socket; // a door: Node's type says Readable or Writable
  const lines: Line[] = [];
  const waiting: { words: readonly string[]; done: (line: Line | undefined) => void }[] = [];
  let rest = "";
  let finished = false;
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const wake = (line: Line | undefined): void => {
    for (const waiter of waiting.splice(0))
      if (line === undefined || waiter.words.includes(line[0] ?? "")) waiter.done(line);
      else waiting.push(waiter);
  };
  control.on("error", () => {});
  control.on("data", (chunk: Buffer) => {
    const texts = (rest + chunk.toString("latin1")).split("\n");
    rest = texts.pop() ?? "";
    for (const text of texts) {
      const line = text.split(" ").map(unescaped);
      lines.push(line);
      wake(line);
    }
  });
  const over = new Promise<number>((done) => {
    child.on("close", (code) => {
      finished = true;
      wake(undefined);
      done(code ?? -1);
    });
  });
  const seen = new Map<string, number>();
  control.write(bytes);
  return {
    child,
    control,
    lines,
    over,
    complaint: () => complaint,
    until(...wanted) {
      const key = wanted.join();
      const from = seen.get(key) ?? 0;
      const at = lines.findIndex((line, index) => index >= from && wanted.includes(line[0] ?? ""));
      if (at >= 0) seen.set(key, at + 1);
      const known = lines[at];
      if (known || finished) return Promise.resolve(known);
      return new Promise((done) => {
        waiting.push({
          words: wanted,
          done: (line) => {
            seen.set(key, lines.length);
            done(line);
          },
        });
      });
    },
  };
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

/** The ready line's numbers. */
export type Ready = { readonly init: number; readonly descriptors: readonly [number, number, number] };

export async function ready(launcher: Launcher): Promise<Ready> {
  const line = await launcher.until("ready", "fail");
  if (line?.[0] !== "ready") throw new Error(`no ready: ${JSON.stringify(launcher.lines)} ${launcher.complaint()}`);
  const [init = -1, input = -1, output = -1, errors = -1] = line.slice(1).map(Number);
  return { init, descriptors: [input, output, errors] };
}

type Options = Start & {
  /** Bytes for the shell's stdin, which then ends. Without them it ends at once. */
  readonly input?: string;
  /** Runs while the shell waits at the gate. */
  readonly atGate?: (ready: Ready, launcher: Launcher) => Promise<void> | void;
  /** Runs after the shell's end, or that of all for there were too many, before its pid 1 is killed. */
  readonly atEnd?: (ready: Ready, launcher: Launcher) => Promise<void> | void;
};

/** One whole run: ready, go, the shell's end, the sandbox's end. */
export async function run(options: Options, spec: Spec): Promise<Ended> {
  const launcher = start(options, netstrings(spec));
  const first = await launcher.until("ready", "fail");
  if (first?.[0] !== "ready") {
    const status = await launcher.over;
    return { lines: launcher.lines, stdout: "", stderr: "", complaint: launcher.complaint(), status };
  }
  const at = await readyOf(first);
  const folder = `/proc/${launcher.child.pid}/fd`;
  const [input, output, errors] = at.descriptors;
  const stdin = input < 0 ? -1 : openSync(`${folder}/${input}`, constants.O_WRONLY);
  const stdout = output < 0 ? "" : text(createReadStream("", { fd: openSync(`${folder}/${output}`, "r") }));
  const stderr = errors < 0 ? "" : text(createReadStream("", { fd: openSync(`${folder}/${errors}`, "r") }));
  await options.atGate?.(at, launcher);
  launcher.control.write("g");
  if (stdin >= 0) {
    if (options.input) writeSync(stdin, options.input);
    closeSync(stdin);
  }
  await launcher.until("exit", "ceiling");
  await options.atEnd?.(at, launcher);
  try {
    process.kill(at.init, "SIGKILL");
  } catch {
    // ended by itself
  }
  const status = await launcher.over;
  return { lines: launcher.lines, stdout: await stdout, stderr: await stderr, complaint: launcher.complaint(), status };
}

async function readyOf(line: Line): Promise<Ready> {
  const [init = -1, input = -1, output = -1, errors = -1] = line.slice(1).map(Number);
  return { init, descriptors: [input, output, errors] };
}
