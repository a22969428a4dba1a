import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startupFile } from "../../agent/checks/startup-file.ts";
import type { Standing } from "../../agent/facts/index.ts";
import { account, ready } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";
import { standings, stands } from "../support/standings.ts";

const path = "/home/oracle/.cshrc";

function asking(subject: string, ...files: readonly Standing[]) {
  return only(judge(startupFile, { standings: standings({ startupFiles: files }) }, { require: [subject] }));
}

describe("startup-file", () => {
  test("says whose file it is, and what to do", () => {
    assert.partialDeepStrictEqual(asking("owner", stands("/etc/csh.cshrc", { uid: 0 }), stands(path, { uid: 502 })), {
      status: "fail",
      consequence: "security",
      message: `${path} belongs to uid 502, who decides what commands mean`,
      change: `give ${path} to oracle or root`,
      where: null,
    });
  });

  test("looks at every folder and link on the way", () => {
    const file = stands(path);
    const folder = { path: "/srv", is: "folder", uid: 502, gid: 502, mode: 0o775 } as const;
    const steps = [folder, ...file.steps];
    assert.equal(
      asking("owner", { ...file, steps }).message,
      `/srv, on the way to ${path}, belongs to uid 502, who decides what commands mean`,
    );
    const open = [{ ...folder, uid: 0, mode: 0o777 }, ...file.steps];
    assert.partialDeepStrictEqual(asking("writable", { ...file, steps: open }), {
      status: "fail",
      message: `/srv, on the way to ${path}, can be changed by everybody`,
      change: "take it away: chmod o-w /srv",
    });
    const sticky = [{ ...folder, uid: 0, mode: 0o1777 }, ...file.steps];
    assert.equal(asking("writable", { ...file, steps: sticky }).status, "pass");
    const link = [{ ...folder, uid: 0, is: "link", mode: 0o777 } as const, ...file.steps];
    assert.equal(asking("writable", { ...file, steps: link }).status, "pass");
  });

  test("a group may write only where it is the account's own", () => {
    assert.equal(asking("writable", stands(path, { mode: 0o664 })).status, "pass");
    assert.equal(
      asking("writable", stands(path, { mode: 0o664, gid: 100 })).message,
      `${path} can be changed by the group 100`,
    );
    const shared = { ...account, gid: 100 };
    const facts = {
      account: shared,
      standings: standings({ startupFiles: [stands(path, { mode: 0o664, gid: 100 })] }),
    };
    assert.equal(only(judge(startupFile, facts, { require: ["writable"] })).status, "fail");
  });

  test("a link out of the home fails, one within it holds", () => {
    const elsewhere = stands(path, {}, { real: "/srv/dotfiles/cshrc" });
    assert.equal(asking("link", elsewhere).message, `${path} leads out of the home, to /srv/dotfiles/cshrc`);
    assert.equal(asking("link", stands(path, {}, { real: "/home/oracle/dotfiles/cshrc" })).status, "pass");
    assert.equal(asking("link", stands("/etc/profile", {}, { real: "/usr/etc/profile" })).status, "pass");
    const homeReal = "/data/oracle";
    const moved = {
      homeReal,
      standings: standings({ startupFiles: [stands(path, {}, { real: `${homeReal}/.cshrc` })] }),
    };
    assert.equal(only(judge(startupFile, moved, { require: ["link"] })).status, "pass");
  });

  test("near-miss: a folder whose name only begins like the home's is outside", () => {
    assert.equal(asking("link", stands(path, {}, { real: "/home/oracle2/.cshrc" })).status, "fail");
  });

  test("says the line with the first CR LF, and how many there are", () => {
    const crLf = stands(path, {}, { text: { crLf: { line: 3, count: 12 }, byteOrderMark: true, nul: true } });
    assert.partialDeepStrictEqual(asking("text", crLf), {
      status: "fail",
      consequence: "failed-command",
      message: `${path} has CR LF line ends (12 lines): the CR becomes part of names and values`,
      where: { file: path, line: 3 },
    });
    const mark = stands(path, {}, { text: { crLf: null, byteOrderMark: true, nul: false } });
    assert.partialDeepStrictEqual(asking("text", mark), { status: "fail", where: { file: path, line: 1 } });
    const nul = stands(path, {}, { text: { crLf: null, byteOrderMark: false, nul: true } });
    assert.equal(asking("text", nul).message, `${path} holds NUL bytes: a shell may skip it`);
  });

  test("counts the other files that have the same fault", () => {
    const files = ["a", "b", "c"].map((name) => stands(`/home/oracle/${name}`, { uid: 502 }));
    assert.match(asking("owner", ...files).message, / \(and 2 more of the startup files\)$/);
  });

  test("says on which line of which file the shell gave up", () => {
    const complaints = [{ file: path, line: 7, says: "syntax error near unexpected token" }];
    assert.partialDeepStrictEqual(
      only(judge(startupFile, { complaints, standings: standings() }, { require: ["syntax"] })),
      {
        status: "fail",
        message: `${path} is left at line 7: syntax error near unexpected token; what stands behind it never happens`,
        where: { file: path, line: 7, column: 1, through: [] },
      },
    );
  });

  test("a shell that names no file is believed, without a line", () => {
    const facts = { complaints: [{ file: null, line: null, says: "X: Undefined variable." }], standings: standings() };
    assert.partialDeepStrictEqual(only(judge(startupFile, facts, { require: ["syntax"] })), {
      status: "fail",
      message: "a startup file is left at an error: X: Undefined variable.; what stands behind it never happens",
      where: null,
    });
  });

  test("is unknown where nothing was seen, a file that may not be read only in its text", () => {
    assert.deepEqual(statuses(judge(startupFile, { standings: null, startup: null })), [
      "owner: unknown",
      "writable: unknown",
      "link: unknown",
      "syntax: unknown",
      "text: unknown",
    ]);
    const closed = stands(path, {}, { text: null });
    assert.equal(asking("text", closed).status, "unknown");
    assert.equal(asking("owner", closed).status, "pass");
    assert.equal(asking("owner", { ...closed, is: "unreadable" }).status, "unknown");
    const hanging = { complaints: [], startup: { ...ready, ended: "hang" } as const };
    assert.equal(only(judge(startupFile, hanging, { require: ["syntax"] })).status, "unknown");
  });

  test("refuses to require nothing", () => {
    assert.equal(startupFile.parameters.safeParse({ require: [] }).success, false);
  });
});
