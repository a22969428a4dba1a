import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pathEntries } from "../../agent/checks/path-entries.ts";
import type { Standing } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";
import { standings, stands } from "../support/standings.ts";

function searching(value: string, parameters: object, ...others: readonly Standing[]) {
  const usual = value.split(":").filter((text) => text.startsWith("/") && !others.some(({ path }) => path === text));
  const path = [...usual.map((each) => stands(each, { is: "folder", uid: 0, gid: 0 })), ...others];
  const variables = [{ name: "PATH", value, exported: true, where: at(3), line: `setenv PATH ${value}` }];
  return judge(pathEntries, { variables, standings: standings({ path }) }, parameters);
}

const folder = (path: string, uid: number, mode = 0o755) => stands(path, { is: "folder", uid, gid: uid, mode });

describe("path-entries", () => {
  test("says which entry, where it stands, and the line that set PATH", () => {
    assert.partialDeepStrictEqual(only(searching("/usr/bin:.:/bin", { forbid: ["relative"] })), {
      status: "fail",
      consequence: "security",
      message: ". in PATH means whatever folder a command runs in",
      where: at(3),
      change: "take . out of PATH in line 3, or put it last",
      evidence: { entry: ".", position: 2, entries: 1 },
    });
  });

  test("an empty PATH and a colon at either end are empty entries", () => {
    for (const value of ["", ":/bin", "/bin:", "/bin::/usr/bin"])
      assert.match(only(searching(value, { forbid: ["relative"] })).message, /^an empty entry in PATH/, value);
    assert.equal(only(searching("bin:/bin", { forbid: ["relative"] })).status, "fail");
  });

  test("what is no folder is missing", () => {
    for (const is of ["absent", "file", "other"] as const) {
      const gone = { ...folder("/opt/x", 0), is };
      assert.equal(
        only(searching("/bin:/opt/x", { forbid: ["missing"] }, gone)).message,
        "/opt/x in PATH is no folder",
      );
    }
  });

  test("a folder into which everybody can put programs, sticky or not, and one below such a folder", () => {
    for (const mode of [0o777, 0o1777])
      assert.equal(only(searching("/bin:/opt/x", { forbid: ["writable"] }, folder("/opt/x", 0, mode))).status, "fail");
    const below = stands("/opt/x", { is: "folder", uid: 0, gid: 0 });
    const steps = [{ path: "/opt", is: "folder", uid: 0, gid: 100, mode: 0o775 } as const, ...below.steps];
    assert.equal(
      only(searching("/bin:/opt/x", { forbid: ["writable"] }, { ...below, steps })).message,
      "the group 100 can put programs into /opt/x, which is in PATH",
    );
  });

  test("somebody else's folder counts in front of the system's, an own one only where that is asked", () => {
    const asked = { forbid: ["foreign", "before-system"] };
    const theirs = folder("/opt/x", 502);
    const own = folder("/home/oracle/bin", 501);
    assert.deepEqual(statuses(searching("/opt/x:/usr/bin", asked, theirs)), ["foreign: fail", "before-system: fail"]);
    assert.deepEqual(statuses(searching("/usr/bin:/opt/x", asked, theirs)), ["foreign: pass", "before-system: pass"]);
    assert.deepEqual(statuses(searching("/home/oracle/bin:/bin/", asked, own)), [
      "foreign: pass",
      "before-system: fail",
    ]);
    assert.deepEqual(statuses(searching("/opt/ours:/usr/bin", asked)), ["foreign: pass", "before-system: pass"]);
  });

  test("holds folders in an order, others between them", () => {
    const order = ["/u01/bin", "/usr/bin"];
    const asked = { forbid: [], order };
    assert.equal(only(searching("/u01/bin/:/opt:/usr/bin", asked)).status, "pass");
    assert.equal(
      only(searching("/usr/bin:/u01/bin", asked)).message,
      "/usr/bin stands in PATH before /u01/bin, which should come first",
    );
    assert.equal(only(searching("/usr/bin", asked)).message, "PATH does not hold /u01/bin");
  });

  test("what may not be looked at is unknown, except where the name alone tells", () => {
    const closed = { ...folder("/net/x", 0), is: "unreadable", steps: [] } as const;
    const forbid = ["relative", "missing", "writable", "foreign"];
    assert.deepEqual(statuses(searching("/net/x:/bin", { forbid }, closed)), [
      "relative: pass",
      "missing: unknown",
      "writable: unknown",
      "foreign: unknown",
    ]);
    assert.deepEqual(statuses(judge(pathEntries, { variables: [], standings: standings() }, { forbid })), [
      "relative: unknown",
      "missing: unknown",
      "writable: unknown",
      "foreign: unknown",
    ]);
  });

  test("refuses to ask for nothing", () => {
    assert.equal(pathEntries.parameters.safeParse({ forbid: [] }).success, false);
    assert.equal(pathEntries.parameters.safeParse({ forbid: [], order: [] }).success, false);
    assert.equal(pathEntries.parameters.safeParse({ order: ["bin"] }).success, false);
    assert.equal(pathEntries.parameters.safeParse({ forbid: [], order: ["/bin"] }).success, true);
  });
});
