/** `check --watch` by hand: a real account, its real shell, its real files; no agent. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { KeptFinding } from "../../agent/drift/index.ts";
import type { Summary } from "../../agent/evaluate/index.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { dist } from "../support/rcwarden.ts";

interface Update {
  readonly kind: string;
  readonly changed: readonly string[];
  readonly opened: readonly KeptFinding[];
  readonly altered: readonly KeptFinding[];
  readonly resolved: readonly KeptFinding[];
  readonly summary: Summary;
}

/** Its lines of stdout as they come; `wait` takes the next that is asked for, whatever came before it. */
class Watching implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(account: TestAccount, as: readonly string[], more: readonly string[]) {
    const argv = [...as, `${dist}/rcwarden`, "check", "--account", account.name, "--watch", ...more];
    this.child = spawn(argv[0] ?? "", argv.slice(1), {
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.ok(this.child.stdout !== null);
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async next(is: (line: string) => boolean): Promise<string> {
    const late = setTimeout(() => this.child.kill("SIGKILL"), 60_000);
    try {
      for (;;) {
        const line = await this.#lines.next();
        assert.ok(line.done !== true, "expected another line, found the end");
        if (is(line.value)) return line.value;
      }
    } finally {
      clearTimeout(late);
    }
  }

  async update(is: (update: Update) => boolean): Promise<Update> {
    const line = await this.next((text) => is(JSON.parse(text)));
    const update: Update = JSON.parse(line);
    return update;
  }

  async end(): Promise<number | null> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGINT");
    const [status] = await ended;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

const waits = "rm() { read -p 'sure? ' answer; }\n";
const isWaiting = ({ subject }: KeptFinding) => subject === "rm -f {file}";

test("a line that comes opens a finding, and what goes resolves it", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ home: "empty" });
  await using watching = new Watching(account, [], ["--format", "jsonl"]);
  const first = await watching.update(() => true);
  assert.equal(first.kind, "Update");
  assert.deepEqual(first.opened, []);
  const file = account.write(".bashrc", waits);
  const opened = await watching.update((update) => update.opened.some(isWaiting));
  assert.equal(opened.opened.find(isWaiting)?.where?.file, file);
  assert.equal(opened.opened.find(isWaiting)?.where?.line, 1);
  rmSync(file);
  // Another path of the host may have changed at the same time, and be why it was looked at first.
  let isNamed = false;
  const resolved = await watching.update(({ changed, resolved: gone }) => {
    isNamed ||= changed.includes(file);
    return gone.some(isWaiting);
  });
  if (!isNamed) await watching.update(({ changed }) => changed.includes(file));
  assert.equal(resolved.summary.fail, 0);
  assert.equal(await watching.end(), 0);
});

test("what a startup file sources is watched, too, and text says what is otherwise", { skip: noAccounts }, async () => {
  await using account = await makeAccount({
    home: "empty",
    files: { ".bashrc": ". ~/site.sh\n", "site.sh": "# nothing\n" },
  });
  await using watching = new Watching(account, [], []);
  await watching.next((line) => line.startsWith("1 account measured"));
  account.write("site.sh", waits);
  // It may come while what is sourced is only about to be watched; then all is looked at once more.
  await watching.next((line) => /CRITICAL {2}~\/site\.sh:1/.test(line));
  await watching.next((line) => line.includes("waits for ever for input"));
  account.write("site.sh", "# nothing\n");
  await watching.next((line) => line.includes(" changed: ") && line.includes("resolved"));
  assert.equal(await watching.end(), 0);
});

test("an account watches itself, without root and without an agent", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ home: "empty" });
  const as = ["setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, "--init-groups"];
  await using watching = new Watching(account, as, ["--format", "jsonl"]);
  await watching.update(() => true);
  const file = account.write(".bashrc", waits);
  await watching.update(({ opened }) => opened.some(isWaiting));
  rmSync(file);
  await watching.update(({ resolved }) => resolved.some(isWaiting));
  assert.ok([0, 3].includes((await watching.end()) ?? 1));
});
