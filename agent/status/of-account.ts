/** What status says of one account alone; what is the host's (watching, documents, sinks, store) stays. */
import type { StatusAnswer } from "./shapes.ts";

export function statusOf(name: string, status: StatusAnswer): StatusAnswer {
  const { sessions, day, lead } = status;
  const own = <Row extends { readonly account: string }>(rows: readonly Row[]) =>
    rows.filter(({ account }) => account === name);
  const findings = own(status.findings);
  const leads = findings.some(({ fingerprint }) => fingerprint === lead?.fingerprint);
  return {
    ...status,
    findings,
    accounts: status.accounts.filter((account) => account.name === name),
    ways: own(status.ways),
    lead: leads ? lead : null,
    day: { ...day, accounts: own(day.accounts), saves: own(day.saves) },
    sessions: { ...sessions, groups: own(sessions.groups) },
    cleanup: own(status.cleanup),
    unmeasured: own(status.unmeasured),
  };
}
