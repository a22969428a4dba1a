import type { LeftRunning } from "../facts/index.ts";
import { ourselves } from "../host/kernel.ts";
import { capture } from "./capture.ts";
import { gateOf } from "./gate.ts";
import { launch } from "./launcher.ts";
import { leftIn, leftRunning, look } from "./look.ts";
import type { Question, Run } from "./question.ts";
import { type Refusal, refusalFor } from "./refusal.ts";
import { specOf } from "./spec.ts";
import { openAnswer, openPipes, openTerminalStreams, type SessionStreams } from "./streams.ts";
import { openTerminal } from "./terminal.ts";
import { type Failed, told as newlyTold, type Told } from "./told.ts";
import { typist } from "./typist.ts";
import { type Verdict, type Watch, watch } from "./watch.ts";

/** `stuck`: the launcher hangs at a mount that does not answer; `refused` is what to say if that is all there is. */
export type Attempt =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "stuck"; readonly mountPoint: string; readonly refused: Run };

const setUpMs = 2000;
/** What ends by itself right after the shell is not left running. */
const endingMs = 5;

/** One try at a question. `leave`: mount points that the launcher does not touch. */
export async function attempt(question: Question, leave: readonly string[], signal?: AbortSignal): Promise<Attempt> {
  signal?.throwIfAborted();
  const askedAt = performance.now();
  await using after = new AsyncDisposableStack();
  const aborted = abortOf(signal, after);
  const late = lateAfter(setUpMs, after);

  const terminal = question.terminal ? await openTerminal() : null;
  after.defer(() => terminal?.close());
  // Closed only when the session is dead: a process whose pipe closes under it would go on to something else.
  const open: { close(): void }[] = [];
  after.defer(() => {
    for (const one of open) one.close();
  });
  const told = newlyTold(question.witness);
  const launched = launch(specOf(question, process.pid, leave), terminal?.slave ?? null, told);
  let init: number | null = null;
  after.defer(() => launched.end(init));

  const setUp = await Promise.race([told.setUp, late, aborted]);
  const readyMs = performance.now() - askedAt;
  const refused = (refusal: Refusal) => runOf(told, { ended: "refused", final: true, refusal }, readyMs);
  const mountPoint = told.atMount();
  if (setUp.kind === "late" && mountPoint !== null) {
    return { kind: "stuck", mountPoint, refused: refused(refusalOf(lateAt("mount"), question)) };
  }
  if (setUp.kind !== "ready") {
    return { kind: "run", run: refused(refusalOf(setUp.kind === "late" ? lateAt("set-up") : setUp, question)) };
  }

  init = setUp.init;
  const root = `/proc/${init}/root`;
  const gate = gateOf(init, question);
  if (gate.kind === "wrong")
    return { kind: "run", run: refused({ step: "identity", reason: gate.reason, change: "" }) };
  const verdict = Promise.withResolvers<Verdict>();
  let watched: Watch | null = null;
  const tells = { taken: () => watched?.taken(), ended: () => watched?.streamEnded() };
  const streams =
    terminal === null
      ? openPipes(launched.pid, setUp.fds, hasInput(question) ? "open" : "none", tells)
      : openTerminalStreams(terminal, tells);
  open.push(streams);
  const answer = question.answer === null ? null : openAnswer(root, question.answer);
  if (answer !== null) open.push(answer);
  question.ready?.(root);
  const typing = typist(question, streams);

  const wentAt = performance.now();
  launched.go();
  const watching = watch(
    { question, init, shell: gate.shell, streams, terminal, told, typing },
    verdict.resolve,
    verdict.reject,
  );
  watched = watching;
  after.defer(() => watching.stop());
  void told.exited.then((exit) => watching.exited(exit));
  void told.tooMany.then(() => watching.tooMany());
  const failure = told.failed.then(
    (failed): Verdict => ({ ended: "refused", final: true, refusal: refusalOf(failed, question) }),
  );
  const reached = await Promise.race([verdict.promise, failure, aborted]);
  const seconds = (performance.now() - wentAt) / 1000;
  const dies = reached.ended === "refused" || reached.ended === "over-ceiling";
  const left = dies ? [] : await leftAfter(reached, init, gate.shell, streams);
  if (reached.ended !== "refused") question.done?.(root);
  const run: Run = {
    ...runOf(told, reached, readyMs),
    leftRunning: left,
    stdout: streams.stdout.captured(),
    stderr: streams.stderr.captured(),
    answer: answer?.bytes() ?? Buffer.alloc(0),
    typed: typing.typed(),
    seconds,
  };
  return { kind: "run", run };
}

/** Whether stdin has another end that somebody holds, for a time at least. */
function hasInput({ stdin, typing }: Question): boolean {
  return stdin === "open" || typing !== undefined;
}

/** What still runs at the verdict, the shell excluded. */
async function leftAfter(
  reached: Verdict,
  init: number,
  shell: number,
  streams: SessionStreams,
): Promise<LeftRunning[]> {
  let seen = look(init, streams.inside);
  let left = leftIn(seen, shell);
  if (left.length > 0 && reached.ended === "exited") {
    await new Promise((resolve) => setTimeout(resolve, endingMs));
    seen = look(init, streams.inside);
    const still = leftIn(seen, shell);
    left = left.filter((pid) => still.includes(pid));
  }
  return leftRunning(left, streams.links);
}

function runOf(told: Told, verdict: Verdict, readyMs: number): Run {
  const nothing = capture().captured();
  return {
    exit: told.exit(),
    prompt: null,
    waiting: null,
    held: [],
    typed: null,
    leftRunning: [],
    stdout: nothing,
    stderr: nothing,
    answer: Buffer.alloc(0),
    became: told.became(),
    limited: told.limited(),
    ceiling: null,
    witnessed: told.witnessed(),
    warnings: [...told.warnings],
    refusal: null,
    readyMs,
    seconds: 0,
    ...verdict,
  };
}

function refusalOf(failed: Failed, question: Question): Refusal {
  const { userNamespaces } = ourselves();
  const forbidding = userNamespaces.kind === "forbidden" ? userNamespaces : null;
  return refusalFor(failed.step, failed.reason, failed.detail, question.sandbox, forbidding);
}

function lateAt(step: string): Failed {
  return { kind: "failed", step, reason: `no answer within ${setUpMs / 1000} s`, detail: "" };
}

function lateAfter(ms: number, after: AsyncDisposableStack): Promise<{ readonly kind: "late" }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly kind: "late" }>();
  const timer = setTimeout(() => resolve({ kind: "late" }), ms);
  after.defer(() => clearTimeout(timer));
  return promise;
}

/** Rejects with the signal's reason once it is aborted. */
function abortOf(signal: AbortSignal | undefined, after: AsyncDisposableStack): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Whoever races with it hears of it; that nobody does any more is no error.
  promise.catch(() => {});
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  after.defer(() => signal?.removeEventListener("abort", abort));
  return promise;
}
