/** What status shows besides the counts: the agent's state in the words of status/picture.ts. */
import type { Share } from "../facts/index.ts";
import type { Picture } from "../status/index.ts";
import { maskedFinding } from "../store/index.ts";
import type { Agent } from "./agent.ts";

export interface Seeing {
  /** Only this one; undefined: all. */
  readonly account: string | undefined;
  readonly share: Share;
}

export function pictureOf(agent: Agent, { account, share }: Seeing): Picture {
  const { store, nowMs } = agent.world;
  const to = new Date(nowMs()).toISOString();
  const from = new Date(nowMs() - 86_400_000).toISOString();
  const findings = store.findings(account).map(({ finding }) => ({ ...maskedFinding(finding, share), past: [] }));
  return {
    validUntil: null,
    findings,
    ways: [],
    lead: null,
    day: { from, to, accounts: [], stuck: [], saves: [], logins: [] },
    sessions: agent.sessions(),
    cleanup: agent
      .view()
      .cleanup()
      .retentions.filter((row) => account === undefined || row.account === account),
    unmeasured: [],
  };
}
