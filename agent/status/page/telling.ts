/** What a finding says, as the beginning of a sentence: subject first, then what it does, then what the line does to it. */
import { code, type Part } from "./html.ts";
import type { Finding } from "./reading.ts";

/** The same in the present, and in the past of a state that is no longer known. */
export interface Tenses {
  readonly now: string;
  readonly past: string;
}

export interface Telling {
  /** `oracle’s rm -f` */
  readonly who: readonly Word[];
  /** `waits for ever` */
  readonly does: Tenses;
  /** What the guilty line does: `makes it ask`. */
  readonly line: Tenses;
}

/** `isCode`: what a machine reads. */
interface Word {
  readonly text: string;
  readonly isCode: boolean;
}

export function tellingOf(finding: Finding): Telling {
  const { who, does, line } = (byCheck[finding.check] ?? other)(finding);
  return { who: [...owned(finding.account), ...who], does, line };
}

export function marked(words: readonly Word[]): Part {
  return words.map(({ text, isCode }) => (isCode ? code(text) : text));
}

export function plain(words: readonly Word[]): string {
  return words.map(({ text }) => text).join("");
}

type Teller = (finding: Finding) => Telling;

function word(text: string): Word[] {
  return [{ text, isCode: false }];
}

function name(text: string): Word[] {
  return [{ text, isCode: true }];
}

function owned(account: string): Word[] {
  return account === "-" ? [] : word(`${account}’s `);
}

function tenses(now: string, past: string): Tenses {
  return { now, past };
}

const decides = tenses("decides that", "decided that");

const suffers: Readonly<Record<string, { readonly does: Tenses; readonly line: Tenses }>> = {
  hang: { does: tenses("waits for ever", "waited for ever"), line: tenses("makes it wait", "made it wait") },
  "silent-success": {
    does: tenses("says 0 and does nothing", "said 0 and did nothing"),
    line: tenses("makes it do nothing", "made it do nothing"),
  },
  "failed-command": { does: tenses("fails", "failed"), line: tenses("makes it fail", "made it fail") },
  "corrupted-stream": {
    does: tenses("spoils what the engine reads", "spoiled what the engine reads"),
    line: tenses("writes it", "wrote it"),
  },
  "wrong-target": {
    does: tenses("starts something else", "started something else"),
    line: tenses("makes it another", "made it another"),
  },
  slow: { does: tenses("is slow", "was slow"), line: tenses("takes the time", "took the time") },
  leak: { does: tenses("leaks what is sent", "leaked what was sent"), line: decides },
  "lock-out": { does: tenses("locks the engine out", "locked the engine out"), line: decides },
  security: { does: tenses("endangers the host", "endangered the host"), line: decides },
};
const holdsNot = { does: tenses("does not hold", "did not hold"), line: decides };

function other({ subject, consequence }: Finding): Telling {
  return { who: name(subject), ...(suffers[consequence] ?? holdsNot) };
}

/** `rm -f {file}` as `rm -f`: what it is tried on is not part of its name. */
function sent(finding: Finding): Telling {
  const told = { ...other(finding), who: name(finding.subject.replaceAll(/ ?\{\w+\}/g, "") || finding.subject) };
  const { outcome, exit, prompt, held, waitsFor } = finding.evidence;
  if (outcome === "hang") {
    if (held !== undefined || (waitsFor !== undefined && waitsFor !== "input")) {
      return { ...told, does: tenses("never ends", "never ended"), line: tenses("keeps it so", "kept it so") };
    }
    const asks = typeof prompt === "string" && prompt.trim() !== "";
    return asks ? { ...told, line: tenses("makes it ask", "made it ask") } : told;
  }
  if (outcome === "failed" && typeof exit === "number") {
    return { ...told, does: tenses(`fails with exit ${exit}`, `failed with exit ${exit}`) };
  }
  if (outcome !== "noisy") return told;
  const does = tenses("writes more than it should", "wrote more than it should");
  return { ...told, does, line: tenses("makes it write", "made it write") };
}

function startupEnds({ subject, consequence }: Finding): Telling {
  if (subject !== "startup") {
    const does = tenses("does not reach the engine as it should", "did not reach the engine as it should");
    return { who: name(subject), does, line: tenses("takes it away", "took it away") };
  }
  if (consequence === "hang") return { who: word("startup"), ...(suffers.hang ?? holdsNot) };
  const does = tenses("ends before the command runs", "ended before the command ran");
  return { who: word("startup"), does, line: tenses("ends it", "ended it") };
}

/** One sentence about the account or the host, whatever the subject. */
function always(who: string, does: Tenses, line: Tenses = decides): Teller {
  return () => ({ who: word(who), does, line });
}

/** A sentence about the name that the rule is about. */
function named(does: Tenses, line: Tenses): Teller {
  return ({ subject }) => ({ who: name(subject), does, line });
}

const makesIt = tenses("makes it so", "made it so");

const byCheck: Readonly<Record<string, Teller>> = {
  "engine-commands": sent,
  "startup-finishes": startupEnds,
  "startup-output": ({ subject }) => ({
    who: word("startup"),
    does: tenses(`writes to ${subject}`, `wrote to ${subject}`),
    line: tenses("writes it", "wrote it"),
  }),
  alias: named(tenses("is an alias that it should not be", "was an alias that it should not be"), makesIt),
  function: named(tenses("is a function, not the program", "was a function, not the program"), makesIt),
  "command-resolves": named(tenses("is not the program that is meant", "was not the program that is meant"), makesIt),
  trap: always("EXIT trap", tenses("changes what the engine is told", "changed what the engine was told"), makesIt),
  "working-directory": always("commands", tenses("start in another folder", "started in another folder"), makesIt),
  "login-shell": always("login shell", tenses("is not one that is allowed", "was not one that is allowed")),
  reviewed: always("startup files", tenses("are not as accepted", "were not as accepted")),
  "sessions-stuck": always("sessions", tenses("wait for what nobody gives", "waited for what nobody gives")),
  "log-backlog": named(tenses("does not get on with its clean-up", "did not get on with its clean-up"), decides),
  "watch-coverage": always("Watching", tenses("does not see every change at once", "did not see every change at once")),
  exceptions: ({ subject }) => ({
    who: [...word("Exception "), ...name(subject)],
    does: tenses("waives nothing", "waived nothing"),
    line: decides,
  }),
};
