import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { policiesInForce, problemText } from "../../agent/documents/index.ts";
import { type Configuration, configAt } from "../../agent/runs/host-documents.ts";

const now = Date.parse("2026-11-23T09:55:02Z");
const asRoot = { skip: process.geteuid?.() !== 0 && "needs root" };

const head = (kind: string, name: string) => `apiVersion: rcwarden/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
const grant = `${head("Grant", "db07")}spec: { measure: { accounts: [oracle] } }\n`;
const engine = `${head("Engine", "copy")}spec: { enters: [ssh-command], sends: [ls] }\n`;
const policy = `${head("Policy", "mine")}spec: { accounts: all, engines: [copy], includes: [unattended-ssh] }\n`;
const exception = (until: string) => `${head("Exception", "greeting")}spec:
  finding: { policy: unattended-ssh, rule: clean-stream, account: oracle, mode: ssh-command, subject: stdout }
  reason: CHG0012345
  until: ${until}
`;

let folder = "";

describe("the documents of a host", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcwarden-config-"));
    chmodSync(folder, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(name: string, text: string): string {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  function told(found: Configuration): readonly string[] {
    return found.kind === "problems" ? found.problems.map(problemText).map((each) => each.replaceAll(folder, "F")) : [];
  }

  function given(found: Configuration): readonly string[] {
    return found.kind === "documents" ? policiesInForce(found.set).map(({ name }) => name) : [];
  }

  test("a folder is laid out like /etc/rcwarden: the owner's documents in it, policies below policies", () => {
    put("grant.yaml", grant);
    put("exceptions.yaml", exception("2027-01-31"));
    put("policies/vendor/copy.yaml", engine);
    put("policies/mine.yml", policy);
    put("other/ignored.yaml", "kind: nonsense\n");
    const found = configAt(folder, now);
    assert.deepEqual(told(found), []);
    assert.deepEqual(given(found), ["mine"]);
    assert.equal(found.host.grant.kind, "grant");
    assert.equal(found.host.exceptions.length, 1);
  });

  test("a single file holds documents of all kinds", () => {
    const found = configAt(put("all.yaml", [grant, engine, policy].join("---\n")), now);
    assert.deepEqual(told(found), []);
    assert.deepEqual([given(found), found.host.grant.kind], [["mine"], "grant"]);
  });

  test("without policies the shipped one applies; an empty folder is one", () => {
    const found = configAt(folder, now);
    assert.deepEqual([told(found), given(found), found.host.grant.kind], [[], ["unattended-ssh"], "none"]);
  });

  test("a path that is not there is told, and a Grant may have been there", () => {
    const found = configAt(join(folder, "gone"), now);
    assert.deepEqual(told(found), ["F/gone: expected a file or folder, found none"]);
    assert.equal(found.kind === "problems" && found.grant, "broken");
  });

  test("a Grant among the policies is refused, and nobody is measured", () => {
    put("policies/grant.yaml", grant);
    const found = configAt(folder, now);
    assert.equal(told(found).length, 1);
    assert.match(
      told(found)[0] ?? "",
      /^F\/policies\/grant.yaml:2:7: expected Engine, Policy or Retention, found "Grant"; /,
    );
    assert.equal(found.kind === "problems" && found.grant, "broken");
  });

  test("the time decides how far ahead an Exception may end", () => {
    put("exceptions.yaml", exception("2027-11-24"));
    assert.deepEqual(told(configAt(folder, now)), []);
    assert.equal(told(configAt(folder, now - 86_400_000)).length, 1);
  });

  test("as root, a Grant that others may write is refused and broken, whatever it says", asRoot, () => {
    const path = put("grant.yaml", grant);
    chmodSync(path, 0o666);
    const writable = configAt(folder, now);
    assert.match(
      told(writable)[0] ?? "",
      /^F\/grant.yaml: expected no one but root may write, found everybody may write /,
    );
    assert.equal(writable.host.grant.kind, "broken");
    chmodSync(path, 0o644);
    chownSync(path, 65534, 0);
    assert.equal(configAt(folder, now).host.grant.kind, "broken");
  });

  test("watched are both folders, those below the policies, each file, and what links lead to; there or not", () => {
    const grantAt = put("grant.yaml", grant);
    const linked = put("store/copy.yaml", engine);
    put("policies/vendor/mine.yaml", policy);
    symlinkSync(linked, join(folder, "policies/copy.yaml"));
    const { paths } = configAt(folder, now);
    for (const path of [
      folder,
      grantAt,
      join(folder, "policies"),
      join(folder, "policies/vendor"),
      join(folder, "policies/vendor/mine.yaml"),
      join(folder, "policies/copy.yaml"),
      linked,
    ]) {
      assert.ok(paths.includes(path), path);
    }
    assert.equal(new Set(paths).size, paths.length);
    const gone = join(folder, "gone");
    assert.deepEqual(configAt(gone, now).paths, [gone, join(gone, "policies")]);
  });
});
