/** Every attack once at every place: between any two calls that the sweeper makes on the file system. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { attacker, isLong } from "./attacking.ts";
import { builtSweeper } from "./looking.ts";
import {
  asRoot,
  type Between,
  type CallName,
  type Errno,
  type Judging,
  placesOf,
  type Trial,
  tryWith,
  World,
} from "./seam.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

/** Two names change places, by a third. */
function exchange(a: string, b: string): void {
  if (!existsSync(a)) return;
  renameSync(a, `${a}.between`);
  renameSync(b, a);
  renameSync(`${a}.between`, b);
}

interface Attack extends Judging {
  does(world: World): void;
  /** The last call that can notice it: where this came between the look and that, the file must be there afterwards. */
  noticedBy?(trace: readonly CallName[]): number;
}

const lastStatus = (trace: readonly CallName[]) => {
  const end = trace.lastIndexOf("removeAt");
  return Math.max(trace.lastIndexOf("statAt", end), trace.lastIndexOf("statOf", end));
};
const lastPlace = (trace: readonly CallName[]) => trace.lastIndexOf("pathOf");
/** The names in the file's folder are read last. */
const lastNames = (trace: readonly CallName[]) => trace.lastIndexOf("listOf", trace.indexOf("moveAt"));
const namesAbove = (trace: readonly CallName[]) => trace.lastIndexOf("listOf", lastNames(trace) - 1);

const attacks: Readonly<Record<string, Attack>> = {
  "another file takes its name": { does: (world) => exchange(world.path("d/f"), world.path("d/g")) },
  "a link to a file outside takes its name": {
    does(world) {
      if (!existsSync(world.path("d/f"))) return;
      renameSync(world.path("d/f"), world.path("d/was"));
      symlinkSync(join(world.away.root, "d/f"), world.path("d/f"));
    },
  },
  "another name of a file outside takes its name": {
    moves: true,
    does(world) {
      if (!existsSync(world.path("d/f"))) return;
      renameSync(world.path("d/f"), world.path("d/was"));
      renameSync(join(world.away.root, "d/f"), world.path("d/f"));
    },
  },
  "its folder becomes a link outside": {
    does(world) {
      renameSync(world.path("d"), world.path("was"));
      renameSync(world.path("link"), world.path("d"));
    },
    noticedBy: lastPlace,
  },
  "its folder changes places with one outside": {
    moves: true,
    does(world) {
      renameSync(world.path("d"), join(world.away.root, "was"));
      renameSync(join(world.away.root, "d"), world.path("d"));
    },
    noticedBy: lastPlace,
  },
  "its folder is moved out of the root": {
    does: (world) => renameSync(world.path("d"), join(world.tree.above, "spare/d")),
    noticedBy: lastPlace,
  },
  "the root is moved, and a link is in its place": {
    does(world) {
      renameSync(world.tree.root, join(world.tree.above, "spare/root"));
      symlinkSync(world.away.root, world.tree.root);
    },
    noticedBy: lastPlace,
  },
  "it gets another name": {
    names: true,
    does: (world) => linkSync(world.place, world.path("more")),
    noticedBy: lastStatus,
  },
  "it gets another owner": { does: (world) => chownSync(world.place, 12_345, 12_345), noticedBy: lastStatus },
  "it gets another time": { does: (world) => lutimesSync(world.place, 1, 1), noticedBy: lastStatus },
  "it grows": { does: (world) => writeFileSync(world.place, "+", { flag: "a" }), noticedBy: lastStatus },
  "it is cut": { does: (world) => truncateSync(world.place, 3), noticedBy: lastStatus },
  "its folder becomes a database's": {
    does: (world) => writeFileSync(world.path("d/PG_VERSION"), "15"),
    noticedBy: lastNames,
  },
  "the root becomes a database's": {
    does: (world) => writeFileSync(world.path("PG_VERSION"), "15"),
    noticedBy: namesAbove,
  },
  "the quarantine folder is renamed": {
    does: (world) => {
      if (existsSync(world.path(".rcwarden-quarantine")))
        renameSync(world.path(".rcwarden-quarantine"), join(world.tree.above, "spare/q"));
    },
  },
  "the quarantine folder becomes a link outside": {
    does(world) {
      const place = world.path(".rcwarden-quarantine");
      if (existsSync(place)) renameSync(place, join(world.tree.above, "spare/q"));
      symlinkSync(join(world.away.root, "trap"), place);
    },
  },
  "the quarantine folder is somebody else's": {
    does(world) {
      const place = world.path(".rcwarden-quarantine");
      if (existsSync(place)) renameSync(place, join(world.tree.above, "spare/q"));
      mkdirSync(place, 0o777);
    },
  },
  "the quarantine folder is removed": {
    does(world) {
      try {
        rmdirSync(world.path(".rcwarden-quarantine"));
      } catch {
        // It is not there yet, or not empty.
      }
    },
  },
};

/** What keeps somebody's hand on the file, until what it gives is called. By its own name: nobody else finds it in quarantine. */
const hands: Readonly<Record<string, (path: string) => () => void>> = {
  "is open for writing": (path) => letGo(openSync(path, "r+")),
  "is open for reading": (path) => letGo(openSync(path, "r")),
  "is mapped, and open no more": (path) => {
    const pid = Number(execFileSync(attacker(), ["1", "map", "1", path, "-"], { encoding: "utf8" }));
    return () => void process.kill(pid, "SIGKILL");
  },
};

function letGo(fd: number): () => void {
  return () => closeSync(fd);
}

function wrongIn(trial: Trial, at: number, { noticedBy }: Attack): readonly string[] {
  if (trial.said !== "removed" || noticedBy === undefined || at < trial.lookedAt) return trial.wrong;
  const last = noticedBy(trial.trace);
  return at > last ? trial.wrong : [...trial.wrong, `it went, though call ${last} came after`];
}

/** A file that goes where nobody does anything: its calls. */
function undisturbed(account: TestAccount, judging: Judging = {}): Trial {
  using world = new World(account);
  const trial = tryWith(world, () => undefined, judging);
  assert.deepEqual([trial.said, trial.wrong, world.place], ["removed", [], ""]);
  return trial;
}

const digest = createHash("sha256").update("planned.").digest("hex");

/** How often each word was said. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(said: string): void {
    const word = said.startsWith("refused") ? "refused" : said.split(" ").slice(0, 2).join(" ");
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  get told(): string {
    return [...this.#counts].map(([word, count]) => `${word} ${count}`).join(", ");
  }
}

/** Does it as root before the call with this number. */
function once(place: number, account: TestAccount, does: () => void): Between {
  return (at) => {
    if (at === place) asRoot(account, does);
    return undefined;
  };
}

/** With what a plan says of the content, and from where on that makes a difference. */
function* placed(account: TestAccount): Generator<{ judging: Judging; trace: readonly CallName[]; place: number }> {
  for (const judging of [{}, { digest }]) {
    const { trace } = undisturbed(account, judging);
    const from = judging.digest === undefined ? 0 : trace.indexOf("moveAt");
    for (const place of placesOf(trace, isLong)) if (place >= from) yield { judging, trace, place };
  }
}

function whereOf({ trace, said }: Trial, place: number): string {
  const names = trace.map((name, at) => (at === place ? `>${name}<` : name));
  return `before call ${place} it was ${said}: ${names.join(" ")}`;
}

for (const [name, attack] of Object.entries(attacks)) {
  test(`${name}, at every place`, root, async (t) => {
    await using account = await makeAccount({ home: "empty" });
    const said = new Tally();
    for (const { judging, place } of placed(account)) {
      using world = new World(account);
      const between = once(place, account, () => {
        if (!world.planned.now().isGone) attack.does(world);
      });
      const trial = tryWith(world, between, { ...judging, ...attack });
      assert.deepEqual(wrongIn(trial, place, attack), [], whereOf(trial, place));
      said.add(trial.said);
    }
    t.diagnostic(said.told);
  });
}

for (const [name, hand] of Object.entries(hands)) {
  test(`who has it in hand at any place keeps it: it ${name}`, root, async (t) => {
    await using account = await makeAccount({ home: "empty" });
    const said = new Tally();
    const opens = name.startsWith("is open for");
    for (const { judging, trace, place } of placed(account)) {
      // Behind this one nobody finds it by its name.
      if (place > trace.indexOf("moveAt")) continue;
      using world = new World(account);
      let release = () => {};
      const between = once(place, account, () => {
        release = hand(world.path("d/f"));
      });
      try {
        const trial = tryWith(world, between, { ...judging, opens });
        assert.deepEqual(trial.wrong, [], whereOf(trial, place));
        assert.notEqual(trial.said, "removed", whereOf(trial, place));
        assert.equal(world.planned.now().place, world.path("d/f"));
        said.add(trial.said);
      } finally {
        release();
      }
    }
    t.diagnostic(said.told);
  });
}

test("what is written through a descriptor from before, and closed at any place, is not lost", root, async (t) => {
  await using account = await makeAccount({ home: "empty" });
  const said = new Tally();
  for (const { judging, trace, place } of placed(account)) {
    const taken = trace.indexOf("moveAt");
    if (place < taken || place > trace.indexOf("examineAt", taken) + 1) continue;
    using world = new World(account);
    let fd = -1;
    const trial = tryWith(
      world,
      (at) => {
        if (at === taken) fd = asRoot(account, () => openSync(world.path("d/f"), "a"));
        if (at === place) {
          writeSync(fd, "+");
          closeSync(fd);
          fd = -1;
        }
        return undefined;
      },
      judging,
    );
    if (fd >= 0) closeSync(fd);
    assert.deepEqual(trial.wrong, [], whereOf(trial, place));
    assert.notEqual(trial.said, "removed", whereOf(trial, place));
    said.add(trial.said);
  }
  t.diagnostic(said.told);
});

test("a name that is taken again before a file is put back stays with whom it is", root, async (t) => {
  await using account = await makeAccount({ home: "empty" });
  const said = new Tally();
  for (const { judging, trace, place } of placed(account)) {
    const taken = trace.indexOf("moveAt");
    if (place <= taken || place > trace.indexOf("examineAt", taken)) continue;
    using world = new World(account);
    let hand = -1;
    const trial = tryWith(
      world,
      (at) => {
        // It has to be put back, for somebody opens it before it is taken.
        if (at === taken) hand = asRoot(account, () => openSync(world.path("d/f"), "r"));
        if (at === place) asRoot(account, () => writeFileSync(world.path("d/f"), "new"));
        return undefined;
      },
      { ...judging, opens: true },
    );
    closeSync(hand);
    assert.deepEqual(trial.wrong, [], whereOf(trial, place));
    assert.match(trial.said, /^in-quarantine held-open /);
    assert.equal(readFileSync(world.path("d/f"), "utf8"), "new");
    assert.equal(world.planned.content().toString(), "planned.");
    said.add(trial.said);
  }
  t.diagnostic(said.told);
});

const errnos: readonly Errno[] = ["EIO", "ENOSPC", "EROFS", "EPERM", "EACCES", "EXDEV", "ENOENT", "EMFILE", "EINTR"];

for (const errno of errnos) {
  test(
    `${errno} in answer to any one call, and to all from any on: nothing is lost, what is said is true`,
    root,
    async (t) => {
      await using account = await makeAccount({ home: "empty" });
      const said = new Tally();
      for (const { judging, place } of placed(account)) {
        for (const isForEver of [false, true]) {
          using world = new World(account);
          const between: Between = (at) => (at === place || (isForEver && at > place) ? errno : undefined);
          const trial = tryWith(world, between, judging);
          assert.deepEqual(trial.wrong, [], `${isForEver ? "from" : "at"} it, ${whereOf(trial, place)}`);
          said.add(trial.said);
        }
      }
      t.diagnostic(said.told);
    },
  );
}
