// Calls everything that the addon has, with what it is made for and with what it is not. Ends with a line `done`.
// Its words: the addon, a folder of its own. Run in a process of its own, by both builds.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { constants } from "node:os";
import { receiver } from "../support/datagrams.ts";

const [path = "", folder = ""] = process.argv.slice(2);
// Children of this one have no sanitizer.
delete process.env.LD_PRELOAD;
const { errno } = constants;
const module: { exports: Record<string, (...words: unknown[]) => unknown> } = { exports: {} };
process.dlopen(module, path);
const { notify, peer, lock, trim, lease } = module.exports;
assert.ok(notify && peer && lock && trim && lease);

// Arguments of another number or kind.
const odd = [
  undefined,
  null,
  true,
  "",
  "x",
  {},
  [],
  Symbol("x"),
  1n,
  () => 0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
];
for (const call of [peer, lock, lease]) {
  for (const word of odd) assert.throws(() => call(word), TypeError);
  assert.throws(() => call(), TypeError);
  assert.throws(() => call(0, 0), TypeError);
  assert.equal(call(2 ** 31 - 1), -errno.EBADF);
}
const noText = odd.filter((word) => typeof word !== "string");
for (const word of noText) {
  assert.throws(() => notify(word, "READY=1"), TypeError);
  assert.throws(() => notify("/x", word), TypeError);
}
for (const words of [[], ["/x"], ["/x", "y", "z"], ["/x\0y", "z"], ["/x", "y\0z"]])
  assert.throws(() => notify(...words), TypeError);

// Addresses and texts at and beyond their ends.
for (const name of ["", "/", "@", "x", "relative/path", "é"]) assert.equal(notify(name, "x"), -errno.EINVAL, name);
assert.equal(notify("/x", ""), -errno.EINVAL);
assert.equal(notify(`${folder}/none`, "x"), -errno.ENOENT);
assert.equal(notify("@rcwarden-nobody-listens-here", "x"), -errno.ECONNREFUSED);
assert.equal(notify("/".padEnd(108, "x"), "x"), -errno.ENOENT);
assert.equal(notify("/".padEnd(109, "x"), "x"), -errno.ENAMETOOLONG);
assert.equal(notify("@".padEnd(108, "x"), "x"), -errno.ECONNREFUSED);
assert.equal(notify("@".padEnd(1 << 20, "x"), "x"), -errno.ENAMETOOLONG);
assert.equal(notify(`${folder}/none`, "x".repeat(4096)), -errno.ENOENT);
assert.equal(notify(`${folder}/none`, "x".repeat(4097)), -errno.EMSGSIZE);
assert.equal(notify("/x", "é".repeat(1 << 20)), -errno.EMSGSIZE);

// A receiver by a path, and one whose abstract name fills the field.
const longest = `@rcwarden-${process.pid}-`.padEnd(108, "n");
for (const name of [`${folder}/notify`, longest]) {
  await using listens = await receiver(name);
  assert.equal(notify(name, "READY=1\nSTATUS=é"), 0);
  assert.equal(await listens.next(), "READY=1\nSTATUS=é");
  assert.equal(notify(name, "x".repeat(4096)), 0);
  assert.equal((await listens.next()).length, 4096);
  // Nobody takes them any more: at the end of its room the call comes back and does not wait.
  let outcome: unknown = 0;
  for (let sent = 0; outcome === 0 && sent < 10_000; sent++) outcome = notify(name, "x".repeat(4096));
  assert.equal(outcome, -errno.EAGAIN);
}

// Both ends of a connection, a descriptor that is none, a file, a socket of another family.
const server = createServer();
await new Promise<void>((resolve) => server.listen(`${folder}/socket`, resolve));
const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
const client = connect(`${folder}/socket`);
const there = await accepted;
const fdOf = (socket: object) => Number(Reflect.get(Reflect.get(socket, "_handle") ?? {}, "fd"));
for (const socket of [there, client]) {
  const who: unknown = peer(fdOf(socket));
  const groups: unknown = Reflect.get(Object(who), "groups");
  const own = process.getgroups?.() ?? [];
  assert.deepEqual(who, { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.(), groups });
  assert.ok(Array.isArray(groups) && own.every((gid) => groups.includes(gid) || gid === process.getgid?.()));
}
const tcp = createServer();
await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
assert.equal(peer(fdOf(tcp)), -errno.EAFNOSUPPORT);
const file = openSync(`${folder}/lock`, "w+");
assert.equal(peer(file), -errno.ENOTSOCK);
for (const socket of [client, there]) socket.destroy();
for (const each of [tcp, server]) each.close();

// A lock: mine, again mine, another's, free again; not on what was opened for reading, nor on what is no file.
const [other, reads] = [openSync(`${folder}/lock`, "r+"), openSync(`${folder}/lock`, "r")];
assert.equal(lock(file), 0);
assert.equal(lock(file), 0);
assert.equal(lock(other), -errno.EAGAIN);
assert.equal(lock(reads), -errno.EBADF);
closeSync(file);
assert.equal(lock(other), 0);
assert.equal(peer(file), -errno.EBADF);

assert.throws(() => trim(0), TypeError);
assert.ok(trim() === 0 || trim() === 1);
// A lease: nobody else has it, somebody reads, writes, has mapped and closed it, has it in another name; what has none.
const leased = `${folder}/leased`;
writeFileSync(leased, "x".repeat(8192));
const mine = openSync(leased, "r");
assert.equal(lease(mine), 0);
assert.equal(lease(mine), 0);
for (const flags of ["r", "r+"]) {
  const second = openSync(leased, flags);
  assert.equal(lease(mine), -errno.EAGAIN, flags);
  closeSync(second);
  assert.equal(lease(mine), 0, flags);
}
// It was given back: another one opens it at once.
execFileSync("/bin/cat", [leased], { timeout: 10_000 });
const program = `${folder}/mapped`;
execFileSync("cc", ["-o", program, `${import.meta.dirname}/mapped.c`]);
const mapper = spawn(program, [leased], { stdio: ["pipe", "pipe", "inherit"] });
const left = new Promise((resolve) => mapper.once("close", resolve));
await new Promise((resolve) => mapper.stdout.once("data", resolve));
assert.equal(lease(mine), -errno.EAGAIN);
mapper.stdin.end();
await left;
assert.equal(lease(mine), 0);
const writes = openSync(leased, "r+");
closeSync(mine);
assert.equal(lease(writes), 0);
assert.equal(lease(mine), -errno.EBADF);
assert.equal(lease(openSync(folder, "r")), -errno.EINVAL);
assert.equal(lease(openSync("/dev/null", "r")), -errno.EINVAL);
// The signal that tells of a broken lease would end this process.
process.kill(process.pid, "SIGIO");
console.log("done");
