import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Account } from "../../agent/facts/index.ts";
import { homeAccount } from "../../agent/runs/home-account.ts";
import type { NameService } from "../../agent/runs/world.ts";
import { account } from "../support/facts.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "rcwarden-home-"));
});
after(() => rmSync(folder, { recursive: true }));

const shell = "/bin/sh";
const oracle: Account = { ...account, uid: 64_501, gid: 64_502, groups: [64_502, 64_600] };

function host(callerUid: number, known: readonly Account[] = [oracle]): NameService {
  const find = (uid: number) => known.find((each) => each.uid === uid);
  return {
    callerUid,
    account: async () => ({ kind: "absent" }),
    accountOfUid: async (uid) => {
      const found = find(uid);
      return found === undefined ? { kind: "absent" } : { kind: "account", account: found };
    },
    group: async () => ({ kind: "absent" }),
    automated: async () => {
      throw new Error("nobody is looked for");
    },
    localNames: async () => [],
  };
}

function owned(name: string, uid: number, gid: number): string {
  const path = join(folder, name);
  mkdirSync(path);
  chownSync(path, uid, gid);
  return path;
}

describe("a home of no account", { skip: process.getuid?.() !== 0 && "needs root, to give folders away" }, () => {
  test("is its owner's, with the groups that the owner is in and not the folder's", async () => {
    const path = owned("oracles", oracle.uid, 0);
    assert.deepEqual(await homeAccount(path, shell, host(0)), {
      kind: "account",
      account: { ...oracle, home: path, shell },
    });
  });

  test("of an owner without a name has no groups but nobody's, whatever group the folder has", async () => {
    const path = owned("strangers", 64_700, 0);
    assert.deepEqual(await homeAccount(path, shell, host(0)), {
      kind: "account",
      account: { name: "uid-64700", uid: 64_700, gid: 65_534, groups: [65_534], home: path, shell },
    });
  });

  test("is the folder that a link leads to", async () => {
    const path = owned("linked", oracle.uid, oracle.gid);
    symlinkSync(path, join(folder, "link"));
    const found = await homeAccount(join(folder, "link"), shell, host(0));
    assert.equal(found.kind === "account" && found.account.home, path);
  });

  test("is refused where it is root's, somebody else's, no folder, or without a shell", async () => {
    const roots = owned("roots", 0, 0);
    const theirs = owned("theirs", oracle.uid, oracle.gid);
    writeFileSync(join(folder, "file"), "");
    const problems = async (path: string, caller: number, of = shell) => {
      const found = await homeAccount(path, of, host(caller));
      return found.kind === "refused" ? found.problems : [];
    };
    assert.deepEqual(await problems(roots, 0), [
      `--home: expected a folder of somebody else than root, found ${roots}, of uid 0`,
    ]);
    assert.deepEqual(await problems(theirs, 64_900), [
      `--home: expected a folder of your own, for you are not root, found ${theirs}, of uid 64501; run it as root`,
    ]);
    assert.deepEqual(await problems(theirs, oracle.uid), []);
    assert.deepEqual(await problems(join(folder, "file"), 0), [
      `--home: expected a folder, found ${join(folder, "file")}`,
    ]);
    assert.deepEqual(await problems(join(folder, "none"), 0, "sh"), [
      `--home: expected a folder, found ${join(folder, "none")}`,
      '--shell: expected the path of a shell, found "sh"; did you mean /bin/sh?',
    ]);
    assert.deepEqual(await problems(theirs, 0, "/no/shell"), ["--shell: expected a shell, found none at /no/shell"]);
  });
});
