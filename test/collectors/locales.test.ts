import assert from "node:assert/strict";
import { test } from "node:test";
import { localeNames } from "../../agent/collectors/locales.ts";

test("the host's locales are those of locale -a", async () => {
  const told = await localeNames();
  assert.ok(told.kind === "told");
  assert.ok(told.names.includes("C") && told.names.includes("POSIX"));
  assert.ok(told.names.every((name) => /^\S+$/.test(name)));
});
