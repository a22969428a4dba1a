import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { descriptorLink } from "../host/process.ts";
import { type Capture, capture } from "./capture.ts";
import type { Streams } from "./look.ts";
import type { Terminal } from "./terminal.ts";

/** The session's streams, from the side of who asked. */
export interface SessionStreams {
  readonly stdout: Capture;
  readonly stderr: Capture;
  /** What they look like in /proc/PID/fd of the session's processes. */
  readonly inside: Streams;
  /** The same of stdout and stderr; null with a terminal, which ends with the shell whoever holds it. */
  readonly links: { readonly stdout: string; readonly stderr: string } | null;
  /** Whether nobody holds stdout and stderr any more. Never with a terminal. */
  atEnd(): boolean;
  /** Takes at once what was written and not read yet. */
  drain(): void;
  /** The bytes since the last newline, of the stream that was written to last at the end. */
  lastLine(): string;
  /** Writes to stdin; at most what a pipe or terminal takes without waiting, which is 4 KiB. */
  type(text: string): void;
  /** Stdin comes to its end. A terminal has none. */
  endInput(): void;
  close(): void;
}

/** `taken` and `ended` are told whenever bytes came and whenever one of the streams came to its end. */
export interface StreamTells {
  taken(): void;
  ended(): void;
}

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

interface Source {
  drain(): void;
  isAtEnd(): boolean;
  close(): void;
}

/** Reads `stream` into `take` until its end; what `take` is given is good until it returns. It owns the descriptor `fd`. */
function source(stream: Readable, fd: number, take: (chunk: Buffer) => void, ended: () => void): Source {
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    ended();
  };
  stream.on("data", (chunk: Buffer) => take(chunk));
  stream.on("end", end);
  // A terminal's master says EIO where a pipe says end.
  stream.on("error", end);
  return {
    drain() {
      // Only while it is open: afterwards the number may be somebody else's.
      const into = Buffer.allocUnsafe(65536);
      for (let reads = 0; open && reads < mostReads; reads++) {
        const got = readNow(fd, into);
        if (got === 0) break;
        take(into.subarray(0, got));
      }
    },
    isAtEnd: () => !open,
    close() {
      open = false;
      stream.destroy();
    },
  };
}

/** More than a pipe holds: with a writer that never stops, draining must. */
const mostReads = 64;

/** 0 where nothing is there, be it for now or for ever. */
function readNow(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into);
  } catch {
    return 0;
  }
}

/** A pipe or FIFO, never blocking. One buffer serves all its reads: a gigabyte must not become garbage to collect. */
function pipeSource(fd: number, take: (chunk: Buffer) => void, ended: () => void): Source {
  const onread = {
    buffer: Buffer.allocUnsafe(65536),
    callback(got: number, into: Uint8Array) {
      take(Buffer.from(into.buffer, into.byteOffset, got));
      return true;
    },
  };
  const stream = new Socket({ fd, readable: true, writable: false, onread });
  return source(stream, fd, take, ended);
}

/** Knows which stream was written to last, for the prompt. */
function captures(tells: StreamTells) {
  const stdout = capture();
  const stderr = capture();
  let last = stdout;
  const into = (stream: Capture) => (chunk: Buffer) => {
    stream.take(chunk);
    last = stream;
    tells.taken();
  };
  const lastLine = () => {
    const other = last === stdout ? stderr : stdout;
    return Buffer.concat([other.lastLine(), last.lastLine()]).toString("utf8");
  };
  return { stdout, stderr, into, lastLine };
}

/**
 * The other ends of the three pipes that the launcher made, opened through /proc/LAUNCHER/fd: they are the account's own
 * pipes, as sshd gives, and not the sockets that Node would make.
 */
export function openPipes(
  launcher: number,
  [input, output, error]: readonly [number, number, number],
  stdin: "open" | "none",
  tells: StreamTells,
): SessionStreams {
  const { stdout, stderr, into, lastLine } = captures(tells);
  const end = (fd: number, flags: number) => openSync(`/proc/${launcher}/fd/${fd}`, flags | O_NONBLOCK);
  const links = { stdout: descriptorLink(launcher, output), stderr: descriptorLink(launcher, error) };
  const stdinLink = descriptorLink(launcher, input);
  let writeEnd = stdin === "open" ? end(input, O_WRONLY) : null;
  const endInput = () => {
    if (writeEnd !== null) closeSync(writeEnd);
    writeEnd = null;
  };
  const sources = [
    pipeSource(end(output, O_RDONLY), into(stdout), tells.ended),
    pipeSource(end(error, O_RDONLY), into(stderr), tells.ended),
  ];
  return {
    stdout,
    stderr,
    inside: { stdin: stdinLink, terminal: null },
    links,
    atEnd: () => sources.every((one) => one.isAtEnd()),
    drain() {
      for (const one of sources) one.drain();
    },
    lastLine,
    type: (text) => {
      if (writeEnd !== null) writeQuietly(writeEnd, text);
    },
    endInput,
    close() {
      for (const one of sources) one.close();
      endInput();
    },
  };
}

/** Where nobody can read it any more, the session says so by its end. */
function writeQuietly(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // EPIPE, or EIO of a terminal that nobody holds.
  }
}

/** Inside, the session's terminal is always the first of its own devpts. */
const terminalInside = "/dev/pts/0";

export function openTerminalStreams(terminal: Terminal, tells: StreamTells): SessionStreams {
  const { stdout, stderr, into, lastLine } = captures(tells);
  const master = source(terminal.master, terminal.masterFd, into(stdout), tells.ended);
  return {
    stdout,
    stderr,
    inside: { stdin: null, terminal: { link: terminalInside, device: terminal.device } },
    links: null,
    atEnd: () => false,
    drain: () => master.drain(),
    lastLine,
    type: (text) => writeQuietly(terminal.masterFd, text),
    endInput() {},
    close: () => master.close(),
  };
}

export interface Answer {
  bytes(): Buffer;
  close(): void;
}

const answerBytes = 4 * 1024 * 1024;

/** Reads the FIFO at `path` below `root` until it is closed, at most 4 MiB; the rest is read and dropped. */
export function openAnswer(root: string, path: string): Answer {
  // Also for writing: so it does not come to its end when its first writer leaves it.
  const fd = openSync(`${root}${path}`, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    throw new Error(`${path}: expected a FIFO in the sandbox`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const reader = pipeSource(
    fd,
    (chunk) => {
      const room = chunk.subarray(0, answerBytes - bytes);
      bytes += room.length;
      if (room.length > 0) chunks.push(Buffer.from(room));
    },
    () => {},
  );
  return {
    bytes() {
      reader.drain();
      return Buffer.concat(chunks);
    },
    close: () => reader.close(),
  };
}
