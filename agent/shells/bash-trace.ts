import { latin1, utf8, wordsOf } from "./quote.ts";
import type { Shell } from "./shell.ts";

/**
 * bash -x with a PS4 of ours. `[@]@Q` writes the whole chain of files, innermost first, quoted on one line whatever their
 * names hold (bash 4.4 and newer), and does not look at IFS. bash doubles the first character per nesting; root's PS4 from
 * the environment is ignored (measured), so it does not work for uid 0. A startup file may set PS4 itself, or `set +x`:
 * what follows is then not traced.
 */
export const trace: NonNullable<Shell["trace"]> = {
  switches: ["-x"],
  env: (nonce) => ({ PS4: `+${nonce}:\${LINENO}:\${BASH_SOURCE[@]@Q}:${nonce} ` }),
  works: ({ uid }) => uid !== 0,
  parse(stderr, nonce) {
    const lines = stderr.matchAll(new RegExp(`\\++${nonce}:(\\d+):(.*?):${nonce} (.*)`, "g"));
    return [...lines].map(([, line = "", files = "", text = ""]) => ({
      files: (wordsOf(latin1(files)) ?? []).map(utf8).filter((file) => file !== ""),
      line: Number(line),
      text,
    }));
  },
};
