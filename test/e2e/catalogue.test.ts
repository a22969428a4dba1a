/** What is known to break engines: planted, found by the built program, quiet beside it, and seen in a real session. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Report } from "../../agent/evaluate/index.ts";
import { runCommand } from "../../agent/host/command.ts";
import { endProcesses, makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { check } from "../support/rcwarden.ts";
import { noSshd, type SshEnd, startSshd, type TestSshd } from "../support/sshd.ts";
import type { Case, Planted, Session } from "./catalogue/case.ts";
import { cases, open } from "./catalogue/index.ts";

/** A session that gives nothing for so long does not end; on a busy host one that ends may take longer. */
const patienceMs = 5_000;
const muchPatienceMs = 60_000;
const counted = { found: 0, seen: 0 };

let sshd: TestSshd;
let policies: string;
const ours = new AsyncDisposableStack();
before(async () => {
  sshd = ours.use(await startSshd());
  policies = mkdtempSync(join(tmpdir(), "rcw-catalogue-"));
  ours.defer(() => rmSync(policies, { recursive: true, force: true }));
});
after(async () => {
  await ours.disposeAsync();
  const all = cases.length + open.length;
  console.log(`catalogue: detected ${counted.found} of ${all}, reproduced with a real session ${counted.seen}`);
});

describe("the catalogue", { skip: noAccounts || noSshd, concurrency: 4 }, () => {
  for (const one of cases) {
    test(`${one.id}: ${one.title}`, async () => {
      const policy = policyFor(one);
      await withAccount(one, async (account) => {
        const found = await findings(account, policy, one);
        const line = one.line === null ? null : `${account.home}/${one.line}`;
        assert.ok(
          found.some(({ where }) => line === null || (where !== null && `${where.file}:${where.line}` === line)),
          `expected a finding of ${one.check} at ${line}, found ${JSON.stringify(found, null, 1)}`,
        );
        counted.found++;
        if (one.session === undefined) return;
        const first = await really(account, one.session, patienceMs);
        const isLate = first.hung && !one.session.shows(first, account.home);
        const end = isLate ? await really(account, one.session, muchPatienceMs) : first;
        assert.ok(one.session.shows(end, account.home), `in a real session: ${JSON.stringify(end)}`);
        counted.seen++;
      });
      const { twin } = one;
      if (twin === undefined) return;
      await withAccount({ shell: one.shell, ...twin }, async (account) => {
        assert.deepEqual(await findings(account, policy, one), [], "of a harmless one");
      });
    });
  }
});

async function withAccount(planted: Planted, work: (account: TestAccount) => Promise<void>): Promise<void> {
  await using account = await makeAccount({ shell: planted.shell ?? "/bin/bash", home: "empty" });
  for (const [file, text] of Object.entries(planted.files ?? {}))
    account.write(file, text, file.startsWith("bin/") ? 0o755 : 0o644);
  try {
    planted.prepare?.(account);
    await work(account);
  } finally {
    planted.undo?.(account);
    await endProcesses(account.uid);
  }
}

function policyFor({ id, check: kind, with: given, mode, sends = ["test -f {file}"] }: Case): string {
  const lines = sends.map((line) => `    - ${JSON.stringify(line)}`);
  const path = join(policies, `${id}.yaml`);
  writeFileSync(
    path,
    `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: sender }
spec:
  enters: [${mode ?? "ssh-command"}]
  sends:
${lines.join("\n")}
---
apiVersion: rcwarden/v1
kind: Policy
metadata: { name: catalogue }
spec:
  accounts: all
  engines: [sender]
  rules:
    - { id: rule, check: ${kind}, severity: high${given === undefined ? "" : `, with: ${given}`} }
`,
  );
  return path;
}

/** Of the entry's check kind and status; nothing else may be undecided. */
async function findings(account: TestAccount, policy: string, one: Case): Promise<Report["findings"]> {
  const { report, stderr } = await check(account.name, one.mode ?? "ssh-command", ["--policy", policy]);
  const { findings: all, accounts } = report;
  if (all === undefined) throw new Error(`expected a report, found ${JSON.stringify(report)}`);
  const { status = "fail" } = one;
  const undecided = all.filter((each) => each.status === "unknown" && status !== "unknown");
  const gaps = accounts.flatMap(({ modes }) => modes.flatMap((mode) => mode.gaps));
  assert.deepEqual(undecided, [], `undecided: ${stderr} ${JSON.stringify(gaps)}`);
  return all.filter((each) => each.check === one.check && each.status === status);
}

async function really(
  account: TestAccount,
  session: Session,
  timeoutMs: number,
): Promise<SshEnd & { readonly hung: boolean }> {
  const end = await ways[session.by ?? "ssh"](account, session, timeoutMs);
  return { ...end, hung: end.timedOut };
}

const ways: Readonly<
  Record<NonNullable<Session["by"]>, (account: TestAccount, session: Session, timeoutMs: number) => Promise<SshEnd>>
> = {
  ssh({ name }, { send, tty, stdin }, timeoutMs) {
    const input = stdin === undefined ? {} : { stdin: { text: stdin } };
    return sshd.ssh(name, [send], { ...input, ...(tty && { tty }), timeoutMs });
  },
  "scp-legacy": ({ name }, { send }, timeoutMs) => sshd.scp(name, send, ":came", { client: ["-O"], timeoutMs }),
  async su({ name }, { send }, deadlineMs) {
    const outcome = await runCommand(["/bin/su", "-", name, "-c", send], {
      deadlineMs,
      maxBytes: 65_536,
    });
    if (outcome.kind !== "ended") throw new Error(`su: expected it to end, found ${outcome.kind}`);
    const text = { stdout: outcome.stdout.toString(), stderr: outcome.stderr.toString() };
    return { status: outcome.status, timedOut: false, seconds: 0, ...text };
  },
};

test("nothing of sudo's rules is left", () => {
  const left = readdirSync("/etc/sudoers.d").filter((name) => name.startsWith(`rcw${process.pid}x`));
  assert.deepEqual(left, []);
});
