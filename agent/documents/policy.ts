import * as z from "zod";
import { severities } from "../checks/check-kind.ts";
import { agentFacts, type FactName } from "../facts/index.ts";
import {
  accountName,
  documentKind,
  entries,
  entry,
  type Known,
  type KnownCheck,
  listOf,
  nameText,
  oneOf,
  type Purpose,
  say,
} from "./document-kind.ts";
import { jsonSchemaOf } from "./json-schema.ts";

const accounts = z
  .union(
    [
      z.literal("all"),
      listOf(accountName, String).min(1),
      z.strictObject({ group: accountName.describe("All members, by primary and supplementary group.") }),
    ],
    { error: "all, a list of names, or { group: NAME }" },
  )
  .describe("Whom the rules are for. all: those whom the host's owner granted, else those that look automated.");

function ruleSchema(checks: readonly KnownCheck[], purpose: Purpose) {
  const rule = z.strictObject({
    id: nameText.describe("Names the rule in findings and exceptions; unique in its policy."),
    check: oneOf(
      checks.map((check) => check.id),
      "a check kind",
      "check-unknown",
    ).describe("What is checked."),
    severity: z.enum(severities).describe("How bad it is where the rule does not hold."),
    // Parsed by the check kind (`nested`), which alone knows what it takes.
    with: z.unknown().optional().describe("Parameters of the check kind."),
  });
  return purpose === "loading" ? rule : rule.meta({ allOf: checks.map(parametersForEditors) });
}

function parametersForEditors({ id, summary, parameters }: KnownCheck) {
  const { $schema, ...shape } = jsonSchemaOf(parameters);
  const takes = { ...shape, description: summary };
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema; nobody awaits this
  return { if: { properties: { check: { const: id } } }, then: { properties: { with: takes } } };
}

function specSchema({ checks }: Known, purpose: Purpose) {
  return z
    .strictObject({
      accounts,
      engines: listOf(nameText, String)
        .default([])
        .describe("Names of Engine documents; rules are judged in their modes. Only rules about the host need none."),
      includes: listOf(nameText, String).default([]).describe("Names of other policies whose rules apply too."),
      rules: listOf(ruleSchema(checks, purpose), (rule) => rule.id).default([]),
    })
    .superRefine(({ engines, includes, rules }, context) => {
      if (includes.length + rules.length === 0) {
        say(context, { code: "rules-missing", expected: "rules, or includes that bring some", found: "none" });
      }
      if (engines.length > 0 || (includes.length === 0 && rules.every(({ check }) => needsNoEngine(check, checks))))
        return;
      say(context, { code: "engines-missing", expected: "engines, in whose modes rules are judged", found: "none" });
    });
}

/** What is judged by what an agent knows of itself is judged in no mode. */
function needsNoEngine(check: string, checks: readonly KnownCheck[]): boolean {
  const kind = checks.find(({ id }) => id === check);
  return kind !== undefined && kind.asksAbout !== "mode" && kind.needs.length > 0 && kind.needs.every(isOfAgent);
}

function isOfAgent(need: FactName): boolean {
  return agentFacts.some((each) => each === need);
}

function parametersOf(check: string, checks: readonly KnownCheck[]) {
  return checks.find((known) => known.id === check)?.parameters;
}

export const policy = documentKind({
  kind: "Policy",
  summary: "Holds rules for accounts, judged in the modes by which its engines come in.",
  why: "Who runs the engine says what must hold; the host's owner says by a Grant what of it may be measured.",
  owner: "who runs the engine",
  livesIn: "/etc/rcwarden/policies/",
  tier: "policies",
  single: false,
  example: `apiVersion: rcwarden/v1
kind: Policy
metadata: { name: nightly-copy, description: What the nightly copy needs of its accounts. }
spec:
  accounts: [oracle, postgres]        # or all, or { group: dba }
  engines: [exec-channel]
  includes: [unattended-ssh]
  rules:
    - id: quiet-errors
      check: startup-output
      severity: low
      with: { streams: [stderr] }
`,
  schema: specSchema,
  references: (spec) =>
    [{ key: "engines", kind: "Engine" } as const, { key: "includes", kind: "Policy" } as const].flatMap(
      ({ key, kind }) =>
        entries(entry(spec, key)).flatMap((name, index) =>
          typeof name === "string" && nameText.safeParse(name).success ? [{ path: [key, index], kind, name }] : [],
        ),
    ),
  nested: (spec, checks) =>
    entries(entry(spec, "rules")).flatMap((rule, index) => {
      const check = entry(rule, "check");
      const schema = typeof check === "string" ? parametersOf(check, checks) : undefined;
      return schema === undefined ? [] : [{ path: ["rules", index, "with"], value: entry(rule, "with") ?? {}, schema }];
    }),
  build: (common, { accounts: whom, ...rest }) => ({
    kind: "Policy",
    ...common,
    ...rest,
    accounts: Array.isArray(whom) ? { names: whom } : whom,
    rules: rest.rules.map((rule) => ({ ...rule, with: rule.with })),
  }),
});
