import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { evaluate, report } from "../../agent/evaluate/index.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import { account, at, gap, modeFacts, ready, sends, tried } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";

const cp = "cp -f {file} {existing}";
const exec = engine("exec-channel", ["ssh-command"], sends(cp));
const policies = [inForce([rule("engine-commands", "critical"), rule("startup-finishes", "critical")], [exec])];

function reported(facts: Partial<ModeFacts>) {
  const measured = [{ account, modes: [modeFacts(facts)] }];
  const verdicts = evaluate({ policies, measured, checks: checkKinds });
  const applied = [{ kind: "Engine", name: "exec-channel", origin: exec.origin }];
  const time = "2026-11-23T09:14:07Z";
  return report({ time, host: { id: null, name: "db07" }, version: "0.1.0", applied, measured, verdicts });
}

describe("the report", () => {
  test("is the documented one, key by key", () => {
    const hang = tried(cp, {
      outcome: "hang",
      prompt: "cp: overwrite 'existing.1'? ",
      exit: null,
      where: at(14),
      line: "alias cp 'cp -i'",
    });
    const { findings, ...rest } = reported({ tried: [hang] });
    assert.deepEqual(rest, {
      apiVersion: "rcwarden/v1",
      kind: "Report",
      time: "2026-11-23T09:14:07Z",
      host: { id: null, name: "db07" },
      rcwarden: "0.1.0",
      applied: [{ kind: "Engine", name: "exec-channel", file: exec.origin.file, digest: "sha256:11" }],
      accounts: [
        {
          name: "oracle",
          uid: 501,
          shell: { path: "/bin/tcsh", personality: "tcsh" },
          modes: [
            {
              mode: "ssh-command",
              sandbox: "whole-root",
              evidence: "limits from the running sshd",
              startupFiles: [{ path: "/home/oracle/.cshrc", state: "read", digest: "sha256:00" }],
              seconds: 0.14,
              ended: "ready",
              tried: [{ command: cp, outcome: "hang", prompt: "cp: overwrite 'existing.1'? " }],
              gaps: [],
            },
          ],
        },
      ],
      summary: { pass: 3, fail: 1, unknown: 0, tried: 1 },
    });
    const [finding, ...others] = findings;
    assert.deepEqual(others, []);
    assert.match(finding?.fingerprint ?? "", /^[0-9a-f]{16}$/);
    assert.deepEqual(finding, {
      fingerprint: finding?.fingerprint,
      status: "fail",
      severity: "critical",
      consequence: "hang",
      policy: "unattended-ssh",
      rule: "engine-commands",
      check: "engine-commands",
      account: "oracle",
      mode: "ssh-command",
      subject: cp,
      message: "waits for ever at: cp: overwrite 'existing.1'?",
      where: { file: "/home/oracle/.cshrc", line: 14, column: 1, through: [] },
      evidence: {
        sent: cp,
        outcome: "hang",
        prompt: "cp: overwrite 'existing.1'? ",
        exit: null,
        missing: "",
        stderr: "",
      },
      change: "put line 14 behind a guard for people, or delete it",
    });
  });

  test("carries the gaps of a mode, and with an unknown finding those that left it undecided", () => {
    const why = { code: "sandbox-forbidden", message: "user namespaces are forbidden", change: "use sudo" } as const;
    const { findings, accounts } = reported({ gaps: [{ ...why, of: ["tried"] }] });
    assert.deepEqual(accounts[0]?.modes[0]?.gaps, [why]);
    assert.partialDeepStrictEqual(findings, [{ status: "unknown", subject: cp, gaps: [why] }]);
  });

  test("counts what only follows from another finding, and does not list it", () => {
    const { findings, summary } = reported({ startup: { ...ready, ended: "hang", prompt: "? " } });
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      ["startup"],
    );
    assert.deepEqual(summary, { pass: 0, fail: 1, unknown: 3, tried: 0 });
  });

  test("says null where the end of startup could not be had", () => {
    assert.equal(
      reported({ startup: null, gaps: [gap("unknown-shell", ["startup"])] }).accounts[0]?.modes[0]?.ended,
      null,
    );
  });

  test("says where reading and running disagree, and nothing where they do not", () => {
    const clause = "~/.cshrc:3 defines the alias rm, and the shell does not have it";
    assert.deepEqual(reported({ mismatches: [clause] }).accounts[0]?.modes[0]?.mismatches, [clause]);
    assert.equal("mismatches" in (reported({}).accounts[0]?.modes[0] ?? {}), false);
  });

  test("says why a startup file was not read", () => {
    const file = { path: "/home/oracle/.cshrc", state: "unreadable", reason: "EACCES", through: [] } as const;
    const [mode] = reported({ startupFiles: [file] }).accounts[0]?.modes ?? [];
    assert.deepEqual(mode?.startupFiles, [{ path: file.path, state: "unreadable", reason: "EACCES" }]);
  });

  test("survives JSON unchanged: it holds plain values only", () => {
    const whole = reported({ tried: [tried(cp, { outcome: "failed", exit: { status: 1, signal: null } })] });
    assert.deepEqual(JSON.parse(JSON.stringify(whole)), whole);
  });
});
