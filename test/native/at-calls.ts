// Calls everything that at.c has, with what it is made for and with what it is not. Ends with a line `done`.
// Its words: the addon, a folder of its own. Run in a process of its own, by both builds.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants as files,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { constants, release } from "node:os";
import { eachName, Status } from "../../agent/host/at.ts";

const [path = "", given = ""] = process.argv.slice(2);
const folder = realpathSync(given);
// Children of this one have no sanitizer.
delete process.env.LD_PRELOAD;
const { errno } = constants;
const module: { exports: Record<string, (...words: unknown[]) => unknown> } = { exports: {} };
process.dlopen(module, path);
const { statAt, statOf, moveAt, removeAt, holdAt, makeAt, openAt, listOf, entriesOf, syncFolder, examineAt, beIdle } =
  module.exports;
assert.ok(statAt && statOf && moveAt && removeAt && holdAt && makeAt && openAt);
assert.ok(listOf && entriesOf && syncFolder && examineAt && beIdle);

process.umask(0);
const mine = (name: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
const bytes = (name: string): Buffer => Buffer.from(name, "latin1");
const write = (name: string, text = "x"): void => writeFileSync(mine(name), text);
const number = (answer: unknown): number => {
  assert.ok(typeof answer === "number");
  return answer;
};
const descriptor = (answer: unknown): number => {
  assert.ok(number(answer) >= 0, `a descriptor: ${answer}`);
  return number(answer);
};
/** What open(2) was told, and what it is now. */
const flagsOf = (fd: number): number =>
  Number.parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "", 8);
/** How many lead to the folder or below it; Node has its own. */
const openDescriptors = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false; // the one that this listing took
    }
  }).length;
const [closeOnExec, onlyPlace] = [0o2000000, 0o10000000];

assert.equal(openDescriptors(), 0);
const held = openSync(folder, files.O_DIRECTORY | onlyPlace);
const room = (): BigInt64Array => new BigInt64Array(11);

// Arguments of another number or kind; the file at the name outlives them all.
const odd: readonly unknown[] = [
  ...[undefined, null, "", "x", {}, [], Symbol("x"), 1n, () => 0, new ArrayBuffer(88), new SharedArrayBuffer(88)],
];
const noDescriptor = [
  true,
  -1,
  -100,
  -0.5,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const noFields = [
  ...[new BigInt64Array(0), new BigInt64Array(10), new BigInt64Array(12), new BigUint64Array(11)],
  ...[
    new Float64Array(11),
    new Int32Array(22),
    new Uint8Array(88),
    Buffer.alloc(88),
    new DataView(new ArrayBuffer(88)),
  ],
  ...[lost(), shrunk()],
];
/** Whose memory another one has by now. */
function lost(): BigInt64Array {
  const memory = new ArrayBuffer(88);
  const away = new BigInt64Array(memory);
  structuredClone(memory, { transfer: [memory] });
  return away;
}
/** Whose memory is less by now than it was made for. */
function shrunk(): BigInt64Array {
  const memory = new ArrayBuffer(88, { maxByteLength: 4096 });
  const less = new BigInt64Array(memory, 0, 11);
  memory.resize(8);
  return less;
}
const noNames = [
  "",
  ".",
  "..",
  "/",
  "a/b",
  "../x",
  "/etc",
  "x/",
  "\0",
  "x\0",
  "\0x",
  "x".repeat(256),
  "x".repeat(1 << 20),
];

write("stays", "as it was");
const seen = room();
assert.equal(statAt(held, bytes("stays"), seen), 0);
const right = {
  descriptor: () => held,
  name: () => bytes("stays"),
  fields: () => seen,
  room: () => Buffer.alloc(64),
  boolean: () => false,
} as const;
const wrong: Readonly<Record<keyof typeof right, readonly unknown[]>> = {
  descriptor: [...odd, ...noDescriptor, Buffer.alloc(1)],
  name: [...odd, ...noDescriptor, 0],
  fields: [...odd, ...noDescriptor, 0, ...noFields],
  room: [...odd, ...noDescriptor, 0],
  boolean: [...odd, 0, 1, Number.NaN, Buffer.alloc(1)],
};
const kinds: Readonly<Record<string, readonly (keyof typeof right)[]>> = {
  statAt: ["descriptor", "name", "fields"],
  statOf: ["descriptor", "fields"],
  moveAt: ["descriptor", "name", "descriptor", "name"],
  removeAt: ["descriptor", "name"],
  holdAt: ["descriptor", "name"],
  makeAt: ["descriptor", "name"],
  openAt: ["descriptor", "name"],
  listOf: ["descriptor"],
  entriesOf: ["descriptor", "room"],
  syncFolder: ["descriptor"],
  examineAt: ["descriptor", "name", "fields", "room", "boolean"],
  beIdle: [],
};
const before = seen.join();
for (const [name, words] of Object.entries(kinds)) {
  const call = module.exports[name];
  assert.ok(call);
  const all = (): unknown[] => words.map((kind) => right[kind]());
  for (let count = 0; count < words.length; count += 1)
    assert.throws(() => call(...all().slice(0, count)), TypeError, `${name} with ${count}`);
  assert.throws(() => call(...all(), undefined), TypeError, `${name} with one more`);
  assert.throws(() => call(...all(), ...Array(1000).fill(held)), TypeError, `${name} with many more`);
  for (const [at, kind] of words.entries()) {
    for (const [which, word] of wrong[kind].entries())
      assert.throws(() => call(...all().with(at, word)), TypeError, `${name}, ${at}: ${kind} ${which}`);
    if (kind === "descriptor") assert.equal(call(...all().with(at, 2 ** 31 - 1)), -errno.EBADF, name);
    if (kind !== "name") continue;
    for (const text of noNames)
      assert.equal(call(...all().with(at, bytes(text))), -errno.EINVAL, `${name}, ${at}: ${JSON.stringify(text)}`);
  }
}
assert.equal(seen.join(), before);
assert.deepEqual(readdirSync(folder), ["stays"]);
assert.equal(readFileSync(mine("stays"), "utf8"), "as it was");
assert.equal(openDescriptors(), 1, "what was refused left a descriptor");

// What a file is, whatever its name: as lstat(2) says it, a link as itself, and the mount as the kernel counts it.
const names = ["a", "x".repeat(255), "line\nend", "caf\xe9\xff", "-rf", "...", "..x", " ", "\x1b[2J"];
for (const name of names) writeFileSync(mine(bytes(name)), bytes(name));
symlinkSync("a", mine("link"));
symlinkSync("nowhere", mine("dangling"));
mkdirSync(mine("folder"));
mkdirSync(mine("other"));
execFileSync("mkfifo", [`${folder}/fifo`]);
const mount = Number(/^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${held}`, "utf8"))?.[1]);
const [major = 0, minor = 0] = release().split(".").map(Number);
const saysMount = major > 5 || (major === 5 && minor >= 8);
const found = new Status();
for (const name of [...names, "link", "dangling", "folder", "fifo", "stays"]) {
  found.into.fill(-7n);
  assert.equal(statAt(held, bytes(name), found.into), 0, name);
  const { dev, ino, size, mtimeNs, ctimeNs, uid, nlink, mode } = lstatSync(mine(bytes(name)), { bigint: true });
  assert.deepEqual(
    [found.dev, found.ino, found.sizeText, found.mtimeNs, found.ctimeNs, found.uid, found.links, found.mode],
    [`${dev}`, `${ino}`, `${size}`, `${mtimeNs}`, `${ctimeNs}`, Number(uid), Number(nlink), Number(mode)],
  );
  assert.equal(found.mount, saysMount ? mount : -1);
}
execFileSync("touch", ["-d", "@-3.25", `${folder}/a`]); // before 1970, where Node's own call takes no time
assert.equal(statAt(held, bytes("a"), found.into), 0);
assert.equal(found.mtimeNs, "-3250000000");
// A part of a larger memory, and nothing beside it.
const large = new BigInt64Array(13).fill(-7n);
assert.equal(statOf(held, large.subarray(1, 12)), 0);
assert.deepEqual([large[0], large[12], large[2]], [-7n, -7n, lstatSync(folder, { bigint: true }).ino]);
assert.equal(statAt(held, bytes("none"), found.into), -errno.ENOENT);
const plain = openSync(mine("a"), "r");
assert.equal(statOf(plain, found.into), 0);
assert.equal(found.ino, `${fstatSync(plain).ino}`);
for (const call of [() => statAt(plain, bytes("a"), seen), () => removeAt(plain, bytes("a")), () => listOf(plain)])
  assert.equal(call(), -errno.ENOTDIR);
assert.equal(syncFolder(plain), -errno.ENOTDIR);
assert.equal(entriesOf(plain, Buffer.alloc(4096)), -errno.ENOTDIR);
closeSync(plain);

// A held folder is good for names, wherever it goes, and for nothing else; a link to one is none.
const inner = descriptor(holdAt(held, bytes("folder")));
assert.equal(flagsOf(inner) & (onlyPlace | closeOnExec | files.O_NOFOLLOW), onlyPlace | closeOnExec | files.O_NOFOLLOW);
assert.equal(entriesOf(inner, Buffer.alloc(4096)), -errno.EBADF);
symlinkSync("folder", mine("to-folder"));
for (const name of ["to-folder", "a", "fifo", "link"]) assert.equal(holdAt(held, bytes(name)), -errno.ENOTDIR, name);
assert.equal(holdAt(held, bytes("none")), -errno.ENOENT);
renameSync(mine("folder"), mine("moved"));
writeFileSync(mine("moved/inside"), "x");
assert.equal(statAt(inner, bytes("inside"), seen), 0);
assert.equal(statAt(held, bytes("to-folder/inside"), seen), -errno.EINVAL);
renameSync(mine("moved"), mine("folder"));

// A folder of the caller's alone, and never over something.
assert.equal(makeAt(held, bytes("made")), 0);
assert.equal(lstatSync(mine("made")).mode, 0o40700);
for (const name of ["made", "a", "dangling", "fifo"]) assert.equal(makeAt(held, bytes(name)), -errno.EEXIST, name);
assert.throws(() => lstatSync(mine("nowhere")), /ENOENT/);

// Nothing is moved over another one, whatever that is, and nothing is lost by trying.
const other = descriptor(holdAt(held, bytes("other")));
write("other/taken", "theirs");
for (const target of ["taken", "linked", "empty"]) {
  if (target === "linked") symlinkSync("nowhere", mine("other/linked"));
  if (target === "empty") mkdirSync(mine("other/empty"));
  for (const name of ["a", "link", "made", "fifo"])
    assert.equal(moveAt(held, bytes(name), other, bytes(target)), -errno.EEXIST, `${name} ${target}`);
}
assert.equal(readFileSync(mine("other/taken"), "utf8"), "theirs");
assert.equal(readFileSync(mine("a"), "utf8"), "a");
assert.equal(moveAt(held, bytes("a"), held, bytes("a")), -errno.EEXIST);
assert.equal(moveAt(held, bytes("none"), other, bytes("new")), -errno.ENOENT);
for (const name of names) {
  const { ino } = lstatSync(mine(bytes(name)));
  assert.equal(moveAt(held, bytes(name), other, bytes("new")), 0, name);
  assert.equal(lstatSync(mine("other/new")).ino, ino);
  assert.equal(moveAt(other, bytes("new"), held, bytes(name)), 0, name);
  assert.equal(readFileSync(mine(bytes(name)), "latin1"), name);
}
// A link is moved, not what it leads to.
assert.equal(moveAt(held, bytes("link"), other, bytes("link")), 0);
assert.ok(lstatSync(mine("other/link")).isSymbolicLink() && lstatSync(mine("a")).isFile());
assert.equal(moveAt(other, bytes("link"), held, bytes("link")), 0);

// No folder is removed, empty or not; of a link the link; of an open file the name.
for (const name of ["made", "other"]) assert.equal(removeAt(held, bytes(name)), -errno.EISDIR, name);
for (const name of ["made", "other"]) assert.ok(lstatSync(mine(name)).isDirectory());
assert.equal(removeAt(held, bytes("to-folder")), 0);
assert.ok(lstatSync(mine("folder/inside")).isFile());
write("open", "still there");
const reads = openSync(mine("open"), "r");
assert.equal(removeAt(held, bytes("open")), 0);
assert.equal(removeAt(held, bytes("open")), -errno.ENOENT);
const kept = Buffer.alloc(64);
assert.equal(kept.toString("latin1", 0, readSync(reads, kept)), "still there");
closeSync(reads);
for (const name of names) {
  writeFileSync(mine(bytes(`other/${name}`)), name);
  assert.equal(removeAt(other, bytes(name)), 0, name);
  assert.ok(lstatSync(mine(bytes(name))).isFile(), name);
}
assert.deepEqual(readdirSync(mine("other")).sort(), ["empty", "linked", "taken"]);

// Opened for reading, without a mark, without waiting and never through a link.
const reader = descriptor(openAt(held, bytes("stays")));
const quietly = closeOnExec | files.O_NOATIME | files.O_NONBLOCK | files.O_NOFOLLOW;
assert.equal(flagsOf(reader) & (quietly | onlyPlace | files.O_WRONLY | files.O_RDWR), quietly);
assert.equal(kept.toString("latin1", 0, readSync(reader, kept)), "as it was");
closeSync(reader);
for (const name of ["link", "dangling"]) assert.equal(openAt(held, bytes(name)), -errno.ELOOP, name);
assert.equal(openAt(held, bytes("none")), -errno.ENOENT);
closeSync(descriptor(openAt(held, bytes("fifo"))));

// Every name of a folder, by as many calls as it takes.
const list = descriptor(listOf(held));
assert.equal(flagsOf(list) & closeOnExec, closeOnExec);
assert.equal(entriesOf(list, Buffer.alloc(0)), -errno.EINVAL);
assert.equal(entriesOf(list, Buffer.alloc(16)), -errno.EINVAL);
const entries: string[] = [];
const guard = Buffer.alloc(512 + 2, 0xa5);
const between = guard.subarray(1, 513);
let calls = 0;
for (let got = number(entriesOf(list, between)); got !== 0; got = number(entriesOf(list, between))) {
  assert.ok(got > 0 && got <= between.length, `${got}`);
  eachName(between, got, (name) => void entries.push(name.toString("latin1")));
  calls += 1;
}
assert.ok(calls > 1);
assert.deepEqual([guard[0], guard[513]], [0xa5, 0xa5]);
assert.deepEqual(entries.sort(), readdirSync(folder, { encoding: "latin1" }).sort());
closeSync(list);
// Of more than 4 GiB the kernel would count 8 bytes alone. Nobody writes to it, so hardly any of it is there.
const again = descriptor(listOf(held));
const vast = vastRoom();
if (vast !== null) assert.ok(number(entriesOf(again, vast)) > 8);
closeSync(again);
function vastRoom(): Buffer | null {
  try {
    return Buffer.allocUnsafeSlow(2 ** 32 + 8);
  } catch {
    return null; // this host promises no memory that it does not have
  }
}
assert.equal(syncFolder(held), 0);
assert.equal(syncFolder(inner), 0);

// The first bytes of the very file that was seen, in both ways.
const head = Buffer.alloc(257, 0xa5);
const start = head.subarray(1, 256);
const look = (name: string): BigInt64Array => {
  const into = room();
  assert.equal(statAt(held, bytes(name), into), 0, name);
  return into;
};
const both = (name: string, as: BigInt64Array): readonly unknown[] =>
  [false, true].map((isPrivate) => examineAt(held, bytes(name), as, start, isPrivate));
const idle = (length: number): readonly number[] => [length, length];
write("long", "0123456789".repeat(100));
for (const name of names) assert.deepEqual(both(name, look(name)), idle(Math.min(bytes(name).length, 255)), name);
assert.deepEqual(both("long", look("long")), idle(255));
assert.equal(start.toString("latin1"), "0123456789".repeat(100).slice(0, 255));
assert.deepEqual([head[0], head[256]], [0xa5, 0xa5]);
for (const isPrivate of [false, true]) {
  assert.equal(examineAt(held, bytes("long"), look("long"), Buffer.alloc(0), isPrivate), 0);
  assert.equal(examineAt(held, bytes("long"), look("long"), start.subarray(3, 5), isPrivate), 2);
  for (const size of [256, 4096, 1 << 20])
    assert.equal(examineAt(held, bytes("long"), look("long"), Buffer.alloc(size), isPrivate), -errno.EINVAL);
}
write("empty", "");
start.fill(0xa5);
assert.deepEqual(both("empty", look("empty")), idle(0));
assert.ok(start.every((byte) => byte === 0xa5));

// Who has it open, to read or to write, in whatever name, mapped and closed: 256 more; and nobody any more.
for (const flags of ["r", "r+"]) {
  const user = openSync(mine("stays"), flags);
  assert.deepEqual(both("stays", look("stays")), idle(256 + 9), flags);
  closeSync(user);
  assert.deepEqual(both("stays", look("stays")), idle(9), flags);
}
// A place alone is no use of it.
const place = openSync(mine("stays"), onlyPlace);
assert.ok(number(both("stays", look("stays"))[0]) >= 9);
closeSync(place);
const program = `${folder}/mapped`;
execFileSync("cc", ["-o", program, `${import.meta.dirname}/mapped.c`]);
const mapper = spawn(program, [`${folder}/long`], { stdio: ["pipe", "pipe", "inherit"] });
const left = new Promise((resolve) => mapper.once("close", resolve));
await new Promise((resolve) => mapper.stdout.once("data", resolve));
assert.deepEqual(both("long", look("long")), idle(256 + 255));
mapper.stdin.end();
await left;
assert.deepEqual(both("long", look("long")), idle(255));
// The lease has ended: another one opens it at once.
execFileSync("/bin/cat", [`${folder}/long`], { timeout: 10_000 });

// Another file than was seen: its content, its times, its links, its owner's number, its kind.
const stale = [-errno.ESTALE, -errno.ESTALE];
const earlier = look("stays");
chmodSync(mine("stays"), 0o600);
assert.deepEqual(both("stays", earlier), idle(9), "permissions are no content");
for (const at of [0, 1, 2, 3, 4, 5, 6, 7]) {
  const changed = look("stays");
  changed[at] = (changed[at] ?? 0n) + 1n;
  assert.deepEqual(both("stays", changed), stale, `field ${at}`);
}
for (const mode of [0n, BigInt(files.S_IFIFO), BigInt(files.S_IFLNK), BigInt(files.S_IFDIR), -1n]) {
  const changed = look("stays");
  changed[10] = mode;
  assert.deepEqual(both("stays", changed), stale, `mode ${mode}`);
}
utimesSync(mine("stays"), 1, 1);
assert.deepEqual(both("stays", earlier), stale);
const one = look("stays");
linkSync(mine("stays"), mine("second"));
assert.deepEqual(both("stays", one), stale);
assert.deepEqual(both("stays", look("stays")), stale, "several links");
unlinkSync(mine("second"));
assert.deepEqual(both("stays", look("stays")), idle(9));
const swapped = look("stays");
renameSync(mine("stays"), mine("away"));
assert.deepEqual(both("stays", swapped), idle(-errno.ENOENT));
symlinkSync("away", mine("stays"));
assert.deepEqual(both("stays", swapped), [-errno.ESTALE, -errno.ELOOP]);
unlinkSync(mine("stays"));
writeFileSync(mine("stays"), "as it was");
assert.deepEqual(both("stays", swapped), stale);

// What is no regular file is not opened at all: of a socket that would be ENXIO, of what nobody may read EACCES.
const server = createServer();
await new Promise<void>((resolve) => server.listen(`${folder}/socket`, resolve));
assert.deepEqual(both("socket", swapped), [-errno.ESTALE, -errno.ENXIO]);
assert.deepEqual(both("socket", look("socket")), [-errno.ESTALE, -errno.ENXIO]);
server.close();
chmodSync(mine("fifo"), 0);
chmodSync(folder, 0o711);
const isRoot = process.geteuid?.() === 0;
if (isRoot) process.seteuid?.(65534);
const closed = both("fifo", swapped)[0];
const forbidden = number(openAt(held, bytes("fifo")));
// A folder of another owner is listed nevertheless, by whoever may.
if (isRoot) assert.equal(listOf(held), -errno.EACCES);
const listed = isRoot ? descriptor(listOf(other)) : null;
if (isRoot) process.seteuid?.(0);
if (listed !== null) closeSync(listed);
assert.equal(closed, -errno.ESTALE);
assert.ok([-errno.EACCES, -errno.EPERM].includes(forbidden));
chmodSync(mine("fifo"), 0o600);
assert.deepEqual(both("fifo", look("fifo")), stale);
for (const name of ["folder", "fifo"]) assert.equal(both(name, swapped)[0], -errno.ESTALE, name);
assert.equal(both("folder", look("folder"))[1], -errno.ESTALE);

// The process' own memory is taken as it is, also where two words are the same.
const same = look("long");
const bytesOf = Buffer.from(same.buffer);
assert.equal(examineAt(held, bytes("long"), same, bytesOf, false), bytesOf.length);
assert.equal(bytesOf.toString("latin1", 0, 10), "0123456789");

for (const fd of [inner, other]) closeSync(fd);
assert.equal(openDescriptors(), 1, "a call left a descriptor");
closeSync(held);
assert.equal(statOf(held, seen), -errno.EBADF);

assert.equal(beIdle(), 0);
assert.equal(execFileSync("ionice", ["-p", `${process.pid}`], { encoding: "utf8" }), "idle\n");
console.log("done");
