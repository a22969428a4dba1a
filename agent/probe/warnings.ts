/**
 * What the launcher could not make as a real session has it, and where that matters. A difference that nothing in the
 * startup files asks about changes nothing: then it is evidence, no gap.
 */
import { everyFact, type Gap } from "../facts/index.ts";
import type { Reading, StatementKind } from "../startup/index.ts";

interface Row {
  /** What is different, as a clause; `detail` is the rest of the launcher's line. */
  says(detail: readonly string[]): string;
  /** Whether this account's startup files could notice. */
  matters(reading: Reading): boolean;
}

const always = () => true;
const asks = (reading: Reading, words: RegExp) =>
  reading.statements.some(({ reached, text }) => reached !== "no" && words.test(text));
const holds = (reading: Reading, kind: StatementKind) =>
  reading.statements.some((statement) => statement.reached !== "no" && statement.kind === kind);

const table: Readonly<Record<string, Row>> = {
  limit: {
    says: ([name]) => `the limit ${name} could not be raised to what a session has`,
    matters: (reading) => holds(reading, "limit"),
  },
  "groups-unmapped": {
    says: () => "supplementary groups show as nogroup, because a probe without root cannot name them",
    matters: (reading) => asks(reading, /\b(id|groups|newgrp|sg|getent)\b/),
  },
  "oom-score": { says: () => "the sandbox could not offer itself to the out-of-memory killer", matters: () => false },
  loopback: {
    says: () => "the sandbox has no loopback interface",
    matters: (reading) => asks(reading, /localhost|127\.0\.0\.1|::1/),
  },
  "tmp-replaced": {
    says: ([path]) => `${path} is empty in the sandbox`,
    matters: (reading) => asks(reading, /\/tmp|\/dev\/shm/),
  },
  "no-witness": {
    says: () => "no witness could be had here, so that a wish for the network or a lock is not seen",
    matters: always,
  },
  "mount-does-not-answer": { says: ([path]) => `${path} does not answer and was left out`, matters: always },
  cwd: { says: ([, path]) => `${path} lies on a file system that was left out`, matters: always },
};

export function gapsOfWarnings(warnings: readonly string[], reading: Reading): Gap[] {
  return warnings.flatMap((warning) => {
    const [code = "", ...detail] = warning.split(" ");
    const row = table[code];
    if (row === undefined) return [gapFor(`the sandbox differs from a session: ${warning}`)];
    return row.matters(reading) ? [gapFor(row.says(detail))] : [];
  });
}

function gapFor(message: string): Gap {
  return { code: "probe-limited", message, change: "", of: everyFact };
}
