/** Whatever the host and an agent say, `explain` says it harmlessly, within 100 columns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cpWaits } from "../../agent/checks/example-facts.ts";
import type { CommandFact, ModeFacts, Place } from "../../agent/facts/index.ts";
import { columns } from "../../agent/facts/layout.ts";
import { hostileWorld, word } from "./support/hostile-world.ts";
import { call, oracle, partsOf, root, type World } from "./support/world.ts";

function hostileFacts(next: () => string): Partial<ModeFacts> {
  const where = (): Place => ({ file: next(), line: 3, column: 1, through: [next()] });
  const placed = () => ({ where: where(), line: next(), advice: next() });
  // biome-ignore lint/suspicious/noThenProperty: the name of the fact
  const command = (name: string, is: CommandFact["is"]) => ({ name, is, then: next(), ...placed() });
  return {
    guards: [{ where: where(), text: next(), form: "block" }],
    aliases: [{ name: "cp", value: next(), effective: true, ...placed() }],
    functions: [{ name: next(), effective: true, ...placed() }],
    options: [{ name: "cp", value: next(), ...placed() }],
    variables: [{ name: "cp", value: next(), exported: false, ...placed() }],
    traps: [{ signal: next(), action: next(), effect: null, ...placed() }],
    commands: [command("cp", "alias"), command("mv", "file")],
    umask: next(),
    umaskFrom: placed(),
    cwdFrom: placed(),
    limits: { [next()]: 1 },
    bare: {
      aliases: [{ name: next(), value: next() }],
      functions: [next()],
      options: [],
      variables: [{ name: next(), value: next(), exported: true }],
      umask: next(),
      cwd: next(),
      limits: {},
    },
    leftRunning: [{ command: next(), holds: ["stdout"], ...placed() }],
    tried: [{ ...cpWaits, prompt: next(), ...placed() }],
  };
}

/** What an agent of the host says of the past. */
function hostilePast(next: () => string): NonNullable<World["ask"]> {
  return (sockets, { path }) => {
    const body = path.startsWith("/v1/baseline")
      ? {
          account: next(),
          baseline: { account: next(), acceptedAt: next(), reason: next(), items: [] },
          changes: [],
          now: [],
        }
      : { items: [], next: path.startsWith("/v1/events") ? "1.0123abcd-9" : null, through: "1.0123abcd-9" };
    return { kind: "answer", socket: sockets[0] ?? "", status: 200, body };
  };
}

test("no control byte but the newline reaches the text, and no line is too wide", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(word),
      fc.constantFrom([], ["cp"], ["mv"], ["nothing"]),
      fc.boolean(),
      async (words, name, terminal) => {
        const next = () => words.next().value ?? "";
        const hostile = hostileWorld(next);
        const facts = {
          ...hostile.facts?.({ account: oracle, mode: "cron", sends: [], names: [], withinMs: 1, how: "running" }),
          ...hostileFacts(next),
        };
        const world: World = { ...hostile, facts: () => facts, ask: hostilePast(next) };
        const account = world.accounts[1]?.name ?? "";
        const said = await call(["explain", ...name, `--account=${account}`], partsOf(world), { terminal });
        assert.doesNotMatch(said.stderr, /internal error/);
        const own = said.stdout.replace(/\u001b\[(?:1|2|22|31|32|33|39)m/g, "");
        for (const line of `${own}${said.stderr}`.split("\n"))
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        for (const line of own.split("\n")) assert.ok(columns(line) <= 100, line);
      },
    ),
    { numRuns: 300 },
  );
});

test("what a person typed comes back harmless, too", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 3 }), async (words) => {
      const said = await call(["explain", ...words], partsOf({ accounts: [root] }));
      assert.doesNotMatch(said.stderr, /internal error/);
      for (const line of `${said.stdout}${said.stderr}`.split("\n"))
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
    { numRuns: 200 },
  );
});

test("the planted story is told with account, mode, file and line, consequence and next step", async () => {
  const where = { file: "/home/oracle/.cshrc", line: 14, column: 1, through: [] };
  const facts: Partial<ModeFacts> = {
    // biome-ignore lint/suspicious/noThenProperty: the name of the fact
    commands: [{ name: "cp", is: "alias", then: "/usr/bin/cp", where, line: "alias cp 'cp -i'" }],
    tried: [{ ...cpWaits, advice: "delete line 14" }],
  };
  const { stdout } = await call(
    ["explain", "cp", "--account", "oracle"],
    partsOf({ accounts: [root, oracle], facts: () => facts }),
  );
  for (const part of [
    "oracle",
    "ssh-command-pty",
    "~/.cshrc:14",
    "waits for ever",
    "delete line 14",
    "rcwarden check --account oracle",
  ])
    assert.ok(stdout.includes(part), `${part} in:\n${stdout}`);
});
