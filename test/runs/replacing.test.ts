import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { replacementFor } from "../../agent/runs/replacing.ts";
import { account } from "../support/facts.ts";

let home: string;
before(() => {
  home = mkdtempSync(join(tmpdir(), "rcwarden-replacing-"));
  chmodSync(home, 0o755);
  mkdirSync(join(home, "dot"));
  writeFileSync(join(home, "barred"), "", { mode: 0o600 });
  writeFileSync(join(home, "dot/cshrc"), "");
  symlinkSync("dot/cshrc", join(home, "link"));
  symlinkSync("dot/none", join(home, "dangling"));
  symlinkSync("dangling", join(home, "twice"));
  symlinkSync("no/folder/x", join(home, "nowhere"));
  symlinkSync("loop", join(home, "loop"));
  symlinkSync("/etc/passwd", join(home, "passwd"));
  execFileSync("mkfifo", [join(home, "fifo")]);
});
after(() => rmSync(home, { recursive: true }));

const content = Buffer.from("new\n");

async function told(file: string): Promise<string> {
  const replacing = await replacementFor({ ...account, home }, { file, content }, true);
  const said =
    replacing.kind === "refused" ? replacing.problem : `${replacing.replacement.path} is ${replacing.replacement.real}`;
  return said.replaceAll(home, "HOME");
}

test("a file is where its links lead to, also one that is not there yet", async () => {
  assert.equal(await told("~/.cshrc"), "HOME/.cshrc is HOME/.cshrc");
  assert.equal(await told("~/link"), "HOME/link is HOME/dot/cshrc");
  assert.equal(await told("~/dangling"), "HOME/dangling is HOME/dot/none");
  assert.equal(await told("~/twice"), "HOME/twice is HOME/dot/none");
  assert.equal(await told("/etc/csh.cshrc"), "/etc/csh.cshrc is /etc/csh.cshrc");
});

const refusals: Readonly<Record<string, string>> = {
  ".cshrc": "expected an absolute path or ~/..., found .cshrc",
  "~oracle/.cshrc": "expected an absolute path or ~/..., found ~oracle/.cshrc",
  "~/dot/": "expected a file, found ~/dot/",
  "~/dot": "expected a file, or none yet, found HOME/dot, a folder",
  "~/fifo": "expected a file, or none yet, found HOME/fifo, no plain file",
  "~/no/folder/x": "expected a folder to save it in, found none at HOME/no/folder",
  "~/nowhere": "expected a folder to save it in, found none at HOME/no/folder",
  "~/loop": "expected a path that leads somewhere, found too many links at HOME/loop",
  "/proc/self/environ": `expected a file, or none yet, found /proc/${process.pid}/environ, which is the kernel's`,
  "/dev/null": "expected a file, or none yet, found /dev/null, which is the kernel's",
  "/etc/passwd": "expected what a shell reads, found /etc/passwd, which sshd and PAM read before it",
  "~/passwd": "expected what a shell reads, found /etc/passwd, which sshd and PAM read before it",
};

for (const [file, problem] of Object.entries(refusals)) {
  test(`${file} is refused`, async () => assert.equal(await told(file), `--with: ${problem}`));
}

test("what the account may not read is refused, for it would be given to the account", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async () => {
  assert.equal(
    await told("~/barred"),
    "--with: expected a file that oracle may read, found HOME/barred: Permission denied",
  );
});
