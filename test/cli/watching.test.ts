/** What `check --watch` says of rounds, in a host made of values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpWaits, tried } from "../../agent/checks/example-facts.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import { columns } from "../../agent/facts/layout.ts";
import { call, oracle, partsOf, root } from "./support/world.ts";

const others = [tried("rm -f {file}"), tried("rm -rf {folder}"), tried("mv -f {file} {existing}")];
const good: Partial<ModeFacts> = { tried: [...others, tried("cp -f {file} {existing}")] };
const bad: Partial<ModeFacts> = { tried: [...others, cpWaits] };
const lost: Partial<ModeFacts> = {
  tried: [],
  gaps: [{ code: "timed-out", message: "the time was over", change: "", of: ["tried"] }],
};

/** Measures one after the other, a change of ~/.cshrc between two; ends after the last. */
async function rounds(all: readonly Partial<ModeFacts>[], ...more: readonly string[]) {
  const left = [...all];
  let change: (paths: readonly string[]) => void = () => {};
  let end: () => void = () => {};
  const covered: string[][] = [];
  const parts = {
    ...partsOf({ accounts: [root, oracle], facts: () => left.shift() ?? {} }),
    watchFiles(changed: (paths: readonly string[]) => void) {
      change = changed;
      return {
        async cover(paths: readonly string[]) {
          covered.push([...paths]);
          // After a round all is covered again: then the next change comes, or the end.
          if (covered.length % 2 === 0) setImmediate(() => (left.length > 0 ? change(["/home/oracle/.cshrc"]) : end()));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
    interrupted: () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  };
  const said = await call(["check", "--account", "oracle", "--watch", ...more], parts);
  return { ...said, covered };
}

interface Update {
  readonly opened: readonly { readonly subject: string }[];
  readonly altered: readonly { readonly status: string; readonly was?: string }[];
  readonly resolved: readonly { readonly subject: string }[];
}

function updates(stdout: string): Update[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a line a round: opened, changed, resolved", async () => {
  const { stdout, exit } = await rounds([bad, good, good, bad, good], "--format", "jsonl");
  const counts = updates(stdout).map(({ opened, altered, resolved }) =>
    [opened, altered, resolved].map((x) => x.length),
  );
  assert.deepEqual(counts, [
    [1, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  assert.equal(exit, 0);
});

test("a gap resolves nothing", async () => {
  const { stdout, exit } = await rounds([bad, lost, bad], "--format", "jsonl");
  const [, second, third] = updates(stdout);
  assert.deepEqual(second?.resolved, []);
  assert.ok(second?.altered.some(({ status, was }) => status === "unknown" && was === "fail"));
  assert.ok(third?.altered.some(({ status }) => status === "fail"));
  assert.equal(exit, 1);
});

test("text says which file changed, what came of it and which line, within 100 columns", async () => {
  const { stdout } = await rounds([good, good, bad, good, good]);
  assert.match(stdout, /\n10:55:02 {2}\/home\/oracle\/\.cshrc changed: 1 opened; now 1 fail, 0 unknown, 9 pass\.\n/);
  assert.match(stdout, /\n {2}CRITICAL {2}~\/\.cshrc:14 .*\n {2}The engine sends {4}cp -f/);
  assert.match(stdout, /changed: 1 resolved;.*\n\n {2}RESOLVED {2}oracle {2}ssh-command {2}cp -f/);
  assert.match(stdout, /changed: nothing is otherwise;/);
  for (const line of stdout.split("\n")) assert.ok(columns(line) <= 100, line);
});

test("the account's files are covered before it is measured, and what was read afterwards", async () => {
  const site = { path: "/u01/site.csh", state: "read", through: ["/home/oracle/.cshrc"] } as const;
  const { covered } = await rounds([{ ...good, startupFiles: [site] }]);
  assert.ok(covered[0]?.includes("/home/oracle/.cshrc") && !covered[0].includes(site.path));
  assert.ok(covered[1]?.includes("/home/oracle/.cshrc") && covered[1].includes(site.path));
});

test("only text and lines can be watched", async () => {
  const { stderr, exit } = await rounds([], "--format", "sarif");
  assert.equal(stderr, "rcwarden check: --watch: expected text or --format jsonl, found --format sarif\n");
  assert.equal(exit, 2);
});
