/** Numbers, sizes, durations and times as the page says them. */
import { countWords } from "../../facts/amounts.ts";
import { type Html, html } from "./html.ts";

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** `4 s`, `41 min`, `2 h 38 min`, `12 d 4 h`: two units at most, rounded down. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return `${Math.floor(whole / minute)} min`;
  if (whole < day) return twoUnits(Math.floor(whole / hour), "h", Math.floor((whole % hour) / minute), "min");
  return twoUnits(Math.floor(whole / day), "d", Math.floor((whole % day) / hour), "h");
}

function twoUnits(more: number, larger: string, less: number, smaller: string): string {
  return less === 0 ? `${countWords(more)} ${larger}` : `${countWords(more)} ${larger} ${less} ${smaller}`;
}

/** `9 h`, `3 d`: one unit, for what is reckoned and not measured. */
export function roughly(seconds: number): string {
  if (seconds < 2 * hour) return duration(seconds);
  return seconds < 2 * day ? `${Math.floor(seconds / hour)} h` : `${countWords(Math.floor(seconds / day))} d`;
}

const units = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

export interface Unit {
  readonly name: string;
  readonly bytes: number;
}

/** The unit in which this many bytes, and less, are said in one table: GiB for a disk. */
export function unitFor(bytes: number): Unit {
  const [name, size] = units.find(([, each]) => bytes >= each) ?? units[2];
  return { name, bytes: size };
}

/** `96.4`, rounded down; `<0.1` for less. */
export function inUnit(bytes: number, unit: Unit): string {
  if (bytes > 0 && bytes < unit.bytes / 10) return "<0.1";
  const tenths = Math.floor((Math.max(0, bytes) * 10) / unit.bytes);
  return `${countWords(Math.floor(tenths / 10))}.${tenths % 10}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One clause as a sentence. */
export function sentence(clause: string): string {
  const text = capital(clause.trim());
  return text === "" || /[.?!]$/.test(text) ? text : `${text}.`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** Times in the host's own zone, which is said once, at the top of the page. */
export class Clock {
  readonly nowMs: number;
  /** What the zone is ahead of UTC. */
  readonly offsetMinutes: number;
  readonly #offsetMs: number;

  constructor(nowMs: number, offsetMinutes: number) {
    this.nowMs = nowMs;
    this.offsetMinutes = offsetMinutes;
    this.#offsetMs = offsetMinutes * 60_000;
  }

  /** `UTC`, `+01:00`. */
  zone(): string {
    const minutes = Math.abs(this.#offsetMs) / 60_000;
    if (minutes === 0) return "UTC";
    return `${this.#offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }

  /** `09:14` */
  minute(time: string): string {
    return this.#local(time).toISOString().slice(11, 16);
  }

  /** `09:14:07` */
  second(time: string): string {
    return this.#local(time).toISOString().slice(11, 19);
  }

  /** `Mon` */
  weekday(time: string): string {
    return weekdays[this.#local(time).getUTCDay()] ?? "";
  }

  /** `2 Nov`; with the year where it is another one. */
  date(time: string): string {
    const local = this.#local(time);
    const year = local.getUTCFullYear();
    const isThis = year === new Date(this.nowMs + this.#offsetMs).getUTCFullYear();
    return `${local.getUTCDate()} ${months[local.getUTCMonth()]}${isThis ? "" : ` ${year}`}`;
  }

  isToday(time: string): boolean {
    const today = new Date(this.nowMs + this.#offsetMs).toISOString().slice(0, 10);
    return this.#local(time).toISOString().slice(0, 10) === today;
  }

  /** `09:14` today, `2 Nov` before. */
  moment(time: string): Html {
    return this.#marked(time, this.isToday(time) ? this.minute(time) : this.date(time));
  }

  /** `09:14:07` today, `2 Nov, 16:20` before. */
  exact(time: string): Html {
    return this.#marked(time, this.isToday(time) ? this.second(time) : `${this.date(time)}, ${this.minute(time)}`);
  }

  /** Plain text of `moment`, for where no markup can stand. */
  momentText(time: string): string {
    return this.isToday(time) ? this.minute(time) : this.date(time);
  }

  /** Seconds from then to now. */
  since(time: string): number {
    return Math.max(0, (this.nowMs - Date.parse(time)) / 1_000);
  }

  /** Minutes after midnight of the host, of a moment in epoch milliseconds. */
  minuteOfDay(ms: number): number {
    return Math.floor((((ms + this.#offsetMs) / 60_000) % 1_440) + 1_440) % 1_440;
  }

  #marked(time: string, text: string): Html {
    return html`<time datetime="${time}">${text}</time>`;
  }

  #local(time: string): Date {
    return new Date((Date.parse(time) || 0) + this.#offsetMs);
  }
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
