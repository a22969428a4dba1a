import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { describe, test } from "node:test";
import { tried } from "../../agent/checks/example-facts.ts";
import { pictureOf } from "../../agent/daemon/picture.ts";
import { type Grant, noGrant } from "../../agent/documents/index.ts";
import type { ModeFacts, SessionGroup, Share } from "../../agent/facts/index.ts";
import type { WantedLines } from "../../agent/probe/reader.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import type { CleanupRow } from "../../agent/status/index.ts";
import { goodFacts, oracle, postgres, read } from "../cli/support/world.ts";
import { documents, type TestWorld, testWorld, type WorldWish } from "./world.ts";

const cshrc = `${oracle.home}/.cshrc`;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const prompt = "cp: overwrite 'existing.1'?";

/** What `alias cp 'cp -i'` in line 14 of ~/.cshrc does. */
function hanging({ account, mode, sends }: MeasureRequest): ModeFacts {
  const where = { file: cshrc, line: 14, column: 1, through: [] };
  return goodFacts(account, mode, [], {
    startupFiles: [read("/etc/csh.cshrc"), read(cshrc)],
    aliases: [{ name: "cp", value: "cp -i", effective: true, where, line: "alias cp 'cp -i'" }],
    tried: sends.map(({ command }) =>
      command.startsWith("cp")
        ? tried(command, { outcome: "hang", prompt, where, line: "alias cp 'cp -i'" })
        : tried(command),
    ),
  });
}

const good = ({ account, mode, sends }: MeasureRequest) =>
  goodFacts(
    account,
    mode,
    sends.map(({ command }) => command),
  );

/** The lines of ~/.cshrc, and how often they were read. */
function file() {
  const asked: WantedLines[] = [];
  const lines: WorldWish["world"] = {
    async lines(_, wanted) {
      asked.push(wanted);
      return new Map(wanted.numbers.map((number) => [number, number === 14 ? "alias cp 'cp -i'" : `# ${number}`]));
    },
  };
  return { asked, lines };
}

async function started(world: TestWorld): Promise<void> {
  await world.agent.start();
  await world.agent.firstFullRun;
}

async function changes(world: TestWorld, afterMs = minuteMs, path = `${oracle.home}/.bashrc`): Promise<void> {
  world.clock.now += afterMs;
  world.clock.monotonic += afterMs;
  world.changed([path], "watch");
  await world.agent.queue.settled();
  // Some time passes before anybody asks.
  world.clock.now += 1_000;
}

function seen(world: TestWorld, share: Share = "lines", account?: string) {
  return world.agent.view().picture({ account, share });
}

function cell(world: TestWorld, account: string, mode: string) {
  const { ways } = seen(world).ways.find((row) => row.account === account) ?? { ways: [] };
  const { state, word, finding } = ways.find((way) => way.mode === mode) ?? { state: "", word: "", finding: "" };
  return `${state} ${word} ${finding === null ? "" : "leads"}`.trim();
}

const states = (spans: readonly { readonly state: string }[]) => spans.map(({ state }) => state);

describe("every way in", () => {
  test("has a cell that says what came of it, also where no engine comes in", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    world.measure = async (request) => (request.account.name === "oracle" ? hanging(request) : good(request));
    await started(world);
    assert.equal(cell(world, "oracle", "ssh-command"), "fails waits leads");
    assert.equal(cell(world, "oracle", "ssh-command-pty"), "fails waits");
    assert.equal(cell(world, "postgres", "ssh-command"), "holds");
    assert.equal(cell(world, "postgres", "ssh-command-pty"), "holds");
    assert.equal(cell(world, "postgres", "sftp"), "holds");
    assert.equal(cell(world, "postgres", "scp"), "holds", "what sftp is decided by decides scp, too");
    const { findings, ways } = seen(world);
    assert.equal(findings.length, 1, "a way by which no engine comes in makes no finding");
    const engines = ways.flatMap((row) => row.ways.filter(({ isEngines }) => isEngines).map(({ mode }) => mode));
    assert.deepEqual(engines, ["ssh-command", "sftp", "ssh-command", "sftp"]);
  });

  test("where something changed since it was measured it is not known, until it was measured again", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    assert.equal(cell(world, "oracle", "ssh-command-pty"), "holds");
    world.measure = async (request) => hanging(request);
    await changes(world);
    assert.equal(cell(world, "oracle", "ssh-command"), "fails waits leads");
    assert.equal(cell(world, "oracle", "ssh-command-pty"), "unknown unknown");
    const row = seen(world).unmeasured.find(({ mode }) => mode === "ssh-command-pty");
    assert.deepEqual([row?.account, row?.code], ["oracle", "changed-meanwhile"]);
    world.measured = [];
    await world.agent.measureOthers();
    const again = world.measured.map(({ mode }) => mode);
    assert.ok(again.includes("ssh-command-pty") && !again.includes("ssh-command"), again.join(" "));
    assert.equal(cell(world, "oracle", "ssh-command-pty"), "fails waits");
    assert.ok(!seen(world).unmeasured.some(({ code }) => code === "changed-meanwhile"));
    assert.equal(world.store.findings().length, 1);
  });

  test("an account that changes without end is measured in those ways once a minute at most", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const counts: number[] = [];
    for (let round = 0; round < 4; round++) {
      await changes(world, 30_000);
      world.measured = [];
      await world.agent.measureOthers();
      counts.push(world.measured.length);
    }
    assert.deepEqual(
      counts.map((count) => count > 0),
      [true, false, true, false],
    );
  });
});

describe("findings", () => {
  test("have the last 30 days without holes: what was before the agent came is not known", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    world.measure = async (request) => hanging(request);
    await changes(world, hourMs);
    world.measure = async (request) => good(request);
    await changes(world, hourMs);
    world.measure = async (request) => hanging(request);
    await changes(world, hourMs);
    const [finding] = seen(world).findings;
    const past = finding?.past ?? [];
    assert.deepEqual(states(past), ["unseen", "holds", "fails", "holds", "fails"]);
    const days = (Date.parse(past.at(-1)?.to ?? "") - Date.parse(past[0]?.from ?? "")) / 86_400_000;
    assert.equal(days, 30);
    for (const [at, span] of past.entries()) assert.equal(span.to, past[at + 1]?.from ?? span.to);
  });

  test("go on over a restart; while the agent was away nobody looked, however it ended", async () => {
    const first = testWorld({ accounts: [oracle] });
    const { folder } = first;
    try {
      first.measure = async (request) => hanging(request);
      await started(first);
      await changes(first, hourMs);
      await first.agent.stop();
      first.store.close();
      await using second = testWorld({ accounts: [oracle], folder, startMs: first.clock.now + 5 * hourMs });
      second.measure = async (request) => hanging(request);
      await started(second);
      await changes(second, hourMs);
      const { findings, day } = seen(second);
      assert.deepEqual(states(findings[0]?.past ?? []), ["unseen", "fails", "unseen", "fails"]);
      const away = findings[0]?.past[2];
      assert.equal(Date.parse(away?.to ?? "") - Date.parse(away?.from ?? ""), 5 * hourMs);
      assert.deepEqual(states(day.accounts[0]?.spans ?? []), ["unseen", "fails", "unseen", "fails"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("of more turns than are looked at, nothing is said before the first of them", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    for (let hour = 0; hour < 12; hour++) await changes(world, hourMs);
    world.measure = async (request) => hanging(request);
    await changes(world, hourMs);
    const { fingerprint } = seen(world).findings[0] ?? { fingerprint: "" };
    const at = (second: number) => world.clock.now - minuteMs - second * 100;
    const turns = Array.from({ length: 5_000 }, (_, second) => ({
      kind: "turn" as const,
      key: `${fingerprint} ${second % 2 === 0 ? "pass fail" : "fail pass"}`,
      atMs: at(second),
    }));
    world.store.commit({ nowMs: world.clock.now, happened: turns });
    world.clock.now += hourMs;
    const past = seen(world).findings[0]?.past ?? [];
    assert.ok(past.length <= 288);
    assert.equal(past[0]?.state, "unseen");
    const hole = past.findIndex(({ state }) => state !== "unseen");
    assert.ok(Date.parse(past[hole]?.from ?? "") > at(5_001) - 3 * hourMs, "not since the agent started");
  });

  test("where runs that were due did not come, nobody looked", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    await changes(world, 5 * hourMs);
    assert.deepEqual(states(seen(world).findings[0]?.past ?? []), ["unseen", "fails", "unseen", "fails"]);
    await changes(world, hourMs);
    world.clock.now += 4 * hourMs;
    const past = seen(world).findings[0]?.past.slice(-3) ?? [];
    assert.deepEqual(states(past), ["unseen", "fails", "unseen"]);
    const ms = past.map(({ from, to }) => Date.parse(to) - Date.parse(from));
    assert.deepEqual(ms.slice(1), [2 * hourMs + 1_000, 3 * hourMs + 1_000]);
  });
});

describe("the finding that leads", () => {
  test("has its chain, its lines, what the shell makes of the command, and what it waits at", async () => {
    const { asked, lines } = file();
    await using world = testWorld({ accounts: [oracle], world: { ...lines } });
    world.measure = async (request) => hanging(request);
    await started(world);
    const { lead, findings } = seen(world);
    assert.equal(lead?.fingerprint, findings[0]?.fingerprint);
    assert.deepEqual(
      lead?.chain.map(({ what }) => what),
      ["sshd", "/bin/tcsh -c", "/etc/csh.cshrc", "~/.cshrc:14"],
    );
    assert.deepEqual(
      lead?.lines?.map(({ number, text, isGuilty }) => `${number} ${isGuilty ? "!" : " "} ${text}`),
      ["12   # 12", "13   # 13", "14 ! alias cp 'cp -i'", "15   # 15", "16   # 16"],
    );
    assert.deepEqual(
      [lead?.says, lead?.sent, lead?.runs, lead?.waitsAt],
      ["", "cp -f {file} {existing}", "cp -i -f {file} {existing}", prompt],
    );
    assert.deepEqual(asked, [{ path: cshrc, digest: `sha256:${"0".repeat(64)}`, numbers: [12, 13, 14, 15, 16] }]);
    await changes(world);
    assert.equal(asked.length, 1, "lines of a file that is the same are not read again");
    assert.equal(seen(world).lead?.lines?.length, 5);
  });

  test("of a file that is another one by now is the line alone that was measured", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    assert.deepEqual(seen(world).lead?.lines, [{ number: 14, text: "alias cp 'cp -i'", isGuilty: true, note: "" }]);
  });

  test("is gone when nothing fails or is undecided any more, or when it is waived", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    assert.notEqual(seen(world).lead, null);
    world.measure = async (request) => good(request);
    await changes(world);
    assert.equal(seen(world).lead, null);
    const origin = { file: "exceptions.yaml", digest: "sha256:0", shipped: false, given: true };
    const key = { policy: "unattended-ssh", rule: "commands-do-what-they-say", account: "oracle", mode: "ssh-command" };
    const finding = { ...key, subject: "cp -f {file} {existing}" };
    const named = { kind: "Exception", name: "copy", description: "", origin } as const;
    const exceptions = [{ ...named, finding, reason: "known", until: "2027-01-31" }];
    world.configuration = () => documents({}, { exceptions });
    await world.agent.reload();
    world.measure = async (request) => hanging(request);
    await changes(world);
    assert.equal(seen(world).findings[0]?.waived?.exception, "copy");
    assert.equal(seen(world).lead, null);
    assert.equal(cell(world, "oracle", "ssh-command"), "waived waits leads");
    assert.equal(states(seen(world).day.accounts[0]?.spans ?? []).at(-1), "holds");
  });

  test("says since when it is there, how soon that was seen, and who was logged in, as a hint", async () => {
    let savedMs = 0;
    await using world = testWorld({
      accounts: [oracle],
      world: {
        hint: async (path) => ({
          file: path,
          ownerUid: 501,
          modified: new Date(savedMs).toISOString(),
          sessions: ["jdoe"],
        }),
        readings: () => ({
          paths: Promise.resolve({ paths: [cshrc], isWhole: true }),
          startupFiles: () => [],
          take: async () => null,
        }),
      },
    });
    await started(world);
    world.measure = async (request) => hanging(request);
    savedMs = world.clock.now + minuteMs - 8;
    await changes(world, minuteMs, cshrc);
    const savedAt = new Date(savedMs).toISOString();
    assert.deepEqual(seen(world).lead?.hint, { savedAt, seenAfterMs: 8, ownerUid: 501, loggedIn: ["jdoe"] });
    assert.equal(seen(world, "names").lead?.hint?.loggedIn, null);
    const { saves } = seen(world).day;
    const at = new Date(world.clock.now - 1_000).toISOString();
    assert.deepEqual(saves, [{ account: "oracle", path: cshrc, at }]);
    // A file's time may be set back by anybody.
    world.measure = async (request) => good(request);
    await changes(world, minuteMs, cshrc);
    world.measure = async (request) => hanging(request);
    savedMs = world.clock.now + 2 * hourMs;
    await changes(world, minuteMs, cshrc);
    assert.equal(seen(world).lead?.hint?.seenAfterMs, null);
  });

  test("shows no text of the host to whom the Grant does not let see it", async () => {
    const { lines } = file();
    await using world = testWorld({ accounts: [oracle], world: { ...lines } });
    world.measure = async (request) => hanging(request);
    await started(world);
    const text = JSON.stringify(seen(world, "names"));
    for (const kept of ["alias cp", "cp -i", "overwrite", "# 13"]) assert.ok(!text.includes(kept), kept);
    assert.equal(seen(world, "names").lead?.says, "the Grant keeps its text on this host");
    assert.equal(seen(world, "values").lead?.lines, null);
    assert.ok(!JSON.stringify(seen(world, "values")).includes("alias cp"));
  });
});

describe("the last day", () => {
  test("has the turns of each account, by the worst of its findings", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    world.measure = async (request) => (request.account.name === "oracle" ? hanging(request) : good(request));
    await changes(world, 20 * minuteMs);
    world.measure = async (request) => good(request);
    await changes(world, 20 * minuteMs);
    const { accounts, from, to } = seen(world).day;
    assert.equal(Date.parse(to) - Date.parse(from), 24 * hourMs);
    assert.deepEqual(
      accounts.map(({ account, spans }) => `${account}: ${states(spans)}`),
      ["oracle: unseen,holds,fails,holds", "postgres: unseen,holds"],
    );
  });

  test("has who had a terminal, where that is known and may be seen", async () => {
    const people = () => [
      { user: "jdoe", from: 1_700_000_000, to: null },
      { user: "oracle", from: 1_700_000_100, to: 1_700_000_200 },
    ];
    await using world = testWorld({ accounts: [oracle], world: { people } });
    await started(world);
    const { logins } = seen(world).day;
    assert.deepEqual(
      logins?.map(({ user, to }) => `${user} ${to}`),
      ["jdoe null", "oracle 2023-11-14T22:16:40.000Z"],
    );
    assert.equal(seen(world, "names").day.logins, null);
    assert.deepEqual(
      seen(world, "lines", "oracle").day.logins?.map(({ user }) => user),
      ["oracle"],
    );
    await using other = testWorld({ accounts: [oracle] });
    await started(other);
    assert.equal(seen(other).day.logins, null, "not known is not nobody");
  });

  test("has how many sessions were stuck, whenever that changed; what could not be looked at changes nothing", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const { pictures } = world.agent;
    const look = (count: number, problem = "") => {
      world.clock.now += minuteMs;
      const groups = count === 0 ? [] : [group({ count })];
      pictures.looked({ at: "", groups, problem });
    };
    for (const count of [0, 0, 50, 50, 3]) look(count);
    look(0, "/proc is hidden (hidepid=2)");
    const counts = () => seen(world).day.stuck.map(({ count }) => count);
    assert.deepEqual(counts(), [0, 50, 3]);
    world.clock.now += 30 * hourMs;
    look(4);
    look(5);
    assert.deepEqual(counts(), [3, 4, 5], "the last one before the day says how it began");
  });
});

function group(other: Partial<SessionGroup> = {}): SessionGroup {
  return {
    account: "oracle",
    command: "cp -i -f /u01/secret.arc x",
    waitsFor: "input",
    says: "input on its ssh channel",
    isStuck: true,
    from: ["10.1.2.3"],
    count: 1,
    oldestSeconds: 60,
    startedAt: [],
    pids: [4711],
    prompt: "cp: overwrite 'secret'?",
    ...other,
  };
}

describe("what is not measured", () => {
  test("are gaps by account and mode, in words of the program alone where the Grant keeps the host's", async () => {
    await using world = testWorld({ accounts: [oracle] });
    const gap = {
      code: "unreadable",
      message: "~/.cshrc: permission denied",
      change: "make it readable",
      of: [],
    } as const;
    world.measure = async (request) => ({ ...good(request), gaps: request.mode === "ssh-command" ? [gap] : [] });
    await started(world);
    const rows = (share: Share) => seen(world, share).unmeasured.filter(({ code }) => code === "unreadable");
    const { message, change } = gap;
    assert.deepEqual(rows("lines"), [{ account: "oracle", mode: "ssh-command", code: "unreadable", message, change }]);
    assert.deepEqual(rows("names"), [
      { account: "oracle", mode: "ssh-command", code: "unreadable", message: "a file could not be read", change: "" },
    ]);
  });

  test("are accounts that the Grant does not name, and those that the name service does not", async () => {
    const origin = { file: "grant.yaml", digest: "sha256:0", shipped: false, given: true };
    const measure = { ...noGrant.measure, accounts: ["oracle"] };
    const grant: Grant = { ...noGrant, kind: "Grant", name: "db07", description: "", measure, origin };
    const configuration = documents({}, { grant: { kind: "grant", grant } });
    await using world = testWorld({ accounts: [oracle, postgres], named: ["oracle", "postgres"], configuration });
    await started(world);
    const rows = () => seen(world).unmeasured.filter(({ account }) => account !== "-");
    assert.deepEqual(
      rows().map(({ account, mode, code }) => `${account} ${mode} ${code}`),
      ["postgres - not-granted"],
    );
    world.names.set("oracle", { kind: "unavailable", why: "getent: no answer" });
    await changes(world);
    const row = rows().find(({ account }) => account === "oracle");
    assert.deepEqual([row?.code, row?.message], ["unavailable", "getent: no answer"]);
  });

  test("are what watching does not see", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.watching = { ...world.watching, degraded: [{ code: "watch-limit", message: "2 of 3 watches" }] };
    await started(world);
    const { unmeasured } = seen(world);
    assert.ok(unmeasured.some(({ code, message }) => code === "watch-limit" && message === "2 of 3 watches"));
    assert.ok(seen(world, "lines", "oracle").unmeasured.every(({ account }) => account === "oracle"));
  });
});

test("a Retention without a plan is not measured, and says why", async () => {
  await using world = testWorld({ accounts: [oracle] });
  await started(world);
  const row = (problem: string): CleanupRow => ({
    retention: "staging",
    account: "oracle",
    root: "/u01/staging",
    apply: "by-hand",
    granted: "plan-only",
    state: "waiting",
    plan: null,
    run: null,
    backlog: null,
    releases: {},
    problem,
  });
  const { store } = world;
  const pictured = {
    store,
    nowMs: world.clock.now,
    fullMs: hourMs,
    watched: [],
    accounts: [],
    sessions: { at: "", groups: [group()], problem: "/proc is hidden (hidepid=2)" },
    cleanup: [row(""), row("/u01/staging is not there")],
    degraded: [],
    stuck: [],
    people: null,
  };
  const { unmeasured, sessions, cleanup } = pictureOf(pictured, { account: "oracle", share: "names" });
  assert.deepEqual(
    unmeasured.map(({ account, code, message }) => `${account} ${code} ${message}`),
    [
      "oracle no-plan staging: there is no plan yet",
      "oracle no-plan staging: /u01/staging is not there",
      "oracle sessions /proc is hidden (hidepid=2)",
    ],
  );
  assert.equal(cleanup.length, 2);
  assert.deepEqual([sessions.groups[0]?.command, sessions.groups[0]?.prompt], ["cp ...", null]);
  const others = pictureOf(pictured, { account: "postgres", share: "lines" });
  assert.deepEqual([others.cleanup, others.sessions.groups], [[], []]);
});

test("before its first run nothing is known of an account", async () => {
  await using world = testWorld({ accounts: [oracle] });
  const { promise, resolve } = Promise.withResolvers<void>();
  world.measure = async (request) => {
    await promise;
    return good(request);
  };
  await world.agent.start();
  world.clock.now += minuteMs;
  const { ways, day, unmeasured, validUntil, findings, lead } = seen(world);
  assert.deepEqual([ways, findings, lead, validUntil], [[], [], null, null]);
  assert.deepEqual(states(day.accounts[0]?.spans ?? []), ["unseen"]);
  assert.deepEqual(
    unmeasured.filter(({ account }) => account === "oracle").map(({ mode, code }) => `${mode} ${code}`),
    ["- measuring"],
  );
  resolve();
  await world.agent.firstFullRun;
  world.clock.now += minuteMs;
  assert.deepEqual(states(seen(world).day.accounts[0]?.spans ?? []), ["unseen", "holds"]);
});

describe("who asks", () => {
  test("an account sees what is about itself alone", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    world.measure = async (request) => hanging(request);
    await started(world);
    const own = seen(world, "lines", "postgres");
    assert.deepEqual(
      [own.ways.map(({ account }) => account), own.findings.map(({ account }) => account), own.day.accounts.length],
      [["postgres"], ["postgres"], 1],
    );
    assert.ok(!JSON.stringify(own).includes("oracle/.bash"));
    assert.deepEqual(own.day.stuck, [], "others' sessions are none of its business");
  });

  test("gets the same value as long as nothing changed, and another one at once where something did", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const before = seen(world);
    assert.equal(seen(world), before);
    assert.notEqual(seen(world, "names"), before);
    world.measure = async (request) => hanging(request);
    await changes(world);
    assert.equal(seen(world).findings.length, 1);
    world.clock.now += 2_000;
    assert.notEqual(seen(world).day.to, before.day.to);
  });

  test("nothing is measured and nothing read because of it", async () => {
    const { asked, lines } = file();
    await using world = testWorld({ accounts: [oracle], world: { ...lines } });
    world.measure = async (request) => hanging(request);
    await started(world);
    world.measured = [];
    const before = asked.length;
    for (const share of ["names", "values", "lines"] as const) {
      world.clock.now += minuteMs;
      seen(world, share);
    }
    assert.deepEqual([world.measured.length, asked.length], [0, before]);
  });

  test("it holds until the earliest of the measured accounts does not", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    assert.equal(seen(world).validUntil, null);
    await started(world);
    world.watching = { ...world.watching, lastSweepMs: world.clock.now - 10_000 };
    world.clock.monotonic += 20_000;
    world.clock.now += 20_000;
    const accounts = world.agent
      .view()
      .status()
      .accounts.map(({ confirmedAt }) => Date.parse(confirmedAt ?? ""));
    assert.equal(Date.parse(seen(world).validUntil ?? ""), Math.min(...accounts) + minuteMs);
  });
});
