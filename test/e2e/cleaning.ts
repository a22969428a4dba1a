/** What the tests of the built agent's clean-up share: an account's staging folder, its documents, and what was told. */
import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestAccount } from "../support/accounts.ts";
import type { TestAgent } from "../support/agent.ts";

export interface Staging extends Disposable {
  /** Root's, below /run, with the name of this test run in it. */
  readonly above: string;
  /** The account's own. */
  readonly root: string;
  /** Puts a whole file there, at once. */
  put(name: string, content: string): void;
  /** Names of files, without the quarantine folder. */
  files(): readonly string[];
  /** Names in the quarantine folder. */
  quarantined(): readonly string[];
}

export const quarantine = ".rcwarden-quarantine";

export function makeStaging(account: Pick<TestAccount, "uid" | "gid">, above = newAbove()): Staging {
  const root = join(above, "staging");
  mkdirSync(root, { recursive: true });
  chownSync(root, account.uid, account.gid);
  return {
    above,
    root,
    put(name, content) {
      const path = join(root, `.${randomUUID()}.part`);
      writeFileSync(path, content);
      chownSync(path, account.uid, account.gid);
      renameSync(path, join(root, name));
    },
    files: () => readdirSync(root).filter((name) => name !== quarantine),
    quarantined: () => (existsSync(join(root, quarantine)) ? readdirSync(join(root, quarantine)) : []),
    [Symbol.dispose]: () => rmSync(above, { recursive: true, force: true }),
  };
}

/** The name carries the pid of the test run, so that a later one removes what a killed one left. */
function newAbove(): string {
  for (const entry of readdirSync("/run")) {
    const pid = /^rcw-clean-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join("/run", entry), { recursive: true, force: true });
  }
  const above = mkdtempSync(`/run/rcw-clean-${process.pid}-`);
  chmodSync(above, 0o755);
  return above;
}

export interface DocumentsWish {
  /** Lines of the Retention's spec that win over ours. */
  readonly retention?: Readonly<Record<string, string>>;
  readonly grant?: "automatically" | "by-hand";
  /** The sink whose engine may release. */
  readonly releasesFrom?: string;
}

/** Of an agent that removes by itself what this account releases. */
export function cleaningDocuments(
  account: Pick<TestAccount, "name">,
  { root, above }: Pick<Staging, "root" | "above">,
  { retention = {}, grant = "automatically", releasesFrom }: DocumentsWish = {},
): Record<string, string> {
  const spec = {
    account: account.name,
    root,
    match: '["*.arc"]',
    after: "release",
    releasedBy: "[account]",
    apply: "automatically",
    mayEmpty: "true",
    ...retention,
  };
  const from = releasesFrom === undefined ? "" : `, releasesFrom: ${releasesFrom}`;
  const lines = Object.entries(spec).map(([key, value]) => `  ${key}: ${value}\n`);
  return {
    "grant.yaml": `apiVersion: rcwarden/v1
kind: Grant
metadata: { name: host }
spec:
  measure: { accounts: [${account.name}], how: reading }
  remove: [{ account: ${account.name}, below: ${above}, apply: ${grant}${from} }]
`,
    "policies/staging.yaml": `apiVersion: rcwarden/v1
kind: Retention
metadata: { name: staging }
spec:
${lines.join("")}`,
  };
}

export function releaseOf(path: string, content: string) {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { retention: "staging", path, size: Buffer.byteLength(content), sha256 };
}

export interface ToldOutcome {
  readonly id: string;
  readonly path: string;
  readonly outcome: string;
  readonly code: string | null;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** All events of the stream, from the oldest. */
export async function streamOf(agent: TestAgent): Promise<readonly Event[]> {
  const all: Event[] = [];
  for (let after = ""; ; ) {
    const { json } = await agent.ask(`/v1/events${after === "" ? "" : `?after=${after}`}`);
    const items: Event[] = json.items;
    all.push(...items);
    if (items.length === 0 || json.next === null || json.next === after) return all;
    after = json.next;
  }
}

export function outcomesIn(events: readonly Event[]): readonly ToldOutcome[] {
  return events.flatMap(({ id, type, data }) => {
    if (type !== "dev.rcwarden.cleanup.completed") return [];
    const { outcomes } = data as { readonly outcomes: readonly Omit<ToldOutcome, "id">[] };
    return outcomes.map(({ path, outcome, code }) => ({ id, path, outcome, code }));
  });
}

export function answersIn(events: readonly Event[]): readonly { readonly path: string; readonly answer: string }[] {
  return events.flatMap(({ type, data }) => {
    if (type !== "dev.rcwarden.release.answered") return [];
    return (data as { readonly answers: readonly { readonly path: string; readonly answer: string }[] }).answers;
  });
}

/** The parts of /v1/cleanup that these tests look at. */
export interface CleanupNow {
  readonly retentions: readonly {
    readonly retention: string;
    readonly state: string;
    readonly problem: string;
    readonly plan: { readonly hash: string; readonly files: number } | null;
    readonly run: { readonly because: string } | null;
    readonly releases: Readonly<Record<string, number>>;
    readonly backlog: { readonly files: number } | null;
  }[];
  readonly journal: { readonly openIntents: number } | null;
}
