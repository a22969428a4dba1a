/** What holds for every format, whatever the host and the documents say. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { formatIds, formats } from "../../../agent/cli/format/index.ts";
import { brokenDocuments, clean, everybody, mixed } from "../support/format-cases.ts";
import { hostileWorld, word } from "../support/hostile-world.ts";
import { call, partsOf } from "../support/world.ts";
import { type Signs, signsOf } from "./support/signs.ts";

function signOf(id: string, text: string): Signs | undefined {
  return signsOf(id, [text])[0];
}

test("ids are words, each once, and each format has its test", () => {
  assert.equal(new Set(formatIds).size, formatIds.length);
  for (const { id, summary } of formats) {
    assert.match(id, /^[a-z]+$/);
    assert.match(summary, /^\S.*[^.]$/);
    assert.ok(existsSync(new URL(`./${id}.test.ts`, import.meta.url)), `test/cli/format/${id}.test.ts`);
  }
});

for (const { id } of formats) {
  test(`${id}: a document that is broken never looks like nothing found`, async () => {
    const said = await call(["check", "--policy", "policies/db.yaml", "--format", id], partsOf(brokenDocuments));
    assert.deepEqual(signOf(id, said.stdout), { ran: false, failed: 0, undecided: 0, problems: 2 });
    assert.equal(said.exit, id === "nagios" ? 3 : 2);
    assert.match(said.stderr, /policies\/db\.yaml:14:7: expected a check kind/);
  });

  test(`${id}: nor does a call that names nobody of this host`, async () => {
    const said = await call(["check", "--account", "orakle", "--format", id], partsOf(clean));
    assert.deepEqual(signOf(id, said.stdout), { ran: false, failed: 0, undecided: 0, problems: 1 });
    assert.equal(said.exit, id === "nagios" ? 3 : 2);
  });

  test(`${id}: says what failed and what is undecided, and nothing where nothing is`, async () => {
    const all = signOf(id, (await call(["check", ...everybody, "--format", id], partsOf(mixed))).stdout);
    assert.ok(all?.ran && all.failed > 0 && all.undecided > 0, JSON.stringify(all));
    const nothing = await call(["check", "--account", "oracle", "--format", id], partsOf(clean));
    assert.deepEqual(signOf(id, nothing.stdout), { ran: true, failed: 0, undecided: 0, problems: 0 });
    assert.equal(nothing.exit, 0);
  });

  test(`${id}: an account that was not measured is undecided`, async () => {
    const said = await call(
      ["check", "--account", "oracle", "--account", "backup", "--format", id],
      partsOf({ ...clean, unavailable: ["backup"] }),
    );
    assert.ok((signOf(id, said.stdout)?.undecided ?? 0) > 0);
    assert.equal(said.exit, 3);
  });

  test(`${id}: hostile text is whole, one line a line, and without a hostile character`, async () => {
    const texts: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(word), fc.boolean(), async (words, terminal) => {
        const world = hostileWorld(() => words.next().value ?? "");
        const said = await call(["check", "--format", id], partsOf(world), { terminal });
        assert.doesNotMatch(said.stderr, /internal error/);
        assert.doesNotMatch(said.stdout.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u);
        texts.push(said.stdout);
      }),
      { numRuns: 60 },
    );
    assert.equal(signsOf(id, texts).length, texts.length);
  });
}
