import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cpHangs, seesSessions } from "../../agent/checks/example-facts.ts";
import { shapes, shownSessions } from "../../agent/status/index.ts";
import { agentBehind, askAs, uids } from "./world.ts";

const hostile = {
  ...cpHangs,
  command: "cp -i /u01/secret-plan \x1b[2J$(reboot)",
  says: "the other end of the FIFO /u01/pipe",
};
const seen = seesSessions([hostile, { ...cpHangs, account: "postgres" }]);

test("of an account that nobody watches nothing is known, which is another answer than none", {
  skip: process.getuid?.() === 0 ? false : "needs root, to call as others",
}, async (t) => {
  const { socket } = await agentBehind(t);
  const owner = { uid: uids.owner };
  const { status } = await askAs(owner, socket, "/v1/sessions?account=not-there");
  assert.equal(status, 404);
  const { body } = await askAs(owner, socket, "/v1/sessions?account=postgres");
  assert.deepEqual(
    shapes()
      .Sessions.parse(body)
      .groups.map(({ account }) => account),
    ["postgres"],
  );
});

describe("sessions as others may see them", () => {
  test("an account's are its own alone", () => {
    assert.deepEqual(
      shownSessions(seen, "postgres", "lines").groups.map(({ account }) => account),
      ["postgres"],
    );
    assert.equal(shownSessions(seen, undefined, "lines").groups.length, 2);
  });

  test("by names nothing is said that the host's files, commands or programs said", () => {
    const text = JSON.stringify(shownSessions(seen, undefined, "names"));
    assert.doesNotMatch(text, /secret-plan|reboot|overwrite|u01|stillSeconds/);
    const [first] = shownSessions(seen, undefined, "names").groups;
    assert.partialDeepStrictEqual(first, {
      command: "cp ...",
      prompt: null,
      count: 50,
      from: ["10.1.2.3"],
      isStuck: true,
    });
  });

  test("what is shown has the shape that the endpoint says, and nothing besides", () => {
    for (const share of ["names", "values", "lines"] as const) {
      const shown = shownSessions(seen, undefined, share);
      assert.deepEqual(shapes().Sessions.parse(shown), shown);
    }
  });
});
