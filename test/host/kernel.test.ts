import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ourselves } from "../../agent/host/kernel.ts";

test("what we run as is what id says", () => {
  const id = (option: string) => execFileSync("id", [option], { encoding: "utf8" }).trim().split(" ").map(Number);
  const we = ourselves();
  assert.deepEqual([[we.uid], [we.gid]], [id("-u"), id("-g")]);
  assert.deepEqual(
    // id shows the primary group, too, whether or not it is among the supplementary ones.
    [...new Set([we.gid, ...we.groups])].sort((a, b) => a - b),
    id("-G").sort((a, b) => a - b),
  );
});

test("who may not set another identity misses the capabilities for it", {
  skip: process.getuid?.() !== 0 && "needs root",
}, () => {
  const module = new URL("../../agent/host/kernel.ts", import.meta.url).href;
  const script = `const { ourselves } = await import(${JSON.stringify(module)}); console.log(ourselves().missing.join(" "))`;
  const drop = ["--inh-caps=-all", "--bounding-set=-setuid,-sys_admin"];
  const said = execFileSync("setpriv", [...drop, process.execPath, "--input-type=module", "-e", script]);
  assert.equal(said.toString().trim(), "CAP_SETUID CAP_SYS_ADMIN");
});
