import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountUsable } from "../../agent/checks/account-usable.ts";
import type { AccountUseFacts } from "../../agent/facts/index.ts";
import { judge, statuses } from "../support/judging.ts";

const entry = {
  kind: "entry",
  password: "set",
  changedOn: 20_700,
  passwordEndsOn: 20_790,
  accountEndsOn: 20_781,
  mustChange: false,
} as const;
const usable: AccountUseFacts = {
  shell: { path: "/bin/bash", is: "program", isListed: true },
  shadow: entry,
  today: 20_780,
  nologin: null,
  home: "folder",
  usesPam: true,
  pamModules: ["pam_unix", "pam_nologin"],
};

function found(other: Partial<AccountUseFacts>) {
  return judge(accountUsable, { accountUse: { ...usable, ...other } }).filter(({ status }) => status !== "pass");
}

describe("account-usable", () => {
  test("lets an account in to its last day, and not on the day of its end", () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(statuses(found({ today: 20_781 })), ["account: fail"]);
    assert.match(found({ today: 20_781 })[0]?.message ?? "", /the account ended on 2026-11-24/);
  });

  test("counts a password as too old from the day after its last, where PAM is asked", () => {
    const old = { ...entry, accountEndsOn: null };
    assert.deepEqual(found({ shadow: old, today: 20_790 }), []);
    assert.deepEqual(statuses(found({ shadow: old, today: 20_791 })), ["password: fail"]);
    assert.deepEqual(found({ shadow: old, today: 20_791, usesPam: false }), []);
  });

  test("says what keeps everybody out, but not root", () => {
    assert.deepEqual(statuses(found({ nologin: "/run/nologin" })), ["nologin: fail"]);
    assert.deepEqual(found({ nologin: "/run/nologin", pamModules: ["pam_unix"] }), []);
  });

  test("asks /etc/shells where PAM does", () => {
    const shell = { path: "/opt/sh", is: "program", isListed: false } as const;
    assert.deepEqual(found({ shell }), []);
    assert.deepEqual(statuses(found({ shell, pamModules: ["pam_shells"] })), ["shell: fail"]);
    assert.deepEqual(statuses(found({ shell: { ...shell, isListed: null }, pamModules: ["pam_shells"] })), [
      "shell: unknown",
    ]);
  });

  test("guesses nothing of accounts whose dates another database has", () => {
    const shadow = { kind: "absent" } as const;
    assert.deepEqual(found({ shadow }), []);
    assert.deepEqual(statuses(found({ shadow, pamModules: ["pam_sss"] })), ["account: unknown", "password: unknown"]);
  });
});
