/** A folder like /proc that a test fills: processes of an sshd and of whoever it let in. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakeProcess {
  readonly parent: number;
  /** The name that the process has, or gave itself. */
  readonly name: string;
  readonly uid?: number;
  readonly state?: string;
  readonly startedTicks?: number;
  /** Null: nobody may see it. */
  readonly program?: string | null;
  readonly words?: readonly string[];
  readonly terminal?: number;
  /** The line of /proc/PID/syscall; null: nobody may read it. */
  readonly call?: string | null;
  readonly switches?: string;
  /** Links by number, `PIPE>` for one that is written to. */
  readonly descriptors?: Readonly<Record<number, string>>;
  readonly nested?: boolean;
}

export interface FakeProc extends Disposable {
  readonly folder: string;
  put(pid: number, process: FakeProcess): void;
  remove(pid: number): void;
  file(path: string, text: string): void;
}

export function fakeProc(): FakeProc {
  const folder = mkdtempSync(join(tmpdir(), "rcw-proc-"));
  const known = new Map<number, FakeProcess>();
  const file = (path: string, text: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text, "latin1");
  };
  const listChildren = (pid: number) => {
    const below = [...known].filter(([, { parent }]) => parent === pid).map(([child]) => `${child} `);
    if (known.has(pid)) file(`${pid}/task/${pid}/children`, below.join(""));
  };
  const proc: FakeProc = {
    folder,
    file,
    put(pid, process) {
      proc.remove(pid);
      known.set(pid, process);
      write(folder, file, pid, process);
      listChildren(pid);
      listChildren(process.parent);
    },
    remove(pid) {
      const parent = known.get(pid)?.parent;
      known.delete(pid);
      rmSync(join(folder, `${pid}`), { recursive: true, force: true });
      if (parent !== undefined) listChildren(parent);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  proc.put(1, { parent: 0, name: "systemd", uid: 0 });
  file("uptime", "10000.00 20000.00\n");
  return proc;
}

function write(folder: string, file: FakeProc["file"], pid: number, process: FakeProcess): void {
  const { parent, name, uid = 501, state = "S", startedTicks = 900_000, words = [name], terminal = 0 } = process;
  const { program = `/usr/bin/${name}`, call = "0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0", switches = "3" } = process;
  const stat = `${pid} (${name}) ${state} ${parent} ${pid} ${pid} ${terminal} -1 0 0 0 0 0 1 1 0 0 20 0 1 0 ${startedTicks}`;
  const nested = process.nested === true ? `NSpid:\t${pid}\t7\n` : `NSpid:\t${pid}\n`;
  const status = `Name:\t${name}\nState:\t${state} (x)\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n${nested}voluntary_ctxt_switches:\t${switches}\nnonvoluntary_ctxt_switches:\t0\n`;
  file(`${pid}/stat`, `${stat} 0 0\n`);
  file(`${pid}/status`, status);
  file(`${pid}/task/${pid}/status`, status);
  file(`${pid}/cmdline`, words.map((word) => `${word}\0`).join(""));
  // A folder (or a file, instead of a link) stands for what may not be read: whoever reads it gets an error that does not say that it is gone.
  if (call === null) mkdirSync(join(folder, `${pid}/task/${pid}/syscall`));
  else file(`${pid}/task/${pid}/syscall`, `${call}\n`);
  if (program === null) file(`${pid}/exe`, "");
  else symlinkSync(program, join(folder, `${pid}/exe`));
  mkdirSync(join(folder, `${pid}/fd`));
  mkdirSync(join(folder, `${pid}/ns`));
  symlinkSync("net:[4026531840]", join(folder, `${pid}/ns/net`));
  for (const [descriptor, link] of Object.entries(process.descriptors ?? {})) {
    symlinkSync(link.replace(/>$/, ""), join(folder, `${pid}/fd/${descriptor}`));
    file(`${pid}/fdinfo/${descriptor}`, `pos:\t0\nflags:\t0${link.endsWith(">") ? "1" : "0"}\nmnt_id:\t1\n`);
  }
}

/** A connection of `uid` whose command reads a pipe from sshd: listener 100, then `at`, `at + 1`, and the command `at + 2`. */
export function connect(proc: FakeProc, at: number, command: Partial<FakeProcess>, uid = 501): void {
  const sshd = { name: "sshd", program: "/usr/sbin/sshd", call: "7 0x0 0x1 0x0 0x0 0x0 0x0 0x0 0x0" };
  proc.put(100, { ...sshd, parent: 1, uid: 0 });
  proc.put(at, { ...sshd, parent: 100, uid: 0, descriptors: { 4: `socket:[${at}]`, 5: `socket:[${at + 1000}]` } });
  const ends = { 9: `pipe:[${at}]>`, 10: `pipe:[${at + 1}]`, 12: `pipe:[${at + 2}]` };
  proc.put(at + 1, { ...sshd, parent: at, uid, descriptors: { 4: `socket:[${at}]`, 8: "socket:[77]", ...ends } });
  proc.put(at + 2, {
    parent: at + 1,
    name: "cp",
    uid,
    words: ["cp", "-i", `/a/${at}`],
    descriptors: { 0: `pipe:[${at}]`, 1: `pipe:[${at + 1}]>`, 2: `pipe:[${at + 2}]>` },
    ...command,
  });
}
