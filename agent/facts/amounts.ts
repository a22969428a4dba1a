/** Counts and sizes in words, the same whatever the host's language. */

/** `1,204`. Whole numbers only. */
export function countWords(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 file`, `1,204 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countWords(count)} ${count === 1 ? one : many}`;
}

const sizeUnits = ["TiB", "GiB", "MiB", "KiB"] as const;

/** `38.0 GiB`, `812 B`; rounded down. */
export function sizeWords(bytes: number): string {
  for (const [at, unit] of sizeUnits.entries()) {
    const tenths = Math.floor((bytes * 10) / 2 ** (10 * (sizeUnits.length - at)));
    if (tenths >= 10) return `${countWords(Math.floor(tenths / 10))}.${tenths % 10} ${unit}`;
  }
  return `${countWords(bytes)} B`;
}
