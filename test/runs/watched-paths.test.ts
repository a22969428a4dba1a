import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "../../agent/facts/index.ts";
import { areWhole, namePaths, pathsOfAccount, systemPaths } from "../../agent/runs/watched-paths.ts";
import { type Shell, shells } from "../../agent/shells/index.ts";
import type { Reading } from "../../agent/startup/index.ts";
import { reading } from "../startup/homes.ts";

function account(shell: string, home = "/home/papaya"): Account {
  return { name: "papaya", uid: 501, gid: 501, groups: [501], home, shell };
}
const own = ["/home/papaya/.pam_environment", "/home/papaya/.ssh/environment", "/home/papaya/.ssh/rc"];

test("every file that the account's shell may read is watched before anything was read, those not there among them", () => {
  for (const shell of shells) {
    const [name = ""] = shell.startedAs;
    const paths = pathsOfAccount(account(`/bin/${name}`), []);
    const rows = shell.reads.flatMap(({ file, orElse, compiled }) => [file, ...(orElse ?? []), compiled ?? file]);
    // What a variable of the session names is known when the reading has followed it.
    const folders = rows.filter((file) => !file.startsWith("$")).map((file) => file.replace("/*.fish", ""));
    const wanted = folders.map((file) => file.replace(/^~\//, "/home/papaya/"));
    assert.deepEqual(
      [...wanted, ...own, `/bin/${name}`].filter((path) => !paths.includes(path)),
      [],
    );
    // Several shells may have one name: which of them it is, the binary says.
    const filesOf = (those: readonly Shell[]) =>
      those
        .flatMap(({ reads }) => reads.flatMap(({ file, orElse }) => [file, ...(orElse ?? [])]))
        .map((file) => file.replace(/^~\//, "/home/papaya/"));
    const mine = filesOf(shells.filter(({ startedAs }) => startedAs.includes(name)));
    const others = filesOf(shells.filter(({ startedAs }) => !startedAs.includes(name)));
    assert.deepEqual(
      paths.filter((path) => others.includes(path) && !mine.includes(path)),
      [],
    );
  }
});

test("alternates are watched, for each may come or go", () => {
  const bash = pathsOfAccount(account("/bin/bash"), []);
  for (const name of [".bash_profile", ".bash_login", ".profile"])
    assert.ok(bash.includes(`/home/papaya/${name}`), name);
  const csh = pathsOfAccount(account("/bin/csh"), []);
  for (const name of [".tcshrc", ".cshrc", ".login"]) assert.ok(csh.includes(`/home/papaya/${name}`), name);
  assert.ok(pathsOfAccount(account("/bin/zsh"), []).includes("/home/papaya/.zshenv.zwc"));
});

test("what a reading came to or depends on is watched, each path once", () => {
  const home = "/home/papaya";
  const first = reading("bash", "ssh-command", {
    ".bashrc": ". ~/more\n[ -f /etc/odd ] && . /etc/odd\n. /opt/absent\n",
    more: "",
  });
  const second = reading("bash", "ssh-login", { ".bash_profile": ". ~/.bashrc\n", ".bashrc": ". ~/more\n", more: "" });
  const paths = pathsOfAccount(account("/bin/bash"), [first, second]);
  for (const path of [`${home}/more`, "/etc/odd", "/opt/absent"]) assert.ok(paths.includes(path), path);
  assert.equal(new Set(paths).size, paths.length);
});

test("a shell that nobody knows is watched itself, with what sshd reads", () => {
  assert.deepEqual(pathsOfAccount(account("/opt/odd/odd"), []), ["/opt/odd/odd", ...own]);
});

test("a home at the root has no double slash", () => {
  const paths = pathsOfAccount(account("/bin/bash", "/"), []);
  assert.ok(paths.includes("/.bashrc"));
  assert.deepEqual(
    paths.filter((path) => path.includes("//")),
    [],
  );
});

test("what decides for all accounts is named once: sshd, PAM, the account database", () => {
  const paths = systemPaths();
  for (const path of ["/etc/ssh/sshd_config", "/etc/pam.d/sshd", "/etc/shells", "/etc/profile.d"])
    assert.ok(paths.includes(path), path);
  assert.equal(new Set([...paths, ...namePaths]).size, paths.length + namePaths.length);
  assert.deepEqual(
    paths.filter((path) => !path.startsWith("/")),
    [],
  );
});

test("readings that name nothing, or as much as a reading may, do not say what all is read", () => {
  const path = (at: number) => `/x${at}`;
  const named = (files: number, dependsOn: number, doubts: Reading["doubts"] = []): Reading => ({
    files: Array.from({ length: files }, (_, at) => ({ path: path(at), state: "read", through: [] })),
    identities: [],
    dependsOn: Array.from({ length: dependsOn }, (_, at) => path(at)),
    statements: [],
    guards: [],
    lines: {},
    environmentFiles: {},
    doubts,
  });
  const nothing = named(0, 0, [{ code: "unreadable", message: "the startup files could not be read: late" }]);
  assert.equal(areWhole([named(1, 0), named(199, 999), named(0, 0)]), true);
  for (const less of [nothing, named(200, 0), named(1, 1_000)]) assert.equal(areWhole([named(1, 0), less]), false);
});
