import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const subject = join(import.meta.dirname, "../../agent/host/inherited.ts");

test("no child has a descriptor of who called, whatever its number", () => {
  const program = `
    import { closeInherited } from ${JSON.stringify(subject)};
    import { execFileSync } from "node:child_process";
    const links = () => execFileSync("/bin/sh", ["-c", "readlink /proc/self/fd/* 2>/dev/null; true"], { encoding: "utf8" });
    const before = links();
    closeInherited();
    process.stdout.write(JSON.stringify([before.includes("/etc/shadow"), links().includes("/etc/shadow")]));`;
  const run = (redirections: string) =>
    execFileSync(
      "/bin/bash",
      ["-c", `exec ${redirections} "$0" --input-type=module -e "$1"`, process.execPath, program],
      {
        encoding: "utf8",
      },
    );
  assert.equal(run("200</etc/shadow"), "[true,false]");
  assert.equal(run("9</etc/shadow"), "[false,false]");
});
