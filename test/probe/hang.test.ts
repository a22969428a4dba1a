import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Account } from "../../agent/facts/index.ts";
import type { Question } from "../../agent/probe/session.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { accountOf, command, inTurns, isInstalled, scratch, useBuiltLauncher } from "./asking.ts";

interface Case {
  readonly name: string;
  readonly run: string;
  readonly shell?: string;
  /** Programs without which it cannot be tried here. */
  readonly needs?: readonly string[];
  readonly terminal?: boolean;
  readonly prompt?: string | RegExp;
}

const python = "/usr/bin/python3 -c";

const waitsForEver: readonly Case[] = [
  { name: "rm -i", run: `rm -i ${scratch}/f`, prompt: `rm: remove regular file '${scratch}/f'? ` },
  { name: "cp -i", run: `cp -i /etc/hostname ${scratch}/f`, prompt: `cp: overwrite '${scratch}/f'? ` },
  { name: "mv -i", run: `mv -i ${scratch}/g ${scratch}/f`, prompt: `mv: overwrite '${scratch}/f'? ` },
  { name: "cat", run: "cat", prompt: "" },
  { name: "bash read", run: "read x", prompt: "" },
  { name: "bash read -p without a terminal", run: 'read -p "Name? " x', prompt: "" },
  { name: "bash select", run: "select x in a b; do break; done", prompt: "#? " },
  { name: "a command substitution", run: "x=$(head -1); echo $x" },
  {
    name: "ssh-keygen that would overwrite",
    run: `ssh-keygen -q -t ed25519 -N "" -f ${scratch}/f`,
    needs: ["ssh-keygen"],
    prompt: /Overwrite \(y\/n\)\? $/,
  },
  { name: "python input", run: `${python} 'input("Name? ")'`, needs: ["python3"], prompt: "Name? " },
  { name: "perl <STDIN>", run: `perl -e '$|=1;print "N? ";$x=<STDIN>'`, needs: ["perl"], prompt: "N? " },
  { name: "perl select without a time", run: `perl -e '$r="\\1"; select($r,undef,undef,undef)'`, needs: ["perl"] },
  {
    name: "python poll without a time",
    run: `${python} 'import select;p=select.poll();p.register(0,1);p.poll()'`,
    needs: ["python3"],
  },
  {
    name: "python epoll without a time",
    run: `${python} 'import select;p=select.epoll();p.register(0,1);p.poll()'`,
    needs: ["python3"],
  },
  { name: "zsh read", shell: "zsh", run: "read x", needs: ["zsh"] },
  { name: "zsh read under TMOUT, which it ignores here", shell: "zsh", run: "TMOUT=1; read x", needs: ["zsh"] },
  { name: "zsh read -q on a terminal", shell: "zsh", run: "read -q x", needs: ["zsh"], terminal: true },
  { name: "tcsh $<", shell: "tcsh", run: "set x = $<", needs: ["tcsh"] },
  { name: "tcsh $< under autologout", run: 'exec tcsh -fc "set autologout=1; set x=$<"', needs: ["tcsh"] },
  { name: "dash read", shell: "dash", run: "read x", needs: ["dash"] },
  { name: "a read after timeout(1) is over", run: `timeout 5 true; rm -i ${scratch}/f` },
  { name: "a read after a background job is over", run: "sleep 0.1 & wait; cat" },
  { name: "the end of a pipeline after a writer that died", run: "yes | head -1; cat", prompt: "" },
  { name: "a pipeline of readers", run: "cat | sort | tail -1" },
  { name: "a subshell that reads, its parent trapping", run: "trap : USR1; (cat); true" },
  { name: "perl after alarm 0", run: "perl -e 'alarm 5; alarm 0; <STDIN>'", needs: ["perl"] },
  { name: "python with idle threads", run: `${python} 'import threading;threading.Thread(target=input).start()'` },
  { name: "bash read on a terminal", run: 'read -p "N? " x', terminal: true, prompt: "N? " },
  { name: "python input on a terminal", run: `${python} 'input("N? ")'`, needs: ["python3"], terminal: true },
  { name: "cat on a terminal", run: "exec cat", terminal: true, prompt: "" },
  { name: "a program that reads /dev/tty", run: "read x </dev/tty", terminal: true },
  { name: "a terminal of its own around rm -i", run: `script -qc 'rm -i ${scratch}/f' /dev/null`, terminal: true },
];

const endsByTime: readonly Case[] = [
  { name: "bash read -t", run: "read -t 1 x" },
  { name: "bash TMOUT", run: "TMOUT=1; read x" },
  { name: "bash read -t on a terminal", run: "read -t 1 x", terminal: true },
  { name: "bash read -e -t on a terminal", run: "read -e -t 1 x", terminal: true },
  { name: "zsh read -t", shell: "zsh", run: "read -t 1 x", needs: ["zsh"] },
  { name: "zsh zselect", shell: "zsh", run: "zmodload zsh/zselect; zselect -t 100 -r 0", needs: ["zsh"] },
  { name: "timeout cat", run: "timeout 1 cat" },
  { name: "timeout --foreground cat", run: "timeout --foreground 1 cat" },
  { name: "a background job that kills the reader", run: "(sleep 1; kill $$) & exec cat" },
  { name: "a background job that kills a shell that reads", run: "(sleep 1; kill $$) & read x" },
  { name: "perl alarm", run: "perl -e 'alarm 1; <STDIN>'", needs: ["perl"] },
  { name: "perl ualarm", run: "perl -MTime::HiRes=ualarm -e 'ualarm 900000; <STDIN>'", needs: ["perl"] },
  { name: "an alarm kept over exec", run: "perl -e 'alarm 1; exec \"cat\"'", needs: ["perl"] },
  { name: "perl select with a time", run: `perl -e '$r="\\1"; select($r,undef,undef,1)'`, needs: ["perl"] },
  { name: "python alarm", run: `${python} 'import signal;signal.alarm(1);input()'`, needs: ["python3"] },
  { name: "python setitimer", run: `${python} 'import signal;signal.setitimer(0,1);input()'`, needs: ["python3"] },
  {
    name: "python setitimer that repeats",
    run: `${python} 'import signal,os;n=[0]
def h(*a):
  n[0]+=1
  if n[0]>2: os._exit(0)
signal.signal(14,h);signal.setitimer(0,0.4,0.4);input()'`,
    needs: ["python3"],
  },
  { name: "python select", run: `${python} 'import select;select.select([0],[],[],1)'`, needs: ["python3"] },
  {
    name: "python poll",
    run: `${python} 'import select;p=select.poll();p.register(0,1);p.poll(1000)'`,
    needs: ["python3"],
  },
  {
    name: "python epoll",
    run: `${python} 'import select;p=select.epoll();p.register(0,1);p.poll(1)'`,
    needs: ["python3"],
  },
  {
    name: "a python thread with a timer",
    run: `${python} 'import threading,os;threading.Timer(1,lambda:os._exit(0)).start();input()'`,
    needs: ["python3"],
  },
  {
    name: "a socket with a receive timeout in another thread",
    run: `${python} 'import socket,struct,threading,os
a,b=socket.socketpair()
a.setsockopt(socket.SOL_SOCKET,socket.SO_RCVTIMEO,struct.pack("ll",1,0))
def f():
  try: a.recv(1)
  except OSError: os._exit(0)
threading.Thread(target=f).start();input()'`,
    needs: ["python3"],
  },
  {
    name: "a timerfd in an epoll set",
    run: `${python} 'import ctypes,os,select,struct
c=ctypes.CDLL(None);f=c.timerfd_create(1,0);c.timerfd_settime(f,0,struct.pack("llll",0,0,1,0),None)
p=select.epoll();p.register(0,1);p.register(f,1);p.poll()'`,
    needs: ["python3"],
  },
  {
    name: "a POSIX timer",
    run: `${python} 'import ctypes,struct
c=ctypes.CDLL(None);t=ctypes.c_void_p();c.timer_create(1,None,ctypes.byref(t))
c.timer_settime(t,0,struct.pack("llll",0,0,1,0),None);input()'`,
    needs: ["python3"],
  },
  { name: "sleep | cat", run: "sleep 1 | cat" },
  { name: "a coprocess", run: "coproc sleep 1; read -u $COPROC x" },
  { name: "a process substitution", run: "read x < <(sleep 1)" },
  { name: "wait", run: "sleep 1 & wait" },
  { name: "tail --pid", run: "sleep 1 & tail --pid=$! -f /dev/null" },
  { name: "stty with VMIN 0 and VTIME", run: "stty -icanon min 0 time 10; dd bs=1 count=1", terminal: true },
];

const endsByItself: readonly Case[] = [
  { name: "zsh read -q without a terminal", shell: "zsh", run: "read -q x", needs: ["zsh"] },
  { name: "ssh-keygen at work", run: `ssh-keygen -q -t rsa -b 3072 -N "" -f ${scratch}/n`, needs: ["ssh-keygen"] },
  { name: "a CPU loop of half a second", run: "t=$SECONDS; for i in {1..100000}; do :; done" },
];

let account: TestAccount;
let subject: Account;
const cleanup = new AsyncDisposableStack();
before(async () => {
  if (noAccounts) return;
  await useBuiltLauncher();
  account = cleanup.use(await makeAccount());
  subject = accountOf(account);
});
after(() => cleanup.disposeAsync());

function askCase({ run, shell, terminal }: Case, change: Partial<Question> = {}) {
  return command(subject, run, { terminal: terminal ?? false, ...(shell === undefined ? {} : { shell }), ...change });
}

function missing({ needs = [] }: Case): string | false {
  const absent = needs.filter((program) => !isInstalled(program));
  return absent.length > 0 ? `needs ${absent.join(", ")}` : false;
}

/** What can be tried here; the rest is skipped by name, visibly. */
async function each(
  context: { test(name: string, options: { skip: string | false }, run: () => Promise<void>): Promise<void> },
  most: number,
  cases: readonly Case[],
  take: (one: Case) => Promise<void>,
): Promise<void> {
  await inTurns(most, cases, (one) => context.test(one.name, { skip: missing(one) }, () => take(one)));
}

test("what waits for ever is a hang, finally, with its prompt", { skip: noAccounts, concurrency: true }, (context) =>
  each(context, 3, waitsForEver, async (one) => {
    const run = await askCase(one);
    assert.deepEqual(
      { ended: run.ended, final: run.final, for: run.waiting?.for, exit: run.exit },
      { ended: "hang", final: true, for: "input", exit: null },
    );
    if (typeof one.prompt === "string") assert.equal(run.prompt, one.prompt);
    else if (one.prompt !== undefined) assert.match(run.prompt ?? "", one.prompt);
  }),
);

test("what a time ends is never a hang", { skip: noAccounts, concurrency: true }, (context) =>
  each(context, 8, endsByTime, async (one) => {
    const run = await askCase(one);
    assert.equal(run.ended, "exited", `${run.ended}, ${run.waiting?.says}`);
  }),
);

test("what ends by itself is never a hang", { skip: noAccounts, concurrency: true }, (context) =>
  each(context, 3, endsByItself, async (one) => assert.equal((await askCase(one)).ended, "exited")),
);

test("a hang whose timer was ignored is final once the timer is over", { skip: noAccounts }, async () => {
  const run = await askCase({ name: "", run: `perl -e '$SIG{ALRM}="IGNORE"; alarm 1; <STDIN>'` });
  assert.deepEqual([run.ended, run.final], ["hang", true]);
  assert.ok(run.seconds > 0.9, `${run.seconds}`);
});

test("without the witness a hang is said at the deadline, with the doubt", { skip: noAccounts }, async () => {
  const run = await askCase({ name: "", run: `rm -i ${scratch}/f` }, { witness: false, deadlineMs: 700 });
  assert.deepEqual([run.ended, run.final, run.witnessed], ["hang", false, false]);
  assert.match(run.prompt ?? "", /remove regular file/);
  assert.match(run.waiting?.says ?? "", /a timer cannot be excluded/);
});

test("a hang beside a job that goes on is said at the deadline, with the job", { skip: noAccounts }, async () => {
  const loop = `(while :; do sleep 0.2; done) & rm -i ${scratch}/f`;
  const run = await askCase({ name: "", run: loop }, { deadlineMs: 1000 });
  assert.deepEqual([run.ended, run.final, run.waiting?.for], ["hang", false, "input"]);
  assert.match(run.waiting?.says ?? "", /goes on beside it/);
});

const others: readonly (Case & { readonly ended: string; readonly for: string; readonly says: RegExp })[] = [
  { name: "sleep", run: "sleep 60", ended: "timed-out", for: "time", says: /^sleeps for 60 s$/ },
  { name: "a CPU loop", run: "while :; do :; done", ended: "timed-out", for: "cpu", says: /^computes/ },
  {
    name: "a lock",
    run: `exec 9>~/lk; flock 9; flock ~/lk true`,
    ended: "timed-out",
    for: "lock",
    says: /^waits for a lock on \/.*\/lk$/,
  },
  { name: "a FIFO", run: "mkfifo ~/ff; cat ~/ff", ended: "timed-out", for: "fifo", says: /^waits to open .*\/ff$/ },
  { name: "a FIFO by a relative path", run: "mkfifo ff; cat ff", ended: "timed-out", for: "fifo", says: /\/ff$/ },
  { name: "a read with a time", run: "read -t 60 x", ended: "timed-out", for: "time", says: /input, at most 60 s$/ },
  {
    name: "timeout around cat",
    run: "timeout 60 cat",
    ended: "timed-out",
    for: "time",
    says: /for input, at most until a timer in \d+ s$/,
  },
  { name: "a shell that stops itself", run: "kill -STOP $$", ended: "stopped", for: "stopped", says: /^was stopped/ },
  { name: "a child that stops", run: "sh -c 'kill -STOP $$'; :", ended: "stopped", for: "stopped", says: /stopped/ },
];

test("other waits are told apart in words", { skip: noAccounts, concurrency: true }, (context) =>
  inTurns(4, others, (one) =>
    context.test(one.name, async () => {
      const run = await askCase(one, { deadlineMs: 1200 });
      assert.deepEqual([run.ended, run.waiting?.for], [one.ended, one.for], run.waiting?.says);
      assert.match(run.waiting?.says ?? "", one.says);
    }),
  ),
);
