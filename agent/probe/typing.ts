/** What is typed where the command is no argument, and what of a session's output belongs to it. */
import type { Shell } from "../shells/index.ts";
import { between } from "./capture.ts";
import type { Run, Typed } from "./question.ts";

/** Makes the shell run a file's text as if it were typed: a terminal takes no long lines, and shells edit what they see. */
const runsFile: Readonly<Record<Shell["syntax"], (path: string) => string>> = {
  sh: (path) => `\\. ${path}`,
  csh: (path) => `source ${path}`,
  fish: (path) => `builtin source ${path}`,
};

export function lineToRun(syntax: Shell["syntax"], path: string): string {
  return runsFile[syntax](path);
}

/** `second` is asked when the shell waits again, and gives one more command or null. A terminal's session is left by `exit`. */
export function* typing(command: string, terminal: boolean, second: () => string | null): Generator<string> {
  yield* line(command, terminal);
  const more = second();
  if (more !== null) yield* line(more, terminal);
  if (terminal) yield "exit\r";
}

/** On a terminal first the text, then the key: so the echo has come before what the command writes. */
function* line(text: string, terminal: boolean): Generator<string> {
  if (terminal) yield text;
  yield terminal ? "\r" : `${text}\n`;
}

/** What came on stdout between the first command and what was typed next; null where nothing was typed. */
export function typedOutput({ stdout, typed }: Run, terminal: boolean): Buffer | null {
  if (typed === null) return null;
  const began = typed.pieces[terminal ? 1 : 0];
  return began === undefined ? null : between(stdout, began.bytes, after(typed, terminal)?.bytes ?? stdout.bytes);
}

/** What stood there when the shell waited again after the first command; undefined where it did not. */
export function after({ pieces }: Typed, terminal: boolean): Typed["pieces"][number] | undefined {
  return pieces[terminal ? 2 : 1];
}

/** What a line editor writes to move about, which is no text. */
const control = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[ -/]?[0-~])/g;

export function withoutControls(text: string): string {
  return text.replaceAll(control, "");
}

/** A line as a terminal shows it in the end: what comes after a carriage return stands over what came before. */
export function lineShown(text: string): string {
  const plain = withoutControls(text);
  return plain.slice(plain.trimEnd().lastIndexOf("\r") + 1);
}
