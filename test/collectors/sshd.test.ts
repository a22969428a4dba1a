import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compiledPath, sshdConfigPaths, sshdListener, sshdSettings } from "../../agent/collectors/sshd.ts";
import { systemFile } from "../../agent/host/system-file.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

const skip = noSshd || noAccounts;

test("a running listener is found with its port, its sessions are not taken for one", { skip }, async () => {
  await using sshd = await startSshd();
  await using account = await makeAccount({ home: "empty" });
  const waiting = sshd.ssh(account.name, ["echo; cat"], { timeoutMs: 2_000 });
  // Other test runs may have a listener as well; the oldest is given.
  const found = sshdListener();
  assert.ok(found !== null);
  assert.match(systemFile(`/proc/${found.pid}/cmdline`) ?? "", /\[listener\]/);
  assert.equal(found.ports.length, 1);
  if (found.pid === sshd.pid) assert.deepEqual(found.ports, [sshd.port]);
  await waiting;
  assert.equal(sshdListener()?.pid, found.pid);
});

test("settings are those for the account, with Match blocks", { skip }, async () => {
  await using sshd = await startSshd({ config: "Match User root\n  AuthorizedKeysFile /keys/%u\n  ForceCommand x y" });
  const config = join(sshd.folder, "sshd_config");
  const [root, other] = [await sshdSettings("root", config), await sshdSettings("nobody", config)];
  assert.ok(root.kind === "settings" && other.kind === "settings");
  assert.deepEqual([root.of("forcecommand"), root.of("authorizedkeysfile")], [["x y"], ["/keys/%u"]]);
  assert.deepEqual(other.of("forcecommand"), ["none"]);
  assert.deepEqual([other.of("usepam"), other.of("no-such-keyword")], [["yes"], []]);
});

test("settings that cannot be had are said", { skip }, async () => {
  assert.equal((await sshdSettings("a,b")).kind, "unavailable");
  const broken = await sshdSettings("root", "/nonexistent/sshd_config");
  assert.match(broken.kind === "unavailable" ? broken.why : "", /sshd -T: exit \d+, .*No such file/);
});

test("the path that sshd gives by itself is read from its program", { skip }, async () => {
  await using sshd = await startSshd({ config: "UsePAM no" });
  const shell = await sshd.ssh("root", ["tr '\\0' '\\n' </proc/$$/environ; :"], { timeoutMs: 60_000 });
  assert.equal(compiledPath().from, "sshd");
  assert.match(shell.stdout, new RegExp(`^PATH=${compiledPath().root}$`, "m"));
});

test("what sshd_config includes is named, with the folders in which more may come, and goes round in no circle", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-sshd-"));
  try {
    const at = (name: string) => join(folder, name);
    mkdirSync(at("d"));
    mkdirSync(at("with blank"));
    const text = [
      `Include ${at("d")}/*.conf "${at("with blank")}/one.conf" # ${at("no")}`,
      `#Include ${at("no")}`,
      `Match User a`,
      `  include=${at("absent")}`,
      "Include relative.conf",
      `IncludeMore ${at("no")}`,
    ].join("\n");
    writeFileSync(at("sshd_config"), text);
    writeFileSync(at("d/a.conf"), `Include ${at("sshd_config")} ${at("deeper")}\n`);
    writeFileSync(at("d/a.off"), "");
    assert.deepEqual(sshdConfigPaths(at("sshd_config")).sort(), [
      "/etc/ssh/relative.conf",
      ...["absent", "d", "d/a.conf", "deeper", "sshd_config", "with blank/one.conf"].map(at),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
