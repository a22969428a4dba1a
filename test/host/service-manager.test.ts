import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { serviceManager } from "../../agent/host/service-manager.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { receiver } from "../support/datagrams.ts";

before(useBuiltAddon);

test("a service manager is told each thing in its own datagram, at a path and at an abstract name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-notify-"));
  try {
    for (const name of [join(folder, "notify"), `@rcwarden-test-${process.pid}`]) {
      await using listens = await receiver(name);
      const env = { NOTIFY_SOCKET: name, PATH: "/bin" };
      const manager = serviceManager(env, 7);
      assert.deepEqual(env, { PATH: "/bin" }, "no child may speak in our name");
      assert.equal(manager.present, true);
      const before = process.hrtime.bigint() / 1000n;
      for (const tell of [manager.reloading, manager.ready, manager.watchdog, manager.stopping]) tell();
      const [, at = "0"] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(await listens.next()) ?? [];
      assert.ok(BigInt(at) >= before && BigInt(at) <= process.hrtime.bigint() / 1000n, at);
      for (const said of ["READY=1", "WATCHDOG=1", "STOPPING=1"]) assert.equal(await listens.next(), said);
      manager.status("2 accounts\nREADY=0 \u202e\x1b[31m ü");
      assert.equal(await listens.next(), "STATUS=2 accounts\\x0aREADY=0 \\xe2\\x80\\xae\\x1b[31m ü");
      manager.status("x".repeat(10_000));
      assert.equal(await listens.next(), `STATUS=${"x".repeat(511)}…`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("CLOCK_MONOTONIC is what it is told as the time of a reload", async () => {
  const name = `@rcwarden-clock-${process.pid}`;
  await using listens = await receiver(name);
  const clock = () =>
    BigInt(
      execFileSync("/usr/bin/python3", ["-c", "import time; print(time.monotonic_ns() // 1000)"], { encoding: "utf8" }),
    );
  const before = clock();
  serviceManager({ NOTIFY_SOCKET: name }, 1).reloading();
  const after = clock();
  const at = BigInt(/MONOTONIC_USEC=(\d+)$/.exec(await listens.next())?.[1] ?? "0");
  assert.ok(before <= at && at <= after, `${before} ${at} ${after}`);
});

test("without one, or with one that is gone, each call does nothing", () => {
  for (const NOTIFY_SOCKET of [
    undefined,
    "",
    "relative",
    "vsock:2:1234",
    "@",
    "/",
    "/nonexistent/notify",
    `@rcwarden-none-${process.pid}`,
  ]) {
    const env = { NOTIFY_SOCKET };
    const manager = serviceManager(env, 1);
    assert.deepEqual(env, {});
    assert.equal(
      manager.present,
      (NOTIFY_SOCKET ?? "").length > 8 && !NOTIFY_SOCKET?.startsWith("vsock"),
      NOTIFY_SOCKET,
    );
    for (const tell of [manager.reloading, manager.ready, manager.watchdog, manager.stopping]) tell();
    manager.status("x");
  }
});

test("the watchdog is fed twice as often as it asks, and only where it watches us", () => {
  const of = (env: Record<string, string>) => serviceManager({ NOTIFY_SOCKET: "@x", ...env }, 7).watchdogMs;
  assert.equal(of({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }), 15_000);
  assert.equal(of({ WATCHDOG_USEC: "30000000" }), 15_000);
  assert.equal(of({ WATCHDOG_USEC: "1", WATCHDOG_PID: "7" }), 1);
  for (const none of [
    {},
    { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" },
    { WATCHDOG_USEC: "0" },
    { WATCHDOG_USEC: "-5" },
    { WATCHDOG_USEC: "soon" },
    { WATCHDOG_USEC: "30000000", NOTIFY_SOCKET: "" },
  ])
    assert.equal(of(none), null, JSON.stringify(none));
});
