/** Who had a terminal on this host lately, as wtmp says. */
import { systemBytes } from "../host/system-file.ts";
import { hostSources } from "./logins.ts";
import { recordSize, type TerminalSpan, terminalSpans } from "./wtmp.ts";

const mostBytes = 1 << 20;
/** The last second that RFC 3339 has a form for. */
const lastSecond = 253_402_300_799;

/** Those whose session ended after `sinceMs`, or lasts; null where nothing can be known. */
export function peopleSince(sinceMs: number, wtmp: readonly string[] = hostSources.wtmp): TerminalSpan[] | null {
  const size = recordSize();
  if (size === null) return null;
  const most = Math.floor(mostBytes / size) * size;
  const parts = wtmp.flatMap((path) => systemBytes(path, most, -most) ?? []);
  if (parts.length === 0) return null;
  const spans = terminalSpans(Buffer.concat(parts)) ?? [];
  return spans.filter(({ from, to }) => [from, to ?? from].every(isTime) && (to === null || to * 1000 >= sinceMs));
}

/** A record that was damaged may hold any number. */
function isTime(seconds: number): boolean {
  return seconds >= 0 && seconds <= lastSecond;
}
