import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { append, create } from "../../agent/cli/except.ts";
import { fingerprint } from "../../agent/evaluate/fingerprint.ts";
import { configAt } from "../../agent/runs/host-documents.ts";
import { call, partsOf, root } from "./support/world.ts";

let folder = "";
const fine = () => [];

describe("writing the host owner's documents", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcwarden-except-"));
    chmodSync(folder, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string) => join(folder, name);
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  test("a new file is readable by all and writable by its owner, and nothing is left beside it", () => {
    assert.deepEqual(create(at("etc/grant.yaml"), "a: b\n"), { kind: "written" });
    assert.equal(readFileSync(at("etc/grant.yaml"), "utf8"), "a: b\n");
    assert.equal(modeOf(at("etc/grant.yaml")), 0o644);
    assert.deepEqual(readdirSync(at("etc")), ["grant.yaml"]);
  });

  test("what stands there is left as it is, a link into nowhere too", () => {
    writeFileSync(at("a.yaml"), "mine");
    symlinkSync("nowhere", at("b.yaml"));
    assert.deepEqual(create(at("a.yaml"), "other"), { kind: "exists" });
    assert.deepEqual(create(at("b.yaml"), "other"), { kind: "exists" });
    assert.equal(readFileSync(at("a.yaml"), "utf8"), "mine");
    assert.deepEqual(readdirSync(folder).sort(), ["a.yaml", "b.yaml"]);
  });

  test("what is added stands at the end; comments, bytes, permissions stay, and the old file stays whole for its readers", () => {
    const before = Buffer.from("# mine \u00e4\n---\na: b");
    writeFileSync(at("a.yaml"), before, { mode: 0o640 });
    const inode = statSync(at("a.yaml")).ino;
    assert.deepEqual(append(at("a.yaml"), "---\nc: d\n", fine), { kind: "written" });
    assert.deepEqual(readFileSync(at("a.yaml")), Buffer.concat([before, Buffer.from("\n---\nc: d\n")]));
    assert.equal(modeOf(at("a.yaml")), 0o640);
    assert.notEqual(statSync(at("a.yaml")).ino, inode);
    assert.deepEqual(append(at("new.yaml"), "x", fine), { kind: "written" });
    assert.equal(readFileSync(at("new.yaml"), "utf8"), "x");
    assert.deepEqual(readdirSync(folder).sort(), ["a.yaml", "new.yaml"]);
  });

  test("what would not be right is not written, and the whole is what is judged", () => {
    writeFileSync(at("a.yaml"), "a: b\n");
    let whole = "";
    const refuse = (bytes: Uint8Array) => {
      whole = Buffer.from(bytes).toString();
      return ["a problem"];
    };
    assert.deepEqual(append(at("a.yaml"), "c\n", refuse), { kind: "refused", problems: ["a problem"] });
    assert.equal(whole, "a: b\nc\n");
    assert.equal(readFileSync(at("a.yaml"), "utf8"), "a: b\n");
    assert.deepEqual(readdirSync(folder), ["a.yaml"]);
  });

  test("a link stays one, and what it leads to is written", () => {
    mkdirSync(at("store"));
    writeFileSync(at("store/real.yaml"), "a\n");
    symlinkSync("store/real.yaml", at("a.yaml"));
    assert.deepEqual(append(at("a.yaml"), "b\n", fine), { kind: "written" });
    assert.ok(lstatSync(at("a.yaml")).isSymbolicLink());
    assert.equal(readFileSync(at("store/real.yaml"), "utf8"), "a\nb\n");
  });

  test("of two who write at once the second is told, and writes nothing", () => {
    let second: unknown = null;
    const meanwhile = () => {
      second = append(at("a.yaml"), "second\n", fine);
      return [];
    };
    assert.deepEqual(append(at("a.yaml"), "first\n", meanwhile), { kind: "written" });
    const problem = `${at("a.yaml")}: expected to be the only one who writes it, found ${at(".a.yaml.new")}; where no other rcwarden writes it now, remove that file`;
    assert.deepEqual(second, { kind: "failed", problem });
    assert.equal(readFileSync(at("a.yaml"), "utf8"), "first\n");
  });

  test("what cannot be written is said in words", () => {
    writeFileSync(at("file"), "");
    mkdirSync(at("folder.yaml"));
    assert.deepEqual(create(at("file/grant.yaml"), "x"), {
      kind: "failed",
      problem: `${at("file/grant.yaml")}: expected to write it, found a file where a folder should be`,
    });
    assert.deepEqual(append(at("folder.yaml"), "x", fine), {
      kind: "failed",
      problem: `${at("folder.yaml")}: expected to write it, found something that is no file`,
    });
    assert.ok(!existsSync(at(".folder.yaml.new")));
  });

  test("grant init and except write documents that are taken, beside what the owner wrote", async () => {
    writeFileSync(at("agent.yaml"), "apiVersion: rcwarden/v1\nkind: Agent\nmetadata: { name: db07 }\nspec: {}\n");
    const key = {
      policy: "unattended-ssh",
      rule: "clean-stream",
      account: "DOM\\ora",
      mode: "-",
      subject: 'a "b": # {c}',
    };
    const parts = {
      ...partsOf({
        accounts: [root],
        inputs: { "-": JSON.stringify({ kind: "Report", findings: [{ fingerprint: fingerprint(key), ...key }] }) },
      }),
      files: { create, append },
      hostFolder: folder,
      configuration: async () => configAt(folder, Date.parse("2026-11-23T09:55:02Z")),
    };
    assert.equal((await call(["grant", "init"], parts)).exit, 0);
    const own = fingerprint(key);
    const except = (until: string) =>
      call(["except", own, "--reason", "until: later", "--until", until, "--report", "-"], parts);
    const first = await except("2027-01-31");
    assert.deepEqual([first.stderr, first.exit], ["", 0]);
    assert.equal((await except("2027-01-31")).exit, 2);
    assert.equal((await except("2027-03-31")).exit, 0);
    const found = configAt(folder, Date.parse("2026-11-23T09:55:02Z"));
    assert.equal(found.kind, "documents");
    assert.equal(found.host.grant.kind, "grant");
    assert.deepEqual(
      found.host.exceptions.map(({ name, finding, reason, until }) => ({ name, finding, reason, until })),
      [
        { name: `clean-stream-${own}`, finding: key, reason: "until: later", until: "2027-01-31" },
        { name: `clean-stream-${own}-2`, finding: key, reason: "until: later", until: "2027-03-31" },
      ],
    );
  });

  test("a finding under another's fingerprint is refused", async () => {
    const key = { policy: "p", rule: "r", account: "a", mode: "cron", subject: "s" };
    const forged = JSON.stringify({ kind: "Report", findings: [{ fingerprint: "0000000000000000", ...key }] });
    const said = await call(
      ["except", "0000000000000000", "--reason", "x", "--until", "2027-01-31", "--report", "-"],
      partsOf({ accounts: [root], inputs: { "-": forged } }),
    );
    assert.equal(said.exit, 2);
    assert.match(said.stderr, /found one of another policy, rule, account, mode or subject under it/);
  });
});
