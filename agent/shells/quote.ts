/** A word that bash and zsh take literally whatever aliases are there: what is not plain stands behind a backslash. */
export function literal(word: string): string {
  const quoted = [...word]
    .map((char) => (/^[A-Za-z0-9]$/.test(char) ? char : char === "\n" ? "'\n'" : `\\${char}`))
    .join("");
  return /^[A-Za-z0-9]/.test(quoted) ? `\\${quoted}` : quoted || "''";
}

/** A word between single quotes: every shell of the sh family takes it literally, zsh with rc_quotes apart. */
export function single(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

const named: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  e: "\x1b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** One escape of `$'...'`, as bash(1) QUOTING, zshmisc(1) and ksh93(1) have it. Each alternative is looked at in this order. */
const dollarEscape =
  /\\(?:M-(?<meta>\\C-[\s\S]|\\[\s\S]|[\s\S])|C-(?<control>[\s\S])|c(?<bashControl>[\s\S])|x\[(?<bracketed>[0-9A-Fa-f]{1,2})\]|x(?<hex>[0-9A-Fa-f]{1,2})|[uU]\[(?<point>[0-9A-Fa-f]{1,8})\]|u(?<small>[0-9A-Fa-f]{1,4})|U(?<large>[0-9A-Fa-f]{1,8})|(?<octal>[0-7]{1,3})|(?<other>[\s\S]))/g;

const byte = (code: number) => String.fromCharCode(code & 0xff);
const control = (char: string) => byte(char === "?" ? 0x7f : char.charCodeAt(0) & 0x1f);

function undoDollar(text: string): string {
  return text.replace(dollarEscape, (...found) => {
    const part: Record<string, string | undefined> = found.at(-1);
    if (part.meta !== undefined) return byte(undoDollar(part.meta).charCodeAt(0) | 0x80);
    if (part.control !== undefined) return control(part.control);
    if (part.bashControl !== undefined) return control(part.bashControl);
    const code = part.hex ?? part.bracketed;
    if (code !== undefined) return byte(Number.parseInt(code, 16));
    const point = part.small ?? part.large ?? part.point;
    if (point !== undefined) return latin1(codePoint(Number.parseInt(point, 16)));
    if (part.octal !== undefined) return byte(Number.parseInt(part.octal, 8));
    const other = part.other ?? "";
    return named[other] ?? other;
  });
}

const codePoint = (point: number) => (point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd");

/** Text as bytes, one character a byte: quoting is undone on bytes, for a shell may quote half a character. */
export const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");
/** The way back; what is no UTF-8 becomes U+FFFD. */
export const utf8 = (bytes: string) => Buffer.from(bytes, "latin1").toString("utf8");

const piece =
  /'(?<single>[^']*)'|\$'(?<dollar>(?:[^'\\]|\\M-\\C-[\s\S]|\\M-[^\\]|\\[\s\S])*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\\(?<escaped>[\s\S])|(?<plain>[^'"\\])/y;

/**
 * The words that a shell wrote quoted for itself (`'a b' $'c\n' d\ e`), with the quoting undone. `bytes` is latin1 text.
 * Null where a quote is not closed.
 */
export function wordsOf(bytes: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < bytes.length; ) {
    if (/[ \t\n]/.test(bytes.charAt(at))) {
      if (word !== null) words.push(word);
      word = null;
      at += 1;
      continue;
    }
    piece.lastIndex = at;
    const found = piece.exec(bytes);
    if (found === null) return null;
    word = (word ?? "") + undone(found.groups ?? {});
    at = piece.lastIndex;
  }
  return word === null ? words : [...words, word];
}

/**
 * A listing of `NAME=QUOTED` lines; `NAME` alone, where there is no value. A name is what stands before the first `=`,
 * whatever it holds: shells write names of aliases unquoted. Null where a quote is not closed.
 */
export function assignmentsOf(bytes: string): { readonly name: string; readonly value: string }[] | null {
  const found: { name: string; value: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const name = /[^=\n]*/y;
    name.lastIndex = at;
    const text = name.exec(bytes)?.[0] ?? "";
    at += text.length;
    if (bytes[at] !== "=") {
      if (text !== "") found.push({ name: utf8(text), value: "" });
      at += 1;
      continue;
    }
    let value = "";
    for (at += 1; at < bytes.length && bytes[at] !== "\n"; at = piece.lastIndex) {
      piece.lastIndex = at;
      const part = piece.exec(bytes);
      if (part === null) return null;
      value += undone(part.groups ?? {});
    }
    found.push({ name: utf8(text), value: utf8(value) });
    at += 1;
  }
  return found;
}

function undone(part: Readonly<Record<string, string | undefined>>): string {
  if (part.dollar !== undefined) return undoDollar(part.dollar);
  if (part.double !== undefined) return part.double.replace(/\\([$`"\\\n])/g, "$1");
  return part.single ?? part.escaped ?? part.plain ?? "";
}
