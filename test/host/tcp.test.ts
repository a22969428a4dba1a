import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { parseTcp } from "../../agent/host/tcp.ts";

for (const [host, table] of [
  ["127.0.0.1", "tcp"],
  ["::1", "tcp6"],
] as const) {
  test(`the other end of a real connection over ${host}`, async (t) => {
    const server = createServer().listen(0, host);
    t.after(() => server.close());
    const up = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]);
    if (!up) return t.skip(`no ${host} on this host`);
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const client = connect(address.port, host);
    await once(client, "connect");
    t.after(() => client.destroy());
    const inodes = [...Array(64).keys()].flatMap((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
    const found = parseTcp(readFileSync(`/proc/self/net/${table}`, "utf8"));
    assert.ok(
      inodes.some((inode) => found.get(inode) === host),
      JSON.stringify([...found]),
    );
  });
}

test("no text is an error, and no address comes of what is none", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const address of parseTcp(text).values()) assert.match(address, /^[0-9a-f.:]+$/);
    }),
  );
  assert.equal(parseTcp("  0: 0:0 ZZZZZZZZ:0016 01 0:0 0:0 0 0 0 12 1").size, 0);
});
