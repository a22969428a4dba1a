/** Cases of `cleanup apply` without an agent and with one. */
import type { Journal, OpenIntent } from "../../../agent/cleanup/index.ts";
import type { CleanupParts } from "../../../agent/cli/parts.ts";
import { hexPath, minuteMs, retentionOf, seenOf, textPath } from "../../cleanup/support.ts";
import type { Case } from "./cases.ts";
import { allowed, withRetentions } from "./cleanup-documents.ts";
import { emptyState, nothingUnseen, oracle, root, type World } from "./world.ts";

const hash = "7d31c0a95e42".padEnd(64, "7");
const apply = ["cleanup", "apply", "--plan", hash.slice(0, 12)];
const retention = retentionOf({ keep: { newest: 0, youngerThanMs: 360 * minuteMs } });
const old = Array.from({ length: 300 }, (_, at) => seenOf(`old_${String(at).padStart(4, "0")}.arc`, { size: 2 ** 30 }));

/** Takes everything; what an earlier process left open lies in it until it is settled. */
function journalOf(left: readonly OpenIntent[] = []): Journal {
  let seq = 0;
  let isClosed = false;
  const open = new Map(left.map((each) => [each.intent, each]));
  return {
    intend: () => (isClosed ? closed : { kind: "written", intent: ++seq }),
    settle(intent) {
      open.delete(intent);
      return isClosed ? closed : { kind: "written" };
    },
    sync: () => (isClosed ? closed : { kind: "written" }),
    open: () => [...open.values()],
    entries: () => [],
    state: () => ({
      folder: "/state/cleanup",
      head: { seq, hash: "0".repeat(64) },
      openIntents: open.size,
      bytes: 0,
      notices: [],
    }),
    [Symbol.dispose]() {
      isClosed = true;
    },
  };
}

const closed = { kind: "refused", code: "failed", message: "the journal was closed" } as const;

function stateOf(other: Partial<CleanupParts> = {}): CleanupParts {
  const about = { kind: "plan", hash, retention: retention.name, root: retention.root, files: old.length } as const;
  const plan = { ...about, madeAtMs: 0, expiresAtMs: 0, holds: () => true };
  const openJournal = () => ({ kind: "journal", journal: journalOf() }) as const;
  return { ...emptyState, kept: () => plan, openJournal, ...other };
}

const world: World = {
  accounts: [root, oracle],
  documents: withRetentions(retention)(allowed),
  below: { [retention.root]: { batches: [old], looked: nothingUnseen } },
  cleanup: stateOf(),
};

const mixed: World = {
  ...world,
  below: { [retention.root]: { batches: [old.slice(0, 260)], looked: nothingUnseen } },
  becomes(file) {
    const at = Number(textPath(file.path).slice(4, 8));
    if (at < 3) return { outcome: "kept", code: "held-open" };
    if (at === 3) return { outcome: "put-back", code: "other-content", sha256: "0".repeat(64) };
    return at === 4 ? { outcome: "in-quarantine", code: "changed" } : {};
  },
};

const left: OpenIntent = {
  intent: 9,
  run: "one",
  retention: retention.name,
  account: "oracle",
  root: retention.root,
  rootIdentity: { dev: "2049", ino: "2" },
  plan: hash,
  because: "schedule",
  files: [{ path: hexPath("a.arc"), identity: seenOf("a.arc").identity, content: { kind: "as-seen" } }],
};
const leftOpen = () => ({ kind: "journal", journal: journalOf([left]) }) as const;

const at = "2026-11-23T09:55:02.100Z";
const row = {
  retention: retention.name,
  account: "oracle",
  root: retention.root,
  apply: "by-hand",
  granted: "by-hand",
  state: "waiting",
  plan: null,
  run: {
    run: "one",
    at,
    because: "by-hand",
    outcomes: [{ outcome: "removed", code: null, files: 300, bytes: 300 * 2 ** 30 }],
  },
  backlog: null,
  releases: {},
  problem: "",
};
const problem = {
  code: "plan-unknown",
  where: hash.slice(0, 12),
  expected: "a plan that can be applied",
  found: "none",
};

export const applyCases: readonly Case[] = [
  { name: "cleanup-apply", story: "all of a plan is removed", argv: apply, world },
  { name: "cleanup-apply-some", story: "some stay, each with its reason", argv: apply, world: mixed },
  { name: "cleanup-apply-json", story: "the same as JSON", argv: [...apply, "--json"], world: mixed, wide: true },
  {
    name: "cleanup-apply-agent",
    story: "an agent that runs does it",
    argv: apply,
    world: { ...world, ask: (sockets) => ({ kind: "answer", socket: sockets[0] ?? "", status: 200, body: row }) },
  },
  {
    name: "cleanup-apply-agent-again",
    story: "what an agent removed before is not told as removed by this",
    argv: apply,
    world: {
      ...world,
      ask: (sockets) => {
        const run = { ...row.run, at: "2026-11-23T09:50:00.000Z" };
        return { kind: "answer", socket: sockets[0] ?? "", status: 200, body: { ...row, run } };
      },
    },
  },
  {
    name: "cleanup-apply-agent-unknown",
    story: "an agent that does not know the plan",
    argv: apply,
    world: {
      ...world,
      ask: (sockets) => ({ kind: "answer", socket: sockets[0] ?? "", status: 404, body: { ...problem, change: "" } }),
    },
  },
  {
    name: "cleanup-apply-unfinished",
    story: "a journal that takes no more",
    argv: apply,
    world: {
      ...world,
      cleanup: stateOf({
        openJournal() {
          const refused = { kind: "refused", code: "full", message: "/var: expected room, found none" } as const;
          let groups = 0;
          const journal = journalOf();
          return {
            kind: "journal",
            journal: { ...journal, intend: (of) => (groups++ > 0 ? refused : journal.intend(of)) },
          };
        },
      }),
    },
  },
  {
    name: "cleanup-apply-unknown",
    story: "a plan that nobody kept",
    argv: apply,
    world: { ...world, cleanup: emptyState },
  },
  {
    name: "cleanup-apply-mistyped",
    story: "no hash of a plan",
    argv: ["cleanup", "apply", "--plan", "7d31c0..."],
    world,
  },
  { name: "cleanup-apply-without", story: "no plan named", argv: ["cleanup", "apply"], world },
  {
    name: "cleanup-apply-not-granted",
    story: "the Grant was taken back",
    argv: apply,
    world: { ...world, documents: withRetentions(retention)() },
    wide: true,
  },
  {
    name: "cleanup-apply-outdated",
    story: "the Retention has another root now",
    argv: apply,
    world: { ...world, documents: withRetentions({ ...retention, root: "/u01/staging/other" })(allowed) },
  },
  {
    name: "cleanup-apply-held",
    story: "an agent that does not answer has the state folder",
    argv: apply,
    world: { ...world, cleanup: stateOf({ lock: () => ({ kind: "held", by: "pid 812, since 2026-11-23" }) }) },
  },
  {
    name: "cleanup-apply-left-open",
    story: "what a crash left open is settled first",
    argv: apply,
    world: {
      ...world,
      cleanup: stateOf({
        openJournal: leftOpen,
        async recover() {
          const outcome = { at: 0, outcome: "put-back", code: "not-begun", detail: "", sha256: null } as const;
          return { kind: "recovered", outcomes: new Map([[9, [outcome]]]), strangers: [], strangersInAll: 0 };
        },
      }),
    },
  },
  {
    name: "cleanup-apply-not-settled",
    story: "nothing goes while that is not known",
    argv: apply,
    world: { ...world, cleanup: stateOf({ openJournal: leftOpen }) },
  },
  {
    name: "cleanup-apply-foreign",
    story: "an option of another action",
    argv: [...apply, "--list"],
    world,
  },
];
