/**
 * Edit distance with neighbours swapped counted as one (optimal string alignment). Case counts, but much less than a letter:
 * `All` is nearer to `all` than to `ill`.
 */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const swap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (line[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + exchange(a[row - 1] ?? "", b[column - 1] ?? ""),
          swap ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = line;
  }
  return last[b.length] ?? 0;
}

function exchange(a: string, b: string): number {
  if (a === b) return 0;
  return a.toLowerCase() === b.toLowerCase() ? 0.1 : 1;
}

/**
 * The word of `list` that was probably meant by `word`, or null: at most a third of the letters may be wrong (but one
 * always), or `word` is the beginning of exactly one of them. The first of several equally near ones.
 */
export function closest(word: string, list: readonly string[]): string | null {
  // Nobody mistypes a word of this length into one of ours, and the distance costs the product of both lengths.
  if (word === "" || word.length > 100) return null;
  let best: { readonly word: string; readonly distance: number } | null = null;
  for (const candidate of list) {
    const found = distance(word, candidate);
    if (best === null || found < best.distance) best = { word: candidate, distance: found };
  }
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best?.word.length ?? 0) / 3));
  // A distance of all letters would make any one-letter word the meaning of any other.
  if (best !== null && Math.floor(best.distance) <= allowed && best.distance < best.word.length) return best.word;
  const longer = list.filter((candidate) => word.length >= 3 && candidate.startsWith(word));
  return longer.length === 1 ? (longer[0] ?? null) : null;
}

/** `a, b or c`. */
export function anyOf(list: readonly string[]): string {
  if (list.length < 2) return list.join("");
  return `${list.slice(0, -1).join(", ")} or ${list[list.length - 1]}`;
}
