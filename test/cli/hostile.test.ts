/** Whatever the host, its files and its documents say, only this program writes to the terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { attempt, cpWaits, tried } from "../../agent/checks/example-facts.ts";
import { columns } from "../../agent/cli/text/layout.ts";
import type { Place } from "../../agent/facts/index.ts";
import {
  automated,
  call,
  documents,
  execChannel,
  noHost,
  partsOf,
  root,
  unattended,
  type World,
} from "./support/world.ts";

const word = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]52;c;cm0gLXJm\u0007",
        "\r",
        "\n",
        "\u0000",
        "\u0085",
        "\u009b2J",
        "\u202e",
        "\u2028",
        "\u{e0041}",
        "\ud800",
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

function hostileWorld(next: () => string): World {
  const where = (): Place => ({ file: next(), line: 3, column: 1, through: [next()] });
  const account = { name: next(), uid: 501, gid: 501, groups: [501], home: next(), shell: next() };
  const origin = { file: next(), digest: next(), shipped: false, given: true };
  const engine = { ...execChannel, name: next(), origin };
  const policy = { ...unattended, name: next(), engines: [engine.name], origin, description: next() };
  const named = { ...policy, rules: policy.rules.map((rule) => ({ ...rule, id: next() })) };
  return {
    accounts: [root, account],
    documents: { kind: "documents", set: { ...documents, engines: [engine], policies: [named] }, host: noHost },
    automation: {
      accounts: [automated(account, [next(), next()])],
      root: automated(root, [next()]),
      notListed: { withoutShell: 1, withoutSign: 0 },
      doubts: [next()],
    },
    facts: () => ({
      evidence: next(),
      shell: { path: next(), personality: next() },
      startupFiles: [
        { path: next(), state: "read", through: [] },
        { path: next(), state: "unreadable", reason: next(), through: [next()] },
      ],
      cwd: next(),
      output: [{ stream: "stdout", bytes: 9, head: next(), guard: next(), where: where(), line: next() }],
      tried: [
        {
          ...cpWaits,
          prompt: next(),
          line: next(),
          where: where(),
          atEnd: attempt({ outcome: "failed", stderr: next() }),
        },
        tried("rm -f {file}", { outcome: "failed", stderr: next(), advice: next() }),
        tried("rm -rf {folder}", { outcome: "unknown", reason: next() }),
      ],
      gaps: [{ code: "probe-limited", message: next(), change: next(), of: ["traps", "limits"] }],
    }),
  };
}

const calls = [
  ["check"],
  ["check", "--mode", "ssh-command-pty", "--mode", "ssh-command"],
  ["accounts"],
  ["policy", "list"],
];

test("no control byte but the newline reaches the text, and no line is too wide", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(word),
      fc.constantFrom(...calls),
      fc.boolean(),
      async (words, argv, terminal) => {
        const world = hostileWorld(() => words.next().value ?? "");
        const said = await call(argv, partsOf(world), { terminal });
        assert.doesNotMatch(said.stderr, /internal error/);
        const own = said.stdout.replace(/\u001b\[(?:1|2|22|31|32|33|39)m/g, "");
        if (!terminal) assert.equal(own, said.stdout);
        for (const line of `${own}${said.stderr}`.split("\n")) {
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
        for (const line of own.split("\n")) assert.ok(columns(line) <= 100, line);
      },
    ),
    { numRuns: 200 },
  );
});

test("what a person typed comes back harmless, too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 4 }),
      fc.constantFrom("check", "accounts", "policy", ""),
      async (words, verb) => {
        const said = await call(verb === "" ? words : [verb, ...words], partsOf({ accounts: [root] }));
        for (const line of `${said.stdout}${said.stderr}`.split("\n"))
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      },
    ),
    { numRuns: 200 },
  );
});

test("colour is for terminals, and for none with NO_COLOR or a dumb one", async () => {
  const parts = partsOf({ accounts: [root] });
  const sequence = /\u001b/;
  const argv = ["check", "--account", "root"];
  assert.match((await call(argv, parts, { terminal: true })).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts)).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts, { terminal: true, env: { NO_COLOR: "1" } })).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts, { terminal: true, env: { TERM: "dumb" } })).stdout, sequence);
});
