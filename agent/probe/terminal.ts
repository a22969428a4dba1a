import { execFile } from "node:child_process";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import * as z from "zod";

/** A terminal for one session, 80 by 24, made on the host's devpts. */
export interface Terminal {
  readonly slave: number;
  /** Device number of the slave, as /proc/PID/stat has it for the controlling terminal. */
  readonly device: number;
  readonly master: ReadStream;
  /** The master's descriptor, for reading what is left. */
  readonly masterFd: number;
  /**
   * Whether a read from it may end by itself or never wait at all: not canonical, with VMIN 0 (termios(3)). That shows
   * nowhere in /proc. True also where it cannot be found out.
   */
  endsReadsByItself(): Promise<boolean>;
  close(): void;
}

const columns = 80;
const rows = 24;

/** `native` is not in node-pty's typings; its exported `open` hands out no slave, and its `spawn` no control channel. */
const opener = z.object({
  native: z.object({
    open: z.custom<(columns: number, rows: number) => unknown>((value) => typeof value === "function"),
  }),
});
const opened = z.object({ master: z.int().min(0), slave: z.int().min(0), pty: z.string() });

export async function openTerminal(): Promise<Terminal> {
  // Loaded only here: a machine on which the addon does not load still probes every mode without a terminal.
  const module = await import("node-pty");
  const { native } = opener.parse(module.default ?? module);
  const { master: masterFd, slave: inherited, pty } = opened.parse(native.open(columns, rows));
  // The slave comes without close-on-exec; opened anew it does not leak into whatever else is started meanwhile.
  const slave = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(inherited);
  const master = new ReadStream(masterFd);
  // EIO: nobody holds the slave any more.
  master.on("error", () => {});
  return {
    slave,
    device: fstatSync(slave).rdev,
    master,
    masterFd,
    endsReadsByItself: () => endsReads(slave),
    close() {
      master.destroy();
      closeSync(slave);
    },
  };
}

/** Asks stty(1), for Node cannot read termios. */
function endsReads(slave: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = execFile(
      "/bin/stty",
      ["-a", "-F", `/proc/${process.pid}/fd/${slave}`],
      { env: { LC_ALL: "C" }, timeout: 1000 },
      (error, text) => resolve(error !== null || canEndReads(text)),
    );
    child.stdin?.end();
  });
}

/** Reads `stty -a`. */
export function canEndReads(text: string): boolean {
  if (/(^|\s)icanon\b/m.test(text)) return false;
  const least = /\bmin = (\d+);/.exec(text)?.[1];
  return least === undefined || least === "0";
}
