/** The host's agent and an account's own one, at the places where they look for each other. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { dist } from "../support/rcwarden.ts";

/**
 * Runs a script in a mount namespace in which /run/rcwarden, /var/lib/rcwarden and /etc/rcwarden are empty and its own, so
 * that an agent of this host is not met. `start NAME COMMAND...` runs in the background, and `heard NAME WORD` waits.
 */
async function apart(script: string, ...words: readonly string[]): Promise<string> {
  const ground = `set -e
for folder in /run/rcwarden /var/lib/rcwarden /etc/rcwarden; do mkdir -p $folder; mount -t tmpfs -o mode=755 none $folder; done
T=$(mktemp -d /run/rcwarden/test-XXXXXX)
trap 'kill -KILL $(jobs -p) 2>/dev/null || :' EXIT
start() { name=$1; shift; "$@" >"$T/$name" 2>&1 & }
heard() { for i in $(seq 600); do grep -q "$2" "$T/$1" && return 0; sleep 0.1; done; echo "expected '$2' of $1, found:"; cat "$T/$1"; exit 1; }
as() { setpriv --reuid "$UID_" --regid "$UID_" --init-groups env "HOME=$HOME_" "$@"; }
ask() { curl -s --unix-socket "$1" "http://localhost$2"; }
`;
  const child = spawn(
    "unshare",
    ["-m", "--propagation", "private", "bash", "-c", `${ground}${script}`, "bash", ...words],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const [status] = await once(child, "close");
  assert.equal(status, 0, said);
  return said;
}

describe("two instances never watch the same account", { skip: noAccounts }, () => {
  const folders = 'for each in run var/lib; do install -d -o "$UID_" /$each/rcwarden/$NAME; done';
  for (const [says, prepare] of [
    ["its own agent", ":"],
    ["its own agent in the folders of a unit", folders],
  ])
    test(`the host's agent leaves an account to ${says}, and that is said`, async () => {
      await using account = await makeAccount({ home: "empty" });
      const said = await apart(
        `UID_=${account.uid}; HOME_=${account.home}; NAME=${account.name}
${prepare}
start own as ${dist}/rcwarden agent
heard own "Every account was looked at"
start host ${dist}/rcwarden agent --account ${account.name}
heard host "not watched: ${account.name}"
ask /run/rcwarden/host/agent.sock /v1/status`,
      );
      const status = JSON.parse(said.slice(said.indexOf("{")));
      assert.deepEqual(
        status.accounts.map((each: { name: string; state: string }) => `${each.name} ${each.state}`),
        [`${account.name} elsewhere`],
      );
    });

  test("an account's own agent does not start while the host's watches it", async () => {
    await using account = await makeAccount({ home: "empty" });
    const said = await apart(
      `UID_=${account.uid}; HOME_=${account.home}
start host ${dist}/rcwarden agent --account ${account.name}
heard host "Every account was looked at"
as ${dist}/rcwarden agent && exit 9
echo "exit $?"`,
    );
    assert.match(said, new RegExp(`host's agent watches ${account.name} already`));
    assert.match(said, /exit 2/);
  });
});
