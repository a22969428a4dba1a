/** The variables that fish keeps for all sessions, as it writes them: `SETUVAR --export NAME:VALUE`. */
import { textValue } from "./values.ts";
import { note, type Walk } from "./walk.ts";

const row = /^SETUVAR ((?:--\w+ )*)([A-Za-z0-9_]+):(.*)$/gm;
/** Between the items of a list, and what stands for a list without any. */
const [separator, none] = ["\x1e", "\x1d"];

export function universalVariables(walk: Walk): void {
  const { text } = walk.frame.lines;
  for (const found of text.matchAll(row)) {
    const [whole, , name = "", written = ""] = found;
    const value = unescaped(written);
    const items = value === none ? [] : value.split(separator);
    const isPath = name === "PATH" || name === "fish_user_paths";
    const kind = isPath ? "path" : "variable";
    note(
      walk,
      { start: found.index, end: found.index + whole.length },
      { kind, name, value: items.join(isPath ? ":" : " ") },
    );
    const values = items.map(textValue);
    const [only] = values;
    walk.ground.variables.set(name, values.length === 1 && only !== undefined ? only : { kind: "list", items: values });
  }
}

function unescaped(written: string): string {
  return written.replaceAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/gi, (all, hex, small, large) => {
    const code = Number.parseInt(hex ?? small ?? large, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
