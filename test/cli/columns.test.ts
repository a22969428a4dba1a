/**
 * The planted story in each text that tells it: whoever is called at night learns from any of them whose account, by which
 * way in, which line, what happens and what to do next, within 100 columns. All other texts are held to 100 columns by
 * golden.test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, pageColumns } from "../../agent/facts/layout.ts";
import { cases } from "./support/cases.ts";
import { call, partsOf } from "./support/world.ts";

interface Tells {
  /** A case of golden.test.ts. */
  readonly name: string;
  readonly account: RegExp;
  /** Null where the text is about no way of coming in. */
  readonly mode: RegExp | null;
  /** Null where no line is to blame. */
  readonly line: RegExp | null;
  readonly consequence: RegExp;
  readonly next: RegExp;
}

const oracle = /\boracle\b/;
const waits = /waits for ever at: cp: overwrite 'existing\.1'\?/;
const line = /~\/\.cshrc:14\b/;
const move = /move line 14 below the "if \(\$\?prompt\)" of line 22, or delete it/;

const stories: readonly Tells[] = [
  { name: "check-one-fails", account: oracle, mode: /\bssh-command\b/, line, consequence: waits, next: move },
  {
    name: "ready-no-go",
    account: oracle,
    mode: /by ssh-command\b/,
    line,
    consequence: waits,
    next: /^ +rcwarden check --account oracle$/m,
  },
  {
    name: "ready-measured-no-go",
    account: oracle,
    mode: /by ssh-command\b/,
    line,
    consequence: waits,
    next: /^ +rcwarden check --account oracle$/m,
  },
  { name: "status", account: oracle, mode: /ssh-command, ssh-command-pty/, line, consequence: waits, next: move },
  {
    name: "status-ticket",
    account: oracle,
    mode: /ssh-command, ssh-command-pty/,
    line: /\/home\/oracle\/\.cshrc:14\b/,
    consequence: waits,
    next: move,
  },
  { name: "explain-name", account: oracle, mode: /^ {2}ssh-command-pty /m, line, consequence: waits, next: move },
  {
    name: "sessions-fifty",
    account: /who may: oracle, root/,
    mode: /ssh channel/,
    line,
    consequence: /input on its ssh channel .* 50 +37 min/,
    next: /1 {2}change .*\n {2}2 {2}end the 50 commands/,
  },
  {
    name: "cleanup-plan",
    account: /as oracle/,
    mode: null,
    line: null,
    consequence: /remove +1,204 files/,
    next: /rcwarden cleanup apply --plan [0-9a-f]{12}$/m,
  },
];

for (const { name, ...tells } of stories) {
  test(`${name}: tells ${Object.entries(tells)
    .flatMap(([what, says]) => (says === null ? [] : [what]))
    .join(", ")}`, async () => {
    const story = cases.find((each) => each.name === name);
    assert.ok(story !== undefined, `a case ${name}`);
    const { stdout } = await call(story.argv, partsOf(story.world));
    // A sentence may go on in the next line; what is to be copied must not.
    const joined = stdout.replace(/\n +(?!rcwarden|\d )/g, " ");
    for (const [what, says] of Object.entries(tells)) {
      if (says !== null) assert.ok(says.test(stdout) || says.test(joined), `${what}: expected ${says} in\n${stdout}`);
    }
    for (const text of stdout.split("\n")) assert.ok(columns(text) <= pageColumns, text);
  });
}

test("no text names a verb or flag that does not work", async () => {
  const { verbs } = await import("../../agent/cli/index.ts");
  const { Command } = await import("commander");
  const flags = new Map<string, readonly string[]>();
  for (const { name, load } of verbs) {
    const command = new Command(name);
    (await load()).declare(command);
    flags.set(name, ["--help", ...command.options.flatMap(({ long }) => long ?? [])]);
  }
  let seen = 0;
  for (const { name, argv, world } of cases) {
    const { stdout, stderr } = await call(argv, partsOf(world));
    const text = `${stdout}\n${stderr}`;
    for (const [called, verb = "", rest = ""] of text.matchAll(/\brcwarden ([a-z-]+)((?: [\w*.-]+)*)/g)) {
      // Prose has the program's name as well.
      const known = flags.get(verb) ?? null;
      if (known === null) continue;
      for (const [flag] of rest.matchAll(/(?<= )--[a-z-]+/g)) assert.ok(known.includes(flag), `${name}: ${called}`);
      seen += 1;
    }
    assert.doesNotMatch(text, /rcwarden (fix|demo)\b/, name);
  }
  assert.ok(seen > 100, `calls that were looked at: ${seen}`);
});
