import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { verbs } from "../../agent/cli/index.ts";
import { manPage, pages } from "../../packaging/man/pages.ts";

const folder = fileURLToPath(new URL("../../packaging/man/", import.meta.url));

function mandoc(...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("mandoc", words, { encoding: "utf8" });
  assert.equal(error, undefined, "mandoc: expected to start it; on Debian: apt-get install mandoc");
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

/** As a reader sees it: without overstriking, on one line. */
function shown(page: string): string {
  return mandoc("-T", "ascii", folder + page)
    .replaceAll(/.\x08/g, "")
    .replaceAll(/-\n\s+/g, "-")
    .replaceAll(/\s+/g, " ");
}

describe("man pages", () => {
  for (const page of pages) {
    test(`${page} has nothing that mandoc warns of`, () => {
      assert.equal(mandoc("-T", "lint", "-W", "warning", folder + page), "");
    });
  }

  test("rcwarden(1) has every verb, and every flag that its help has", async () => {
    const text = shown("rcwarden.1");
    for (const { name, load } of verbs) {
      const { Command } = await import("commander");
      const command = new Command(name);
      (await load()).declare(command);
      assert.ok(text.includes(` ${name} `), name);
      for (const { long } of command.options) assert.ok(text.includes(` ${long} `), `${name} ${long}`);
    }
  });

  test("what YAML and tables say comes through the markup as it is", () => {
    const text = shown("rcwarden-policy.5");
    for (const said of ["apiVersion: rcwarden/v1", '"*.arc"', "{ name: engine-staging }"])
      assert.ok(text.includes(said), said);
  });

  test("a word that no table has is refused", async () => {
    // @ts-expect-error: no page of that name
    await assert.rejects(manPage("no-such.9"), /ENOENT/);
  });
});
