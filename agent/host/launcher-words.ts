/**
 * What is said on descriptor 3 between here and the launcher (agent/native): netstrings go in, lines come out. Pure.
 */
export type SpecWord = readonly [key: string, value: string | Uint8Array];

/** `LEN:KEY=VALUE,` for each word and `0:,` at the end. */
export function encodeSpec(words: readonly SpecWord[]): Buffer {
  const pieces = words.flatMap(([key, value]) => {
    const bytes = Buffer.concat([Buffer.from(`${key}=`), Buffer.from(value)]);
    return [Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")];
  });
  return Buffer.concat([...pieces, Buffer.from("0:,")]);
}

/** The value of `place`: TYPE MODE PATH, a NUL, and a file's content or a link's target. */
export function placeValue(type: string, mode: number, path: string, content: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from(`${type} ${mode.toString(8)} ${path}\0`), Buffer.from(content)]);
}

export type Said =
  | { readonly kind: "mount"; readonly mountPoint: string }
  | { readonly kind: "warn"; readonly words: readonly string[] }
  | { readonly kind: "fail"; readonly step: string; readonly reason: string; readonly detail: string }
  | { readonly kind: "ready"; readonly init: number; readonly fds: readonly [number, number, number] }
  | { readonly kind: "note"; readonly words: readonly string[] }
  | { readonly kind: "ceiling"; readonly what: string }
  | { readonly kind: "stopped"; readonly signal: number }
  | { readonly kind: "exit"; readonly status: number; readonly signal: number }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown"; readonly text: string };

export function parseSaid(line: string): Said {
  const [kind, ...rest] = line.split(" ");
  const words = rest.map(decodeWord);
  const [first = "", second = "", ...others] = words;
  const number = (index: number) => Number(words[index] ?? Number.NaN);
  switch (kind) {
    case "mount":
      return { kind, mountPoint: first };
    case "warn":
      return { kind, words };
    case "fail":
      return { kind, step: first, reason: second, detail: others.join(" ") };
    case "ready":
      return { kind, init: number(0), fds: [number(1), number(2), number(3)] };
    case "note":
      return { kind, words };
    case "ceiling":
      return { kind, what: first };
    case "stopped":
      return { kind, signal: number(0) };
    case "exit":
      return { kind, status: number(0), signal: number(1) };
    case "gone":
      return { kind };
    default:
      return { kind: "unknown", text: line };
  }
}

/** `%XX` stands for a byte; the whole is UTF-8 as far as it is any. */
function decodeWord(word: string): string {
  if (!word.includes("%")) return word;
  const bytes = word.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Cuts a stream of bytes into lines; keeps at most 64 KiB of an unfinished one. */
export function lines(take: (line: string) => void): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    const pieces = (rest + chunk.toString("latin1")).split("\n");
    rest = (pieces.pop() ?? "").slice(-65536);
    for (const piece of pieces) take(piece);
  };
}
