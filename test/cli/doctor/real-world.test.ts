/** What the self-checks see of this host. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { doctorWorld } from "../../../agent/cli/doctor/real-world.ts";
import { realParts } from "../../../agent/cli/real-parts.ts";

const sockets = ["/nonexistent/agent.sock"];
const world = doctorWorld(realParts(), { version: "0.1.0", sockets });

test("a process of its own finds what this one finds", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-doctor-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  mkdirSync(at("folder"), { mode: 0o750 });
  writeFileSync(at("-file with\nnewline"), "");
  chmodSync(at("-file with\nnewline"), 0o1604);
  symlinkSync("folder", at("link"));
  symlinkSync("nothing", at("dangling"));
  for (const name of ["folder", "-file with\nnewline", "link", "dangling", "absent", "-file with\nnewline/below"]) {
    const [near, far] = [await world.find(at(name)), await world.findFar(at(name))];
    const seconds = (found: typeof near) =>
      found.kind === "there" ? { ...found, changedMs: Math.floor(found.changedMs / 1000) } : found;
    assert.deepEqual(seconds(far), seconds(near), name);
  }
  assert.equal((await world.find(at("folder"))).kind, "there");
  assert.equal((await world.findFar("/dev/null")).kind, "there");
});

test("a file is written, its event seen, and nothing of it is left", async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("rcwarden-doctor-"));
  const before = left();
  const { event, aheadMs, folder } = await world.writeAndWatch();
  assert.equal(event.kind, "seen");
  assert.equal(folder, tmpdir());
  assert.ok(aheadMs !== null && Math.abs(aheadMs) < 60_000);
  assert.deepEqual(
    left().filter((name) => !before.includes(name)),
    [],
  );
});

test("without an agent nobody answers, and nobody is anything to it", async () => {
  assert.equal((await world.status()).kind, "no-agent");
  assert.equal(await world.principal(sockets[0] ?? ""), "nobody");
});

test("says when a certificate ends, and nothing of what is none", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-doctor-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9"];
  execFileSync("openssl", [...words, "-subj", "/CN=db07", "-keyout", key, "-out", cert], { stdio: "ignore" });
  const ends = await world.certificateEnds(cert);
  assert.ok(ends !== null && Math.round((ends - Date.now()) / 86_400_000) === 9);
  assert.equal(await world.certificateEnds(key), null);
  assert.equal(await world.certificateEnds(join(folder, "absent")), null);
});

test("knows the shells that can be measured, and counts watches", async () => {
  assert.equal(await world.knowsShell("/bin/bash"), true);
  assert.equal(await world.knowsShell("/opt/odd/sh"), false);
  assert.ok(Number.isInteger(await world.watchesUsed()));
  assert.ok(world.programs.length > 0);
});
