import * as z from "zod";
import { shares } from "../facts/index.ts";
import { timeSpan } from "./calendar.ts";
import { accountName, documentKind, listOf, nameText } from "./document-kind.ts";
import { absolutePath } from "./paths.ts";

const share = z.enum(shares);

const measure = z.strictObject({
  accounts: z
    .union([z.literal("all"), listOf(accountName, String).min(1)], { error: "all, or a list of names" })
    .describe("Who may be measured. all: whomever a policy means."),
  how: z
    .enum(["running", "reading"])
    .default("running")
    .describe("running: start the account's shell in a sandbox; reading: only read its startup files."),
  notBetween: z
    .array(timeSpan)
    .prefault([])
    .describe('When the agent measures nobody, by the clock of the host: "02:00-04:00". check by hand is not bound.'),
});

const removal = z.strictObject({
  account: accountName.describe("As whom."),
  below: absolutePath.describe("Below which folder."),
  apply: z
    .enum(["by-hand", "automatically"])
    .default("by-hand")
    .describe(
      "automatically: the agent may apply plans of Retentions that say so; by-hand: somebody has to apply each.",
    ),
  releasesFrom: nameText
    .optional()
    .describe("The sink whose engine may release files; without it no engine's word counts."),
});

const spec = z.strictObject({
  measure: measure.describe("Whom rcwarden may measure, how and when."),
  local: share
    .default("names")
    .describe("What group rcwarden sees on this host: names, also values, or also lines of files."),
  share: share.default("names").describe("What may leave the host: names, also values, or also lines of files."),
  remove: listOf(removal, ({ account, below }) => `${account} below ${below}`)
    .default([])
    .describe("Where files may be removed, and as whom. It only allows: what goes, a Retention says."),
});

export const grant = documentKind({
  kind: "Grant",
  summary: "Says whom rcwarden may measure, what it may show and send, and where files may be removed.",
  why: "Policies come from whoever runs the engine; the host's owner stays in charge of what they may do here. Without a Grant accounts may be measured, and nothing but findings without values leaves; a broken one stops everything.",
  owner: "the host's owner",
  livesIn: "/etc/rcwarden/*.yaml",
  tier: "host",
  single: true,
  example: `apiVersion: rcwarden/v1
kind: Grant
metadata: { name: db07 }
spec:
  measure: { accounts: [oracle], how: running, notBetween: ["02:00-04:00"] }
  local: names
  share: names
  remove: [{ account: oracle, below: /u01/staging, apply: automatically, releasesFrom: engine }]
`,
  schema: () => spec,
  references: () => [],
  nested: () => [],
  build: (common, { remove, ...rest }) => ({
    kind: "Grant",
    ...common,
    ...rest,
    remove: remove.map(({ releasesFrom, ...each }) => ({ ...each, releasesFrom: releasesFrom ?? null })),
  }),
});
