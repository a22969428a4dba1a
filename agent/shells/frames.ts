import { utf8 } from "./quote.ts";

/**
 * The frame around an answer: `\nNONCE:begin\n`, then sections that each start with `\nNONCE:NAME\n`, then `\nNONCE:end\n`.
 * Startup files can put noise anywhere; the nonce tells ours from theirs. It is no protection against a startup file that
 * lies on purpose, for that one is the same process (design 6.5).
 */

/** Letters and digits only, so that it needs no quoting in any shell and may be part of a variable's name. */
export function checkedNonce(nonce: string): string {
  if (!/^[A-Za-z0-9]{8,64}$/.test(nonce)) throw new Error(`a nonce is 8 to 64 letters and digits, found ${nonce}`);
  return nonce;
}

export type Sections = ReadonlyMap<string, string>;

/** The sections by name, one character a byte; null where the frame is missing or torn. */
export function sectionsOf(answer: Buffer, nonce: string): Sections | null {
  const bytes = answer.toString("latin1");
  const begin = bytes.indexOf(`\n${nonce}:begin\n`);
  const end = bytes.indexOf(`\n${nonce}:end\n`, Math.max(begin, 0));
  if (begin < 0 || end < 0) return null;
  const sections = new Map<string, string>();
  for (const part of bytes.slice(begin, end).split(`\n${nonce}:`).slice(1)) {
    const [, name, content] = /^([a-z-]+)\n([\s\S]*)$/.exec(part) ?? /^([a-z-]+)()$/.exec(part) ?? [];
    if (name !== undefined && content !== undefined && !sections.has(name)) sections.set(name, content);
  }
  return sections;
}

/** Records of `fields` fields: `FIELD NUL ... FIELD NUL NONCE newline`. Only the last field may hold a NUL (zsh). */
export function recordsOf(section: string | undefined, nonce: string, fields: number): string[][] {
  const records = (section ?? "").split(`\0${nonce}\n`).slice(0, -1);
  return records.flatMap((record) => {
    const parts = record.split("\0");
    if (parts.length < fields) return [];
    return [[...parts.slice(0, fields - 1), parts.slice(fields - 1).join("\0")].map(utf8)];
  });
}

/** Fields that each end with a NUL. */
export function fieldsOf(section: string | undefined): string[] {
  return (section ?? "").split("\0").slice(0, -1).map(utf8);
}

/** Keeps the entries whose name was not seen before. */
export function firstOf<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  const seen = new Set<string>();
  return entries.filter((entry) => !seen.has(entry.name) && seen.add(entry.name));
}
