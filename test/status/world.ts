/** An agent made of values behind a real socket and a real store, and callers with real identities. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpHangs } from "../../agent/checks/example-facts.ts";
import type { KeptFinding } from "../../agent/drift/index.ts";
import type { SessionsFacts, Share } from "../../agent/facts/index.ts";
import { peerOf } from "../../agent/host/peer.ts";
import {
  type AccountView,
  type AgentView,
  type CleanupRow,
  type Picture,
  type Served,
  type StatusBody,
  serve,
  type WatchedAccount,
} from "../../agent/status/index.ts";
import { Measures } from "../../agent/status/measures.ts";
import { maskedFinding, openStore, type Store } from "../../agent/store/index.ts";

export const nowMs = Date.UTC(2026, 10, 23, 9, 55, 2);
const time = new Date(nowMs).toISOString();

/** Identities that no account of a host is likely to have; the kernel does not ask for one. */
export const uids = { owner: 61_050, oracle: 61_001, postgres: 61_002, stranger: 61_009 } as const;
export const viewerGid = 61_100;

export function finding(account: string, other: Partial<KeptFinding> = {}): KeptFinding {
  return {
    fingerprint: account === "oracle" ? "4fb1a6fb14153b66" : "a0a0a0a0a0a0a0a0",
    status: "fail",
    severity: "critical",
    consequence: "hang",
    policy: "unattended-ssh",
    rule: "commands-do-what-they-say",
    check: "engine-commands",
    account,
    mode: "ssh-command",
    subject: "cp -f {file} {existing}",
    message: "waits for ever at: SECRET-VALUE?",
    where: { file: `/home/${account}/.cshrc`, line: 14, column: 1, through: [] },
    evidence: { sent: "cp -f {file} {existing}", outcome: "hang", prompt: "SECRET-VALUE?" },
    change: "delete line 14",
    line: "alias cp 'SECRET-LINE'",
    openedAt: time,
    since: time,
    ...other,
  };
}

export function watched(name: string, other: Partial<WatchedAccount> = {}): WatchedAccount {
  return {
    name,
    uid: name === "oracle" ? uids.oracle : uids.postgres,
    shell: "/bin/tcsh",
    because: "a policy names it",
    state: "measured",
    says: "",
    measuredAt: time,
    confirmedAt: time,
    pending: false,
    pass: 9,
    fail: 1,
    unknown: 0,
    ...other,
  };
}

export function accountView(name: string, other: Partial<AccountView> = {}): AccountView {
  return {
    account: watched(name),
    engines: [
      {
        name: "exec-channel",
        rules: [{ policy: "unattended-ssh", mode: "ssh-command" }],
        sends: ["rm -f {file}", "cp -f {file} {existing}"],
      },
    ],
    findings: [finding(name)],
    undecided: [],
    ...other,
  };
}

export interface Behind {
  readonly view: AgentView;
  readonly store: Store;
  readonly socket: string;
  readonly folder: string;
  readonly faults: readonly string[];
  /** What the agent was asked to do. */
  readonly asked: string[];
  /** Of a live agent; change it between calls. */
  readonly live: {
    ready: boolean;
    share: { readonly local: Share; readonly share: Share } | null;
    accounts: Map<string, AccountView>;
    blind: boolean;
  };
  /** Commits an event about a finding of this account. */
  tell(account: string, other?: Partial<KeptFinding>): void;
  /** Ends waiting answers, as an agent that ends does. */
  close(): void;
  stop(): Promise<void>;
}

/** Stops and removes everything at the end of the test. */
export async function agentBehind(
  cleanUp: { after(fn: () => Promise<void>): void },
  other: Partial<Served> = {},
): Promise<Behind> {
  const folder = mkdtempSync(join(tmpdir(), "rcw-status-"));
  chmodSync(folder, 0o755);
  const opened = openStore({ folder: join(folder, "state"), instance: "host", nowMs, program: "0.1.0" });
  if (opened.kind === "refused") throw new Error(opened.message);
  const { store } = opened;
  const closing = new AbortController();
  const faults: string[] = [];
  const asked: string[] = [];
  const live: Behind["live"] = {
    ready: true,
    share: { local: "names", share: "values" },
    accounts: new Map(["oracle", "postgres"].map((name) => [name, accountView(name)])),
    blind: false,
  };
  const view = viewOf(store, live, asked, closing.signal);
  const socket = join(folder, "agent.sock");
  const served = await serve({ view, socketPath: socket, peerOf, fault: (message) => faults.push(message), ...other });
  if (served.kind === "refused") throw new Error(served.message);
  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= served.close();
    return stopped;
  };
  cleanUp.after(async () => {
    await stop();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const name of ["oracle", "postgres"]) {
    store.commit({
      nowMs,
      put: [{ finding: finding(name), digest: `sha256:${"a".repeat(64)}` }],
      runs: [runOf(name)],
      events: [opens(name)],
    });
  }
  return {
    ...{ view, store, socket, folder, faults, asked, live, stop },
    close: () => closing.abort(),
    tell(account, changes = {}) {
      const outcome = store.commit({ nowMs, events: [opens(account, changes)] });
      if (outcome.kind === "refused") throw new Error(outcome.message);
    },
  };
}

const sessions: SessionsFacts = { at: time, groups: [], problem: "" };

function pictureOf(store: Store, account: string | undefined, share: Share): Picture {
  const shown = store.findings(account).map(({ finding }) => ({ ...maskedFinding(finding, share), past: [] }));
  return {
    validUntil: time,
    findings: shown,
    ways: [],
    lead: null,
    day: { from: time, to: time, accounts: [], stuck: [], saves: [], logins: [] },
    sessions,
    cleanup: [],
    unmeasured: [],
  };
}

function opens(account: string, other: Partial<KeptFinding> = {}) {
  const data = {
    finding: finding(account, other),
    because: "host",
    via: "watch",
    digest: { old: null, new: `sha256:${"a".repeat(64)}` },
    first: false,
    detectedAt: time,
    hint: null,
  } as const;
  return { type: "finding.opened", subject: data.finding.fingerprint, account, data } as const;
}

function viewOf(store: Store, live: Behind["live"], asked: string[], closing: AbortSignal): AgentView {
  const items = [{ kind: "file", name: "/home/oracle/.cshrc", mode: "-", digest: "sha256:ab", where: null }] as const;
  const baseline = (account: string) => ({ account, acceptedAt: time, reason: "CHG1", items });
  return {
    store,
    source: `rcwarden://${store.hostId}/host`,
    closing,
    nowMs: () => nowMs,
    status: () => statusOf(store, live),
    picture: ({ account, share }) => pictureOf(store, account, share),
    sessions: () => ({ ...sessions, groups: [cpHangs, { ...cpHangs, account: "postgres" }] }),
    measures: new Measures(),
    account: (name) => live.accounts.get(name) ?? null,
    blind: () => live.blind,
    runs: (of) => store.runs(of),
    share: () => live.share,
    baseline: (account) =>
      live.accounts.has(account)
        ? { baseline: baseline(account), changes: [{ change: "changed", item: items[0] }], now: items }
        : null,
    async acceptBaseline(account, reason) {
      asked.push(`accept ${account} ${reason}`);
      return { kind: "accepted", baseline: { ...baseline(account), reason } };
    },
    async reload() {
      asked.push("reload");
      return { taken: true, problems: [] };
    },
    run(account) {
      if (account !== null && !live.accounts.has(account)) return null;
      asked.push(`run ${account ?? "all"}`);
      return { queued: account === null ? [...live.accounts.keys()] : [account] };
    },
    cleanup: () => ({
      apiVersion: "rcwarden/v1",
      kind: "Cleanup",
      time,
      retentions: [cleanupRow("oracle-staging", "oracle"), cleanupRow("pg-archive", "postgres")],
      journal: {
        folder: "/var/lib/rcwarden/host/cleanup",
        head: { seq: 812, hash: "ab".repeat(32) },
        openIntents: 0,
        bytes: 4096,
        notices: ["a notice"],
      },
    }),
    async applyPlan(hash) {
      asked.push(`apply ${hash}`);
      const row = cleanupRow("oracle-staging", "oracle");
      if (row.plan?.hash.startsWith(hash)) return { kind: "applied", row };
      return { kind: "refused", code: "unknown", message: "none that was made in the last hour" };
    },
    release(by, releases) {
      if (releases.some(({ path }) => path.join() === fullDisk)) return { kind: "refused", message: "no room" };
      asked.push(`release ${by.kind} ${by.name} ${releases.map(({ retention }) => retention).join(" ")}`);
      return {
        kind: "released",
        answers: releases.map(({ retention }) =>
          retention.startsWith(by.name === "oracle" ? "oracle" : "pg")
            ? { answer: "accepted", message: "" }
            : { answer: "not-allowed", message: "expected another" },
        ),
      };
    },
    accountOfUid: (uid) => (uid === uids.oracle ? "oracle" : uid === uids.postgres ? "postgres" : null),
    viewerGid,
    ownerUid: uids.owner,
  };
}

/** The name of a file whose release finds no room, in hex. */
export const fullDisk = Buffer.from("no-room").toString("hex");

function cleanupRow(retention: string, account: string): CleanupRow {
  const sum = { files: 3, bytes: 4096 };
  const root = `/u01/${account}/staging`;
  return {
    ...{ retention, account, root, apply: "by-hand", granted: "by-hand", state: "waiting" },
    plan: {
      hash: "7d31c0a95e42".padEnd(64, "0"),
      at: time,
      expiresAt: time,
      ...sum,
      stays: [{ code: "newest", ...sum }],
    },
    run: { run: "r", at: time, because: "by-hand", outcomes: [{ outcome: "removed", code: null, ...sum }] },
    backlog: {
      ...{ retention, account, root, at: time, ...sum, oldestSeconds: 60, growthBytesPerHour: null },
      waiting: { ...sum, oldestSeconds: null, mayGo: 1 },
      ...{ freeBytes: 1, totalBytes: 2, fullInSeconds: null, nothingReclaimedHours: 0 },
      stays: [{ code: "newest", ...sum }],
    },
    releases: { accepted: 7, changed: 1 },
    problem: "",
  };
}

export function runOf(account: string) {
  return {
    account,
    startedAt: time,
    seconds: 0.2,
    via: "watch",
    modes: [{ mode: "ssh-command", ended: "ready", gaps: [] }],
    pass: 9,
    fail: 1,
    unknown: 0,
    program: "0.1.0",
    documents: "sha256:cd",
    rules: { "unattended-ssh/clean-stream": "sha256:ef" },
  };
}

function statusOf(store: Store, live: Behind["live"]): StatusBody {
  return {
    apiVersion: "rcwarden/v1",
    kind: "Status",
    time,
    rcwarden: "0.1.0",
    host: { id: store.hostId, name: "db07" },
    instance: "host",
    pid: 812,
    startedAt: time,
    ready: live.ready,
    accounts: [...live.accounts.values()].map(({ account }) => account),
    watching: {
      ...{ paths: 27, absent: 9, byEvents: 18, blind: live.blind, lastSweep: time, lastFullRun: null },
      degraded: [{ code: "overflow", message: "events were lost" }],
      ...{ latencyMs: 8, watches: 36, watchLimit: 65_536 },
    },
    documents: {
      loadedAt: time,
      inForce: [{ kind: "Policy", name: "unattended-ssh", file: "/p.yaml", digest: "sha256:aa" }],
      problems: ["/etc/rcwarden/policies/db.yaml:1:1: expected a check kind"],
      grant: live.share === null ? "broken" : "grant",
    },
    sinks: [
      {
        ...{
          name: "engine",
          kind: "engine",
          to: "https://engine.example/events",
          waiting: 0,
          bytes: 0,
          deadLetters: 0,
        },
        ...{ lastTaken: time, state: "idle", problem: null, nextTry: null, sentBy: "rcwarden" },
      },
    ],
    store: { epoch: "1.0123abcd", head: "1.0123abcd-2", ...store.size, problem: null, notices: ["a notice"] },
    resources: { rssBytes: 1, memoryLimitBytes: 2, cpuPercent: 0.1, over: [] },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Null where it is no JSON. */
  readonly body: unknown;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Asks as this process: root. */
export function ask(socketPath: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { method = "GET", headers = {}, body, signal } = sent;
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method, agent: false, headers: { Host: "rcwarden", ...headers } });
    signal?.addEventListener("abort", () => asked.destroy());
    asked.on("error", reject);
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: json(text) });
      });
    });
    asked.end(body);
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Identity {
  readonly uid: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
}

/** Asks as somebody else: a process with that identity, by curl. */
export function askAs(
  { uid, gid = uid, groups = [] }: Identity,
  socketPath: string,
  path: string,
  { method = "GET", body, accept }: Pick<Sent, "method" | "body"> & { readonly accept?: string } = {},
): Promise<Pick<Answer, "status" | "text" | "body">> {
  const groupFlags = groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")];
  const data = body === undefined ? [] : ["-H", "Content-Type: application/json", "--data-binary", body];
  const wish = accept === undefined ? [] : ["-H", `Accept: ${accept}`];
  const curl = ["curl", "-s", "-S", "--max-time", "30", "--unix-socket", socketPath, "-X", method, ...wish, ...data];
  const args = ["--reuid", `${uid}`, "--regid", `${gid}`, ...groupFlags, "--", ...curl];
  return new Promise((resolve, reject) => {
    const child = spawn("setpriv", [...args, "-w", "\n%{http_code}", `http://localhost${path}`], {
      env: { PATH: process.env.PATH },
    });
    let out = "";
    let wrong = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      wrong += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`curl as ${uid}: ${wrong}`));
      const at = out.lastIndexOf("\n");
      const text = out.slice(0, at);
      resolve({ status: Number(out.slice(at + 1)), text, body: json(text) });
    });
  });
}
