/**
 * One command that the engine sends, tried: the pure string, judged only from outside (design 6.6). What came of it is
 * said in the words of `Outcome`; where it waits it is tried once more with stdin at its end.
 */

import { expand, type ParsedSends } from "../documents/sends.ts";
import type { Attempt, Outcome } from "../facts/index.ts";
import { type Asker, asksMore, type Change, largerTmpfsBytes } from "./asker.ts";
import { limitedClause } from "./limits.ts";
import { contentOfFile, type Scratch } from "./scratch.ts";
import type { Captured, Run } from "./session.ts";
import { after, lineShown, typedOutput, withoutControls } from "./typing.ts";

/** What a session of nothing but `: >MARK` wrote: startup's part of every other session's output. */
export type Baseline = Pick<Run, "stdout">;

export async function tryCommand(
  parsed: ParsedSends,
  asker: Asker,
  baseline: Baseline,
): Promise<{ readonly attempt: Attempt; readonly atEnd: Attempt | null }> {
  const first = await attempt(parsed, asker, baseline, {});
  if (first.outcome === "failed" || first.outcome === "not-done") {
    // The witness can interrupt a call that life never interrupts, and a small tmpfs is full sooner than a disk.
    return {
      attempt: await attempt(parsed, asker, baseline, { witness: false, tmpfsBytes: largerTmpfsBytes }),
      atEnd: null,
    };
  }
  if (first.outcome !== "hang" || first.waiting?.for !== "input" || asker.terminal)
    return { attempt: first, atEnd: null };
  return { attempt: first, atEnd: await attempt(parsed, asker, baseline, { stdin: "end" }) };
}

/** One try, under changed conditions. */
export async function attempt(parsed: ParsedSends, asker: Asker, baseline: Baseline, change: Change): Promise<Attempt> {
  if (!asksMore(asker)) return notTried("no time was left to try it");
  let missedAtPrompt = "";
  const second = (folder: Scratch) => {
    const { afterwards, mode } = expand(parsed, folder.paths);
    missedAtPrompt = folder.missingNow(afterwards, mode);
    return null;
  };
  const { run, scratch, command } = await asker.ask(
    (folder) => asker.reaching(expand(parsed, folder.paths).command),
    "things",
    { second, ...change },
  );
  const sent = { parsed, command, baseline, terminal: asker.terminal };
  const { afterwards, mode } = expand(parsed, scratch.paths);
  const cameLater = run.ended === "hang" || scratch.missing(afterwards, mode) === "";
  const waited = missedAtPrompt !== "" && cameLater ? asAsked(run, asker.terminal) : run;
  return judged(waited, scratch, sent);
}

/** The shell waited within the command: a function's own question, which was answered by what was typed next or by the end. */
function asAsked(run: Run, terminal: boolean): Run {
  const asked = run.typed === null ? undefined : after(run.typed, terminal);
  if (run.typed === null || asked === undefined) return run;
  const waiting = { for: "input", command: run.typed.command, says: "waits for input" } as const;
  return { ...run, ended: "hang", prompt: asked.line, waiting };
}

export function notTried(why: string): Attempt {
  return {
    outcome: "unknown",
    prompt: null,
    waiting: null,
    exit: null,
    stderr: "",
    stdout: "",
    missing: "",
    reason: why,
    held: [],
    seconds: 0,
  };
}

interface Sent {
  readonly parsed: ParsedSends;
  readonly command: string;
  readonly baseline: Baseline;
  readonly terminal: boolean;
}

function judged(run: Run, scratch: Scratch, sent: Sent): Attempt {
  const typed = typedOutput(run, sent.terminal);
  const own = (needed: readonly string[]) =>
    typed === null
      ? ownOutput(run.stdout, sent, needed)
      : withoutControls(typed.toString("utf8")).replaceAll("\r\n", "\n");
  const plain = sent.terminal ? (text: string) => withoutControls(scratch.plain(text)) : scratch.plain;
  const shown = (captured: Captured) => plain(captured.head.toString("utf8").slice(0, 4000)).slice(0, 400);
  const [outcome, why] = outcomeOf(run, scratch, sent, own);
  return {
    outcome,
    missing: outcome === "unknown" ? "" : why,
    ...(outcome === "unknown" && { reason: why }),
    prompt: run.prompt === null ? null : scratch.plain(sent.terminal ? lineShown(run.prompt) : run.prompt),
    waiting:
      run.waiting === null
        ? null
        : { ...run.waiting, command: scratch.plain(run.waiting.command), says: scratch.plain(run.waiting.says) },
    exit: run.exit,
    stderr: shown(run.stderr),
    stdout: shown(run.stdout),
    held: run.held,
    seconds: run.seconds,
  };
}

function outcomeOf(
  run: Run,
  scratch: Scratch,
  { parsed, baseline, terminal }: Sent,
  own: (needed: readonly string[]) => string,
): readonly [Outcome, string] {
  const [limit] = run.limited;
  if (run.ended === "refused") return ["unknown", `the sandbox could not be made: ${run.refusal?.reason ?? ""}`];
  if (run.ended === "over-ceiling") return ["unknown", `it took more ${run.ceiling ?? ""} than a probe may`];
  if (limit !== undefined) return ["unknown", limitedClause(run.limited, limit.what)];
  if (run.ended === "hang" || run.ended === "held" || run.ended === "stopped") return ["hang", ""];
  if (run.ended === "timed-out")
    return ["unknown", `it had not ended after ${run.seconds.toFixed(1)} s: ${run.waiting?.says ?? "it still ran"}`];
  if (run.exit === null || run.exit.status !== 0) return ["failed", ""];
  const { afterwards, mode, echoes } = expand(parsed, scratch.paths);
  const missing = scratch.missing(afterwards, mode);
  if (missing !== "") return ["not-done", missing];
  const expected: Readonly<Record<typeof afterwards.stdout, string | null>> = {
    any: null,
    empty: "",
    "content-of-file": contentOfFile,
    "path-of-file": `${scratch.paths["{file}"]}\n`,
    words: echoes,
    "names-in-folder": null,
  };
  if (afterwards.stdout === "any") return ["done", ""];
  if (afterwards.stdout === "names-in-folder") {
    const names = own(scratch.namesInFolder)
      .split(/\s+/)
      .filter((name) => name !== "");
    const all = scratch.namesInFolder.every((name) => names.includes(name));
    if (!all) return ["not-done", "the names of the folder's files did not come out"];
    return names.length === scratch.namesInFolder.length || terminal ? ["done", ""] : ["noisy", ""];
  }
  const wanted = expected[afterwards.stdout] ?? "";
  const stdout = own([wanted]);
  if (stdout === wanted) return ["done", ""];
  if (!stdout.includes(wanted))
    return ["not-done", baseline.stdout.bytes > 0 && stdout === "" ? "" : "its output did not come out"];
  // A terminal shows stderr, too: what stands around the answer is no noise in a stream that somebody parses.
  return terminal ? ["done", ""] : ["noisy", ""];
}

/** The command's own output: startup's, which the baseline holds, taken away; a terminal's CR LF is LF again. */
function ownOutput(stdout: Captured, { baseline }: Sent, needed: readonly string[]): string {
  const plain = (bytes: Buffer) => bytes.toString("utf8").replaceAll("\r\n", "\n");
  const theirs = baseline.stdout;
  if (theirs.bytes <= theirs.head.length) return withoutStartups(plain(stdout.head), plain(theirs.head), needed);
  // Startup wrote more than is kept: what follows as many bytes is the command's.
  const tail = plain(stdout.tail);
  const own = tail.slice(tail.length - Math.max(stdout.bytes - theirs.bytes, 0));
  return holdsAll(tail, needed) && !holdsAll(own, needed) ? tail : own;
}

/**
 * Pure: `text` without what startup wrote before it, as `theirs` has it from another session. A clock, a load or a
 * proverb differs from one session to the next: then as many lines are startup's as it wrote there, unless what is
 * `needed` goes with them. (A trap writes at the end.)
 */
export function withoutStartups(text: string, theirs: string, needed: readonly string[] = []): string {
  if (text.startsWith(theirs)) return text.slice(theirs.length);
  const lines = theirs.split("\n").length - 1;
  if (!theirs.endsWith("\n")) return text;
  let at = 0;
  for (let line = 0; line < lines; line++) at = text.indexOf("\n", at) + 1 || text.length;
  const rest = text.slice(at);
  return holdsAll(text, needed) && !holdsAll(rest, needed) ? text : rest;
}

function holdsAll(text: string, needed: readonly string[]): boolean {
  return needed.every((each) => text.includes(each));
}
