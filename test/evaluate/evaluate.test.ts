import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { evaluate, modesFor, namesFor, type Question, sendsFor, type Verdict } from "../../agent/evaluate/index.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import { account, at, gap, modeFacts, ready, sends, tried } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";

const cp = "cp -f {file} {existing}";
const rm = "rm -f {file}";
const exec = engine("exec-channel", ["ssh-command"], sends(rm, cp));
const usual = inForce(
  [
    rule("engine-commands", "critical"),
    rule("startup-finishes", "critical"),
    rule("startup-output"),
    rule("working-directory"),
    rule("trap"),
  ],
  [exec],
);
const holds = { tried: [tried(rm), tried(cp)] };

function ask(facts: Partial<ModeFacts>, other: Partial<Question> = {}): Verdict[] {
  const measured = [{ account, modes: [modeFacts({ ...holds, ...facts })] }];
  return evaluate({ policies: [usual], measured, checks: checkKinds, ...other });
}

function by(verdicts: readonly Verdict[], rule: string): Verdict[] {
  return verdicts.filter((verdict) => verdict.rule === rule);
}

describe("evaluate", () => {
  test("gives a verdict for every rule and subject, and all pass where everything holds", () => {
    const verdicts = ask({});
    assert.deepEqual(
      verdicts.map(({ rule, subject, status }) => `${rule} ${subject}: ${status}`),
      [
        `engine-commands ${rm}: pass`,
        `engine-commands ${cp}: pass`,
        "startup-finishes startup: pass",
        "startup-finishes stdout: pass",
        "startup-finishes stderr: pass",
        "startup-output stdout: pass",
        "working-directory working directory: pass",
        "trap EXIT: pass",
      ],
    );
    assert.ok(verdicts.every(({ finding, gaps }) => !finding && gaps.length === 0));
  });

  test("carries what the judgement says, with rule, policy, account and mode", () => {
    const hang = tried(cp, { outcome: "hang", prompt: "cp: overwrite? ", exit: null, where: at(14), line: "alias cp" });
    const [first] = ask({ tried: [tried(rm), hang] }).filter(({ status }) => status === "fail");
    assert.partialDeepStrictEqual(first, {
      severity: "critical",
      consequence: "hang",
      policy: "unattended-ssh",
      rule: "engine-commands",
      check: "engine-commands",
      account: "oracle",
      mode: "ssh-command",
      subject: cp,
      message: "waits for ever at: cp: overwrite?",
      where: at(14),
      line: "alias cp",
      finding: true,
      gaps: [],
    });
  });

  test("takes the kind's consequence where the judgement says none", () => {
    const [output] = by(
      ask({ output: [{ stream: "stdout", bytes: 1, head: "x", where: null, guard: "" }] }),
      "startup-output",
    );
    assert.equal(output?.consequence, "corrupted-stream");
  });

  test("names the policy that says an included rule", () => {
    const including = inForce([{ ...rule("trap"), policy: "base" }], [exec], { policy: "own" });
    assert.deepEqual(
      ask({}, { policies: [including] }).map(({ policy }) => policy),
      ["base"],
    );
  });

  test("asks a policy only about its accounts", () => {
    const other = inForce([rule("trap")], [exec], { accounts: ["postgres"] });
    assert.deepEqual(ask({}, { policies: [other] }), []);
    assert.equal(ask({}, { policies: [{ ...other, accounts: ["oracle"] }] }).length, 1);
  });

  test("throws for a check kind that is not registered: the documents were loaded with others", () => {
    const policies = [inForce([{ ...rule("trap"), check: "nonesuch" }], [exec])];
    assert.throws(() => ask({}, { policies }), /no check kind nonesuch/);
  });

  test("puts the most severe first, then keeps the order of accounts, modes and rules", () => {
    const policies = [inForce([rule("trap", "low"), rule("working-directory", "critical")], [exec])];
    const second = { ...account, name: "adm" };
    const modes = [modeFacts({ mode: "ssh-command-pty" }), modeFacts()];
    const measured = [
      { account, modes },
      { account: second, modes },
    ];
    const verdicts = evaluate({ policies, measured, checks: checkKinds, modes: ["ssh-command-pty", "ssh-command"] });
    assert.deepEqual(
      verdicts.map(({ severity, account, mode }) => `${severity} ${account} ${mode}`),
      ["critical", "low"].flatMap((severity) =>
        ["oracle", "adm"].flatMap((name) =>
          ["ssh-command", "ssh-command-pty"].map((mode) => `${severity} ${name} ${mode}`),
        ),
      ),
    );
  });
});

describe("evaluate, where facts could not be had", () => {
  test("is unknown for every subject of a kind that needs them, with the gap's words", () => {
    const gaps = [gap("no-frames", ["traps", "aliases"], "the shell's answer was torn", "unset the alias of echo")];
    const [found, ...more] = by(ask({ gaps }), "trap");
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(found, {
      status: "unknown",
      message: "the shell's answer was torn",
      change: "unset the alias of echo",
      consequence: "silent-success",
      finding: true,
      gaps,
    });
  });

  test("leaves alone what does not need them", () => {
    const verdicts = ask({ gaps: [gap("no-frames", ["traps"])] });
    assert.deepEqual(
      verdicts.filter(({ status }) => status !== "pass").map(({ rule }) => rule),
      ["trap"],
    );
  });

  test("is unknown under probe-limited, whether it would pass or fail", () => {
    const hang = tried(cp, { outcome: "hang", prompt: "? " });
    const verdicts = by(
      ask({ tried: [tried(rm), hang], gaps: [gap("probe-limited", ["tried"], "it asked sudo")] }),
      "engine-commands",
    );
    assert.deepEqual(
      verdicts.map(({ subject, status, message }) => [subject, status, message]),
      [
        [rm, "unknown", "it asked sudo"],
        [cp, "unknown", "it asked sudo"],
      ],
    );
  });

  test("keeps what was tried before the time was over, and says why the rest is unknown", () => {
    const gaps = [gap("timed-out", ["tried"], "the 30 s of this mode were over")];
    const hang = tried(rm, { outcome: "hang", prompt: "? " });
    const verdicts = by(ask({ tried: [hang], gaps }), "engine-commands");
    assert.deepEqual(
      verdicts.map(({ status, message }) => [status, message]),
      [
        ["fail", "waits for ever at: ?"],
        ["unknown", "was not tried; the 30 s of this mode were over"],
      ],
    );
    assert.deepEqual(
      verdicts.map((verdict) => verdict.gaps),
      [[], gaps],
    );
  });

  test("lets a gap in the shell's answers alone what was tried, and the other way round", () => {
    const sent = [...sends(rm), { command: "sqlplus -v", try: "resolve" as const }];
    const policies = [inForce([rule("engine-commands")], [engine("e", ["ssh-command"], sent)])];
    const statuses = (facts: Partial<ModeFacts>) => ask(facts, { policies }).map(({ status }) => status);
    assert.deepEqual(statuses({ gaps: [gap("no-frames", ["commands"])] }), ["pass", "unknown"]);
    assert.deepEqual(statuses({ gaps: [gap("sandbox-forbidden", ["tried"])] }), ["unknown", "unknown"]);
  });

  test("is unknown for a mode that nobody measured", () => {
    const verdicts = evaluate({ policies: [usual], measured: [{ account, modes: [] }], checks: checkKinds });
    assert.equal(verdicts.length, 8);
    assert.ok(verdicts.every(({ status, mode, finding }) => status === "unknown" && mode === "ssh-command" && finding));
    assert.deepEqual(
      verdicts[0]?.gaps.map(({ code }) => code),
      ["unknown-mode"],
    );
  });

  test("is unknown for a subject that the kind forgot to judge", () => {
    const trap = checkKinds.filter(({ id }) => id === "trap").map((kind) => ({ ...kind, judge: () => [] }));
    const [found] = ask({}, { policies: [inForce([rule("trap")], [exec])], checks: trap });
    assert.partialDeepStrictEqual(found, { subject: "EXIT", status: "unknown", message: "was not judged" });
  });
});

describe("evaluate, where startup never finished", () => {
  const hang = { startup: { ...ready, ended: "hang", prompt: "SID? " }, tried: [] } as const;

  test("has one finding, that of startup; the rest is unknown, counted, and no finding of its own", () => {
    const verdicts = ask(hang);
    assert.deepEqual(
      verdicts.filter(({ finding }) => finding).map(({ rule, subject, status }) => `${rule} ${subject} ${status}`),
      ["startup-finishes startup fail"],
    );
    assert.equal(verdicts.filter(({ status }) => status === "unknown").length, 7);
    assert.ok(
      verdicts.filter(({ rule }) => rule !== "startup-finishes").every(({ gaps }) => gaps[0]?.code === "not-reached"),
    );
  });

  test("says it with the gaps of the measuring where it has some", () => {
    const gaps = [gap("not-reached", ["tried", "commands"], "no command ran")];
    assert.deepEqual(
      by(ask({ ...hang, gaps }), "engine-commands").map(({ message }) => message),
      ["no command ran", "no command ran"],
    );
  });

  test("does not take facts of such a run for true, however it ended", () => {
    for (const ended of ["hang", "exited", "exec", "stopped", "timed-out"] as const) {
      const verdicts = ask({ startup: { ...ready, ended }, tried: [tried(rm), tried(cp)] });
      assert.ok(
        by(verdicts, "engine-commands").every(({ status }) => status === "unknown"),
        ended,
      );
    }
  });

  test("makes it a finding where no rule of the account's policies asks about startup", () => {
    const policies = [inForce([rule("engine-commands")], [exec])];
    assert.ok(ask(hang, { policies }).every(({ status, finding }) => status === "unknown" && finding));
    const elsewhere = inForce([rule("startup-finishes")], [exec], { policy: "other" });
    const both = ask(hang, { policies: [...policies, elsewhere] });
    assert.deepEqual(
      both.filter(({ finding }) => finding).map(({ rule, subject }) => `${rule} ${subject}`),
      ["startup-finishes startup"],
    );
  });

  test("is unknown where nothing is known of startup, gap or no gap", () => {
    for (const gaps of [[], [gap("unreadable", ["startup"], "no look was possible")]]) {
      const verdicts = ask({ startup: null, gaps });
      assert.ok(verdicts.every(({ status }) => status === "unknown"));
    }
  });
});

describe("evaluate, for checks about the account", () => {
  const shells = [inForce([rule("login-shell", "critical")], [exec])];

  test("judges once for each account, with no mode", () => {
    const modes = [modeFacts(), modeFacts({ mode: "ssh-command-pty" })];
    const verdicts = evaluate({ policies: shells, measured: [{ account, modes }], checks: checkKinds });
    assert.deepEqual(
      verdicts.map(({ mode, subject, status }) => [mode, subject, status]),
      [["-", "login shell", "pass"]],
    );
  });

  test("looks at a mode that starts the account's own shell", () => {
    const cron = modeFacts({ mode: "cron", shell: { path: "/bin/sh", personality: "dash" } });
    const measured = [{ account, modes: [cron, modeFacts()] }];
    assert.equal(evaluate({ policies: shells, measured, checks: checkKinds })[0]?.status, "pass");
  });

  test("is unknown where nothing was measured", () => {
    const verdicts = evaluate({ policies: shells, measured: [{ account, modes: [] }], checks: checkKinds });
    assert.deepEqual(
      verdicts.map(({ mode, status }) => [mode, status]),
      [["-", "unknown"]],
    );
  });

  test("is not touched by a startup that hangs", () => {
    const found = ask({ startup: { ...ready, ended: "hang" } }, { policies: shells });
    assert.deepEqual(
      found.map(({ status }) => status),
      ["pass"],
    );
  });
});

describe("evaluate, for several policies", () => {
  test("keeps one verdict a key: what fails by one of them fails", () => {
    const engines = [engine("a", ["ssh-command"], sends(rm)), engine("b", ["ssh-command"], sends(rm, cp))] as const;
    const shared = { ...rule("engine-commands"), policy: "base" };
    const policies = engines.map((each) => inForce([shared], [each], { policy: each.name }));
    const verdicts = ask({ tried: [tried(rm), tried(cp, { outcome: "failed" })] }, { policies });
    assert.deepEqual(
      verdicts.map(({ subject, status }) => `${subject}: ${status}`),
      [`${rm}: pass`, `${cp}: fail`],
    );
  });

  test("prefers the failure, whichever comes first", () => {
    const kinds = (first: object, second: object) => {
      const policies = [first, second].map((parameters) =>
        inForce([rule("alias", "high", parameters, "no-alias")], [exec]),
      );
      return ask({ aliases: [{ name: "ls", value: "ls -i", effective: true, where: null }] }, { policies });
    };
    const strict = { names: ["ls"] };
    const mild = { names: ["ls"], forbid: ["-x"] };
    assert.deepEqual(
      kinds(strict, mild).map(({ status }) => status),
      ["fail"],
    );
    assert.deepEqual(
      kinds(mild, strict).map(({ status }) => status),
      ["fail"],
    );
  });
});

describe("what is to be measured", () => {
  const login = engine("login", ["ssh-login", "ssh-command"], sends(rm, "cat {file}"));
  const policies = [inForce([rule("command-resolves", "low", { names: ["borg"] })], [exec, login])];

  test("is measured in the modes by which the engines come in, or in those that the caller names", () => {
    assert.deepEqual(modesFor(policies), ["ssh-command", "ssh-login"]);
    assert.deepEqual(modesFor(policies, ["cron"]), ["cron"]);
  });

  test("sends each line once, by the engines that enter there", () => {
    const lines = (mode: "ssh-command" | "ssh-login" | "cron") =>
      sendsFor(policies, mode).map(({ command }) => command);
    assert.deepEqual(lines("ssh-command"), [rm, cp, "cat {file}"]);
    assert.deepEqual(lines("ssh-login"), [rm, "cat {file}"]);
    assert.deepEqual(lines("cron"), [rm, cp, "cat {file}"]);
  });

  test("asks for the names that the rules look up", () => {
    assert.deepEqual(namesFor(policies, checkKinds, "ssh-command"), ["borg"]);
  });
});
