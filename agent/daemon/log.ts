/** What the agent says of itself: JSON lines, with the priority that a journal reads where a service manager started it. */
import { writeSync } from "node:fs";
import { pino } from "pino";

export type Level = "info" | "warn" | "error";
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** sd-daemon(3): what stands before a line says how grave it is. */
const priorities: Readonly<Record<Level, number>> = { info: 6, warn: 4, error: 3 };

/**
 * Synchronous, by descriptor: what was said before a crash is there. A reader that is slow or gone costs a line, never the
 * agent.
 */
export function logTo(descriptor: number, options: { readonly journal: boolean; readonly least: Level }): Log {
  const levels: Record<number, Level> = { 30: "info", 40: "warn", 50: "error" };
  const stream = {
    write(line: string) {
      const { level }: { level?: number } = JSON.parse(line);
      const priority = priorities[levels[level ?? 30] ?? "info"];
      try {
        writeSync(descriptor, options.journal ? `<${priority}>${line}` : line);
      } catch {
        // Nobody reads, or not now; the agent goes on.
      }
    },
  };
  const logger = pino(
    {
      level: options.least,
      base: null,
      timestamp: options.journal ? false : () => `,"time":"${new Date().toISOString()}"`,
    },
    stream,
  );
  return (level, message, fields = {}) => logger[level](fields, message);
}
