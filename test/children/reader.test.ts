import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { accountFiles, textOf } from "../../agent/host/account-files.ts";
import { identityOf } from "../../agent/host/identity.ts";
import { identitiesAs, linesAs, readStartup, readStartupModes, type ToRead } from "../../agent/probe/reader.ts";
import { identityAnswer, startupAnswer } from "../../agent/probe/reading-answer.ts";
import { readingsOf } from "../../agent/runs/measuring.ts";
import { shells } from "../../agent/shells/index.ts";
import { accountOf, useBuiltLauncher } from "../probe/asking.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";

const bundles = mkdtempSync(join(tmpdir(), "rcwarden-reader-"));
const script = join(bundles, "reader.cjs");

before(async () => {
  await useBuiltLauncher();
  const entryPoints = [join(import.meta.dirname, "../../agent/children/reader.ts")];
  await build({ entryPoints, outfile: script, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
});
after(() => rmSync(bundles, { recursive: true, force: true }));

const root = { skip: noAccounts };

function readAs(account: TestAccount, shell = "bash", more: Partial<ToRead> = {}) {
  const known = shells.find(({ name }) => name === shell);
  assert.ok(known);
  return readStartup({ account: accountOf(account), shell: known, mode: "ssh-command", env: {}, script, ...more });
}
/** The state of ~/.bashrc, and what is doubted. */
async function stateOf(account: TestAccount) {
  const { files, doubts } = await readAs(account);
  const file = files.find(({ path }) => path === `${account.home}/.bashrc`);
  return { state: file?.state, reason: file?.reason, doubts: doubts.map(({ code }) => code) };
}

test(
  "the child reads with the account's identity and says what it found, with digests and identities",
  root,
  async () => {
    await using account = await makeAccount({ home: "empty" });
    const text = "alias rm='rm -i'\n[ -r /etc/shadow ] && alias root=root\n. ~/more\n";
    const path = account.write(".bashrc", text, 0o600);
    account.write("more", "[ -O ~/more ] && echo hi", 0o600);
    const found = await readAs(account);
    assert.deepEqual(found.doubts, []);
    assert.deepEqual(
      found.statements
        .filter(({ reached, kind }) => reached === "yes" && kind !== "test")
        .map(({ kind, name, where }) => [kind, name, where.line])
        .slice(-3),
      [
        ["alias", "rm", 1],
        ["source", `${account.home}/more`, 3],
        ["output", "echo", 1],
      ],
    );
    const file = found.files.find((one) => one.path === path);
    assert.equal(file?.digest, `sha256:${createHash("sha256").update(text).digest("hex")}`);
    assert.deepEqual(found.lines[path]?.[1], "alias rm='rm -i'");
    for (const { path: one, identity } of found.identities) assert.equal(identity, await identityOf(one));
  },
);

test("the account's group memberships count, and none of the caller's", root, async () => {
  await using account = await makeAccount({ home: "empty", groups: ["games"] });
  account.write(".bashrc", `. ${bundles}/games\n. ${bundles}/root\n`);
  const games = Number(execFileSync("getent", ["group", "games"], { encoding: "utf8" }).split(":")[2]);
  chmodSync(bundles, 0o711);
  for (const [name, group] of [
    ["games", games],
    ["root", 0],
  ] as const) {
    writeFileSync(join(bundles, name), "alias a=b\n");
    chownSync(join(bundles, name), 0, group);
    chmodSync(join(bundles, name), 0o640);
  }
  const shell = shells[0];
  assert.ok(shell);
  const groups = [account.gid, games].sort((a, b) => a - b);
  const wanted: ToRead = { account: { ...accountOf(account), groups }, shell, mode: "ssh-command", env: {}, script };
  const { files } = await readStartup(wanted);
  const states = Object.fromEntries(files.map(({ path, state }) => [path, state]));
  assert.deepEqual([states[`${bundles}/games`], states[`${bundles}/root`]], ["read", "unreadable"]);
});

test("what is no readable text is said with its reason, and nothing waits for it", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const path = join(account.home, ".bashrc");
  const states: Record<string, unknown> = {};
  const look = async (name: string, make: () => void) => {
    rmSync(path, { recursive: true, force: true });
    make();
    states[name] = await stateOf(account);
  };
  await look("FIFO", () => execFileSync("mkfifo", [path]));
  await look("directory", () => mkdirSync(path));
  await look("link to a device", () => symlinkSync("/dev/zero", path));
  await look("link to itself", () => symlinkSync(".bashrc", path));
  await look("dangling link", () => symlinkSync("/nowhere/at/all", path));
  await look("unreadable", () => writeFileSync(path, "x", { mode: 0o600 }));
  await look("a gigabyte", () => {
    writeFileSync(path, "");
    truncateSync(path, 1_073_741_824);
  });
  await look("absent", () => {});
  assert.deepEqual(states, {
    FIFO: { state: "not-a-file", reason: "is a FIFO, for which a shell that opens it waits", doubts: ["unreadable"] },
    directory: { state: "not-a-file", reason: "is a directory", doubts: ["unreadable"] },
    "link to a device": { state: "not-a-file", reason: "is a device", doubts: ["unreadable"] },
    "link to itself": { state: "unreadable", reason: "too many links", doubts: ["unreadable"] },
    "dangling link": { state: "absent", reason: undefined, doubts: [] },
    unreadable: { state: "unreadable", reason: "permission denied", doubts: ["unreadable"] },
    "a gigabyte": { state: "skipped", reason: "is 1 GiB, and at most 1 MiB is read", doubts: ["over-ceiling"] },
    absent: { state: "absent", reason: undefined, doubts: [] },
  });
});

test("a socket is no file", async () => {
  const path = join(bundles, "socket");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    assert.deepEqual(accountFiles().look(path), { state: "not-a-file", reason: "is a socket" });
  } finally {
    server.close();
  }
});

test("bytes that are no UTF-8 are shown as such, and NULs are left out", () => {
  assert.equal(textOf(Buffer.from("a\xffb\xc3\xa9\x00c\xed\xa0\x80", "latin1")), "a\\xFFbéc\\xED\\xA0\\x80");
  assert.equal(textOf(Buffer.from("é\0😀")), "é😀");
});

test("a file of any bytes gives a reading", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  account.write(".bashrc", Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7919) % 256)));
  const found = await readAs(account);
  assert.equal(found.files.find(({ path }) => path.endsWith("/.bashrc"))?.state, "read");
  account.write(".bashrc", Buffer.alloc(1_048_576));
  const [doubt, ...others] = (await readAs(account)).doubts;
  assert.match(doubt?.message ?? "", /\.bashrc holds NUL bytes/);
  assert.deepEqual(others, []);
});

test("a missing bundle, a wrong launcher's word and a deadline are doubts, never an error", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const said = async (more: Partial<ToRead>) =>
    (await readAs(account, "bash", more)).doubts.map(({ message }) => message);
  const [missing] = await said({ script: join(bundles, "none.cjs") });
  assert.match(missing ?? "", /^the startup files could not be read: ENOENT/);
  const stuck = join(bundles, "stuck.cjs");
  writeFileSync(stuck, "setInterval(() => {}, 1000);");
  assert.deepEqual(await said({ script: stuck, deadlineMs: 300 }), [
    "the startup files could not be read: it took longer than the time for it",
  ]);
  const called = AbortSignal.abort();
  assert.equal((await said({ script: stuck, signal: called })).length, 1);
  const dead = join(bundles, "dead.cjs");
  writeFileSync(dead, "process.exit(3);");
  assert.deepEqual(await said({ script: dead }), [
    "the startup files could not be read: the reader ended (3) and said nothing",
  ]);
});

test("what another child than ours says is not taken", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const said = async (text: string) => {
    const path = join(bundles, "liar.cjs");
    writeFileSync(path, text);
    const found = await readAs(account, "bash", { script: path });
    assert.deepEqual(found.files, []);
    return found.doubts[0]?.message ?? "";
  };
  assert.match(await said("process.stdout.write('{')"), /no JSON/);
  assert.match(
    await said('process.stdout.write(\'{"mode":"ssh-command","reading":3}\')'),
    /another shape than expected at "reading"/,
  );
  assert.match(
    await said("const b='x'.repeat(1<<20); for (let i=0;i<9;i++) process.stdout.write(b)"),
    /more than 8 MiB/,
  );
});

test("the door takes what a reader says, and nothing beside it", () => {
  const empty = {
    files: [],
    identities: [],
    dependsOn: [],
    statements: [],
    guards: [],
    lines: {},
    environmentFiles: {},
    doubts: [],
  };
  const answer = (reading: object) => startupAnswer(Buffer.from(JSON.stringify({ mode: "ssh-command", reading })));
  assert.deepEqual(answer(empty), { mode: "ssh-command", reading: empty });
  assert.equal(typeof answer({ ...empty, more: 1 }), "string");
  const file = { path: "/x", state: "read", digest: "sha256:no", through: [] };
  assert.equal(typeof answer({ ...empty, files: [file] }), "string");
  assert.deepEqual(identityAnswer(Buffer.from('[3,"ENOENT"]')), [3, "ENOENT"]);
  for (const odd of ['[-1,"ENOENT"]', '[0.5,"ENOENT"]', "[1]", "{}", "[0,1]", `[0,"${"x".repeat(2000)}"]`])
    assert.equal(typeof identityAnswer(Buffer.from(odd)), "string", odd);
});

test("one reader answers for several modes what one for each would", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  account.write(".bashrc", "alias rm='rm -i'\n. ~/more\n");
  account.write(".profile", "echo hi\n");
  account.write("more", "umask 077\n");
  const shell = shells.find(({ name }) => name === "bash");
  assert.ok(shell);
  const modes = ["ssh-command", "ssh-login", "su-command"] as const;
  const wanted = { account: accountOf(account), shell, env: {}, script };
  const together = await readStartupModes({ ...wanted, modes });
  assert.deepEqual([...together.keys()], modes);
  for (const mode of modes) assert.deepEqual(together.get(mode), await readStartup({ ...wanted, mode }));
  const read = (mode: (typeof modes)[number]) =>
    together
      .get(mode)
      ?.files.flatMap(({ path, state }) => (state === "read" && path.startsWith(account.home) ? [path] : []));
  assert.deepEqual(modes.map(read), [
    [`${account.home}/.bashrc`, `${account.home}/more`],
    [`${account.home}/.profile`],
    [],
  ]);
});

test("a reader that says something about another mode is not taken", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const empty = {
    files: [],
    identities: [],
    dependsOn: [],
    statements: [],
    guards: [],
    lines: {},
    environmentFiles: {},
    doubts: [],
  };
  const path = join(bundles, "other.cjs");
  writeFileSync(path, `process.stdout.write(${JSON.stringify(JSON.stringify({ mode: "cron", reading: empty }))})`);
  const { doubts } = await readAs(account, "bash", { script: path });
  assert.match(doubts[0]?.message ?? "", /about another mode$/);
});

test(
  "identities are those that this process sees, and what the account may not see is said by its code",
  root,
  async () => {
    await using account = await makeAccount({ home: "empty" });
    account.write(".bashrc", "x\n");
    const at = (name: string) => join(account.home, name);
    symlinkSync(".bashrc", at("link"));
    symlinkSync("nowhere", at("dangling"));
    symlinkSync("loop", at("loop"));
    execFileSync("mkfifo", [at("fifo")]);
    chmodSync(bundles, 0o711);
    const closed = join(bundles, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const odd = at("line\nend \u202e");
    writeFileSync(odd, "");
    const seen = [account.home, at(".bashrc"), at("link"), at("dangling"), at("loop"), at("fifo"), at("absent"), odd];
    const paths = [...seen, `${closed}/x`, at(".bashrc")];
    const found = await identitiesAs(accountOf(account), paths, { script });
    for (const path of seen) assert.equal(found.get(path), await identityOf(path), path);
    assert.equal(found.get(`${closed}/x`), "EACCES");
    assert.equal(found.size, seen.length + 1);
  },
);

test("where no reader answers each path is without an answer", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const paths = [account.home, "/etc/passwd"];
  const said = async (text: string) => {
    const path = join(bundles, "liar.cjs");
    writeFileSync(path, text);
    return [...(await identitiesAs(accountOf(account), paths, { script: path, deadlineMs: 2_000 })).values()];
  };
  assert.deepEqual(await said('process.stdout.write(\'[7,"x"]\\n[0,"y"]\\n\')'), ["no-answer", "no-answer"]);
  assert.deepEqual(await said('process.stdout.write(\'[0,"x"]\\n[0,"y"]\\n\')'), ["x", "no-answer"]);
  assert.deepEqual(await said("process.stdout.write('[1,\"late')"), ["no-answer", "no-answer"]);
  assert.deepEqual(await said("setInterval(() => {}, 1000)"), ["no-answer", "no-answer"]);
  const called = await identitiesAs(accountOf(account), paths, { script, signal: AbortSignal.abort() });
  assert.deepEqual([...called.values()], ["no-answer", "no-answer"]);
  assert.deepEqual([...(await identitiesAs(accountOf(account), [], { script }))], []);
});

test("no reader is left behind", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  await Promise.all(Array.from({ length: 4 }, () => readAs(account, "zsh")));
  const owned = readdirSync("/proc").filter((entry) => {
    try {
      return (
        /^\d+$/.test(entry) &&
        execFileSync("stat", ["-c", "%u", `/proc/${entry}`], { stdio: ["ignore", "pipe", "ignore"] })
          .toString()
          .trim() === String(account.uid)
      );
    } catch {
      return false;
    }
  });
  assert.deepEqual(owned, []);
});

test("what one run reads is given out once for each mode, and names the paths of all modes", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  account.write(".bashrc", ". ~/more\n");
  account.write(".profile", ". ~/login\n");
  const whole = accountOf(account);
  const readings = readingsOf({ ...whole, shell: "/bin/bash" }, true, ["ssh-command"]);
  const first = await readings.take("ssh-command");
  assert.deepEqual(first, await readAs(account));
  // Asked again after something changed: what was read before is no answer any more.
  assert.equal(await readings.take("ssh-command"), null);
  const { paths, isWhole } = await readings.paths;
  assert.equal(isWhole, true);
  for (const name of [".bashrc", "more", ".profile", "login"])
    assert.ok(paths.includes(`${account.home}/${name}`), name);
  const ofFirst = readings.startupFiles("ssh-command");
  assert.ok(ofFirst.includes(`${account.home}/more`) && !ofFirst.includes(`${account.home}/login`), ofFirst.join(" "));
  const gone = readingsOf({ ...whole, shell: "/nonexistent/sh" }, true, []);
  assert.equal(await gone.take("ssh-command"), null);
});

test("lines are those that the account reads, of the file that was measured and no other", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const text = "one\n\u001b[31mtwo\n\nfour\n";
  const path = account.write(".bashrc", text, 0o600);
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const lines = async (
    numbers: readonly number[],
    other: { readonly path?: string; readonly digest?: string } = {},
  ) => {
    const found = await linesAs(accountOf(account), { path, digest, numbers, ...other }, { script });
    return found === null ? null : [...found];
  };
  assert.deepEqual(await lines([1, 2, 3, 4, 5, 900]), [
    [1, "one"],
    [2, "\u001b[31mtwo"],
    [3, ""],
    [4, "four"],
  ]);
  assert.equal(await lines([1], { digest: `sha256:${"0".repeat(64)}` }), null);
  assert.equal(await lines([1], { path: `${account.home}/none` }), null);
  const secret = "root only\n";
  const others = join(bundles, "secret");
  writeFileSync(others, secret, { mode: 0o600 });
  const known = `sha256:${createHash("sha256").update(secret).digest("hex")}`;
  chmodSync(bundles, 0o755);
  assert.equal(await lines([1], { path: others, digest: known }), null, "read as the account, not as root");
  rmSync(path);
  symlinkSync(others, path);
  assert.equal(await lines([1], { digest: known }), null);
});

test("a line without end and a child that lies bring no more than is asked for", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const text = `${"x".repeat(900_000)}\nshort\n`;
  const path = account.write(".bashrc", text);
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const found = await linesAs(accountOf(account), { path, digest, numbers: [1, 2] }, { script });
  assert.deepEqual([found?.get(1)?.length, found?.get(2)], [4_096, "short"]);
  const lies = [
    "null",
    "{}",
    `{"digest":"${digest}","lines":[[0,"x"]]}`,
    `{"digest":"${digest}","lines":[[1,2]]}`,
    `{"digest":"${digest}","lines":[],"more":1}`,
    `{"digest":"${digest}","lines":[[1,"${"x".repeat(70_000)}"]]}`,
  ];
  for (const lie of lies) {
    const liar = join(bundles, "liar.cjs");
    writeFileSync(liar, `require("node:fs").writeSync(1, ${JSON.stringify(`${lie}\n`)});`);
    assert.equal(
      await linesAs(accountOf(account), { path, digest, numbers: [1] }, { script: liar }),
      null,
      lie.slice(0, 60),
    );
  }
});
