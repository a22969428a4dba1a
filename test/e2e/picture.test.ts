/** Status of the built agent with a real shell: which way in fails, which line leads there, and who may see its text. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { test } from "node:test";
import type { StatusAnswer } from "../../agent/status/index.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent } from "../support/agent.ts";

/** Of the group that only this agent sees. */
const gid = 2_000_200_000;
const secret = "hunter2";
const clean = `setenv ORACLE_SID PROD
setenv DB_PASSWORD ${secret}
set path = ($path /u01/bin)
umask 022
if ($?prompt) then
  set history = 500
endif
`;
const guilty = clean.replace("set path", "alias cp 'cp -i'\nset path");

function cellOf({ ways }: StatusAnswer, account: string, mode: string) {
  const row = ways.find((each) => each.account === account);
  const way = row?.ways.find((each) => each.mode === mode);
  return `${way?.state} ${way?.word}`.trim();
}

test("a line saved into a tcsh account's file is led to, and who may not see lines sees none of its text", {
  skip: noAccounts,
  timeout: 120_000,
}, async () => {
  await using account = await makeAccount({ home: "empty", shell: "/bin/tcsh", files: { ".cshrc": clean } });
  const groups = account.write("group", `${readFileSync("/etc/group", "utf8")}rcwarden:x:${gid}:\n`);
  const script = `mount --bind ${groups} /etc/group\nexec "$@"`;
  await using agent = await startAgent({
    accounts: [account.name],
    as: ["/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-ec", script, "sh"],
  });
  const first: StatusAnswer = (await agent.ask("/v1/status")).json;
  assert.equal(first.lead, null);
  assert.deepEqual(
    [cellOf(first, account.name, "ssh-command"), cellOf(first, account.name, "ssh-command-pty")],
    ["holds", "holds"],
  );
  assert.equal(cellOf(first, account.name, "sftp"), "holds");
  assert.equal(first.day.accounts[0]?.spans.at(-1)?.state, "holds");

  account.write(".cshrc.new", guilty);
  renameSync(`${account.home}/.cshrc.new`, `${account.home}/.cshrc`);
  const path = `${account.home}/.cshrc`;
  const status = await agent.until<StatusAnswer>(
    "/v1/status",
    ({ lead }) => lead?.lines !== undefined && lead.lines !== null && lead.lines.length > 1,
    "the lines that lead",
  );
  const { lead, findings, day } = status;
  assert.equal(cellOf(status, account.name, "ssh-command"), "fails waits");
  assert.equal(findings[0]?.fingerprint, lead?.fingerprint);
  assert.deepEqual(findings[0]?.where, { file: path, line: 3, column: 1, through: [] });
  const chain = lead?.chain.map(({ what }) => what) ?? [];
  assert.deepEqual([chain[0], chain[1], chain.at(-1)], ["sshd", "/bin/tcsh -c", "~/.cshrc:3"]);
  assert.deepEqual(
    lead?.lines?.map(({ number, text, isGuilty, note }) => [number, isGuilty ? "guilty" : note, text]),
    [
      [1, "", "setenv ORACLE_SID PROD"],
      [2, "", "setenv DB_PASSWORD [masked]"],
      [3, "guilty", "alias cp 'cp -i'"],
      [4, "", "set path = ($path /u01/bin)"],
      [5, "", "umask 022"],
      [6, "below: only for people", "if ($?prompt) then"],
    ],
  );
  assert.deepEqual([lead?.sent, lead?.runs], ["cp -f {file} {existing}", "cp -i -f {file} {existing}"]);
  assert.match(lead?.waitsAt ?? "", /^cp: overwrite '/);
  assert.equal(lead?.hint?.ownerUid, account.uid);
  assert.ok((lead?.hint?.seenAfterMs ?? -1) >= 0 && (lead?.hint?.seenAfterMs ?? 1e9) < 30_000);
  assert.deepEqual(
    findings[0]?.past.slice(-2).map(({ state }) => state),
    ["holds", "fails"],
  );
  assert.ok(day.saves.some((save) => save.path === path && save.account === account.name));
  assert.deepEqual(
    day.accounts[0]?.spans.slice(-2).map(({ state }) => state),
    ["holds", "fails"],
  );
  assert.ok(Date.parse(status.validUntil ?? "") > Date.parse(status.time));
  assert.ok(!JSON.stringify(status).includes(secret));

  const asViewer = ["--reuid=65534", "--regid=65534", `--groups=${gid}`, "/usr/bin/curl", "-sS", "--max-time", "20"];
  const call = ["--unix-socket", agent.socket, "-H", "Accept: application/json", "http://localhost/v1/status"];
  const text = execFileSync("/usr/bin/setpriv", [...asViewer, ...call], { encoding: "utf8", timeout: 30_000 });
  const seen: StatusAnswer = JSON.parse(text);
  assert.equal(seen.lead?.fingerprint, lead?.fingerprint);
  assert.deepEqual([seen.lead?.lines, seen.lead?.runs, seen.lead?.waitsAt], [null, null, null]);
  assert.equal(seen.lead?.says, "the Grant keeps its text on this host");
  assert.equal(seen.lead?.chain.at(-1)?.what, "~/.cshrc:3");
  for (const kept of ["alias cp", "cp -i", "overwrite", "ORACLE_SID", secret]) assert.ok(!text.includes(kept), kept);

  // In ways by which no engine comes in it is measured again when nothing else is to be done.
  const again = await agent.until<StatusAnswer>(
    "/v1/status",
    (json) => cellOf(json, account.name, "ssh-command-pty") !== "unknown unknown",
    "the other way in",
  );
  assert.equal(cellOf(again, account.name, "ssh-command-pty"), "fails waits");
  assert.equal(again.findings.length, 1);
});
