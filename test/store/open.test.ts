import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { all, commitSome, committed, open, refusal, scratch, started, startMs, thisHost } from "./support/state.ts";

test("a new state has an identity, epoch 1 and nothing else", () => {
  using place = scratch();
  using store = open(place.state);
  assert.match(store.hostId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assert.equal(store.instance, "host");
  assert.equal(store.epoch.n, 1);
  assert.match(store.epoch.r, /^[0-9a-f]{8}$/);
  assert.equal(store.previous, null);
  assert.deepEqual(store.head, { ...store.epoch, seq: 0 });
  assert.deepEqual(store.notices, []);
  assert.deepEqual(store.findings(), []);
  assert.deepEqual(store.size, { events: 0, bytes: 0, lost: 0 });
});

test("each start begins an epoch, and says the one before with its last number", () => {
  using place = scratch();
  const first = open(place.state);
  const { hostId, epoch } = first;
  commitSome(first, 1, 3);
  first.close();
  const second = open(place.state);
  assert.equal(second.hostId, hostId);
  assert.equal(second.epoch.n, 2);
  assert.notEqual(second.epoch.r, epoch.r);
  assert.deepEqual(second.previous, { ...epoch, seq: 3 });
  const between = second.epoch;
  second.close();
  using third = open(place.state);
  assert.deepEqual(third.previous, { ...between, seq: 0 });
  const [event] = committed(third.commit({ nowMs: startMs, events: [started()] }));
  assert.deepEqual({ n: event?.n, r: event?.r, seq: event?.seq }, { ...third.epoch, seq: 1 });
});

test("the folder is 0700 and each file 0600, whatever the umask is", () => {
  for (const umask of [0o000, 0o022, 0o777]) {
    using place = scratch();
    const before = process.umask(umask);
    try {
      using store = open(place.state);
      commitSome(store, 1, 1);
      assert.equal(lstatSync(place.state).mode & 0o7777, 0o700);
      for (const name of readdirSync(place.state))
        assert.equal(
          lstatSync(`${place.state}/${name}`).mode & 0o7777,
          0o600,
          `${name} under umask ${umask.toString(8)}`,
        );
    } finally {
      process.umask(before);
    }
  }
});

test("files that others could read are closed to them", () => {
  using place = scratch();
  open(place.state).close();
  chmodSync(`${place.state}/state.db`, 0o644);
  open(place.state).close();
  assert.equal(lstatSync(`${place.state}/state.db`).mode & 0o7777, 0o600);
});

test("a folder that is not ours alone is refused, and nothing is made in it", () => {
  using place = scratch();
  const folder = (path: string, mode: number) => {
    mkdirSync(path);
    chmodSync(path, mode);
  };
  const linked = (path: string) => {
    folder(`${path}-real`, 0o700);
    symlinkSync(`${path}-real`, path);
  };
  const foreign = (path: string) => {
    folder(path, 0o700);
    chownSync(path, 65_534, 65_534);
  };
  const cases: [string, string, (path: string) => void][] = [
    ["not-ours", "mode 770", (path) => folder(path, 0o770)],
    ["not-ours", "mode 707", (path) => folder(path, 0o707)],
    ["not-ours", "a link", linked],
    ["no-folder", "no folder", (path) => writeFileSync(path, "")],
    ["not-ours", "a link", (path) => symlinkSync(`${path}-nowhere/deep`, path)],
  ];
  if (process.getuid?.() === 0) cases.push(["not-ours", "uid 65534", foreign]);
  for (const [at, [code, found, make]] of cases.entries()) {
    const path = `${place.path}/${at}`;
    make(path);
    const answer = refusal(path);
    assert.equal(answer.code, code, answer.message);
    assert.ok(answer.message.startsWith(`${path}: expected `) && answer.message.includes(found), answer.message);
    if (lstatSync(path).isDirectory()) assert.deepEqual(readdirSync(path), []);
  }
  assert.equal(refusal("relative/state").code, "no-folder");
});

test("a file in it that is a link or a second name of another is refused", () => {
  for (const name of ["state.db", "state.db-wal", "epoch", "state.lock"]) {
    for (const plant of [symlinkSync, linkSync]) {
      using place = scratch();
      const target = `${place.path}/target`;
      writeFileSync(target, "kept");
      mkdirSync(place.state, { mode: 0o700 });
      plant(target, `${place.state}/${name}`);
      const { code, message } = refusal(place.state);
      assert.equal(code, "not-ours");
      assert.ok(message.startsWith(`${place.state}/${name}: expected a regular file`), message);
      assert.equal(readFileSync(target, "utf8"), "kept");
    }
  }
});

test("a second opener is refused and harms nothing; after the first closed it may", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 2);
  const { code, message } = refusal(place.state);
  assert.equal(code, "failed");
  assert.match(message, /expected to be the only one with this state/);
  commitSome(first, 3, 4);
  first.close();
  using second = open(place.state);
  assert.equal(all(second).length, 4);
});

test("a database of a newer version is refused, naming both, and no byte of it changes", () => {
  for (const where of ["database", "log"]) {
    using place = scratch();
    const store = open(place.state, { program: "0.9.0" });
    commitSome(store, 1, 5);
    store.close();
    raiseVersion(place.state, where);
    const before = bytesIn(place.state);
    const { code, message } = refusal(place.state);
    assert.equal(code, "newer", `the version stands in the ${where}: ${message}`);
    assert.match(message, /version 2 or lower, as rcwarden 0\.1\.0 knows it, found version 7, of rcwarden 0\.9\.0/);
    assert.deepEqual(bytesIn(place.state), before);
  }
});

/** As a later program would, which then was killed before or after SQLite copied its log back. */
function raiseVersion(folder: string, where: string): void {
  const newer = new DatabaseSync(`${folder}/state.db`);
  newer.exec("PRAGMA journal_mode = WAL; PRAGMA user_version = 7");
  const left = ["state.db", "state.db-wal"].map((name) => [name, readFileSync(`${folder}/${name}`)] as const);
  newer.close();
  if (where === "log") for (const [name, bytes] of left) writeFileSync(`${folder}/${name}`, bytes, { mode: 0o600 });
}

function bytesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "latin1")]));
}

test("another host's state is set aside: a new identity, a new first epoch, nothing measured", () => {
  using place = scratch();
  const first = open(place.state);
  const { hostId } = first;
  commitSome(first, 1, 3);
  first.close();
  for (const other of [{ machineId: "2".repeat(32) }, { productUuid: "uuid-2" }, { productName: "VMware" }]) {
    using copy = scratch();
    cpSync(place.state, copy.state, { recursive: true });
    using clone = open(copy.state, { hostKeys: { ...thisHost, ...other } });
    assert.notEqual(clone.hostId, hostId);
    assert.equal(clone.epoch.n, 1);
    assert.equal(clone.previous, null);
    assert.deepEqual(clone.findings(), []);
    assert.deepEqual(all(clone), []);
    const [notice = ""] = clone.notices;
    assert.match(
      notice,
      /found another one's \(a cloned disk\); it was moved to .*state\.db\.other-host-20261123T020000Z/,
    );
    assert.ok(readdirSync(copy.state).includes("state.db.other-host-20261123T020000Z"));
  }
});

test("a key that cannot be read makes no other host, and is not forgotten", () => {
  using place = scratch();
  const first = open(place.state);
  const { hostId } = first;
  first.close();
  const second = open(place.state, { hostKeys: { ...thisHost, productUuid: null } });
  assert.equal(second.hostId, hostId);
  second.close();
  using third = open(place.state, { hostKeys: { ...thisHost, productUuid: "uuid-2" } });
  assert.notEqual(third.hostId, hostId);
});

test("the keys of the host do not stand in the state as they are", () => {
  using place = scratch();
  open(place.state).close();
  const kept = Object.values(bytesIn(place.state)).join();
  for (const value of [thisHost.machineId, thisHost.productUuid]) assert.ok(!kept.includes(value));
});

test("the state of another instance is refused", () => {
  using place = scratch();
  open(place.state).close();
  const { code, message } = refusal(place.state, { instance: "oracle" });
  assert.equal(code, "not-ours");
  assert.match(message, /expected the state of instance "oracle", found that of "host"/);
  using store = open(place.state);
  assert.equal(store.epoch.n, 2);
});

test("no more than three databases that were set aside stay", () => {
  using place = scratch();
  for (let at = 0; at < 6; at++) {
    open(place.state, { nowMs: startMs + at * 1000, hostKeys: { ...thisHost, productUuid: `uuid-${at}` } }).close();
  }
  const aside = readdirSync(place.state).filter((name) => name.startsWith("state.db."));
  assert.deepEqual(
    aside.sort(),
    [3, 4, 5].map((second) => `state.db.other-host-20261123T02000${second}Z`),
  );
});

test("a copied-back folder begins an epoch that a receiver knows with another R", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 3);
  first.close();
  cpSync(place.state, `${place.path}/copy`, { recursive: true });
  const second = open(place.state);
  const received = commitSome(second, 4, 6).at(-1);
  second.close();
  rmSync(place.state, { recursive: true });
  cpSync(`${place.path}/copy`, place.state, { recursive: true });
  using back = open(place.state);
  assert.ok(received !== undefined);
  assert.equal(back.epoch.n, received.n);
  assert.notEqual(back.epoch.r, received.r);
  assert.equal(back.events(received).missed, true, "its reader must take a snapshot");
  committed(back.newEpoch(startMs, received.n));
  assert.equal(back.epoch.n, received.n + 1);
  assert.deepEqual(back.previous?.n, received.n);
});
