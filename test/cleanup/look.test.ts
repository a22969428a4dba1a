/** What a look sees below a root, and what the guard says of it. Real trees of real accounts. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { type AllSeen, builtSweeper, lookAt, makeTree, pathOf } from "./looking.ts";

const root = { skip: noAccounts };

before(async () => {
  await builtSweeper();
});

test("a file is said as it is, to the nanosecond", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const path = tree.file("a.arc", "12345");
  const { looked, seen } = await lookAt({ root: tree.root }, account);
  const status = lstatSync(path, { bigint: true });
  const { dev, ino } = lstatSync(tree.root, { bigint: true });
  assert.deepEqual(seen, [
    {
      path: [Buffer.from("a.arc").toString("hex")],
      type: "file",
      identity: {
        dev: `${status.dev}`,
        ino: `${status.ino}`,
        size: "5",
        mtimeNs: `${status.mtimeNs}`,
        ctimeNs: `${status.ctimeNs}`,
        uid: account.uid,
        links: 1,
      },
      guard: null,
    },
  ]);
  assert.deepEqual(looked, {
    kind: "looked",
    message: "",
    unseen: "",
    applied: false,
    root: { dev: `${dev}`, ino: `${ino}` },
  });
});

test("only regular files of the account's own with one link are free, and nothing else is opened", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  await using other = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const at = (name: string) => join(tree.root, name);
  tree.file("free.arc");
  symlinkSync("free.arc", at("link.arc"));
  symlinkSync("/etc/passwd", at("away.arc"));
  linkSync(tree.file("one.arc"), at("two.arc"));
  execFileSync("mkfifo", [at("fifo.arc")]);
  execFileSync("mknod", [at("device.arc"), "c", "1", "5"]);
  for (const name of ["fifo.arc", "device.arc"]) chownSync(at(name), account.uid, account.gid);
  writeFileSync(at("other.arc"), "x");
  chownSync(at("other.arc"), other.uid, other.gid);
  tree.folder("folder.arc");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at("socket.arc"), resolve));
  try {
    const { verdicts, seen } = await lookAt({ root: tree.root }, account);
    assert.deepEqual(verdicts, {
      "free.arc": "free",
      "link.arc": "not-a-regular-file",
      "away.arc": "not-a-regular-file",
      "one.arc": "several-links",
      "two.arc": "several-links",
      "fifo.arc": "not-a-regular-file",
      "device.arc": "not-a-regular-file",
      "other.arc": "another-owner",
      "folder.arc": "not-a-regular-file",
      "socket.arc": "not-a-regular-file",
    });
    const messages = Object.fromEntries(seen.map((one) => [pathOf(one), `${one.type} ${one.guard?.message}`]));
    assert.equal(messages["fifo.arc"], "other it is a FIFO");
    assert.equal(messages["link.arc"], "link it is a link");
    assert.equal(messages["device.arc"], "other it is a device");
    assert.equal(messages["socket.arc"], "other it is a socket");
    assert.equal(messages["one.arc"], "file it has 2 links");
  } finally {
    server.close();
  }
});

test("names of any bytes come back as they are", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const names = [
    "line\nend.arc",
    "-rf",
    " ",
    "*",
    "'\"`$(x)`.arc",
    "caf\xc3\xa9.arc",
    "invalid\xff\xfe.arc",
    "\x1b[2J\x07",
    `${"\xff".repeat(251)}.arc`,
    "x".repeat(255),
    "...",
    "\\",
  ].map((name) => Buffer.from(name, "latin1"));
  const folder = Buffer.from(`${tree.root}/`, "latin1");
  for (const name of names) {
    writeFileSync(Buffer.concat([folder, name]), "");
    chownSync(Buffer.concat([folder, name]), account.uid, account.gid);
  }
  const { seen, looked } = await lookAt({ root: tree.root }, account);
  assert.deepEqual(seen.map(({ path }) => path[0]).sort(), names.map((name) => name.toString("hex")).sort());
  assert.deepEqual(
    seen.filter(({ guard }) => guard !== null),
    [],
  );
  assert.equal(looked.kind, "looked");
});

test("paths of 4,000 bytes and more are reached, and depth is kept", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  // By steps: no call takes a path that long.
  const script = `cd "$1" || exit 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do n=$(printf "%0250d" $i); echo x >$i.arc; mkdir $n; cd $n || exit 1; done
echo x >deep.arc`;
  execFileSync("setpriv", [
    ...[`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"],
    ...["/bin/bash", "-c", script, "bash", tree.root],
  ]);
  const filesAt = async (depth: number) => {
    const { seen, looked } = await lookAt({ root: tree.root, depth }, account);
    assert.equal(looked.message, "");
    return seen
      .filter(({ type, guard }) => type === "file" && guard === null)
      .map(({ path }) => path.length)
      .sort();
  };
  assert.deepEqual(await filesAt(1), [1]);
  assert.deepEqual(await filesAt(3), [1, 2, 3]);
  const { seen } = await lookAt({ root: tree.root, depth: 16 }, account);
  assert.ok(seen.some((one) => pathOf(one).length > 3_750 && one.path.length === 16));
});

test("a file that somebody has open is held, one of others' kinds is not even opened", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const [read, written] = [openSync(tree.file("read.arc"), "r"), openSync(tree.file("written.arc"), "a")];
  const unasked = openSync(tree.file("unasked.log"), "a");
  chmodSync(tree.file("closed.arc"), 0);
  utimesSync(tree.file("idle.arc"), 1_000_000, 1_000_000);
  try {
    const looked = await lookAt({ root: tree.root, match: ["*.arc"] }, account);
    assert.deepEqual(looked.verdicts, {
      "read.arc": "held-open",
      "written.arc": "held-open",
      "unasked.log": "free",
      "closed.arc": "open-unknown",
      "idle.arc": "free",
    });
    assert.equal(statSync(join(tree.root, "idle.arc")).atimeMs, 1_000_000_000, "a look changed the time of access");
  } finally {
    for (const one of [read, written, unasked]) closeSync(one);
  }
});

test("where the addon cannot be loaded nothing is looked at, and it is said", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  tree.file("a.arc");
  const { setAddon } = await import("../../agent/host/native.ts");
  const { builtAddon } = await import("../support/addon.ts");
  try {
    for (const path of [join(tree.above, "none.node"), tree.file("no.node", "no library")]) {
      setAddon(path);
      const { looked, seen } = await lookAt({ root: tree.root, match: ["*.arc"] }, account);
      assert.deepEqual([looked.kind, seen], ["refused", []], path);
      assert.match(looked.message, /^the addon of the sweeper: expected to load it, found .*; install rcwarden again$/);
    }
  } finally {
    setAddon(builtAddon());
  }
});

test("other mounts are named and not entered, though it is the same device", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  using away = makeTree(account);
  away.file("outside.arc");
  away.file("sub/outside.arc");
  tree.file("mine.arc");
  for (const name of ["bind", "tmpfs", "plain", "bound/etc"]) tree.folder(name);
  tree.file("plain/in.arc");
  tree.file("covered.arc");
  const { below, system } = await inMounts(account, tree.root, away.root);
  assert.deepEqual(below.verdicts, {
    "mine.arc": "free",
    bind: "mount",
    tmpfs: "mount",
    plain: "not-a-regular-file",
    "plain/in.arc": "free",
    "covered.arc": "mount",
    bound: "not-a-regular-file",
    "bound/etc": "mount",
  });
  assert.equal(below.looked.kind, "looked");
  // A folder of the system is refused under another path, too.
  assert.equal(system.looked.kind, "refused");
  assert.match(system.looked.message, /no folder of the system/);
});

/** In a mount namespace that ends with it: what is mounted over the trees is never seen by who removes them. */
async function inMounts(account: TestAccount, tree: string, away: string) {
  const script = `mount --bind "$2" "$1/bind" && mount -t tmpfs none "$1/tmpfs" && mount --bind "$2/outside.arc" "$1/covered.arc" &&
mount --bind /etc "$1/bound/etc" && shift 2 && exec "$@"`;
  const { name, uid, gid, home } = account;
  const asked = JSON.stringify({ name, uid, gid, home });
  const ask = [process.execPath, join(import.meta.dirname, "ask-mounted.ts"), tree, asked];
  const words = ["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", tree, away, ...ask];
  const said = execFileSync("unshare", words, { encoding: "utf8", timeout: 120_000 });
  const answer: { readonly below: AllSeen; readonly system: AllSeen } = JSON.parse(said);
  return answer;
}

test("a folder that may not be listed is counted, and what follows it is seen", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  chmodSync(tree.folder("closed"), 0);
  for (const name of ["a", "z"]) tree.file(`${name}.arc`);
  const { looked, verdicts } = await lookAt({ root: tree.root, depth: 2 }, account);
  assert.deepEqual(verdicts, { closed: "not-a-regular-file", "a.arc": "free", "z.arc": "free" });
  assert.equal(looked.message, "1 folder or file could not be looked at (first: EACCES)");
});

test("roots that are none are refused, each with its reason", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  await using other = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  using others = makeTree(other);
  symlinkSync(tree.root, join(tree.above, "link"));
  tree.folder("link-target/x");
  symlinkSync("link-target", join(tree.root, "inner"));
  tree.file("pg/PG_VERSION");
  tree.folder("pg/archive/deep");
  tree.file("kafka/meta.properties");
  const hidden = tree.folder("hidden/below");
  tree.file("hidden/ibdata1");
  chmodSync(join(tree.root, "hidden"), 0o711);
  chownSync(join(tree.root, "hidden"), 0, 0);
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["/", /two deep|without empty/],
    ["/tmp", /at least two deep, found one 1 deep/],
    ["/etc/ssh", /no folder of the system/],
    ["/usr/lib", /no folder of the system/],
    ["/var/log", /a folder of one owner/],
    ["/proc/self", /no folder of the system|no link/],
    [account.home, /below a home/],
    [other.home, /below a home/],
    [others.root, /a folder of the account's/],
    [`${tree.above}/link`, /that is no link/],
    [`${tree.root}/inner/x`, /that is no link/],
    [`${tree.root}/../root`, /without empty components/],
    [`${tree.root}//pg`, /without empty components/],
    [`${tree.root}/.`, /without empty components/],
    [`${tree.root}/none`, /found ENOENT/],
    [tree.file("file.arc"), /found ENOTDIR/],
    ["relative/path", /an absolute path/],
    [`${tree.root}/pg`, /no database, found one of PostgreSQL's/],
    [`${tree.root}/pg/archive/deep`, /no database, found one of PostgreSQL's/],
    [`${tree.root}/kafka`, /no database, found one of Kafka's/],
    [hidden, /no database, found one of MySQL's/],
  ];
  for (const [path, message] of refusals) {
    const { looked, seen } = await lookAt({ root: path }, account);
    assert.equal(looked.kind, "refused", `${path}: ${JSON.stringify(looked)}`);
    assert.match(looked.message, message, path);
    assert.deepEqual(seen, [], path);
  }
});

test("for root every folder on the way is root's, and nobody else may write it", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  const own = { ...account, uid: 0, gid: 0 };
  using tree = makeTree(own);
  tree.file("a.arc");
  // /tmp is everybody's.
  assert.match((await lookAt({ root: tree.root }, own)).looked.message, /^\/tmp: expected for the account root/);
  const place = `/var/lib/rcwarden-look-${process.pid}`;
  mkdirSync(join(place, "root"), { recursive: true });
  try {
    chmodSync(place, 0o755);
    writeFileSync(join(place, "root/a.arc"), "");
    const looked = await lookAt({ root: join(place, "root") }, own);
    assert.deepEqual([looked.looked.kind, looked.verdicts], ["looked", { "a.arc": "free" }]);
    chmodSync(place, 0o775);
    assert.equal((await lookAt({ root: join(place, "root") }, own)).looked.kind, "refused");
  } finally {
    execFileSync("rm", ["-r", place]);
  }
});

test("nothing below the root is changed by a look", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const name of ["a.arc", "b/c.arc", "b/d/e.arc"]) tree.file(name);
  const state = () =>
    execFileSync("find", [tree.root, "-printf", "%p %i %m %U %s %A@ %T@ %C@\n"], { encoding: "utf8" });
  // What find itself reads has another time of access, once.
  state();
  const earlier = state();
  await lookAt({ root: tree.root, depth: 3 }, account);
  assert.equal(state(), earlier);
  assert.equal(readFileSync(join(tree.root, "a.arc"), "utf8"), "x");
});

test("a quarantine folder is never looked into, nor one below another Retention's root", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const path of ["a.arc", ".rcwarden-quarantine/1.0", "deep/b.arc", "deep/.rcwarden-quarantine/2.0"])
    tree.file(path);
  const { verdicts } = await lookAt({ root: tree.root, depth: 3 }, account);
  assert.deepEqual(Object.keys(verdicts).sort(), ["a.arc", "deep", "deep/b.arc"]);
});
