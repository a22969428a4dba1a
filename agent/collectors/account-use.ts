/**
 * Whether an account's entry lets anybody in: its shell, its dates in the shadow database, the host's own closed door
 * (nologin(5)), its home, and which of these sshd and PAM ask about.
 */
import { accessSync, constants, statSync } from "node:fs";
import type { Account, AccountUseFacts, Shadow } from "../facts/index.ts";
import { type CommandOutcome, runCommand } from "../host/command.ts";
import { realPath } from "../host/real-path.ts";
import { systemFile } from "../host/system-file.ts";
import { pamStack } from "./pam-stack.ts";
import { sshdSettings } from "./sshd.ts";

const dayMs = 86_400_000;
const asking = { deadlineMs: 3_000, maxBytes: 65_536 };

/** As pam_nologin(8) and sshd(8) have it. */
const closedDoors = ["/run/nologin", "/etc/nologin"];

/** Never rejects. `nowMs`: epoch milliseconds. */
export async function accountUseFacts(account: Account, nowMs: number): Promise<AccountUseFacts> {
  const [shadow, home, settings, program] = await Promise.all([
    shadowOf(account),
    realPath(account.home),
    sshdSettings(account.name),
    realPath(account.shell),
  ]);
  const text = (path: string) => systemFile(path);
  const { lines } = pamStack(text("/etc/pam.d/sshd") === null ? "other" : "sshd", text);
  const modules = lines.filter(({ type }) => type === "account").map(({ module }) => module);
  return {
    shell: { path: account.shell, is: shellIs(program), isListed: isListed(account.shell) },
    shadow,
    today: Math.floor(nowMs / dayMs),
    nologin: closedDoors.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined) ?? null,
    home: homeIs(home),
    usesPam: settings.kind === "settings" ? settings.of("usepam")[0] === "yes" : null,
    pamModules: [...new Set(modules)],
  };
}

/** `program`: without links. As sshd asks: a regular file that may be executed. */
function shellIs(program: string | null | undefined): AccountUseFacts["shell"]["is"] {
  const status = typeof program === "string" ? statSync(program, { throwIfNoEntry: false }) : undefined;
  if (status === undefined || typeof program !== "string") return "missing";
  if (!status.isFile()) return "not-a-file";
  try {
    accessSync(program, constants.X_OK);
    return "program";
  } catch {
    return "not-executable";
  }
}

function isListed(shell: string): boolean | null {
  const text = systemFile("/etc/shells");
  return text === null ? null : text.split("\n").some((line) => line.trim() === shell);
}

function homeIs(home: string | null | undefined): AccountUseFacts["home"] {
  if (home === undefined) return "unknown";
  if (home === null) return "missing";
  return statSync(home, { throwIfNoEntry: false })?.isDirectory() === true ? "folder" : "not-a-folder";
}

/** The name service's word as root (files, LDAP alike); without root chage(1) says the dates of one's own. */
async function shadowOf({ name }: Account): Promise<Shadow> {
  if (process.geteuid?.() === 0) {
    const outcome = await runCommand(["getent", "--", "shadow", name], asking);
    if (outcome.kind === "ended" && outcome.status === 2) return { kind: "absent" };
    const row = said(outcome);
    return row === null ? { kind: "unavailable", why: "the shadow database does not answer" } : shadowEntry(row);
  }
  const text = said(await runCommand(["chage", "-l", "--", name], asking));
  const why = "only root can read the shadow database, and chage tells nothing";
  return (text === null ? null : datesOfChage(text)) ?? { kind: "unavailable", why };
}

function said(outcome: CommandOutcome): string | null {
  return outcome.kind === "ended" && outcome.status === 0 ? outcome.stdout.toString("utf8") : null;
}

/** shadow(5). */
export function shadowEntry(row: string): Shadow {
  const [, password = "", changed, , most, , , ends] = row.trim().split(":");
  const changedOn = dayOf(changed);
  const mostDays = dayOf(most);
  const mustChange = changedOn === 0;
  return {
    kind: "entry",
    password: passwordIs(password),
    changedOn: mustChange ? null : changedOn,
    // Without a day of its change there is nothing that could grow old.
    passwordEndsOn: mustChange || changedOn === null || mostDays === null ? null : changedOn + mostDays,
    accountEndsOn: dayOf(ends),
    mustChange,
  };
}

function dayOf(field: string | undefined): number | null {
  return field === undefined || !/^\d+$/.test(field) ? null : Number(field);
}

function passwordIs(field: string): "set" | "none" | "locked" | "impossible" {
  if (field === "") return "none";
  if (field.startsWith("!")) return "locked";
  return field.startsWith("*") ? "impossible" : "set";
}

/** The dates of `chage -l` in the C locale; null for a text that is none. */
export function datesOfChage(text: string): Shadow | null {
  const says = (label: string) => new RegExp(`^${label}\\s*:\\s*(.*?)\\s*$`, "m").exec(text)?.[1] ?? null;
  const changed = says("Last password change");
  const ends = says("Password expires");
  const account = says("Account expires");
  if (changed === null || ends === null || account === null) return null;
  return {
    kind: "entry",
    password: null,
    changedOn: dayOfDate(changed),
    passwordEndsOn: dayOfDate(ends),
    accountEndsOn: dayOfDate(account),
    mustChange: changed === "password must be changed",
  };
}

/** `Nov 23, 2026`, or with -i `2026-11-23`; null for `never`. */
function dayOfDate(text: string): number | null {
  const ms = Date.parse(/^\d{4}-/.test(text) ? text : `${text} UTC`);
  return Number.isNaN(ms) ? null : Math.floor(ms / dayMs);
}
