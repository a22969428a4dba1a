/** The alerting rules, by promtool itself; and that they speak of what there is. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import * as z from "zod";
import { verbs } from "../../agent/cli/index.ts";
import { metricsText } from "../../agent/status/metrics.ts";
import { known } from "../status/known.ts";

const folder = fileURLToPath(new URL("../../packaging/alerts", import.meta.url));
const rulesFile = join(folder, "rcwarden.rules.yml");
const rulesText = readFileSync(rulesFile, "utf8");
const testText = readFileSync(join(folder, "rcwarden.test.yml"), "utf8");

const rule = z.strictObject({
  alert: z.string().regex(/^Rcwarden[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning", "none"]) }),
  annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
});
const { groups } = z
  .object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) })
  .parse(parse(rulesText));
const rules = groups.flatMap((group) => group.rules);

function promtool(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync("/usr/bin/promtool", words, { encoding: "utf8", timeout: 60_000 });
  return { status, said: `${stdout}${stderr}` };
}

test("promtool takes the rules, and each comes and stays away as their tests say", () => {
  for (const words of [
    ["check", "rules", "--lint=all", "--lint-fatal", rulesFile],
    ["test", "rules", join(folder, "rcwarden.test.yml")],
  ]) {
    const { status, said } = promtool(...words);
    assert.equal(status, 0, said);
  }
});

test("each has a summary that says where, and a runbook of one sentence or two; the dead man's switch is one of them", () => {
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, annotations } of rules) {
    if (alert !== "RcwardenDeadMansSwitch")
      assert.match(annotations.summary, /^\{\{ \$labels\.instance \}\}: \S/, alert);
    assert.match(annotations.runbook, /^[A-Z].*\.$/s, alert);
    assert.ok(annotations.runbook.length < 240, alert);
  }
  const none = rules.filter(({ labels }) => labels.severity === "none").map(({ alert }) => alert);
  assert.deepEqual(none, ["RcwardenDeadMansSwitch"]);
});

test("they ask for metrics that there are, by labels that these have", async () => {
  const text = await metricsText(known());
  const series = new Map(
    [...text.matchAll(/^(rcwarden_\w+)\{(.*)\} \S+$/gm)].map(([, name = "", labels = ""]) => [name, labels]),
  );
  let asked = 0;
  for (const { alert, expr } of rules) {
    for (const [, name = "", matchers = ""] of expr.matchAll(/(rcwarden_\w+)(?:\{([^}]*)\})?/g)) {
      asked += 1;
      const labels = series.get(name) ?? assert.fail(`${alert}: ${name}`);
      for (const [, label] of matchers.matchAll(/(\w+)=~?"/g)) assert.match(labels, new RegExp(`\\b${label}="`), alert);
    }
  }
  assert.ok(asked > rules.length);
});

test("runbooks name verbs that there are", () => {
  const named = rules.flatMap(({ annotations }) => [...annotations.runbook.matchAll(/`rcwarden ([a-z-]+)/g)]);
  assert.ok(named.length > 5);
  const known = new Set(verbs.map(({ name }) => name));
  for (const [, verb = ""] of named) assert.ok(known.has(verb), verb);
});

test("each is expected to come, and none while all is well; to that end a broken rule fails", (t) => {
  for (const { alert } of rules) assert.ok(testText.includes(`alertname="${alert}", alertstate="firing"`), alert);
  const copy = mkdtempSync(join(tmpdir(), "rcw-alerts-"));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  copyFileSync(join(folder, "rcwarden.test.yml"), join(copy, "rcwarden.test.yml"));
  const [expr, never, always] = ["rcwarden_watch_blind == 1", "rcwarden_watch_blind == 2", "rcwarden_watch_blind >= 0"];
  for (const broken of [never, always]) {
    const text = rulesText.replace(expr, broken);
    assert.notEqual(text, rulesText);
    writeFileSync(join(copy, "rcwarden.rules.yml"), text);
    const { status, said } = promtool("test", "rules", join(copy, "rcwarden.test.yml"));
    assert.equal(status, 1, broken);
    assert.match(said, /RcwardenWatchBlind/);
  }
});
