/** What `sessions` tells of: looked at now, or as an agent last saw it; with the lines that make commands wait. */
import { hungInFindings } from "../collectors/hung-commands.ts";
import { sessionGroups } from "../collectors/session-groups.ts";
import type { SessionsLook } from "../collectors/sessions.ts";
import { rfc3339, type SessionsFacts } from "../facts/index.ts";
import type { HungCommand } from "../facts/sessions.ts";
import { shapes } from "../status/index.ts";
import { redacted } from "../store/index.ts";
import { type Heard, hear } from "./agents.ts";
import type { Progress } from "./io.ts";
import type { Parts } from "./parts.ts";
import { measureNow } from "./preflight.ts";

export interface SessionsSeen {
  readonly facts: SessionsFacts;
  /** The agent that said so; null where they were looked at now. */
  readonly socket: string | null;
  /** What waits for ever in the sandbox, and the line that decides, as far as anybody measured it. */
  readonly hung: readonly HungCommand[];
}

export interface SessionsWish {
  /** Only this one's; null: all that the caller may see. */
  readonly account: string | null;
  readonly sockets: readonly string[];
}

/** Looking is for one's own, and for root; the caller sees to that. */
export async function seenNow(
  parts: Parts,
  { account, sockets }: SessionsWish,
  version: string,
  progress: Progress,
): Promise<SessionsSeen> {
  const uid = account === null ? null : await uidOf(parts, account);
  const look = await parts.sessions((each) =>
    parts.callerUid === 0 ? uid === null || each === uid : each === parts.callerUid,
  );
  const names = await namesIn(parts, look);
  const nowMs = parts.now().getTime();
  const grouped = (hung: readonly HungCommand[]) => sessionGroups({ sessions: look.sessions, names, hung, nowMs });
  const waiting = new Set(grouped([]).flatMap((group) => (group.waitsFor === "input" ? [group.account] : [])));
  const hung: HungCommand[] = [];
  for (const name of [...waiting].slice(0, mostMeasured)) {
    hung.push(...(await hungOf(parts, name, sockets, version, progress)));
  }
  const groups = grouped(hung).map(({ stillSeconds: _, ...group }) => ({
    ...group,
    command: redacted(group.command),
    prompt: group.prompt === null ? null : redacted(group.prompt),
  }));
  return { facts: { at: rfc3339(nowMs), groups, problem: look.problem }, socket: null, hung };
}

/** Each takes seconds. */
const mostMeasured = 3;

async function uidOf(parts: Parts, account: string): Promise<number> {
  const found = await parts.account(account);
  return found.kind === "account" ? found.account.uid : -1;
}

async function namesIn(parts: Parts, { sessions }: SessionsLook): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  for (const uid of new Set(sessions.map((session) => session.uid))) {
    const found = await parts.accountOfUid(uid);
    if (found.kind === "account") names.set(uid, found.account.name);
  }
  return names;
}

/** As the agent measured it; where there is none, measured now. */
async function hungOf(
  parts: Parts,
  account: string,
  sockets: readonly string[],
  version: string,
  progress: Progress,
): Promise<readonly HungCommand[]> {
  const path = `/v1/findings?account=${encodeURIComponent(account)}`;
  const watched = await hear(
    parts,
    sockets,
    { method: "GET", path: `/v1/accounts/${encodeURIComponent(account)}` },
    shapes().Preflight,
  );
  if (watched.kind === "answer") {
    const heard = await hear(parts, [watched.socket], { method: "GET", path }, shapes().Findings);
    if (heard.kind === "answer") return hungInFindings(heard.value.items);
  }
  const found = await measureNow(account, parts, (mode) => progress.say(`measuring ${account}, ${mode}`), version);
  return found.kind === "refused" ? [] : hungInFindings(found.view.findings);
}

/** As an agent last saw it. */
export async function seenByAgent(parts: Parts, { account, sockets }: SessionsWish): Promise<Heard<SessionsSeen>> {
  const query = account === null ? "" : `?account=${encodeURIComponent(account)}`;
  const heard = await hear(parts, sockets, { method: "GET", path: `/v1/sessions${query}` }, shapes().Sessions);
  if (heard.kind !== "answer") return heard;
  const findings = await hear(
    parts,
    [heard.socket],
    { method: "GET", path: `/v1/findings${query}` },
    shapes().Findings,
  );
  const hung = findings.kind === "answer" ? hungInFindings(findings.value.items) : [];
  return { ...heard, value: { facts: heard.value, socket: heard.socket, hung } };
}
