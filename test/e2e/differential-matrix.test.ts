/**
 * Explain's word against real sessions: for every shell and way of coming in, each file that could be its own holds one
 * plant at a time, a session is run, and what it did is held against `explain --json`. A tenth of it by lot, all of it
 * with RCWARDEN_TEST_LONG=1; RCWARDEN_SEED=N draws the same again, RCWARDEN_MATRIX=REGEX takes what fits `SHELL MODE`.
 */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FactsDocument, ModeDocument } from "../../agent/evaluate/index.ts";
import { endProcesses, makeAccount, type TestAccount } from "../support/accounts.ts";
import { luck } from "../support/nothing-lost.ts";
import { rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";
import { type Cell, place, plants, seen, told } from "./matrix/effects.ts";
import { type Personality, personalities, type Way, ways } from "./matrix/personalities.ts";
import { session } from "./matrix/sessions.ts";

const isLong = process.env.RCWARDEN_TEST_LONG === "1";
const only = process.env.RCWARDEN_MATRIX;
const lot = luck();

const all: readonly Cell[] = personalities
  .filter(({ binary }) => existsSync(binary))
  .flatMap((personality) =>
    ways.flatMap((way) =>
      personality.files.flatMap((file) => plants.map((plant) => ({ personality, way, file, plant }))),
    ),
  );
const chosen = all.filter(({ personality, way }) =>
  only === undefined ? isLong || lot.below(10) === 0 : new RegExp(only).test(`${personality.name} ${way}`),
);

let sshd: TestSshd;
const ours = new AsyncDisposableStack();
const tally = new Map<string, { agree: number; of: number; bite: number }>();

before(async () => {
  if (noSshd === false) sshd = ours.use(await startSshd());
});
after(async () => {
  print();
  await ours.disposeAsync();
});

/** The login shell's path, through a link where the name makes the personality. */
function shellOf({ name, binary, as }: Personality): string {
  if (as === undefined) return binary;
  const folder = mkdtempSync(join(tmpdir(), `rcw-matrix-${name}-`));
  ours.defer(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  symlinkSync(binary, join(folder, as));
  return join(folder, as);
}

async function explained(account: TestAccount, way: Way): Promise<ModeDocument> {
  const end = await rcwarden(["explain", "--account", account.name, "--mode", way, "--json"]);
  const document: FactsDocument = JSON.parse(end.stdout);
  const [mode] = document.modes;
  assert.ok(mode !== undefined, end.stderr);
  return mode;
}

/** Effects of one cell that explain and the session do not agree about, in words; empty where they do. */
async function differences(account: TestAccount, cell: Cell): Promise<string[]> {
  const { personality, way, file, plant } = cell;
  await endProcesses(account.uid);
  for (const entry of readdirSync(account.home)) rmSync(join(account.home, entry), { recursive: true, force: true });
  place(account, cell);
  const mode = await explained(account, way);
  const said = await session(sshd, account, personality, way);
  const real = Object.entries(seen(account, said, cell));
  const word = new Map(Object.entries(told(mode, account, cell)));
  const differ = real.filter(([effect, bites]) => word.get(effect) !== bites);
  const counted = real.filter(([, bites]) => bites !== null);
  const key = `${personality.name} ${way}`;
  const before = tally.get(key) ?? { agree: 0, of: 0, bite: 0 };
  tally.set(key, {
    agree: before.agree + counted.length - differ.length,
    of: before.of + counted.length,
    bite: before.bite + counted.filter(([, bites]) => bites).length,
  });
  return differ.map(
    ([effect, bites]) =>
      `${personality.name} ${way} ~/${file} ${plant}: ${effect} was ${bites}, explain says ${word.get(effect)}; gaps ${JSON.stringify(mode.gaps)}, ended ${mode.ended}, heard ${JSON.stringify(said.slice(0, 300))}`,
  );
}

function print(): void {
  const total = { agree: 0, of: 0, bite: 0 };
  console.log(
    `matrix: seed ${lot.seed}, ${chosen.length} of ${all.length} sessions; effects that agree, of those compared`,
  );
  console.log(["".padEnd(9), ...ways.map((way) => way.padStart(17))].join(""));
  for (const { name } of personalities) {
    const row = ways.map((way) => {
      const cell = tally.get(`${name} ${way}`);
      if (cell === undefined) return "-".padStart(17);
      for (const key of ["agree", "of", "bite"] as const) total[key] += cell[key];
      return `${cell.agree} of ${cell.of}`.padStart(17);
    });
    console.log([name.padEnd(9), ...row].join(""));
  }
  console.log(`differential: matrix ${total.agree} of ${total.of} agree, ${total.bite} bit, seed ${lot.seed}`);
}

describe("explain says what a real session does", { skip: noSshd, concurrency: 3 }, () => {
  for (const personality of personalities) {
    const cells = chosen.filter((cell) => cell.personality === personality);
    if (cells.length === 0) continue;
    test(personality.name, { timeout: 3_000_000 }, async () => {
      await using account = await makeAccount({ shell: shellOf(personality), home: "empty" });
      sshd.keyFor(account.name);
      const differ: string[] = [];
      for (const cell of cells) differ.push(...(await differences(account, cell)));
      assert.deepEqual(differ, []);
    });
  }
});
