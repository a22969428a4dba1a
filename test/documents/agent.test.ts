import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentDocument } from "../../agent/documents/index.ts";
import { documentOf, given, hostOf, hostProblems, loadHost } from "./support.ts";

function agentOf(spec: string): AgentDocument {
  const { agent } = hostOf(documentOf("Agent", spec));
  return agent ?? assert.fail("no Agent");
}

function told(spec: string): readonly string[] {
  return hostProblems(documentOf("Agent", spec));
}

const engine = (more: string) => `  sinks:\n    - { name: e, kind: engine, url: "https://e.example/x"${more} }\n`;

test("an empty Agent has every default", () => {
  const { origin, ...agent } = agentOf("  {}\n");
  assert.deepEqual(agent, {
    kind: "Agent",
    name: "db07",
    description: "",
    reconcile: { everyMs: 30_000, fullMs: 3_600_000 },
    sinks: [],
    limits: { probesAtOnce: 2, memoryBytes: 256 * 2 ** 20, queueBytes: 64 * 2 ** 20 },
    metricsFile: null,
  });
  assert.equal(origin.file, "/etc/rcwarden/host.yaml");
});

test("what is written is taken: durations in milliseconds, sizes in bytes, files below the document's folder", () => {
  const agent = agentOf(`  reconcile: { every: 5s, full: 1d }
  sinks:
    - { name: log, kind: file, path: /var/log/rcwarden/events.jsonl, maxSize: 1GiB, keep: 0 }
    - name: engine
      kind: engine
      url: https://engine.example:8443/events?tenant=a
      certFile: tls/engine.crt
      keyFile: /etc/ssl/private/engine.key
      caFile: ca.pem
      tokenFile: token
      proxy: http://proxy.example:3128
      timeout: 10m
  limits: { probesAtOnce: 16, memory: 64MiB, queue: 1MiB }
  metricsFile: /var/lib/prometheus/node-exporter/rcwarden.prom
`);
  assert.equal(agent.metricsFile, "/var/lib/prometheus/node-exporter/rcwarden.prom");
  assert.deepEqual(agent.reconcile, { everyMs: 5_000, fullMs: 86_400_000 });
  assert.deepEqual(agent.limits, { probesAtOnce: 16, memoryBytes: 64 * 2 ** 20, queueBytes: 2 ** 20 });
  assert.deepEqual(agent.sinks, [
    { name: "log", kind: "file", path: "/var/log/rcwarden/events.jsonl", maxSizeBytes: 2 ** 30, keep: 0 },
    {
      name: "engine",
      kind: "engine",
      url: "https://engine.example:8443/events?tenant=a",
      certFile: "/etc/rcwarden/tls/engine.crt",
      keyFile: "/etc/ssl/private/engine.key",
      caFile: "/etc/rcwarden/ca.pem",
      tokenFile: "/etc/rcwarden/token",
      proxy: "http://proxy.example:3128",
      timeoutMs: 600_000,
    },
  ]);
});

test("the file for node_exporter ends in .prom, begins with /, leads nowhere else and is nobody's sink", () => {
  for (const path of [
    "rcwarden.prom",
    "/run/rcwarden.txt",
    "/run/.prom",
    "/run/../etc/a.prom",
    "/run//a.prom",
    "/run/a.prom/",
  ])
    assert.deepEqual(told(`  metricsFile: ${path}\n`), [
      `5:16: expected an absolute path that ends in .prom, without .. or // in it, found "${path}"`,
    ]);
  const sink = "  sinks:\n    - { name: log, kind: file, path: /run/a.prom }\n";
  assert.deepEqual(told(`${sink}  metricsFile: /run/a.prom\n`), [
    '7:16: expected a file of its own, found "/run/a.prom"',
  ]);
});

test("a duration or size out of bounds, without a unit or with another one is told, with what was meant", () => {
  assert.deepEqual(told("  reconcile: { every: 4s, full: 25h }\n"), [
    '5:23: expected a duration from 5s to 1h, found "4s"',
    '5:33: expected a duration from 1m to 1d, found "25h"',
  ]);
  assert.deepEqual(told("  reconcile: { every: 30, full: 60 min }\n"), [
    '5:23: expected a duration from 5s to 1h, found "30"; did you mean "30s"?',
    '5:33: expected a duration from 1m to 1d, found "60 min"; did you mean "60m"?',
  ]);
  assert.deepEqual(told("  limits: { probesAtOnce: 17, memory: 63MiB, queue: 64MB }\n"), [
    "5:27: expected at most 16, found 17",
    '5:39: expected a size from 64MiB to 64GiB, found "63MiB"',
    '5:53: expected a size from 1MiB to 64GiB, found "64MB"; did you mean "64MiB"?',
  ]);
  assert.deepEqual(told("  limits: { probesAtOnce: 0 }\n"), ["5:27: expected at least 1, found 0"]);
  assert.deepEqual(told("  reconcile: { every: 1h, full: 59m }\n"), [
    '5:33: expected at least reconcile.every, found "59m"',
  ]);
});

test("a sink is of a kind, and what it takes is that kind's", () => {
  const sink = (text: string) => told(`  sinks: [{ name: a, ${text} }]\n`);
  assert.deepEqual(sink("path: /a"), ['5:11: expected the key "kind", found none']);
  assert.deepEqual(sink("kind: flie, path: /a"), ['5:28: expected file or engine, found "flie"; did you mean "file"?']);
  assert.deepEqual(sink('kind: engine, url: "https://a", paht: /a'), [
    '5:54: expected one of the keys name, kind, url, certFile, keyFile, caFile, tokenFile, proxy, timeout, found "paht"',
  ]);
  assert.deepEqual(sink("kind: file, paht: /a"), [
    '5:34: expected one of the keys name, kind, path, maxSize, keep, found "paht"; did you mean "path"?',
  ]);
  assert.deepEqual(told("  sinks: [file]\n"), ['5:11: expected a map, found "file"']);
});

test("sinks have names of their own, and file sinks files of their own", () => {
  const two = (a: string, b: string) => told(`  sinks:\n    - ${a}\n    - ${b}\n`);
  assert.deepEqual(two("{ name: a, kind: file, path: /a }", "{ name: a, kind: file, path: /b }"), [
    '7:7: expected each entry once, found "a" again',
  ]);
  assert.deepEqual(two("{ name: a, kind: file, path: /a }", "{ name: b, kind: file, path: /a }"), [
    '7:36: expected a file of its own for each sink, found "/a"',
  ]);
});

test("a file sink has an absolute path that means what it says", () => {
  const path = "an absolute path without .. or // in it, and no / at its end";
  for (const bad of ["events.jsonl", "/var/../etc/x", "/var//x", "/var/log/", "/", "/a/./b"]) {
    assert.deepEqual(told(`  sinks: [{ name: a, kind: file, path: ${bad} }]\n`), [
      `5:40: expected ${path}, found "${bad}"`,
    ]);
  }
});

test("an engine is spoken to by https alone, and no password stands in a document or a message", () => {
  const url = (text: string) => told(`  sinks: [{ name: e, kind: engine, url: "${text}" }]\n`);
  for (const bad of ["http://e.example", "ftp://e", "e.example", "HTTPS://e.example", ""]) {
    assert.deepEqual(url(bad), ["5:41: expected a URL that begins with https://, found something else"], bad);
  }
  for (const bad of [
    "https://",
    "https:///x",
    "https://e.example/#a",
    "https://e example",
    "https://[::1",
    "https://e:99999/",
  ]) {
    assert.deepEqual(url(bad), ["5:41: expected a URL that begins with https://, found one that is none"], bad);
  }
  for (const secret of ["https://user:hunter2@e.example/", "https://hunter2@e.example", "https://a@b@e/hunter2"]) {
    const [problem = "", ...more] = url(secret);
    assert.match(problem, /^5:41: expected a URL without name and password, found some; /);
    assert.doesNotMatch(problem, /hunter2/);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(told(engine(", proxy: 'http://user:hunter2@proxy:3128'")).length, 1);
  assert.doesNotMatch(told(engine(", proxy: 'http://user:hunter2@proxy:3128'")).join(), /hunter2/);
  assert.deepEqual(told(engine(", proxy: 'https://proxy:3128/pac'")), [
    "6:67: expected https:// or http://HOST:PORT, found a path or query after it",
  ]);
});

test("a client certificate and its key come together, and no file lies outside of the document's folder by ..", () => {
  assert.deepEqual(told(engine(", certFile: a.crt")), [
    "6:70: expected certFile and keyFile together, found certFile without keyFile",
  ]);
  assert.deepEqual(told(engine(", keyFile: a.key")), [
    "6:69: expected certFile and keyFile together, found keyFile without certFile",
  ]);
  assert.deepEqual(told(engine(", caFile: ../ca.pem, tokenFile: ~/token")), [
    '6:68: expected an absolute path, or one below this document\'s folder without .. in it, found "../ca.pem"',
    '6:90: expected an absolute path, or one below this document\'s folder without .. in it, found "~/token"',
  ]);
});

test("a host has one Agent", () => {
  const one = (name: string, file: string) => given(documentOf("Agent", "  {}\n", name), `/etc/rcwarden/${file}.yaml`);
  const loaded = loadHost([one("a", "a"), one("b", "b")]);
  assert.ok(loaded.kind === "problems");
  assert.deepEqual(
    loaded.problems.map(({ code, file, line, found }) => [code, file, line, found]),
    [["kind-second", "/etc/rcwarden/b.yaml", 2, "a second; the first is in /etc/rcwarden/a.yaml:2"]],
  );
  assert.equal(loaded.grant, "none");
});
