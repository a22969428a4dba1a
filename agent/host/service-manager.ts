import { hostile } from "../facts/hostile.ts";
import { sendDatagram } from "./native.ts";

/**
 * What the service manager that started us wants to be told (sd_notify(3), sd_watchdog_enabled(3)). Where there is none
 * each call does nothing; what it does not take is lost, for nobody here waits for it.
 */
export interface ServiceManager {
  readonly present: boolean;
  /** How often `watchdog` is to be called, in milliseconds: half of what it waits; null where it does not wait for us. */
  readonly watchdogMs: number | null;
  ready(): void;
  /** Reading the documents anew; `ready` says that it is done. */
  reloading(): void;
  stopping(): void;
  /** One line for people; text of the host may be in it. */
  status(text: string): void;
  watchdog(): void;
}

/** Names by which it is said; children must have none of them, or they could speak in our name. */
const names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;
const longestStatus = 512;

/** Takes what the service manager said out of `env` (`process.env`), so that no child has it. */
export function serviceManager(env: Record<string, string | undefined>, pid: number): ServiceManager {
  const { NOTIFY_SOCKET: socket = "", WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = env;
  for (const name of names) delete env[name];
  const present = /^[/@]./.test(socket);
  const tell = (text: string) => {
    if (present) sendDatagram(socket, text);
  };
  return {
    present,
    watchdogMs: present && (watched === undefined || watched === String(pid)) ? halfOf(microseconds) : null,
    ready: () => tell("READY=1"),
    // CLOCK_MONOTONIC is what Node's clock is, and what Type=notify-reload asks for.
    reloading: () => tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => tell("STOPPING=1"),
    status: (text) => tell(`STATUS=${oneLine(text)}`),
    watchdog: () => tell("WATCHDOG=1"),
  };
}

function halfOf(microseconds: string | undefined): number | null {
  const all = /^\d{1,15}$/.test(microseconds ?? "") ? Number(microseconds) : 0;
  return all > 0 ? Math.max(1, Math.floor(all / 2000)) : null;
}

/** Escaped as on a terminal, where it ends up; and a newline would begin a field of the protocol. */
function oneLine(text: string): string {
  const shown = text.replaceAll(hostile, (one) =>
    Array.from(Buffer.from(one, "utf8"), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  const characters = Array.from(shown);
  return characters.length <= longestStatus ? shown : `${characters.slice(0, longestStatus - 1).join("")}…`;
}
