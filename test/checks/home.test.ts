import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { home } from "../../agent/checks/home.ts";
import type { Room, Standing } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";
import { standings, stands } from "../support/standings.ts";

const path = "/home/oracle";
const own = stands(path, { is: "folder" });

function asking(subject: string, standing: Standing, parameters = {}) {
  return only(judge(home, { standings: standings({ home: standing }) }, { require: [subject], ...parameters }));
}

function withRoom(room: Partial<Room> | null): Standing {
  return { ...own, room: room === null ? null : { readOnly: false, freeBytes: 2 ** 34, freeInodes: null, ...room } };
}

describe("home", () => {
  test("says that it is not there, and leaves the rest undecided", () => {
    const gone = stands(path, {}, { is: "absent", steps: [], real: null });
    assert.partialDeepStrictEqual(asking("folder", gone), {
      status: "fail",
      message: "the home /home/oracle is not there",
      change: "make the folder /home/oracle, or correct the account's entry",
    });
    for (const subject of ["owner", "mode", "room"]) assert.equal(asking(subject, gone).status, "unknown");
    assert.equal(asking("folder", { ...gone, is: "unreadable" }).status, "fail");
  });

  test("belongs to the account; folders above it to the account or root", () => {
    assert.partialDeepStrictEqual(asking("owner", stands(path, { is: "folder", uid: 502 })), {
      status: "fail",
      consequence: "lock-out",
      message: "the home /home/oracle belongs to uid 502, not to oracle",
    });
    assert.equal(asking("owner", stands(path, { is: "folder", uid: 0 })).status, "fail");
    const above = [{ path: "/home", is: "folder", uid: 502, gid: 0, mode: 0o755 } as const, ...own.steps];
    assert.equal(asking("owner", { ...own, steps: above }).consequence, "security");
  });

  test("nobody else can write to it: sshd is stricter than the private group is private", () => {
    assert.equal(asking("mode", stands(path, { is: "folder", mode: 0o700 })).status, "pass");
    assert.partialDeepStrictEqual(asking("mode", stands(path, { is: "folder", mode: 0o775 })), {
      status: "fail",
      consequence: "lock-out",
      message: "the group 501 can write to the home /home/oracle: sshd then takes no key (StrictModes)",
    });
    assert.match(asking("mode", stands(path, { is: "folder", mode: 0o707 })).message, /^everybody can write/);
    assert.equal(asking("mode", stands(path, { is: "folder", mode: 0o055 })).consequence, "failed-command");
  });

  test("HOME is the home, by either name", () => {
    const having = (value: string) => {
      const variables = [{ name: "HOME", value, exported: true, where: at(2) }];
      return only(
        judge(home, { variables, homeReal: "/data/oracle", standings: standings() }, { require: ["variable"] }),
      );
    };
    for (const value of [path, `${path}/`, "/data/oracle"]) assert.equal(having(value).status, "pass");
    assert.partialDeepStrictEqual(having("/home/oracle2"), {
      status: "fail",
      consequence: "wrong-target",
      where: at(2),
    });
    assert.equal(
      only(judge(home, { variables: [], standings: standings() }, { require: ["variable"] })).status,
      "unknown",
    );
  });

  test("has room", () => {
    const mebibyte = 2 ** 20;
    assert.equal(asking("room", withRoom({ freeBytes: 16 * mebibyte })).status, "pass");
    assert.equal(
      asking("room", withRoom({ freeBytes: 16 * mebibyte - 1 })).message,
      "the file system of /home/oracle has 15 MiB left, less than 16 MiB",
    );
    assert.equal(asking("room", withRoom({ freeBytes: 64 * mebibyte }), { leastFreeMiB: "65" }).status, "fail");
    assert.equal(asking("room", withRoom({ freeInodes: 3 })).status, "fail");
    assert.equal(asking("room", withRoom({ readOnly: true })).message, "the file system of /home/oracle is read-only");
    assert.equal(asking("room", withRoom(null)).status, "unknown");
  });

  test("is unknown where nobody could look", () => {
    const parameters = { require: ["folder", "owner", "mode", "room"] };
    assert.deepEqual(
      new Set(statuses(judge(home, { standings: null }, parameters)).map((each) => each.split(": ")[1])),
      new Set(["unknown"]),
    );
  });

  test("refuses to ask for nothing", () => {
    assert.equal(home.parameters.safeParse({ require: [] }).success, false);
    assert.equal(home.parameters.safeParse({ leastFreeMiB: "0" }).success, false);
  });
});
