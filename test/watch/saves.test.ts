import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { watching } from "./watching.ts";

function shell(script: string, file: string): void {
  const done = spawnSync("/bin/sh", ["-c", script, "sh", file], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}

function renamed(temporary: string, file: string, content: string): void {
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

/** Each is tried on a file that is there, twice, because the second save meets what the first one left. */
const saves: Readonly<Record<string, (file: string, content: string) => unknown>> = {
  "echo >> FILE": (file) => shell('echo x >> "$1"', file),
  "echo > FILE": (file, content) => shell(`echo ${content} > "$1"`, file),
  "sed -i": (file, content) => shell(`sed -i '1s/^.*$/${content}/' "$1"`, file),
  "a temporary file renamed over it": (file, content) => renamed(`${file}.tmp`, file, content),
  "a temporary file of another folder renamed over it": (file, content) =>
    renamed(join(dirname(dirname(file)), "elsewhere.tmp"), file, content),
  "vim: the old one renamed to a backup, a new one written, the backup removed": (file, content) => {
    renameSync(file, `${file}~`);
    writeFileSync(file, content);
    chmodSync(file, 0o644);
    unlinkSync(`${file}~`);
  },
  "dpkg: .dpkg-new, the old one kept by a hard link, renamed over it": (file, content) => {
    writeFileSync(`${file}.dpkg-new`, content);
    rmSync(`${file}.dpkg-tmp`, { force: true });
    linkSync(file, `${file}.dpkg-tmp`);
    renameSync(`${file}.dpkg-new`, file);
    unlinkSync(`${file}.dpkg-tmp`);
  },
  "rsync: .FILE.XXXXXX with the times of its source, renamed over it": (file, content) => {
    const temporary = join(dirname(file), `.${content}.a8Bc2d`);
    writeFileSync(temporary, content, { mode: 0o600 });
    utimesSync(temporary, 1_000_000_000, 1_000_000_000);
    chmodSync(temporary, 0o644);
    renameSync(temporary, file);
  },
  "removed and made again at once": (file, content) => {
    unlinkSync(file);
    writeFileSync(file, content);
  },
  "written in place, as long as before": (file, content) => {
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, content);
    closeSync(descriptor);
  },
  "chmod alone": (file, content) => chmodSync(file, content === "first" ? 0o640 : 0o600),
  "touch alone": (file, content) => utimesSync(file, 1, content === "first" ? 2 : 3),
  "replaced by a link": (file, content) => {
    const target = join(dirname(dirname(file)), content);
    writeFileSync(target, content);
    unlinkSync(file);
    symlinkSync(target, file);
  },
};

for (const [says, save] of Object.entries(saves)) {
  test(`sees by events: ${says}`, async () => {
    await using watched = watching();
    const file = watched.path("home", ".bashrc");
    mkdirSync(watched.path("home"));
    writeFileSync(file, "before\n");
    await watched.watch.cover([file]);
    const told = [
      ...(await watched.sees(() => save(file, "first"), file)),
      ...(await watched.sees(() => save(file, "other"), file)),
    ];
    assert.ok(told.every(({ via }) => via === "watch"));
    await watched.until(() => watched.watch.state().byEvents === 1, "watched by events");
  });
}

const file = [".config", "fish", "config.fish"] as const;
/** Steps one after the other; each must be seen by events, in whatever state the one before left things. */
const stories: Readonly<Record<string, readonly ((home: string) => unknown)[]>> = {
  "removed, and made again later": [
    (home) => unlinkSync(join(home, ...file)),
    (home) => writeFileSync(join(home, ...file), "again"),
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "its folder removed, and made again at once": [
    (home) => {
      rmSync(join(home, ".config/fish"), { recursive: true });
      mkdirSync(join(home, ".config/fish"));
      writeFileSync(join(home, ...file), "again");
    },
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "its folder removed, and made again later": [
    (home) => rmSync(join(home, ".config"), { recursive: true }),
    (home) => {
      mkdirSync(join(home, ".config/fish"), { recursive: true });
      writeFileSync(join(home, ...file), "again");
    },
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "the whole home moved away and back": [
    (home) => renameSync(home, `${home}.away`),
    (home) => renameSync(`${home}.away`, home),
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "the home replaced by another one at once": [
    (home) => {
      mkdirSync(`${home}.new/.config/fish`, { recursive: true });
      writeFileSync(join(`${home}.new`, ...file), "another");
      renameSync(home, `${home}.old`);
      renameSync(`${home}.new`, home);
    },
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "the folder that holds all homes moved away and back": [
    (home) => renameSync(dirname(home), `${dirname(home)}.away`),
    (home) => renameSync(`${dirname(home)}.away`, dirname(home)),
    (home) => appendFileSync(join(home, ...file), "more"),
  ],
  "a folder replaced by a link to another one": [
    (home) => {
      renameSync(join(home, ".config"), join(dirname(home), "config"));
      symlinkSync("../config", join(home, ".config"));
      appendFileSync(join(home, ...file), "x");
    },
    (home) => appendFileSync(join(dirname(home), "config/fish/config.fish"), "more"),
    (home) => {
      unlinkSync(join(home, ".config"));
    },
  ],
  "a folder in the place of the file, and back": [
    (home) => {
      unlinkSync(join(home, ...file));
      mkdirSync(join(home, ...file));
    },
    (home) => writeFileSync(join(home, ...file, "inside"), "x"),
    (home) => {
      rmSync(join(home, ...file), { recursive: true });
      writeFileSync(join(home, ...file), "again");
    },
  ],
};

for (const [says, steps] of Object.entries(stories)) {
  test(`sees by events: ${says}`, async () => {
    await using watched = watching();
    const home = watched.path("homes", "oracle");
    mkdirSync(join(home, ".config/fish"), { recursive: true });
    writeFileSync(join(home, ...file), "before");
    await watched.watch.cover([join(home, ...file)]);
    for (const step of steps) {
      const told = await watched.sees(() => step(home), join(home, ...file));
      assert.ok(told.every(({ via }) => via === "watch"));
      await watched.until(() => watched.watch.state().byEvents === 1, "watched by events");
    }
  });
}

test("sees what is made where nothing was: a file, its folders, a home", async () => {
  await using watched = watching();
  const home = watched.path("homes", "later");
  const names = [".bashrc", ".config/fish/config.fish", ".config/fish/conf.d/a.fish", ".zshrc"];
  const paths = names.map((name) => join(home, name));
  await watched.watch.cover(paths);
  assert.equal(watched.watch.state().absent, 4);
  assert.equal(watched.watch.state().byEvents, 4);
  for (const path of paths)
    await watched.sees(() => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "x");
    }, path);
  assert.equal(watched.watch.state().absent, 0);
  for (const path of paths) await watched.sees(() => appendFileSync(path, "y"), path);
});

test("sees what a link leads to: written, renamed over, gone, back, retargeted, through two links", async () => {
  await using watched = watching();
  const link = watched.path("home", ".bashrc");
  const [one, two, middle] = [watched.path("dotfiles", "one"), watched.path("dotfiles", "two"), watched.path("middle")];
  mkdirSync(dirname(link));
  mkdirSync(dirname(one));
  writeFileSync(one, "one");
  writeFileSync(two, "two");
  symlinkSync(one, middle);
  symlinkSync("../middle", link);
  await watched.watch.cover([link]);
  const steps: readonly (() => unknown)[] = [
    () => appendFileSync(one, "more"),
    () => renamed(`${one}.tmp`, one, "renamed"),
    () => unlinkSync(one),
    () => writeFileSync(one, "back"),
    () => {
      unlinkSync(middle);
      symlinkSync(two, middle);
    },
    () => appendFileSync(two, "more"),
    () => lutimesSync(link, 1, 1),
    () => rmSync(dirname(two), { recursive: true }),
    () => {
      mkdirSync(dirname(two));
      writeFileSync(two, "again");
    },
    () => {
      unlinkSync(link);
      writeFileSync(link, "a file of its own");
    },
    () => appendFileSync(link, "more"),
  ];
  for (const step of steps) {
    const told = await watched.sees(step, link);
    assert.ok(told.every(({ via }) => via === "watch"));
  }
  assert.ok(existsSync(two));
});

test("says nothing where nothing changed, and of no other name in the folder", async () => {
  await using watched = watching();
  const file = watched.path("home", ".bashrc");
  mkdirSync(dirname(file));
  writeFileSync(file, "x");
  utimesSync(file, 1, 1);
  await watched.watch.cover([file]);
  writeFileSync(watched.path("home", "other"), "x");
  await watched.watch.prove();
  assert.deepEqual(await watched.watch.sweep(), []);
  await watched.watch.prove();
  assert.deepEqual(watched.told, []);
});

test("covers these and no others: what is left out is told of no more, what stays is not told of as new", async () => {
  await using watched = watching();
  const [stays, goes, comes] = [watched.path("a", "stays"), watched.path("b", "goes"), watched.path("c", "comes")];
  for (const path of [stays, goes, comes]) {
    mkdirSync(dirname(path));
    writeFileSync(path, "x");
    utimesSync(path, 1, 1);
  }
  await watched.watch.cover([stays, goes]);
  const before = watched.watch.state().watches;
  await watched.watch.cover([stays, comes]);
  assert.equal(watched.watch.state().paths, 2);
  assert.equal(watched.watch.state().watches, before);
  appendFileSync(goes, "y");
  await watched.sees(() => appendFileSync(comes, "y"), comes);
  await watched.sees(() => appendFileSync(stays, "y"), stays);
  assert.ok(watched.told.every(({ path }) => path !== goes));
  await watched.watch.cover([]);
  assert.deepEqual([watched.watch.state().paths, watched.watch.state().watches], [0, 1]);
});
