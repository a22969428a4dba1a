/** Where the CLI writes. Tests pass their own; `processIo` is the real one. */
import { jsonText } from "./format/json.ts";
import { framed } from "./framed.ts";
import { type Line, printed } from "./text/printable.ts";

export interface Stream {
  readonly terminal: boolean;
  write(text: string): void;
  /** Nobody reads it any more. */
  readonly gone?: () => boolean;
}

export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a verb says. There is no other way to a stream than this. */
export interface Voice {
  /** Lines of the answer, on stdout. */
  answer(lines: readonly Line[]): void;
  /** What went wrong or is going on, on stderr, plain. */
  remark(...lines: readonly string[]): void;
  json(value: unknown): void;
  framed(value: unknown): void;
  /** One value on one line. */
  jsonLine(value: unknown): void;
  /** Text as it stands, byte for byte; on a terminal its hostile characters are escaped. */
  exact(text: string): void;
  /** Whether somebody still reads the answer. */
  isHeard(): boolean;
  /** A document's own text, as it stands: only its hostile characters are escaped. */
  verbatim(text: string): void;
  /** What is going on, for a person who waits: shown after a second, only on a terminal, gone before the next word. */
  progress(text: string): Progress;
}

export interface Progress {
  say(text: string): void;
  end(): void;
}

const showAfterMs = 1000;
const eraseLine = "\r\x1b[K";

export function voiceOf(io: Io): Voice {
  const colour = io.stdout.terminal && !io.env.NO_COLOR && io.env.TERM !== "dumb";
  const verbatim = (text: string) => {
    const lines = text.replace(/\n$/, "").split("\n");
    io.stdout.write(
      printed(
        lines.map((line) => [line]),
        false,
      ),
    );
  };
  return {
    answer: (lines) => io.stdout.write(printed(lines, colour)),
    remark: (...lines) =>
      io.stderr.write(
        printed(
          lines.map((line) => [line]),
          false,
        ),
      ),
    json: (value) => io.stdout.write(`${jsonText(value)}\n`),
    jsonLine: (value) => io.stdout.write(`${jsonText(value, 0)}\n`),
    exact: (text) => (io.stdout.terminal ? verbatim(text) : io.stdout.write(text)),
    isHeard: () => io.stdout.gone?.() !== true,
    framed: (value) => io.stdout.write(framed(jsonText(value))),
    verbatim,
    progress: (text) => (io.stderr.terminal && io.env.TERM !== "dumb" ? shownLater(io.stderr, text) : silent),
  };
}

const silent: Progress = { say() {}, end() {} };

function shownLater(stream: Stream, first: string): Progress {
  let text = first;
  let shown = false;
  const show = () => {
    shown = true;
    stream.write(eraseLine + printed([[text]], false).trimEnd());
  };
  const timer = setTimeout(show, showAfterMs);
  timer.unref();
  return {
    say(next) {
      text = next;
      if (shown) show();
    },
    end() {
      clearTimeout(timer);
      if (shown) stream.write(eraseLine);
    },
  };
}

/**
 * The streams of this process. A reader that went away (`rcwarden check | head`) is nobody's fault: what is left is not
 * written and the exit status stays what was found. Any other failure of stdout is said, and `failed` gives it.
 */
export function processIo(): Io & { flushed(): Promise<NodeJS.ErrnoException | null> } {
  let failure: NodeJS.ErrnoException | null = null;
  const open = (stream: NodeJS.WriteStream): Stream => {
    let gone = false;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      gone = true;
      if (error.code !== "EPIPE" && stream === process.stdout) failure = error;
    });
    return {
      terminal: stream.isTTY === true,
      write(text) {
        if (!gone) stream.write(text);
      },
      gone: () => gone,
    };
  };
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (stream.destroyed || stream.errored) resolve();
      else stream.write("", () => resolve());
    });
  return {
    stdout: open(process.stdout),
    stderr: open(process.stderr),
    env: process.env,
    async flushed() {
      await drained(process.stdout);
      await drained(process.stderr);
      return failure;
    },
  };
}
