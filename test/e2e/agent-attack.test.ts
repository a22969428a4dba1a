// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of shells
/** The built agent against accounts, callers and file systems that mean it ill. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";

const nothing = "# nothing\n";
const wrapper = 'cp() { command cp "$@" -i; }\n';

interface Verdict {
  readonly verdict: "go" | "no-go" | "unknown";
  readonly reasons: readonly { readonly code: string }[];
}

/** As whom the account may be: neither root nor anybody else. */
function as({ uid, gid }: TestAccount): readonly string[] {
  return ["--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
}

async function verdict(agent: TestAgent, { name }: TestAccount, wanted: Verdict["verdict"]): Promise<void> {
  const holds = (json: Verdict) => json.verdict === wanted;
  await agent.until<Verdict>(`/v1/accounts/${name}`, holds, `${wanted} for ${name}`);
}

/** Seconds of processor time that the agent itself took. */
function processorSeconds({ pid }: TestAgent): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

describe("no false go", { skip: noAccounts }, () => {
  test("a program that appears in a folder of PATH takes the place of the one that was measured", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "PATH=~/bin:$PATH\n", "bin/x": "" } });
    await using agent = await startAgent({ accounts: [account.name] });
    await verdict(agent, account, "go");
    account.write("bin/rm", "#!/bin/sh\nexit 0\n", 0o755);
    await verdict(agent, account, "no-go");
    rmSync(`${account.home}/bin/rm`);
    await verdict(agent, account, "go");
  });

  for (const text of [
    '. "$(dirname "${BASH_SOURCE[0]}")/.more"\n',
    'eval "$(cat ~/.more)"\n',
    'while read -r line; do eval "$line"; done < ~/.more\n',
  ])
    test(`a file that is read by another program: ${text.trim()}`, async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": text, ".more": nothing } });
      await using agent = await startAgent({ accounts: [account.name] });
      await verdict(agent, account, "go");
      account.write(".more", wrapper);
      await verdict(agent, account, "no-go");
    });

  test("a folder on the way that lets nobody pass any more", async () => {
    await using account = await makeAccount({ home: "empty" });
    const folder = mkdtempSync("/run/rcw-way-");
    try {
      chmodSync(folder, 0o755);
      writeFileSync(join(folder, "rc"), "unset -f cp\n", { mode: 0o644 });
      account.write(".bashrc", `${wrapper}. ${folder}/rc\n`);
      await using agent = await startAgent({ accounts: [account.name] });
      await verdict(agent, account, "go");
      chmodSync(folder, 0o700);
      await verdict(agent, account, "no-go");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a change while the account is measured for the first time, at any moment of it", async () => {
    for (const waitMs of [0, 200, 400, 600, 800, 1_000, 1_200]) {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
      await using agent = await startAgent({ accounts: [account.name], waitFor: "answers" });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      account.write(".bashrc", wrapper);
      await verdict(agent, account, "no-go");
    }
  });
});

describe("one account among others", { skip: noAccounts }, () => {
  test("that names thousands of deep folders holds up nobody", async () => {
    await using hostile = await makeAccount({ home: "empty" });
    await using other = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
    const deep = "/d".repeat(1_500);
    const script = `for c in 1 2 3 4 5 6 7 8; do mkdir -p "$1/$c${deep}" && echo "[ -f $1/$c${deep}/x ] && :"; done >"$1/.bashrc"`;
    execFileSync("/usr/bin/setpriv", [...as(hostile), "/bin/sh", "-c", script, "sh", hostile.home]);
    await using agent = await startAgent({ accounts: [hostile.name, other.name] });
    await verdict(agent, other, "go");
    const began = processorSeconds(agent);
    for (let round = 0; round < 20; round++) assert.equal((await agent.ask("/v1/status")).status, 200);
    assert.ok(processorSeconds(agent) - began < 2);
    const { watching } = (await agent.ask("/v1/status")).json;
    assert.ok(watching.watches < 200, `${watching.watches} watches`);
    const unknown = (await agent.ask(`/v1/accounts/${hostile.name}`)).json as Verdict;
    assert.deepEqual([unknown.verdict, unknown.reasons.map(({ code }) => code).includes("blind")], ["unknown", true]);
    writeFileSync(`${other.home}/.bashrc`, wrapper);
    await verdict(agent, other, "no-go");
  });

  test("that names 100,000 files is watched within bounds", async () => {
    await using hostile = await makeAccount({
      home: "empty",
      files: {
        ".bashrc": Array.from({ length: 100_000 }, (_, at) => `[ -f /tmp/x${at} ] && . /tmp/x${at}\n`).join(""),
      },
    });
    await using other = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
    await using agent = await startAgent({ accounts: [hostile.name, other.name], waitFor: "answers" });
    await verdict(agent, other, "go");
    await agent.until<{ accounts: { name: string; measuredAt: string | null }[] }>(
      "/v1/status",
      ({ accounts }) => accounts.every(({ measuredAt }) => measuredAt !== null),
      "everybody to be measured",
    );
    const { watching, resources } = (await agent.ask("/v1/status")).json;
    assert.ok(watching.paths < 3_000, `${watching.paths} paths`);
    assert.ok(resources.rssBytes < 200 * 1_048_576, `${resources.rssBytes} bytes`);
  });

  test("asks for itself alone, whatever it writes", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": wrapper } });
    await using other = await makeAccount({ home: "empty", files: { ".bashrc": wrapper } });
    await using agent = await startAgent({ accounts: [account.name, other.name] });
    const ask = (path: string, ...more: string[]) => {
      const words = ["-s", "-o", "-", "-w", "%{http_code}", "--path-as-is", "--unix-socket", agent.socket, ...more];
      return execFileSync("/usr/bin/setpriv", [...as(account), "/usr/bin/curl", ...words, `http://localhost${path}`], {
        encoding: "utf8",
      });
    };
    const json = ["-H", "Content-Type: application/json", "-d"];
    const refused: readonly (readonly string[])[] = [
      [`/v1/accounts/${other.name}`],
      [`/v1/accounts/%2e%2e%2f${other.name}`],
      [`/v1/accounts/${account.name}/../${other.name}`],
      [`/v1/accounts/${account.name}%00${other.name}`],
      [`/v1/findings?account=${other.name}`],
      [`/v1/findings?account=${account.name}&account=${other.name}`],
      [`/v1/events?account=${other.name}`],
      [`/v1/baseline?account=${other.name}`],
      ["/v1/sent"],
      ["/v1/reload", "-X", "POST"],
      ["/v1/run", ...json, JSON.stringify({ account: other.name })],
      ["/v1/baseline", ...json, JSON.stringify({ account: account.name, reason: "mine" })],
      ["/healthz", "-H", "Host: elsewhere.example"],
      ["/healthz", "-H", "Origin: http://elsewhere.example"],
    ];
    for (const [path = "", ...more] of refused) assert.match(ask(path, ...more), /4\d\d$/, path);
    for (const path of ["/v1/status", "/v1/findings", "/v1/events", "/v1/runs", "/readyz"]) {
      const answer = ask(path);
      assert.match(answer, /200$/, path);
      assert.ok(!answer.includes(other.name), path);
    }
  });
});

describe("what is kept and said", { skip: noAccounts }, () => {
  const secret = "Tr0ub4dor3xK";
  const secrets = `export DB_PASSWORD='${secret}'
alias rm='rm -i --password=${secret}'
cp() { printf 'password: ${secret}\\nLogin token=${secret}? '; read x; }
mkdir() { curl -u admin:${secret} https://u:${secret}@host/; read -p "x" y; }
echo "welcome, your api_key=${secret}"
`;

  test("no secret that its surroundings give away is kept, sent, answered or in a journal", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": secrets } });
    const out = mkdtempSync("/run/rcw-out-");
    try {
      const sink = `{ name: file, kind: file, path: ${out}/events.jsonl }`;
      const documents = {
        "agent.yaml": `apiVersion: rcwarden/v1\nkind: Agent\nmetadata: { name: a }\nspec:\n  sinks: [${sink}]\n`,
        "grant.yaml": `apiVersion: rcwarden/v1\nkind: Grant\nmetadata: { name: g }\nspec:\n  measure: { accounts: [${account.name}], how: running }\n  local: lines\n  share: lines\n`,
      };
      const env = { NOTIFY_SOCKET: "/run/rcw-nobody-listens.sock" };
      const careless = ["/bin/sh", "-c", 'umask 000; exec "$@"', "sh"];
      await using agent = await startAgent({ accounts: [account.name], documents, env, as: careless });
      const found = (await agent.ask("/v1/findings")).json.items.length;
      assert.ok(found > 0);
      const sent = () => readFileSync(`${out}/events.jsonl`, "utf8").includes("finding.opened");
      for (const deadline = performance.now() + 30_000; !sent() && performance.now() < deadline; )
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(sent(), "nothing was sent");
      const files = [agent.state, out].flatMap((folder) =>
        readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
          entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
        ),
      );
      for (const file of files) {
        assert.ok(!readFileSync(file, "latin1").includes(secret), file);
        assert.equal(statSync(file).mode & (file.startsWith(out) ? 0o137 : 0o177), 0, file);
      }
      assert.equal(statSync(agent.state).mode & 0o7777, 0o700);
      for (const path of ["/v1/findings", "/v1/events", "/v1/status", `/v1/accounts/${account.name}`])
        assert.ok(!JSON.stringify((await agent.ask(path)).json).includes(secret), path);
      assert.ok(!(agent.stdout() + agent.stderr()).includes(secret), agent.stdout());
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  test("children have none of the agent's descriptors", async () => {
    // Long enough to be looked at.
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "sleep 0.5\n" } });
    await using agent = await startAgent({ accounts: [account.name] });
    await agent.ask("/v1/run", { account: account.name });
    let looked = 0;
    for (const deadline = performance.now() + 3_000; performance.now() < deadline; ) {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        const held = heldBy(pid, account.uid);
        if (held === null) continue;
        looked += 1;
        assert.ok(!held.some((one) => one.includes(agent.folder)), held.join(" "));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(looked > 0, "no child was seen");
  });
});

/** What a process of this uid holds open; null where it is none, or gone. */
function heldBy(pid: string, uid: number): string[] | null {
  try {
    if (statSync(`/proc/${pid}`).uid !== uid) return null;
    const list = execFileSync("/bin/ls", ["-l", `/proc/${pid}/fd`], { encoding: "utf8", stdio: "pipe" });
    return list.split("\n").flatMap((line) => line.split(" -> ")[1] ?? []);
  } catch {
    return null;
  }
}
