import * as z from "zod";
import { accountName, documentKind, listOf, say } from "./document-kind.ts";
import { parseFilePattern } from "./file-pattern.ts";
import { absolutePath } from "./paths.ts";
import { duration, percentage, size } from "./quantities.ts";
import { barredFolders, barredTrees, quarantineName } from "./system-folders.ts";

const root = absolutePath.superRefine((path, context) => {
  // What is no path has been told.
  if (!absolutePath.safeParse(path).success) return;
  const refuse = (expected: string) => say(context, { code: "root-refused", expected });
  const tree = barredTrees.find((each) => path === each || path.startsWith(`${each}/`));
  if (tree !== undefined) return refuse(`a folder outside of ${tree}, which is the system's`);
  if (path.split("/").length < 3) return refuse("a folder at least two deep, as /u01/staging is");
  if (barredFolders.includes(path)) return refuse(`a folder of one owner below ${path}`);
  if (/^\/home\/[^/]+$/.test(path)) return refuse("a folder below a home, not a home itself");
  if (path.split("/").includes(quarantineName)) return refuse(`a folder outside of ${quarantineName}`);
});

const pattern = z.string().superRefine((text, context) => {
  const parsed = parseFilePattern(text);
  if (parsed.kind === "refused") say(context, { code: "pattern-refused", expected: parsed.expected });
});

const keep = z.strictObject({
  newest: z.number().int().min(1).max(10_000).optional().describe("This many of those that match stay, the newest."),
  youngerThan: duration("1m", "3650d")
    .optional()
    .describe("What was written or changed since stays; with after: age, the age."),
});

const plan = z.strictObject({
  every: duration("1m", "7d").optional().describe("How often a plan is due."),
  whenFreeBelow: percentage(1, 99).optional().describe("A plan is due when less than this of the file system is free."),
});

const limits = z.strictObject({
  files: z.number().int().min(1).max(100_000).default(10_000).describe("Files in one plan, the oldest first."),
  bytes: size("1MiB", "1024TiB").prefault("500GiB").describe("Bytes in one plan."),
  filesPerSecond: z.number().int().min(1).max(10_000).default(500).describe("Files a second while a plan is applied."),
  readPerSecond: size("1MiB", "100GiB").prefault("100MiB").describe("Bytes a second, where content is to be compared."),
});

const spec = z
  .strictObject({
    account: accountName.describe("As whom: the files are this account's, and nobody else's are touched."),
    root: root.describe("The folder; one that no other Retention has, nor one above or below it."),
    match: listOf(pattern, String)
      .min(1)
      .max(64)
      .describe("Patterns for a file's own name, as fnmatch(3) takes them: *, ?, [a-z]. A file needs to match one."),
    depth: z.number().int().min(1).max(16).default(1).describe("How deep: 1 are the files directly in root."),
    after: z
      .enum(["release", "age"])
      .describe("release: only what somebody released; age: what keep.youngerThan no longer keeps."),
    releasedBy: listOf(z.enum(["engine", "account"]), String)
      .min(1)
      .optional()
      .describe(
        "Whose release counts, any of them: engine, that of the sink that the Grant names; account, the account's own.",
      ),
    keep: keep.prefault({}).describe("What stays whatever matches and was released."),
    plan: plan
      .prefault({})
      .describe("When the agent plans; it also does when somebody releases files, and when it is asked."),
    apply: z
      .enum(["by-hand", "automatically"])
      .default("by-hand")
      .describe(
        "automatically: the agent removes what its plan says, where the Grant says automatically, too; else somebody applies a plan by its hash.",
      ),
    limits: limits.prefault({}).describe("What one plan may hold, and how fast it goes."),
    mayEmpty: z.boolean().default(false).describe("Whether a plan may leave nothing of what matches."),
  })
  .superRefine(({ after, releasedBy, keep: { newest, youngerThan }, match, plan: due, apply }, context) => {
    if (after === "release" && releasedBy === undefined) {
      const expected = "releasedBy with after: release: engine, account or both";
      say(context, { code: "released-by-missing", expected, found: "none" }, ["after"]);
    }
    if (after === "age" && releasedBy !== undefined) {
      say(context, { code: "released-by-unused", expected: "no releasedBy with after: age" }, ["releasedBy"]);
    }
    if (after === "age" && youngerThan === undefined) {
      say(context, { code: "age-missing", expected: "keep.youngerThan with after: age", found: "none" }, ["after"]);
    }
    if (after === "age" && apply === "automatically" && due.every === undefined && due.whenFreeBelow === undefined) {
      const expected = "plan.every or plan.whenFreeBelow with apply: automatically and after: age";
      say(context, { code: "plan-missing", expected, found: "neither" }, ["apply"]);
    }
    if (newest !== undefined || youngerThan !== undefined) return;
    for (const [index, text] of match.entries()) {
      const parsed = parseFilePattern(text);
      if (parsed.kind === "refused" || parsed.pattern.saysSomething) continue;
      const expected = "some character of the name, or keep.newest or keep.youngerThan";
      say(context, { code: "pattern-means-all", expected }, ["match", index]);
    }
  });

export const retention = documentKind({
  kind: "Retention",
  summary:
    "Says which files of an account need not stay, after whose release or at what age, and what is kept of them.",
  why: "An engine that removes files by remote commands depends on what a startup file makes of them; what may go is better said once, and kept within what the host's owner grants.",
  owner: "who runs the engine",
  livesIn: "/etc/rcwarden/policies/",
  tier: "policies",
  single: false,
  example: `apiVersion: rcwarden/v1
kind: Retention
metadata: { name: engine-staging }
spec:
  account: oracle
  root: /u01/staging/engine           # copies that the engine made, not a database's own archive destination
  match: ["*.arc"]
  after: release                      # or age: then keep.youngerThan is the age
  releasedBy: [engine, account]
  keep: { newest: 10, youngerThan: 6h }
  plan: { every: 15m, whenFreeBelow: 20% }
  limits: { files: 10000, bytes: 500GiB, filesPerSecond: 500, readPerSecond: 100MiB }
`,
  schema: () => spec,
  references: () => [],
  nested: () => [],
  build: (common, { releasedBy, keep: kept, plan: due, limits: most, ...rest }) => ({
    kind: "Retention",
    ...common,
    ...rest,
    releasedBy: releasedBy ?? [],
    keep: { newest: kept.newest ?? 0, youngerThanMs: kept.youngerThan ?? null },
    plan: { everyMs: due.every ?? null, whenFreeBelowPercent: due.whenFreeBelow ?? null },
    limits: {
      files: most.files,
      bytes: most.bytes,
      filesPerSecond: most.filesPerSecond,
      readBytesPerSecond: most.readPerSecond,
    },
  }),
});
