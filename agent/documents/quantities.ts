/** Durations, sizes and shares as people write them: text with a unit, so that nobody has to guess one. */
import * as z from "zod";
import { say } from "./document-kind.ts";

interface Quantity {
  /** What it is called in a problem. */
  readonly what: string;
  /** Unit to how much one of it is, smallest first. */
  readonly units: Readonly<Record<string, number>>;
  /** What people write for a unit, in lower case; for suggestions only. */
  readonly meant: Readonly<Record<string, string>>;
}

const durations: Quantity = {
  what: "a duration",
  units: { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 },
  meant: { "": "s", sec: "s", seconds: "s", min: "m", minutes: "m", hours: "h", days: "d" },
};

const sizes: Quantity = {
  what: "a size",
  units: { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  meant: { k: "KiB", kb: "KiB", m: "MiB", mb: "MiB", g: "GiB", gb: "GiB", t: "TiB", tb: "TiB" },
};

const percentages: Quantity = { what: "a share", units: { "%": 1 }, meant: { "": "%", percent: "%" } };

/** Text like `30s 60m 6h 2d` from `least` to `most`; milliseconds. */
export function duration(least: string, most: string) {
  return quantity(durations, least, most);
}

/** Text like `64MiB 500GiB` from `least` to `most`; bytes. */
export function size(least: string, most: string) {
  return quantity(sizes, least, most);
}

/** Text like `20%`, `least` and `most` in percent; percent. */
export function percentage(least: number, most: number) {
  return quantity(percentages, `${least}%`, `${most}%`);
}

function quantity(quantity: Quantity, least: string, most: string) {
  const [lowest, highest] = [measure(quantity, least), measure(quantity, most)];
  if (lowest === null || highest === null) throw new Error(`${least} or ${most} is not ${quantity.what}`);
  const expected = `${quantity.what} from ${least} to ${most}`;
  return z
    .string()
    .superRefine((text, context) => {
      const found = measure(quantity, text);
      if (found === null) say(context, { code: "value-format", expected, suggestion: nearest(quantity, text) });
      else if (found < lowest || found > highest) say(context, { code: "value-range", expected });
    })
    .meta({ pattern: `^[1-9][0-9]{0,8}(${Object.keys(quantity.units).join("|")})$` })
    .transform((text) => measure(quantity, text) ?? 0);
}

/** How much the text says, or null where it does not say it as it is to be written. */
function measure({ units }: Quantity, text: string): number | null {
  const [, count = "", unit = ""] = /^([1-9][0-9]{0,8})([A-Za-z]+|%)$/.exec(text) ?? [];
  const one = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return one === undefined ? null : Number(count) * one;
}

/** What was surely meant by `30`, `30 s`, `5MIN` or `64mb`, or null. */
function nearest({ units, meant }: Quantity, text: string): string | null {
  const [, count = "", written = ""] = /^0*([1-9][0-9]{0,8}) ?([A-Za-z]{0,8}|%)$/.exec(text) ?? [];
  const lower = written.toLowerCase();
  const known = Object.keys(units).find((unit) => unit.toLowerCase() === lower);
  const unit = known ?? (Object.hasOwn(meant, lower) ? meant[lower] : undefined);
  return count === "" || unit === undefined ? null : `${count}${unit}`;
}
