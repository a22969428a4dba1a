/** Files of plain objects for the reader: a path and its text, or what is in its place. */
import { createHash } from "node:crypto";
import type { ModeId } from "../../agent/facts/index.ts";
import { shells } from "../../agent/shells/index.ts";
import type { Files, Look } from "../../agent/startup/index.ts";
import { read } from "../../agent/startup/index.ts";
import type { Reading } from "../../agent/startup/reading.ts";

export const home = "/home/papaya";

export function filesOf(texts: Readonly<Record<string, string>>): Files {
  const folders = new Set(["/", home]);
  for (const path of Object.keys(texts)) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.add(path.slice(0, at));
  }
  return {
    look(path): Look {
      const text = texts[path];
      if (text !== undefined) return { state: "text", text, digest: createHash("sha256").update(text).digest("hex") };
      return folders.has(path) ? { state: "not-a-file", reason: "is a directory" } : { state: "absent" };
    },
    list: (path) =>
      folders.has(path)
        ? [
            ...new Set(
              [...Object.keys(texts), ...folders]
                .filter((one) => one.startsWith(`${path}/`))
                .map((one) => one.slice(path.length + 1).split("/")[0] ?? ""),
            ),
          ]
        : null,
    ask(question, path) {
      const isFile = texts[path] !== undefined;
      if (question === "h" || question === "L") return false;
      if (question === "d") return folders.has(path);
      if (question === "f") return isFile;
      if (question === "s") return isFile && texts[path] !== "";
      if ("rwxe".includes(question)) return isFile || folders.has(path);
      return null;
    },
    target: () => null,
    identity: (path) => (texts[path] === undefined ? "absent" : `text ${texts[path].length}`),
  };
}

/** Reads a home whose files are named from the home (`.bashrc`) or absolutely. */
export function reading(
  shell: string,
  mode: ModeId,
  texts: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Reading {
  const known = shells.find(({ name }) => name === shell);
  if (known === undefined) throw new Error(`no shell ${shell}`);
  const files = Object.entries(texts).map(([path, text]) => [path.startsWith("/") ? path : `${home}/${path}`, text]);
  return read(known, mode, { home, uid: 501 }, env, filesOf(Object.fromEntries(files)));
}

/** Statements in short: `line:column kind name=value reached`, with the function they are in. */
export function inShort({ statements }: Pick<Reading, "statements">): string[] {
  return statements.map(({ kind, name, value, where, reached, inFunction }) => {
    const what = `${name ?? ""}${value === null ? "" : `=${value}`}`;
    return `${where.line}:${where.column} ${kind} ${what} ${reached}${inFunction === null ? "" : ` in ${inFunction}`}`;
  });
}
