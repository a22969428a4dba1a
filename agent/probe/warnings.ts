/**
 * What the launcher could not make as a real session has it, and where that matters. A difference that nothing in the
 * startup files asks about changes nothing: then it is evidence, no gap.
 */
import { everyFact, type Gap } from "../facts/index.ts";
import type { Reading } from "../startup/index.ts";

interface Row {
  /** What is different, as a clause; `detail` is the rest of the launcher's line. */
  says(detail: readonly string[]): string;
  /** Whether this account's startup files could notice. */
  matters(reading: Reading, detail: readonly string[]): boolean;
}

const always = () => true;
const asks = (reading: Reading, words: RegExp) =>
  reading.statements.some(({ reached, text }) => reached !== "no" && words.test(text));

/** How shells name limits: the letters of ulimit, and the words of limit in csh and zsh, which may be cut. */
const named: Readonly<Record<string, readonly [letter: string, word: string]>> = {
  as: ["v", "vmemoryuse addressspace"],
  core: ["c", "coredumpsize"],
  cpu: ["t", "cputime"],
  data: ["d", "datasize"],
  fsize: ["f", "filesize"],
  locks: ["x", "maxlocks locks"],
  memlock: ["l", "memorylocked"],
  msgqueue: ["q", "msgqueue"],
  nice: ["e", "nice"],
  nofile: ["n", "descriptors openfiles"],
  nproc: ["u", "maxproc"],
  rss: ["m", "memoryuse resident"],
  rtprio: ["r", "rt_priority"],
  rttime: ["R", "rt_time"],
  sigpending: ["i", "sigpending maxsignals"],
  stack: ["s", "stacksize"],
};

/** Whether a startup file asks about this limit, or sets it, as far as its text tells; what does not tell counts. */
export function concernsLimit(reading: Reading, name: string): boolean {
  const texts = reading.statements.filter(({ kind, reached }) => kind === "limit" && reached !== "no");
  return texts.some(({ text }) => mayConcern(text, name));
}

function mayConcern(text: string, name: string): boolean {
  const known = named[name];
  const [, how, words = ""] = /^(?:builtin |command )?(ulimit|limit|unlimit) *([\w. -]*)$/.exec(text) ?? [];
  if (known === undefined || how === undefined) return true;
  const [letter, spelled] = known;
  if (how === "ulimit") {
    const letters = [...words.matchAll(/(?:^| )-(\w+)/g)]
      .map(([, flags = ""]) => flags)
      .join("")
      .replace(/[HS]/g, "");
    return letters === "" ? name === "fsize" : /[aP]/.test(letters) || letters.includes(letter);
  }
  const resource = words.split(" ").find((word) => /^[a-z_]/.test(word) && word !== "unlimited");
  return resource === undefined || spelled.split(" ").some((word) => word.startsWith(resource));
}

const table: Readonly<Record<string, Row>> = {
  limit: {
    says: ([name]) => `the limit ${name} could not be raised to what a session has`,
    matters: (reading, [name = ""]) => concernsLimit(reading, name),
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
    return row.matters(reading, detail) ? [gapFor(row.says(detail))] : [];
  });
}

/** Limits that the launcher could not raise, by name. */
export function unraisedLimits(warnings: readonly string[]): string[] {
  return warnings.flatMap((warning) => /^limit (\S+)/.exec(warning)?.[1] ?? []);
}

function gapFor(message: string): Gap {
  return { code: "probe-limited", message, change: "", of: everyFact };
}
