/** Cases of `cleanup plan`. What lies below a root stands here as the look would give it. */
import { releaseKey, type StoredRelease, shownContent, shownPath } from "../../../agent/store/index.ts";
import { hexPath, minuteMs, retentionOf, type SeenOptions, seenOf } from "../../cleanup/support.ts";
import type { Case } from "./cases.ts";
import { allowed, granted, withRetentions } from "./cleanup-documents.ts";
import { emptyState, nothingUnseen, oracle, postgres, root, type World } from "./world.ts";

const GiB = 2 ** 30;

function many(count: number, prefix: string, options: SeenOptions) {
  return Array.from({ length: count }, (_, at) => {
    const seen = seenOf(`${prefix}_${String(at).padStart(4, "0")}.arc`, options);
    return { ...seen, identity: { ...seen.identity, ino: `${prefix.length}${at}` } };
  });
}

const staging = retentionOf({ keep: { newest: 10, youngerThanMs: 360 * minuteMs }, mayEmpty: false });
const traces = retentionOf({
  name: "traces",
  account: "postgres",
  root: "/var/log/engine/traces",
  match: ["*.trc"],
  after: "release",
  releasedBy: ["account"],
  keep: { newest: 0, youngerThanMs: null },
});

const tree = [
  many(1204, "old", { ageMinutes: 2000, size: 80 * 2 ** 20 }),
  many(12, "newer", { ageMinutes: 10, size: GiB }),
  [
    seenOf("current.arc", { guard: { code: "held-open", message: "a process has it open" } }),
    seenOf("theirs.arc", { guard: { code: "another-owner", message: "it belongs to uid 0" } }),
    seenOf("README", { size: 100 }),
    seenOf("old", { type: "folder", guard: { code: "not-a-regular-file", message: "it is a folder" } }),
  ],
];
const few = [
  [
    seenOf("a.arc", { ageMinutes: 4000, size: 3 * GiB }),
    seenOf("b\n\x1b[2J.arc", { ageMinutes: 3000, size: 2048 }),
    seenOf("\xff\xfe.arc", { ageMinutes: 2000, size: 1 }),
    seenOf("theirs.arc", { guard: { code: "another-owner", message: "it belongs to uid 0" } }),
    seenOf("c.arc", { ageMinutes: 5, size: 1 }),
  ],
];
const whole = (batches: typeof tree) => ({ batches, looked: nothingUnseen });

const elsewhere = granted([{ account: "oracle", below: "/u01/stag", apply: "automatically", releasesFrom: null }]);
const base = { accounts: [root, oracle, postgres] };
const newestOnly = retentionOf({ keep: { newest: 1, youngerThanMs: 360 * minuteMs } });
const plan = ["cleanup", "plan"];

const one: World = { ...base, documents: withRetentions(staging)(allowed), below: { [staging.root]: whole(tree) } };
const short: World = { ...base, documents: withRetentions(newestOnly)(), below: { [staging.root]: whole(few) } };
const two: World = {
  ...base,
  documents: withRetentions(staging, traces)(elsewhere),
  below: { [staging.root]: whole(few), [traces.root]: whole([[seenOf("1.trc", {}), seenOf("2.trc", {})]]) },
};

const released = retentionOf({
  after: "release",
  releasedBy: ["engine"],
  keep: { newest: 1, youngerThanMs: 360 * minuteMs },
});
const fromEngine = granted([
  { account: "oracle", below: "/u01/staging", apply: "automatically", releasesFrom: "engine" },
]);
const copies = many(4, "copy", { ageMinutes: 2000, size: GiB });

function releaseOf(name: string, other: Partial<StoredRelease> = {}): StoredRelease {
  const content = { kind: "sha256", digest: "ab".repeat(32) } as const;
  const says = { retention: released.name, path: hexPath(name), size: String(GiB), content, ...other };
  const by = { kind: "engine", name: "engine" } as const;
  const times = { receivedAt: "2026-11-22T10:00:00.000Z", expiresAt: "2026-12-22T10:00:00.000Z" };
  return { key: releaseKey(says), account: "oracle", by, ...times, answer: "accepted", ...says };
}

const releases = [
  releaseOf("copy_0000.arc"),
  releaseOf("copy_0001.arc"),
  releaseOf("copy_0002.arc", { size: "12" }),
  releaseOf("copy_0003.arc", { by: { kind: "engine", name: "another" } }),
];
const waiting: World = {
  ...base,
  documents: withRetentions(released)(fromEngine),
  below: { [released.root]: whole([copies]) },
  cleanup: { ...emptyState, releases: () => ({ kind: "releases", releases }) },
};

/** As an agent tells them. */
function toldBy(stored: readonly StoredRelease[]): NonNullable<World["ask"]> {
  return (sockets) => {
    const items = stored.map(({ key: _, answer: __, path, content, ...says }) => ({
      ...says,
      ...shownPath(path),
      ...shownContent(content),
    }));
    return { kind: "answer", socket: sockets[0] ?? "", status: 200, body: { items, next: null } };
  };
}

export const cleanupCases: readonly Case[] = [
  {
    name: "cleanup-plan-released",
    story: "what an engine released goes, and nothing else",
    argv: plan,
    world: waiting,
  },
  {
    name: "cleanup-plan-released-agent",
    story: "the same where an agent tells what was released",
    argv: plan,
    world: { ...waiting, cleanup: emptyState, ask: toldBy(releases) },
  },
  {
    name: "cleanup-plan-busy",
    story: "an agent that does not answer has the state: without its word there is no plan",
    argv: plan,
    world: { ...waiting, cleanup: { ...emptyState, releases: () => ({ kind: "busy" }) } },
  },
  {
    name: "cleanup-plan-not-kept",
    story: "a plan that could not be kept",
    argv: plan,
    world: {
      ...waiting,
      cleanup: {
        ...emptyState,
        releases: () => ({ kind: "releases", releases }),
        keep: () => ({ kind: "refused", message: "/var/lib/rcwarden/host: expected room to keep a plan, found none" }),
      },
    },
  },
  { name: "cleanup-help", story: "what the verb takes", argv: ["cleanup", "--help"], world: base, wide: true },
  { name: "cleanup-plan", story: "what would go and what stays, by reason", argv: plan, world: one },
  { name: "cleanup-plan-two", story: "two Retentions, and a Grant for neither", argv: plan, world: two },
  {
    name: "cleanup-plan-named",
    story: "only one of them",
    argv: [...plan, "--retention", "traces"],
    world: two,
  },
  { name: "cleanup-plan-list", story: "every file, whatever its name", argv: [...plan, "--list"], world: short },
  { name: "cleanup-plan-json", story: "the same as JSON", argv: [...plan, "--json"], world: two, wide: true },
  {
    name: "cleanup-plan-lines",
    story: "every file as JSON lines",
    argv: [...plan, "--list", "--json"],
    world: short,
    wide: true,
  },
  {
    name: "cleanup-plan-empty",
    story: "a plan that would leave nothing of what matches",
    argv: plan,
    world: {
      ...one,
      documents: withRetentions(retentionOf({ mayEmpty: false }))(),
      below: { [staging.root]: whole([many(3, "old", {})]) },
    },
  },
  {
    name: "cleanup-plan-clock",
    story: "a clock behind the newest file",
    argv: plan,
    world: { ...one, below: { [staging.root]: whole([...few, [seenOf("ahead.arc", { ageMinutes: -60 })]]) } },
  },
  {
    name: "cleanup-plan-refused",
    story: "a root that is not looked into, and no plan of what was not seen whole",
    argv: plan,
    world: {
      ...two,
      below: {
        [staging.root]: {
          batches: [],
          looked: { kind: "refused", message: "/u01: expected a folder, found a link; name what it leads to" },
        },
        [traces.root]: { batches: few, looked: { ...nothingUnseen, unseen: "2 folders: EACCES" } },
      },
    },
  },
  {
    name: "cleanup-plan-not-root",
    story: "one's own Retention, and another account's",
    argv: plan,
    world: { ...two, callerUid: oracle.uid },
  },
  {
    name: "cleanup-plan-no-account",
    story: "an account that nobody has",
    argv: plan,
    world: { ...one, accounts: [root] },
  },
  {
    name: "policy-list-retention",
    story: "a Retention among the documents",
    argv: ["policy", "list"],
    world: two,
  },
  { name: "cleanup-plan-none", story: "no Retention", argv: plan, world: base },
  {
    name: "cleanup-mistyped",
    story: "a Retention that nobody wrote",
    argv: [...plan, "--retention", "engine-stagign"],
    world: one,
  },
  { name: "cleanup-nothing", story: "no action", argv: ["cleanup"], world: one },
];
