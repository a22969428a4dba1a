/** A support bundle of a real agent that watches an account whose files hold secrets: none of them is in it. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent } from "../support/agent.ts";
import { bundleOf } from "../support/bundle.ts";
import { rcwarden } from "../support/rcwarden.ts";

const bashrc = [
  "export PGPASSWORD=PLANTED-a MYVALUE=PLANTED-b",
  "export API=https://jo:PLANTED-c@db07/",
  "alias cp='cp -i PLANTED-d'",
  "rm() { read -p 'PLANTED-e? ' answer; } # PLANTED-f",
  "echo PLANTED-g",
  "",
].join("\n");

test("nothing that the account's files hold is in it, and findings are", { skip: noAccounts }, async () => {
  await using account = await makeAccount({
    home: "empty",
    files: { ".bashrc": bashrc, ".ssh/environment": "KEY=PLANTED-h\n", ".ssh/id_ed25519": "PLANTED-i\n" },
  });
  await using agent = await startAgent({ accounts: [account.name] });
  interface Status {
    readonly findings: readonly { readonly message: string }[];
  }
  const { findings } = await agent.until<Status>("/v1/status", (status) => status.findings.length > 1, "findings");
  // The secrets are there to be found: its owner is shown the guilty line.
  assert.match(JSON.stringify(findings), /PLANTED/);
  const file = join(agent.folder, "bundle.tar.gz");
  const { status, stdout, stderr } = await rcwarden(["support-bundle", "--socket", agent.socket, "--output", file]);
  assert.equal(`${status}${stderr}`, "0");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const files = bundleOf(readFileSync(file));
  const whole = [...files.values()].join("\n");
  assert.doesNotMatch(`${whole}${stdout}`, /PLANTED/);
  assert.ok(whole.includes(`${account.home}/.bashrc`), "the file is named");
  const told: { readonly subject: string }[] = JSON.parse(files.get("findings.json") ?? "");
  assert.equal(told.length, findings.length);
  assert.ok(told.some(({ subject }) => subject === "rm -f {file}"));
  for (const name of ["status.json", "runs.json", "documents.json", "doctor.txt", "host.json", "limits.json"])
    assert.ok((files.get(name) ?? "").length > 0, name);

  writeFileSync(join(agent.folder, "there"), "kept");
  const again = await rcwarden(["support-bundle", "--socket", agent.socket, "--output", join(agent.folder, "there")]);
  assert.equal(again.status, 2);
  assert.equal(readFileSync(join(agent.folder, "there"), "utf8"), "kept");
});
