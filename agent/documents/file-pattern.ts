/**
 * Patterns for the names of files, as fnmatch(3) without flags takes them in the C locale: `*`, `?`, sets in brackets and
 * `\`. Names are bytes, so patterns are bytes, too: `?` is one byte. What fnmatch leaves to chance is refused.
 */

/** One step of a pattern: any number of bytes, or one byte of these 256. */
type Step = { readonly kind: "any" } | { readonly kind: "one"; readonly of: Uint8Array };

export interface FilePattern {
  readonly steps: readonly Step[];
  /** Whether some byte of the name is said, so that the pattern cannot mean every file. */
  readonly saysSomething: boolean;
}

export type ParsedPattern =
  | { readonly kind: "pattern"; readonly pattern: FilePattern }
  | { readonly kind: "refused"; readonly expected: string };

/** The longest name of a file (NAME_MAX); a pattern has no reason to be longer than what it could match. */
const mostBytes = 255;

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

export function parseFilePattern(text: string): ParsedPattern {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0) return refused("a pattern");
  if (bytes.length > mostBytes) return refused(`a pattern of at most ${mostBytes} bytes`);
  if (/[\u0000-\u001f\u007f]|\p{Cs}/u.test(text)) return refused("a pattern without control characters");
  if (text.includes("/")) return refused("a pattern for a file's own name, without /");
  const steps: Step[] = [];
  let saysSomething = false;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    if (byte === star) {
      if (steps.at(-1)?.kind !== "any") steps.push({ kind: "any" });
      at += 1;
    } else if (byte === question) {
      steps.push({ kind: "one", of: everyByte });
      at += 1;
    } else if (byte === bracket) {
      const set = parseSet(bytes, at);
      if (set.kind === "refused") return set;
      steps.push({ kind: "one", of: set.of });
      at = set.end;
    } else {
      const literal = byte === backslash ? bytes[at + 1] : byte;
      if (literal === undefined) return refused("a character after \\");
      steps.push({ kind: "one", of: only(literal) });
      saysSomething = true;
      at += byte === backslash ? 2 : 1;
    }
  }
  return { kind: "pattern", pattern: { steps, saysSomething } };
}

/**
 * Whether the pattern is the whole name. Where it does not go on, only the last `*` takes one byte more: what an earlier
 * one could take besides, the last one can as well. So it is at most steps times bytes, whatever the pattern.
 */
export function matchesName({ steps }: FilePattern, name: Uint8Array): boolean {
  let [step, at] = [0, 0];
  let [afterAny, resume] = [-1, 0];
  while (at < name.length) {
    const now = steps[step];
    if (now?.kind === "any") {
      step += 1;
      [afterAny, resume] = [step, at];
    } else if (now !== undefined && now.of[name[at] ?? 0] === 1) {
      step += 1;
      at += 1;
    } else if (afterAny >= 0) {
      resume += 1;
      [step, at] = [afterAny, resume];
    } else return false;
  }
  return steps.slice(step).every(({ kind }) => kind === "any");
}

const [star, question, bracket, backslash, closing, dash] = [0x2a, 0x3f, 0x5b, 0x5c, 0x5d, 0x2d];
const everyByte = new Uint8Array(256).fill(1);

function only(byte: number): Uint8Array {
  const of = new Uint8Array(256);
  of[byte] = 1;
  return of;
}

function refused(expected: string): { readonly kind: "refused"; readonly expected: string } {
  return { kind: "refused", expected };
}

type ParsedSet =
  | { readonly kind: "set"; readonly of: Uint8Array; readonly end: number }
  | { readonly kind: "refused"; readonly expected: string };

/** `[abc]`, `[a-z]`, `[!0-9]`, `[[:digit:]_]`, `[]x]`: from the bracket at `start`. `end` is after its last byte. */
function parseSet(bytes: Uint8Array, start: number): ParsedSet {
  const isNegated = bytes[start + 1] === 0x21 || bytes[start + 1] === 0x5e;
  const of = new Uint8Array(256);
  let at = start + (isNegated ? 2 : 1);
  const begin = at;
  while (bytes[at] !== closing || at === begin) {
    const named = namedClass(bytes, at);
    if (named !== null) {
      if (named.of === undefined) return refused(`a class of ${Object.keys(classes).join(", ")} in [: :]`);
      for (let each = 0; each < 128; each += 1) if (named.of.test(String.fromCharCode(each))) of[each] = 1;
      at = named.end;
      continue;
    }
    const from = memberAt(bytes, at);
    if (from === null) return refused("a set of ASCII characters that ends with ]");
    const isRange = bytes[from.end] === dash && bytes[from.end + 1] !== closing;
    const to = isRange ? memberAt(bytes, from.end + 1) : from;
    if (to === null) return refused("a set of ASCII characters that ends with ]");
    if (to.byte < from.byte) return refused("a range from the lower to the higher character");
    of.fill(1, from.byte, to.byte + 1);
    at = to.end;
  }
  return { kind: "set", of: isNegated ? of.map((is) => 1 - is) : of, end: at + 1 };
}

/** A single character of a set. One of several bytes would match half of it, so it is none. */
function memberAt(bytes: Uint8Array, at: number): { readonly byte: number; readonly end: number } | null {
  const isEscaped = bytes[at] === backslash;
  const byte = bytes[isEscaped ? at + 1 : at];
  const isCollating = byte === bracket && !isEscaped && [0x2e, 0x3d, 0x3a].includes(bytes[at + 1] ?? 0);
  if (byte === undefined || byte > 0x7f || isCollating) return null;
  return { byte, end: at + (isEscaped ? 2 : 1) };
}

/** `[:digit:]` inside a set; null where no class begins. */
function namedClass(bytes: Uint8Array, at: number): { readonly of: RegExp | undefined; readonly end: number } | null {
  const [, name] = /^\[:([a-z]*):\]/.exec(String.fromCharCode(...bytes.subarray(at, at + 16))) ?? [];
  if (name === undefined) return null;
  return { of: Object.hasOwn(classes, name) ? classes[name] : undefined, end: at + name.length + 4 };
}
