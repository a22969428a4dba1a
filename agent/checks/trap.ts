import * as z from "zod";
import type { TrapFact } from "../facts/index.ts";
import { type Consequence, checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

const subject = "EXIT";

/** zsh and POSIX shells also call the trap of the shell's end 0. */
function isExit({ signal }: TrapFact): boolean {
  return ["EXIT", "SIGEXIT", "0"].includes(signal.toUpperCase());
}

/** Words that end the shell with a status of their own, which a session that succeeds anyway does not show. */
function mayHideFailure(trap: TrapFact): boolean {
  return (
    trap.effect?.sawFailure !== true && /(^|[^A-Za-z0-9_-])(exit|exec|kill|logout)([^A-Za-z0-9_-]|$)/.test(trap.action)
  );
}

function judgeTrap(trap: TrapFact): Judgement {
  if (trap.effect === null) {
    return { subject, ...placeOf(trap), status: "unknown", message: "what the EXIT trap does could not be seen" };
  }
  const { writes, changesStatus } = trap.effect;
  const evidence = { action: trap.action, writes: writes.join(" "), changesStatus };
  const does = [
    ...(changesStatus ? ["replaces the exit status of the command"] : []),
    ...(writes.length === 0 ? [] : [`writes to ${writes.join(" and ")} after the command`]),
  ];
  if (does.length === 0 && mayHideFailure(trap)) {
    const message = "the EXIT trap ends the shell itself, and whether that hides a failure was not seen";
    return {
      subject,
      ...placeOf(trap),
      status: "unknown",
      message,
      change: changeFor(trap, keepFromEngines),
      evidence,
    };
  }
  if (does.length === 0) {
    return { subject, status: "pass", message: "the EXIT trap writes nothing and keeps the status", evidence };
  }
  const consequence: Consequence = changesStatus ? "silent-success" : "corrupted-stream";
  const message = `the EXIT trap ${does.join(", and ")}`;
  return {
    subject,
    ...placeOf(trap),
    status: "fail",
    consequence,
    message,
    change: changeFor(trap, keepFromEngines),
    evidence,
  };
}

export const trap = checkKind({
  id: "trap",
  summary: "No EXIT trap of a startup file writes anything or changes the exit status of a command.",
  why: "The trap runs after the sent command: its exit 0 hides every failure, and what it writes follows the data.",
  consequence: "silent-success",
  asksAbout: "mode",
  needs: ["traps"],
  afterStartup: true,
  parameters: z.strictObject({}),
  subjects: () => [subject],
  judge(_, { traps }) {
    const exit = traps.find(isExit);
    return exit === undefined ? [{ subject, status: "pass", message: "no EXIT trap is set" }] : [judgeTrap(exit)];
  },
  examples: [
    { says: "no trap holds", with: {}, facts: { ...oracle, traps: [] }, fails: [] },
    {
      says: "a trap that replaces the status fails",
      with: {},
      facts: {
        ...oracle,
        traps: [{ signal: "EXIT", action: "exit 0", where: cshrc(5), effect: { writes: [], changesStatus: true } }],
      },
      fails: [subject],
    },
    {
      says: "a trap that writes fails",
      with: {},
      facts: {
        ...oracle,
        traps: [
          { signal: "EXIT", action: "echo bye", where: cshrc(5), effect: { writes: ["stdout"], changesStatus: false } },
        ],
      },
      fails: [subject],
    },
    {
      says: "a trap that only cleans up is no failure",
      with: {},
      facts: {
        ...oracle,
        traps: [{ signal: "EXIT", action: "rm -f $T", where: cshrc(5), effect: { writes: [], changesStatus: false } }],
      },
      fails: [],
    },
    {
      says: "exit 0 in a trap, seen only where nothing failed, is undecided: it would hide a failure",
      with: {},
      facts: {
        ...oracle,
        traps: [{ signal: "EXIT", action: "exit 0", where: cshrc(5), effect: { writes: [], changesStatus: false } }],
      },
      fails: [],
      unknown: [subject],
    },
    {
      says: "a trap for another signal is no failure",
      with: {},
      facts: {
        ...oracle,
        traps: [{ signal: "USR1", action: "exit 0", where: cshrc(5), effect: { writes: [], changesStatus: true } }],
      },
      fails: [],
    },
    {
      says: "a trap whose effect could not be seen is undecided",
      with: {},
      facts: { ...oracle, traps: [{ signal: "EXIT", action: "exit 0", where: cshrc(5), effect: null }] },
      fails: [],
      unknown: [subject],
    },
  ],
});
