/** What a startup file wanted and the sandbox could not give, in words: one gap a kind, with its line where one fits. */
import { everyFact, type Gap } from "../facts/index.ts";
import type { Reading, Statement } from "../startup/index.ts";
import type { Limited } from "./witness.ts";

type What = Limited["what"];

interface Row {
  says(details: string): string;
  /** Programs and words that are known to want it; a statement with one of them is the line, if it is the only one. */
  readonly words: readonly string[];
}

const table: Readonly<Record<What, Row>> = {
  network: {
    says: (details) => `wants the network (${details}), which the sandbox has not`,
    words:
      "curl wget ssh scp sftp rsync git nc ncat telnet ping host dig nslookup getent ftp svn npm pip kinit hostname ip".split(
        " ",
      ),
  },
  socket: {
    says: (details) => `talks to ${details}, which the sandbox keeps away`,
    words:
      "logger systemctl loginctl docker podman dbus-send busctl ssh-add gpg gpg-connect-agent tmux screen psql mysql".split(
        " ",
      ),
  },
  lock: {
    says: (details) => `takes a lock on ${details}, which a process outside of the sandbox holds`,
    words: ["flock", "lockfile", "zsystem"],
  },
  "set-id": {
    says: (details) => `runs ${details}, which needs rights that the sandbox takes away`,
    words: "sudo su doas newgrp sg passwd crontab chage pkexec".split(" "),
  },
  keyring: { says: () => "uses the kernel's keyring, which the sandbox keeps away", words: ["keyctl", "kinit"] },
  mount: {
    says: () => "mounts a file system in a user namespace of its own, which the sandbox refuses",
    words: ["mount", "unshare", "bwrap"],
  },
  signal: {
    says: (details) => `sends a signal to ${details}, beyond its own session`,
    words: ["kill", "pkill", "killall"],
  },
  terminal: { says: (details) => `asks the terminal for what the sandbox cannot give (${details})`, words: [] },
};

const mostDetails = 3;

/** One clause, without who does it. */
export function limitedClause(limited: readonly Limited[], what: What): string {
  const details = limited.filter((one) => one.what === what).map(({ detail }) => detail);
  const more = details.length > mostDetails ? [`${details.length - mostDetails} more`] : [];
  return table[what].says([...details.slice(0, mostDetails), ...more].join(", "));
}

/** `guard` is what this shell's startup files say to keep things for people. */
export function gapsOfLimits(limited: readonly Limited[], reading: Reading, guard: string): Gap[] {
  return [...new Set(limited.map(({ what }) => what))].map((what): Gap => {
    const clause = limitedClause(limited, what);
    const where = onlyLine(reading, table[what].words);
    const gap = { code: "probe-limited", of: everyFact } as const;
    if (where === null) return { ...gap, message: `a startup file ${clause}`, change: "" };
    const change = `put line ${where.line} behind a guard for people (${guard}), or delete it: then engines never come to it`;
    return { ...gap, message: `${where.file}:${where.line} ${clause}`, change };
  });
}

function onlyLine(reading: Reading, words: readonly string[]): Statement["where"] | null {
  if (words.length === 0) return null;
  const names = new RegExp(`(?:^|[\\s;|&({\`])(?:[\\w./~-]*/)?(?:${words.join("|")})(?=[\\s;|&)}\`]|$)`);
  const lines = new Map<string, Statement["where"]>();
  for (const { kind, reached, text, where } of reading.statements) {
    // `[ -x /usr/bin/curl ]` names a program and starts none.
    if (kind !== "test" && reached !== "no" && names.test(text)) lines.set(`${where.file}:${where.line}`, where);
  }
  const [only, ...others] = lines.values();
  return only === undefined || others.length > 0 ? null : only;
}
