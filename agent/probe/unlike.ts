/**
 * What no sandbox shows as a session has it, although nothing went wrong: its processes are its own, its parent is the
 * launcher, its room is a tmpfs. A startup file that asks for such a thing may go another way than it does in a session.
 */
import {
  type Account,
  everyFact,
  type Gap,
  type ModeId,
  modeOf,
  type Replacement,
  replacementOf,
} from "../facts/index.ts";
import { realPath } from "../host/real-path.ts";
import type { Reading, Statement } from "../startup/index.ts";

interface Row {
  /** Whether this statement asks for it. */
  asks(statement: Statement): boolean;
  readonly says: string;
}

const runs =
  (...programs: readonly string[]) =>
  ({ kind, name }: Statement) =>
    kind === "command" && name !== null && programs.includes(name.slice(name.lastIndexOf("/") + 1));

/** Device nodes that the sandbox has, too; what stands below tcp and udp is bash's own. */
const devices = /\/dev\/(?!(?:null|zero|full|u?random|tty|ptmx|pts|shm|fd|std(?:in|out|err)|tcp|udp)(?![\w-]))[\w-]/;

/** What is only printed is a greeting like any other: those statements are `output`, and no row is about them. */
const table: readonly Row[] = [
  {
    asks: ({ kind, text }) => /\$\{?PPID\b/.test(text) || (kind === "test" && /\bPPID\b/.test(text)),
    says: "asks about its parent process, which in the sandbox is not sshd",
  },
  {
    asks: runs("ps", "pgrep", "pidof", "pstree", "pkill", "killall", "fuser", "lsof"),
    says: "asks which processes run, and the sandbox shows only its own",
  },
  {
    asks: ({ kind, name, text }) =>
      (kind === "command" || kind === "output") && (name === "logname" || /\bwho (am i|-m)\b/i.test(text)),
    says: "asks who logged in, and in the sandbox nobody did",
  },
  {
    asks: ({ kind, text }) =>
      kind !== "output" &&
      /\/proc\/(self|\$\$|thread-self)\/(status|loginuid|mountinfo|mounts|cgroup|attr)\b/.test(text),
    says: "asks the kernel about its own process, which in the sandbox is confined",
  },
  {
    asks: ({ kind, text }) => (kind === "test" || kind === "command") && devices.test(text),
    says: "asks for a device, and the sandbox has only the usual ones",
  },
  { asks: runs("df", "quota"), says: "asks how much room is left, and the sandbox has its own" },
];

export function gapsOfQuestions({ statements }: Reading): Gap[] {
  return table.flatMap(({ asks, says }): Gap[] => {
    const asking = statements.find((statement) => statement.reached !== "no" && asks(statement));
    if (asking === undefined) return [];
    const { file, line } = asking.where;
    return [{ code: "probe-limited", message: `${file}:${line} ${says}`, change: "", of: everyFact }];
  });
}

/** sshd(8) SSHRC: run by /bin/sh before the command, with the command's stdout; only one of them, and never for sftp. */
export async function gapsOfSshRc(
  { home }: Account,
  mode: ModeId,
  replaced: readonly Replacement[] = [],
): Promise<Gap[]> {
  if (modeOf(mode).by !== "sshd") return [];
  for (const path of [`${home}/.ssh/rc`, "/etc/ssh/sshrc"]) {
    if (replacementOf(path, replaced) === undefined && !(await exists(path))) continue;
    const message = `sshd runs ${path} before every command, and the sandbox does not`;
    return [{ code: "probe-limited", message, change: "", of: everyFact }];
  }
  return [];
}

async function exists(path: string): Promise<boolean> {
  return typeof (await realPath(path)) === "string";
}
