import type { Files } from "./files.ts";

/**
 * Whether the whole text matches the pattern: `*`, `?`, `[...]`, backslash. Null for patterns beyond POSIX (2.13), which
 * only the shell can tell. Costs at most the product of both lengths, whatever the stars.
 */
export function matches(pattern: string, text: string): boolean | null {
  if (pattern.length > 1_024 || text.length > 4_096 || /[?*+@!]\(|\(|\|/.test(pattern.replaceAll(/\\./g, "")))
    return null;
  const pieces = piecesOf(pattern);
  let star = -1;
  let resumed = 0;
  let piece = 0;
  let at = 0;
  while (at < text.length) {
    const wanted = pieces[piece];
    if (wanted === "*") {
      star = piece++;
      resumed = at;
    } else if (wanted?.(text[at] ?? "")) {
      piece++;
      at++;
    } else if (star >= 0) {
      piece = star + 1;
      at = ++resumed;
    } else return false;
  }
  while (pieces[piece] === "*") piece++;
  return piece === pieces.length;
}

type Piece = "*" | ((c: string) => boolean);

function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at] ?? "";
    if (c === "*") pieces.push("*");
    else if (c === "?") pieces.push(() => true);
    else if (c === "\\" && at + 1 < pattern.length) pieces.push(is(pattern[++at] ?? ""));
    else if (c === "[") {
      const end = pattern.indexOf("]", at + (/^\[[!^]?\]/.test(pattern.slice(at, at + 3)) ? 3 : 1));
      if (end < 0) pieces.push(is(c));
      else {
        pieces.push(oneOf(pattern.slice(at + 1, end)));
        at = end;
      }
    } else pieces.push(is(c));
  }
  return pieces;
}

function is(wanted: string): (c: string) => boolean {
  return (c) => c === wanted;
}

function oneOf(inside: string): (c: string) => boolean {
  const negated = /^[!^]/.test(inside);
  const set = negated ? inside.slice(1) : inside;
  return (c) => {
    let found = false;
    for (let at = 0; at < set.length; at++) {
      const low = set[at] ?? "";
      if (set[at + 1] === "-" && at + 2 < set.length) {
        found ||= c >= low && c <= (set[at + 2] ?? "");
        at += 2;
      } else found ||= c === low;
    }
    return found !== negated;
  };
}

const mostFound = 1_000;

/** The paths that a pattern names, sorted by code unit; null where a folder could not be listed. */
export function pathsOf(pattern: string, files: Pick<Files, "list" | "ask">): string[] | null {
  if (!pattern.startsWith("/")) return null;
  let found = ["/"];
  let hidden = false;
  for (const step of pattern.split("/").filter((one) => one !== "")) {
    const next: string[] = [];
    for (const folder of found) {
      const below = (name: string) => `${folder === "/" ? "" : folder}/${name}`;
      if (!/[*?[]/.test(step)) {
        next.push(below(step.replaceAll(/\\(.)/g, "$1")));
        continue;
      }
      const names = files.list(folder);
      if (names === null) hidden ||= files.ask("e", folder) !== false;
      for (const name of [...(names ?? [])].sort()) {
        if (name.startsWith(".") && !step.startsWith(".")) continue;
        if (matches(step, name) === true) next.push(below(name));
      }
    }
    found = next.slice(0, mostFound);
  }
  if (hidden && found.length === 0) return null;
  return found.filter((path) => files.ask("h", path) === true || files.ask("e", path) !== false);
}
