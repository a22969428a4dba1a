import { latin1, utf8, wordsOf } from "./quote.ts";
import type { Shell, Traced } from "./shell.ts";

/**
 * zsh -x with a PS4 of ours: %x is the file, %I the line in it. zsh says only the innermost file (the call stack,
 * $funcfiletrace, needs prompt_subst, which would change the session), so the chain is worked out from the order of the
 * lines, `chainTo` says how. The first of `files` is always what zsh said.
 */
export const trace = traceBy("%I:%x");

/** As `sh` or `ksh` it takes PS4 for text with parameters in it; what its prompts know comes by a parameter then. */
export const traceAsSh = traceBy(`\${(%):-%I:%x}`);

function traceBy(place: string): NonNullable<Shell["trace"]> {
  return { switches: ["-x"], env: (nonce) => ({ PS4: `+${nonce}:${place}:${nonce} ` }), works: () => true, parse };
}

function parse(stderr: string, nonce: string): Traced[] {
  const lines = stderr.matchAll(new RegExp(`\\+${nonce}:(\\d+):([^]*?):${nonce} (.*)`, "g"));
  let before: Traced = { files: [], line: 0, text: "" };
  return [...lines].map(([, line = "", shown = "", text = ""]) => {
    // A prompt shows a newline or tab of a name as two characters.
    const file = shown.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
    // The command itself goes by the name of the shell, not by a path.
    before = { files: file.includes("/") ? chainTo(file, before) : [], line: Number(line), text };
    return before;
  });
}

/**
 * A file that the line before sourced stands within what was open; one that is open is gone back to; a startup file begins
 * anew; any other is where a function of an earlier file stands, which the open ones called.
 */
function chainTo(file: string, before: Traced): readonly string[] {
  const open = before.files;
  const [verb, sourced] = wordsOf(latin1(before.text)) ?? [];
  const sources = (verb === "source" || verb === ".") && sourced !== undefined;
  if (sources && file !== open[0] && lastOf(utf8(sourced)) === lastOf(file)) return [file, ...open];
  const at = open.indexOf(file);
  if (at >= 0) return open.slice(at);
  return /\/\.?z(?:shenv|profile|shrc|login|logout)$|\/(?:etc\/|\.)profile$/.test(file) ? [file] : [file, ...open];
}

const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
