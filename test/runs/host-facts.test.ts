import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { standingsAs } from "../../agent/probe/standings.ts";
import { withHostFacts } from "../../agent/runs/host-facts.ts";
import { accountOf, useBuiltLauncher } from "../probe/asking.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { gap, modeFacts } from "../support/facts.ts";

const bundles = mkdtempSync(join(tmpdir(), "rcwarden-standings-"));
const script = join(bundles, "reader.cjs");
const root = { skip: noAccounts };

before(async () => {
  await useBuiltLauncher();
  const entryPoints = [join(import.meta.dirname, "../../agent/children/reader.ts")];
  await build({ entryPoints, outfile: script, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
});
after(() => rmSync(bundles, { recursive: true, force: true }));

test("the child says how paths stand, as the account sees them", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  await using other = await makeAccount({ home: "empty" });
  const path = account.write(".bashrc", "a\r\n", 0o600);
  const hidden = other.write("closed/file", "x", 0o600);
  const who = accountOf(account);
  const { standings, why } = await standingsAs(who, [account.home, path, "/nowhere", path], [], { script });
  assert.equal(why, null);
  assert.deepEqual([...standings.keys()], [account.home, path, "/nowhere"]);
  const file = standings.get(path);
  assert.deepEqual(file?.text, { crLf: { line: 1, count: 1 }, byteOrderMark: false, nul: false });
  assert.partialDeepStrictEqual(file?.steps.at(-1), { path, is: "file", uid: account.uid, mode: 0o600 });
  assert.equal(standings.get("/nowhere")?.is, "absent");
  assert.ok((standings.get(account.home)?.room?.freeBytes ?? 0) > 0);
  // Of what it may not read it says what lstat says, and no text.
  const closed = await standingsAs(who, [hidden], [], { script });
  const seen = closed.standings.get(hidden);
  assert.deepEqual([seen?.is === "file" || seen?.is === "unreadable", seen?.text], [true, null]);
});

test("the child says what a file would hold that is replaced", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const path = account.write(".bashrc", "a\n");
  const replaced = [{ path, real: path, content: Buffer.from("a\nb\r\n") }];
  const { standings } = await standingsAs(accountOf(account), [path], replaced, { script });
  assert.deepEqual(standings.get(path)?.text?.crLf, { line: 2, count: 1 });
});

test("a child that cannot be started leaves a reason", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const { standings, why } = await standingsAs(accountOf(account), ["/"], [], { script: "/nowhere/reader.cjs" });
  assert.equal(standings.size, 0);
  assert.ok(why);
});

test("gathers what is asked for, and says that it did", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const facts = modeFacts({ asked: ["limits"] });
  const asking = { account: accountOf(account) };
  assert.equal(await withHostFacts(Promise.resolve(facts), asking), facts);
  const found = await withHostFacts(Promise.resolve(facts), { ...asking, asks: ["limits", "locales"] });
  assert.deepEqual(found.asked, ["limits", "locales"]);
  assert.ok(found.locales?.includes("C"));
  assert.equal("sudo" in found, false);
  assert.deepEqual(found.gaps, []);
});

test("what could not be had is a gap of just that fact", root, async () => {
  const nobody = { name: "no-such-account", uid: 54_321, gid: 54_321, groups: [54_321], home: "/", shell: "/bin/sh" };
  const found = await withHostFacts(
    Promise.resolve(modeFacts({ startupFiles: [], gaps: [gap("unreadable", ["startupFiles"])] })),
    {
      account: nobody,
      asks: ["sudo", "standings"],
    },
  );
  const isSudo = existsSync("/usr/bin/sudo");
  assert.deepEqual(
    found.gaps.map(({ code, of }) => [code, ...of]),
    [["unreadable", "startupFiles"], ["unreadable", "standings"], ...(isSudo ? [["unreadable", "sudo"]] : [])],
  );
});
