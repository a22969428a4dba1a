/** Pre-flight without an agent: measures the account now, as check does, and judges what came of it as an agent would. */
import { checkKinds } from "../checks/index.ts";
import { policiesInForce, problemsSummary, problemText, whatHolds } from "../documents/index.ts";
import { evaluate, type Measured, report, type Verdict, waive } from "../evaluate/index.ts";
import { enginesOfAccount } from "../runs/engines-of.ts";
import { inForce } from "../runs/in-force.ts";
import { measureAll } from "../runs/measure-all.ts";
import { whom } from "../runs/whom.ts";
import type { AccountView } from "../status/index.ts";
import type { KeptFinding } from "../store/index.ts";
import type { Parts } from "./parts.ts";

export type MeasuredNow =
  | {
      readonly kind: "view";
      readonly view: AccountView;
      /** When the measuring ended: from then on the verdict gets older. */
      readonly nowMs: number;
      readonly notes: readonly string[];
    }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

const withinMs = 30_000;

export async function measureNow(
  name: string,
  parts: Parts,
  begins: (mode: string) => void,
  version: string,
): Promise<MeasuredNow> {
  const loaded = await parts.documents([]);
  if (loaded.kind === "problems") {
    const problems = [...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents)];
    return { kind: "refused", problems };
  }
  const { grant, exceptions } = loaded.host;
  const policies = policiesInForce(loaded.set);
  const chosen = await whom([name], policies, parts, grant.kind === "grant" ? grant.grant : null);
  if (chosen.kind === "refused") return chosen;
  const applying = policies
    .map((policy) => inForce(policy, loaded.set, chosen.accounts, chosen.groups))
    .filter(({ accounts }) => accounts === "all" || accounts.includes(name));
  const how = whatHolds(grant)?.measure.how ?? "reading";
  const plan = { accounts: chosen.accounts, policies: applying, modes: undefined, withinMs, how };
  const [measured] = await measureAll(plan, parts.measure, ({ mode }) => begins(mode));
  const now = parts.now();
  const missing = chosen.missing.find(({ account }) => account === name);
  if (measured === undefined) {
    const state = missing?.code === "not-granted" ? "not-granted" : "unavailable";
    const account = { ...nobody(name), state, says: missing?.message ?? "" } as const;
    return { kind: "view", view: { account, engines: [], findings: [], undecided: [] }, nowMs: +now, notes: [] };
  }
  const judged = evaluate({ policies: applying, measured: [measured], checks: checkKinds });
  const verdicts = waive(judged, exceptions, +now);
  const time = now.toISOString();
  const view: AccountView = {
    account: accountOf(measured, verdicts, time),
    engines: enginesOfAccount(applying),
    findings: findingsOf(measured, verdicts, time, version),
    undecided: verdicts.filter(({ status, finding, waived }) => status === "unknown" && !finding && !waived),
  };
  return { kind: "view", view, nowMs: +now, notes: chosen.notes };
}

function nobody(name: string): Omit<AccountView["account"], "state" | "says"> {
  const none = {
    uid: -1,
    shell: "",
    measuredAt: null,
    confirmedAt: null,
    pending: false,
    pass: 0,
    fail: 0,
    unknown: 0,
  };
  return { name, because: "it was asked for", ...none };
}

function accountOf({ account }: Measured, verdicts: readonly Verdict[], time: string): AccountView["account"] {
  const count = (status: Verdict["status"]) => verdicts.filter((each) => each.status === status).length;
  return {
    ...nobody(account.name),
    uid: account.uid,
    shell: account.shell,
    state: "measured",
    says: "",
    measuredAt: time,
    confirmedAt: time,
    pass: count("pass"),
    fail: count("fail"),
    unknown: count("unknown"),
  };
}

/** As an agent would keep them, were this the first run. */
function findingsOf(
  measured: Measured,
  verdicts: readonly Verdict[],
  time: string,
  version: string,
): readonly KeptFinding[] {
  const host = { id: null, name: "" };
  const { findings } = report({ time, host, version, applied: [], measured: [measured], verdicts });
  const lines = new Map(verdicts.map(({ fingerprint, line }) => [fingerprint, line]));
  return findings.map((finding) => ({
    ...finding,
    line: lines.get(finding.fingerprint) ?? null,
    openedAt: time,
    since: time,
  }));
}
