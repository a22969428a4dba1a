import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Command, Option } from "commander";
import { actions } from "../../agent/cli/cleanup/index.ts";
import { cleanup } from "../../agent/cli/verbs/cleanup.ts";
import { call, oracle, partsOf, root } from "./support/world.ts";

const parts = () => partsOf({ accounts: [root, oracle] });
const names = actions.map(({ name }) => name);

test("each action has a word of its own, a file named by it, a usage that names its own options, and an example", () => {
  assert.equal(new Set(names).size, names.length);
  for (const { name, summary, usage, options, examples } of actions) {
    assert.match(name, /^[a-z]+$/);
    assert.match(summary, /^[a-z].*[^.]$/);
    assert.ok(existsSync(new URL(`../../agent/cli/cleanup/${name}.ts`, import.meta.url)), name);
    const own = options.map(({ flags }) => new Option(flags).long);
    for (const flag of usage.match(/--[a-z-]+/g) ?? []) assert.ok(own.includes(flag), `${name} ${flag}`);
    assert.ok(examples.length > 0 && examples.every(([line]) => line.startsWith(`rcwarden cleanup ${name}`)), name);
  }
});

test("an option that several take is the same one to all of them", () => {
  const all = actions.flatMap(({ options }) => options.map(({ flags }) => flags));
  const byLong = Map.groupBy(new Set(all), (flags) => new Option(flags).long);
  for (const [long, flags] of byLong) assert.equal(flags.length, 1, `${long}: ${flags.join(", ")}`);
  const command = new Command("cleanup");
  cleanup.declare(command);
  const help = command.helpInformation();
  for (const name of names) assert.ok(help.includes(name));
  for (const long of byLong.keys()) assert.ok(help.includes(String(long)));
});

test("an action does not pass over another one's option: whoever gave it meant something", async () => {
  for (const { name, options } of actions) {
    for (const { flags } of actions.flatMap((other) => other.options)) {
      const { long } = new Option(flags);
      if (options.some((own) => own.flags === flags)) continue;
      const value = flags.includes("<") ? ["value"] : [];
      const { stderr, exit } = await call(["cleanup", name, String(long), ...value], parts());
      assert.match(stderr, new RegExp(`expected ${long} with [a-z, ]+ only, found it with ${name}\n$`));
      assert.equal(exit, 2);
    }
  }
});

test("a mistyped action gets the one that was meant", async () => {
  for (const name of names) {
    const { stderr, exit } = await call(["cleanup", `${name}x`], parts());
    assert.match(stderr, new RegExp(`found "${name}x"; did you mean ${name}\\?`));
    assert.equal(exit, 2);
  }
});
