/**
 * The last way to find a line: the startup files are cut in the sandbox until what happens no longer happens. It needs no
 * understanding of the shell, so it also finds what only a run can know (`eval`, a file whose name was put together).
 */
import { type Account, type Place, type Replacement, replacementOf } from "../facts/index.ts";
import { readAs } from "../host/read-as.ts";
import type { Reading } from "../startup/index.ts";
import type { PlacedFile } from "./session.ts";

export interface Bisection {
  readonly reading: Reading;
  readonly account: Account;
  readonly replaced: readonly Replacement[];
  /** Whether it still happens with this file in place of the real one. */
  happensWith(swapped: PlacedFile): Promise<boolean>;
}

/** Lines above the one that completes a construct that are looked at alone. */
const mostAlone = 30;

export async function bisect(question: Bisection): Promise<{ readonly place: Place; readonly line: string } | null> {
  return within([], question);
}

/** Looks in the files that `through` sourced; without `through`, in those that the shell reads by itself. */
async function within(
  through: readonly string[],
  question: Bisection,
): Promise<{ readonly place: Place; readonly line: string } | null> {
  const { reading, happensWith } = question;
  const here = reading.files.filter((file) => file.state === "read" && file.through.join("\n") === through.join("\n"));
  for (const { path } of here) {
    const swap = (lines: readonly string[]): PlacedFile => ({
      type: "f",
      mode: 0o644,
      path,
      content: lines.join("\n"),
    });
    if (await happensWith(swap([]))) continue;
    const deeper = await within([...through, path], question);
    if (deeper !== null) return deeper;
    const text = await wholeText(path, question);
    // A byte that is no UTF-8 would come back as another one.
    if (text === null || text.includes("\ufffd")) return null;
    const lines = text.split("\n");
    const at = await lineIn(lines, (kept) => happensWith(swap(kept)));
    const line = (lines[at] ?? "").trim().slice(0, 200);
    const column = (lines[at] ?? "").length - (lines[at] ?? "").trimStart().length + 1;
    return { place: { file: path, line: at + 1, column, through }, line };
  }
  return null;
}

async function wholeText(path: string, { account, replaced }: Bisection): Promise<string | null> {
  const instead = replacementOf(path, replaced);
  if (instead !== undefined) return Buffer.from(instead.content).toString("utf8");
  const read = await readAs(account, path);
  return read.kind === "text" && read.isWhole ? read.text : null;
}

/** The index of the line with which it begins to happen, or of the line of that line's construct that alone decides. */
async function lineIn(
  lines: readonly string[],
  happens: (kept: readonly string[]) => Promise<boolean>,
): Promise<number> {
  let without = 0;
  let having = lines.length;
  while (having - without > 1) {
    const middle = Math.floor((without + having) / 2);
    if (await happens([...lines.slice(0, middle), ""])) having = middle;
    else without = middle;
  }
  const last = having - 1;
  // With `endif` the block above it came to life: the line in it is the one without which nothing happens.
  for (let at = last; at >= 0 && last - at < mostAlone; at--) {
    const line = lines[at]?.trim() ?? "";
    if (line === "" || line.startsWith("#") || /^(endif|end|fi|done|esac|\}|else|then|do)\b/.test(line)) continue;
    if (!(await happens(lines.map((each, index) => (index === at ? ":" : each))))) return at;
  }
  return last;
}
