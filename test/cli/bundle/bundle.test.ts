/** A support bundle in a host made of values; test/e2e/support-bundle.test.ts has a real one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { harmlessJson, harmlessText } from "../../../agent/cli/bundle/harmless.ts";
import { namesAlone, realSupport } from "../../../agent/cli/bundle/real-world.ts";
import { ustar } from "../../../agent/cli/bundle/ustar.ts";
import type { AgentDocument } from "../../../agent/documents/index.ts";
import { bundleOf } from "../../support/bundle.ts";
import { call, documents, execChannel, noHost, partsOf, root, unattended, type World } from "../support/world.ts";

const origin = { file: "/etc/rcwarden/agent.yaml", digest: `sha256:${"a".repeat(64)}`, shipped: false, given: true };
const agent: AgentDocument = {
  kind: "Agent",
  name: "db07",
  description: "the token is in token=PLANTED1",
  reconcile: { everyMs: 30_000, fullMs: 3_600_000 },
  sinks: [
    {
      name: "engine",
      kind: "engine",
      url: "https://jo:PLANTED2@engine.example/events?token=PLANTED3",
      certFile: null,
      keyFile: "/etc/rcwarden/engine.key",
      caFile: null,
      tokenFile: "/etc/rcwarden/token",
      proxy: "http://proxy:PLANTED4@proxy.example:3128",
      timeoutMs: 1000,
    },
  ],
  limits: { probesAtOnce: 2, memoryBytes: 1, queueBytes: 1 },
  metricsFile: null,
  origin,
};
const log = [
  "agent: curl -H 'Authorization: Bearer PLANTED5'",
  "-----BEGIN OPENSSH PRIVATE KEY-----",
  "PLANTED6",
  "-----END OPENSSH PRIVATE KEY-----",
  "PGPASSWORD=PLANTED7 psql",
].join("\n");
const planted: World = {
  accounts: [root],
  documents: {
    kind: "documents",
    set: {
      ...documents,
      engines: [{ ...execChannel, sends: [{ command: "sqlplus scott/PLANTED8@prod", try: "resolve" }] }],
      policies: [{ ...unattended, description: "mysql -u root -pPLANTED9 shop" }],
    },
    host: { ...noHost, agent },
  },
  support: { log: async () => ({ kind: "answer", value: log }) },
};

/** The bundle that this call writes, unpacked by the real tar. */
async function made(world: World) {
  let bytes: Uint8Array = new Uint8Array();
  const create = (_: string, given: Uint8Array) => {
    bytes = given;
    return { kind: "written" } as const;
  };
  const said = await call(["support-bundle"], partsOf({ ...world, support: { ...world.support, create } }));
  return { ...said, bytes, files: bundleOf(bytes) };
}

test("no secret of a document or of the log is in it", async () => {
  const { files, exit } = await made(planted);
  const whole = [...files.values()].join("\n");
  assert.equal(exit, 0);
  assert.match(whole, /scott\/\[masked\]@prod/);
  assert.match(whole, /"tokenFile": "\/etc\/rcwarden\/token"/);
  assert.doesNotMatch(whole, /PLANTED/);
});

test("the manifest says what is in it with digests, what was left out and why, and the list is printed first", async () => {
  const { files, stdout } = await made(planted);
  const manifest = JSON.parse(files.get("manifest.json") ?? "");
  assert.deepEqual(
    ["manifest.json", ...manifest.files.map(({ name }: { name: string }) => name)].sort(),
    [...files.keys()].sort(),
  );
  for (const { name, bytes } of manifest.files) assert.equal(Buffer.byteLength(files.get(name) ?? ""), bytes, name);
  const left = manifest.leftOut.map(({ name }: { name: string }) => name);
  assert.deepEqual(left, ["status.json", "findings.json", "runs.json", "sshd.txt"]);
  assert.ok(stdout.indexOf("What will be in") < stdout.indexOf("Written"));
  for (const name of [...files.keys(), ...left]) assert.ok(stdout.includes(`  ${name}`), name);
});

test("what is too long is cut at the end of a line, and said; the whole stays below 5 MiB", async () => {
  const line = `${Buffer.from(Array.from({ length: 60 }, (_, at) => 33 + ((at * 37) % 90))).toString("latin1")} é\n`;
  const long = Array.from({ length: 40_000 }, (_, at) => `${at} ${line}`).join("");
  const answer = async () => ({ kind: "answer", value: long }) as const;
  const host = async () => ({ many: long.split("\n") });
  const { files, bytes } = await made({ ...planted, support: { log: answer, sshd: answer, host } });
  const manifest = JSON.parse(files.get("manifest.json") ?? "");
  const cut = manifest.files.filter((file: { cut?: number }) => file.cut !== undefined);
  assert.deepEqual(
    cut.map(({ name }: { name: string }) => name),
    ["host.json", "sshd.txt", "log.txt"],
  );
  assert.ok(files.get("log.txt")?.endsWith("é\n"));
  assert.ok(bytes.length < 5 * 1024 * 1024, String(bytes.length));
});

test("a part that cannot be had does not take the others with it", async () => {
  const log = () => Promise.reject(new Error("token=PLANTED the journal is broken"));
  const { files, exit } = await made({ ...planted, support: { log } });
  assert.equal(exit, 0);
  assert.ok(files.has("documents.json"));
  assert.match(files.get("manifest.json") ?? "", /token=\[masked\] the journal is broken/);
});

test("it is private, and never written over another file", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-bundle-"));
  try {
    const file = join(folder, "bundle.tar.gz");
    assert.deepEqual(realSupport.create(file, Buffer.from("one")), { kind: "written" });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const again = realSupport.create(file, Buffer.from("two"));
    assert.deepEqual(again, { kind: "refused", found: "one that is there already" });
    assert.equal(readFileSync(file, "utf8"), "one");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file that is there is refused in words, and not written over", async () => {
  const create = () => ({ kind: "refused", found: "one that is there already" }) as const;
  const said = await call(["support-bundle", "--output", "b.tar.gz"], partsOf({ ...planted, support: { create } }));
  assert.equal(said.exit, 2);
  assert.match(said.stderr, /b\.tar\.gz: expected to write a new file, found one that is there already; use --output/);
});

test("tar takes the archive back, whatever the sizes", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-ustar-"));
  try {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 1200 }), { minLength: 1, maxLength: 4 }), (contents) => {
        const files = contents.map((bytes, at) => ({ name: `folder/file-${at}`, bytes }));
        writeFileSync(join(folder, "a.tar"), ustar(files, 1_800_000_000));
        for (const { name, bytes } of files) {
          const { stdout, stderr } = spawnSync("tar", ["-xOf", join(folder, "a.tar"), name], { timeout: 10_000 });
          assert.equal(stderr.toString(), "");
          assert.deepEqual(new Uint8Array(stdout), bytes);
        }
      }),
      { numRuns: 15 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("masked twice is masked once, and no hostile character is left", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = harmlessText(text);
      assert.equal(harmlessText(once), once);
      assert.doesNotMatch(once.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
});

test("a field whose name says that it holds a secret holds none, and sshd's variables have no values", () => {
  assert.equal(harmlessJson({ password: "x y", apiKey: ["z"], tokenFile: "/t" }).includes("/t"), true);
  assert.doesNotMatch(harmlessJson({ password: "PLANTED", apiKey: ["PLANTED"] }), /PLANTED/);
  assert.equal(namesAlone('setenv A=PLANTED "B=PLANTED C"'), "setenv A=[masked] B=[masked]");
});
