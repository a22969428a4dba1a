/**
 * Characters that must not reach a reader raw: controls (C0, DEL, C1), format characters (bidirectional marks and
 * overrides, zero-width ones, tags), line and paragraph separators, lone surrogates, private and unassigned ones. Names,
 * prompts and values come from the host, and whoever owns a startup file chooses them (design 9).
 */
export const hostile = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/**
 * The one way to JSON. Hostile characters are escaped: JSON.stringify does it for C0 and lone surrogates, and here DEL, C1,
 * bidirectional and other format characters, line separators. A parser gives back exactly what was put in.
 */
export function jsonText(value: unknown, indent: 0 | 2 = 2): string {
  // JSON.stringify leaves undefined for what has no JSON form: null says the same in a document.
  const text = JSON.stringify(value, null, indent) ?? "null";
  // The newlines of the layout are the only raw controls in the text, and they stay.
  return text.replace(hostile, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return text;
}
