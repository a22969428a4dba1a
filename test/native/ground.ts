// What the launcher's tests stand on: both builds of it, helper programs, and an account of their own.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import type { Spec } from "./drive.ts";

const here = import.meta.dirname;
const native = join(here, "../../agent/native");
const sources = ["enter.c", "sandbox.c", "witness.c"].map((file) => join(native, file));
const strict = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"];

export type Build = { readonly name: string; readonly enter: string };

export type Ground = {
  readonly folder: string;
  readonly builds: readonly Build[];
  readonly plain: Build;
  readonly calls: string;
  readonly deadMount: string;
  readonly obstacle: string;
  readonly many: string;
};

/** Why these tests cannot run here, or false. */
export const skip: string | false = getuid?.() === 0 ? false : "needs root: namespaces, accounts and mounts";

let ground: Ground | undefined;

/** Compiles once for all files of a run; the folder goes when the process ends. */
export function groundOf(): Ground {
  if (ground) return ground;
  const folder = mkdtempSync(join(tmpdir(), "rcw-native-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const compile = (name: string, ...words: string[]): string => {
    const out = join(folder, name);
    execFileSync("cc", [...words, "-o", out], { stdio: ["ignore", "inherit", "inherit"] });
    return out;
  };
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const plain = { name: "plain", enter: compile("enter", "-O2", ...strict, "-static-pie", ...sources) };
  const sanitized = {
    name: "sanitized",
    enter: compile("enter-san", "-O1", "-g", ...strict, ...sanitizers, ...sources),
  };
  ground = {
    folder,
    plain,
    builds: [plain, sanitized],
    calls: compile("calls", "-O1", "-w", join(here, "calls.c")),
    obstacle: compile("obstacle", "-O1", "-w", join(here, "obstacle.c")),
    many: compile("many", "-O1", "-w", "-pthread", join(here, "many.c")),
    deadMount: compile("dead-mount", "-O1", "-w", join(here, "dead-mount.c")),
  };
  return ground;
}

export type Account = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
  remove(): void;
};

function letters(): string {
  return Array.from({ length: 5 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join("");
}

/** An account with two supplementary groups and an empty home. */
export function makeAccount(): Account {
  const name = `rcw${letters()}`;
  const extra = [`${name}a`, `${name}b`];
  for (const group of extra) execFileSync("groupadd", [group]);
  execFileSync("useradd", ["-m", "-k", "/nonexistent", "-s", "/bin/bash", "-G", extra.join(), name], {
    stdio: "ignore",
  });
  const ask = (flag: string): string => execFileSync("id", [flag, name], { encoding: "utf8" }).trim();
  return {
    name,
    uid: Number(ask("-u")),
    gid: Number(ask("-g")),
    groups: ask("-G").split(" ").map(Number),
    home: `/home/${name}`,
    remove() {
      // -f: a process of the account may still be on its way out
      execFileSync("userdel", ["-r", "-f", name], { stdio: "ignore" });
      for (const group of extra) execFileSync("groupdel", [group]);
    },
  };
}

/** root, with a home made for the test. */
export function rootAccount(name: string): Account {
  const home = join(groundOf().folder, name);
  mkdirSync(home);
  chownSync(home, 0, 0);
  return { name: "root", uid: 0, gid: 0, groups: [0], home, remove: () => rmSync(home, { recursive: true }) };
}

export type Sandbox = "whole-root" | "own-account";

/** The spec of `bash -c COMMAND` as sshd would start it, with these keys more. */
export function shellSpec(sandbox: Sandbox, account: Account, command: string, more: Spec = []): Spec {
  return [
    ["sandbox", sandbox],
    ["parent", String(process.pid)],
    ["uid", String(account.uid)],
    ["gid", String(account.gid)],
    ...account.groups.map((group) => ["group", String(group)] as const),
    ["home", account.home],
    ["program", "/bin/bash"],
    ["arg", "bash"],
    ["arg", "-c"],
    ["arg", command],
    ["env", "PATH=/usr/bin:/bin"],
    ["env", `HOME=${account.home}`],
    ...more,
  ];
}

/** How the launcher itself is started: by root, or by the account. */
export function as(build: Build, sandbox: Sandbox, account: Account): { enter: string; uid?: number; gid?: number } {
  return sandbox === "own-account"
    ? { enter: build.enter, uid: account.uid, gid: account.gid }
    : { enter: build.enter };
}
