/**
 * The one way to JSON. The text is ASCII where a terminal or a pipe could take it for something else: JSON.stringify
 * escapes C0 and lone surrogates, and here DEL, C1, bidirectional and other format characters, line separators. A parser
 * gives back exactly what was put in.
 */
import { hostile } from "../hostile.ts";

export function jsonText(value: unknown): string {
  // JSON.stringify leaves undefined for what has no JSON form: null says the same in a document.
  const text = JSON.stringify(value, null, 2) ?? "null";
  // The newlines of the layout are the only raw controls in the text, and they stay.
  return text.replace(hostile, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return text;
}
