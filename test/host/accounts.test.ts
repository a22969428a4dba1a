import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import {
  accountByName,
  accountByUid,
  groupByGid,
  groupMembers,
  parseAccountEntry,
  parseGroupEntry,
} from "../../agent/host/accounts.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";

test("root is found by name and by uid", async () => {
  const byName = await accountByName("root");
  assert.ok(byName.kind === "account");
  assert.deepEqual([byName.account.uid, byName.account.gid, byName.account.name], [0, 0, "root"]);
  assert.deepEqual(await accountByUid(0), byName);
});

test("all groups are given, ascending, each once", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ groups: ["tty", "adm"], shell: "/bin/sh" });
  const answer = await accountByName(account.name);
  assert.ok(answer.kind === "account");
  const groups = execFileSync("id", ["-G", account.name], { encoding: "utf8" }).trim().split(" ").map(Number);
  assert.deepEqual(
    answer.account.groups,
    [...groups].sort((a, b) => a - b),
  );
  assert.deepEqual(await accountByUid(account.uid), answer);
  const group = await groupMembers("adm");
  assert.ok(group.kind === "group" && group.members.includes(account.name));
  assert.deepEqual(await groupByGid(group.gid), group);
});

test("a name that is none is absent, whatever it looks like", async () => {
  const names = ["rcw-nobody-has-this", "--help", "-s", "0", "4294967295", "", "a:b", "root\n", "a\0b", "../root", "*"];
  for (const name of names) assert.deepEqual(await accountByName(name), { kind: "absent" }, JSON.stringify(name));
  for (const uid of [-1, 4_294_967_295, 1.5, 3_999_999_999]) assert.equal((await accountByUid(uid)).kind, "absent");
  for (const group of ["--help", "0", "", "rcw-no-such-group"])
    assert.equal((await groupMembers(group)).kind, "absent");
});

test("an empty shell field is /bin/sh, and odd characters stay as they are", () => {
  assert.deepEqual(parseAccountEntry("svc$:x:12:13:Ünit, x:/srv/a b:"), {
    ...{ name: "svc$", uid: 12, gid: 13, gecos: "Ünit, x", home: "/srv/a b", shell: "/bin/sh" },
  });
});

test("what is no entry is refused", () => {
  const bad = ["", "a:x:1", "a:x:-1:1::/:/bin/sh", "a:x:1e3:1::/:/bin/sh", "a:x:4294967295:1::/:", "a:x:1:1::/:/x:y"];
  for (const line of [...bad, "+::::::", ":x:1:1::/:/bin/sh"]) assert.equal(parseAccountEntry(line), null, line);
  for (const line of ["", "a:x:1", "a:x:x:", "a:x:1::b"]) assert.equal(parseGroupEntry(line), null, line);
  assert.deepEqual(parseGroupEntry("a:x:1:b,,c"), { name: "a", gid: 1, members: ["b", "c"] });
});

test("parsing never throws, and never gives a number out of range", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string(), { minLength: 5, maxLength: 8 }), (line, fields) => {
      for (const entry of [parseAccountEntry(line), parseAccountEntry(["n", ...fields].join(":"))])
        assert.ok(entry === null || (entry.uid >= 0 && entry.uid < 2 ** 32 - 1 && entry.shell !== ""));
    }),
  );
});
