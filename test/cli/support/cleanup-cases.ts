/** Cases of `cleanup plan`. What lies below a root stands here as the look would give it. */
import { minuteMs, retentionOf, type SeenOptions, seenOf } from "../../cleanup/support.ts";
import type { Case } from "./cases.ts";
import { allowed, granted, withRetentions } from "./cleanup-documents.ts";
import { nothingUnseen, oracle, postgres, root, type World } from "./world.ts";

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

export const cleanupCases: readonly Case[] = [
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
