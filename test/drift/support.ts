import {
  type DriftInput,
  drift,
  type FindingData,
  type FindingState,
  type KeptFinding,
} from "../../agent/drift/index.ts";
import { fingerprint, type Verdict } from "../../agent/evaluate/index.ts";
import { at } from "../support/facts.ts";

export const now = Date.parse("2026-11-23T09:14:07Z");
export const cp = "cp -f {file} {existing}";

/** `cp -f` that waits under an alias; what a test changes stands out. */
export function verdict(other: Partial<Verdict> = {}): Verdict {
  const key = {
    policy: "unattended-ssh",
    rule: "commands-do-what-they-say",
    account: "oracle",
    mode: "ssh-command" as const,
    subject: cp,
  };
  return {
    ...key,
    status: "fail",
    severity: "critical",
    consequence: "hang",
    check: "engine-commands",
    message: "waits for ever at: cp: overwrite 'existing.1'?",
    where: at(14),
    line: "alias cp 'cp -i'",
    change: "put line 14 behind a guard for people, or delete it",
    evidence: { sent: cp, outcome: "hang", prompt: "cp: overwrite 'existing.1'? ", exit: null },
    gaps: [],
    finding: true,
    ...other,
    fingerprint: fingerprint({ ...key, ...other }),
  };
}

export function pass(other: Partial<Verdict> = {}): Verdict {
  return verdict({ status: "pass", finding: false, message: "does what it says", where: null, line: null, ...other });
}

export function unknown(other: Partial<Verdict> = {}): Verdict {
  const gap = { code: "timed-out", message: "time was over", change: "", of: ["tried"] } as const;
  return verdict({
    status: "unknown",
    message: "time was over",
    where: null,
    line: null,
    change: "",
    evidence: {},
    gaps: [gap],
    ...other,
  });
}

export const ground = {
  program: "0.1.0",
  documents: "sha256:aa",
  rules: { "unattended-ssh/commands-do-what-they-say": "sha256:01" },
};

/** What one run says after these findings were kept. */
export function after(prior: readonly FindingState[], verdicts: readonly Verdict[], other: Partial<DriftInput> = {}) {
  return drift({
    nowMs: now,
    via: "watch",
    account: "oracle",
    verdicts,
    prior,
    last: ground,
    inputs: ground,
    turns: () => [],
    hint: () => null,
    ...other,
  });
}

export function findingData(event: { readonly type: string; readonly data: unknown } | undefined): FindingData {
  const data = event?.data;
  if (!isFindingData(data)) throw new Error(`no event of a finding: ${event?.type}`);
  return data;
}

function isFindingData(data: unknown): data is FindingData {
  return typeof data === "object" && data !== null && "finding" in data && "because" in data;
}

export function kept(other: Partial<KeptFinding> = {}, from: Partial<Verdict> = {}): KeptFinding {
  const [state] = after([], [verdict(from)]).put;
  if (state === undefined) throw new Error("nothing was opened");
  return { ...state.finding, ...other };
}
