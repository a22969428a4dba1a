/** Whether startup leaves the session's stdin to the command: what is sent there is counted where it arrives. */
import { randomBytes } from "node:crypto";
import type { Cause, Gap, StdinFact } from "../facts/index.ts";
import { advice, type Reading, type Statement } from "../startup/index.ts";
import type { Asker } from "./asker.ts";
import { gap } from "./gaps.ts";

/** As many as any pipe takes at once, in lines that differ. */
const linesSent = 60;

export type StdinAnswer =
  | { readonly kind: "told"; readonly stdin: StdinFact }
  | { readonly kind: "gap"; readonly gap: Gap };

/** Programs that read what they are given and not told otherwise. */
const takers = [
  "cat",
  "ssh",
  "tee",
  "head",
  "tail",
  "wc",
  "sort",
  "sed",
  "awk",
  "grep",
  "xargs",
  "bash",
  "sh",
  "dd",
  "od",
];

export async function askStdin(questions: Asker, reading: Reading): Promise<StdinAnswer> {
  if (questions.terminal || questions.isTyped) {
    return missing("unknown-mode", "what startup takes of stdin is only seen where commands are no part of it");
  }
  const nonce = randomBytes(8).toString("hex");
  const lines = Array.from(
    { length: linesSent },
    (_, at) => `rcwarden ${nonce} line ${String(at + 1).padStart(4, "0")}\n`,
  );
  const sent = Buffer.from(lines.join(""));
  // dd, because a shell that may not overwrite (noclobber) has no say in it; a FIFO, because stdout may lead elsewhere.
  const text = (answer: string, mark: string) => `/bin/dd bs=4096 of=${answer}; : >${mark}`;
  const { run, scratch } = await questions.ask((folder) => text(folder.answer, folder.mark), "empty", {
    stdin: "end",
    typing: [sent.toString()],
  });
  if (!scratch.isMarked()) return missing("not-reached", "no command came to read what was sent to stdin");
  const arrived = run.answer;
  const isTail = sent.subarray(sent.length - arrived.length).equals(arrived);
  const isWhole = arrived.length === sent.length && isTail;
  const stdin = { sentBytes: sent.length, arrivedBytes: arrived.length, isTail };
  return { kind: "told", stdin: { ...stdin, ...(isWhole ? { where: null } : takingLine(reading)) } };
}

function missing(code: Gap["code"], message: string): StdinAnswer {
  return { kind: "gap", gap: gap(code, message, ["stdin"]) };
}

/** The first statement that asks, else the only one that runs a program which reads. */
function takingLine(reading: Reading): Cause {
  const comes = reading.statements.filter(({ reached }) => reached !== "no");
  const takes = comes.filter(
    ({ kind, name }) => kind === "command" && name !== null && takers.includes(baseName(name)),
  );
  const statement = comes.find(({ kind }) => kind === "read") ?? (takes.length === 1 ? takes[0] : undefined);
  return statement === undefined ? { where: null } : causeOf(statement, reading);
}

function causeOf({ where }: Statement, reading: Reading): Cause {
  const change = advice(reading, where);
  const line = reading.lines[where.file]?.[where.line] ?? null;
  return { where, line, ...(change !== null && { advice: change }) };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
