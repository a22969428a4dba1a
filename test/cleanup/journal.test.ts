import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { openJournal, settledSince, verifyJournal } from "../../agent/cleanup/index.ts";
import {
  candidate,
  entries,
  intend,
  intended,
  kept,
  opened,
  place,
  removed,
  smallSizes,
  written,
} from "./journal-support.ts";
import { nowMs } from "./support.ts";

const segment = (folder: string, number = 1) => `${folder}/journal.${`${number}`.padStart(6, "0")}`;

function refusal(folder: string) {
  const answer = openJournal(folder, { sizes: smallSizes, nowMs: () => nowMs });
  assert.ok(answer.kind === "refused");
  return answer;
}

test("what is intended is open until its outcome is written, also for the next process", () => {
  using here = place();
  const group = intended(["a.arc", "b/c.arc"]);
  {
    using journal = opened(here.folder);
    assert.deepEqual(journal.open(), []);
    const intent = intend(journal, group);
    assert.deepEqual(journal.open(), [{ ...group, intent }]);
  }
  using later = opened(here.folder);
  const [open] = later.open();
  assert.ok(open !== undefined);
  assert.deepEqual(open, { ...group, intent: open.intent });
  written(later.settle(open.intent, [kept(1), removed(0)]));
  assert.deepEqual(later.open(), []);
  const [entry] = [...later.entries({})];
  const { files: _, ...about } = group;
  assert.deepEqual(entry?.intended, about);
  assert.deepEqual(entry?.settledAt, new Date(nowMs).toISOString());
  assert.deepEqual(
    entry?.files.map(({ path, identity, ...outcome }) => outcome),
    [removed(0), kept(1)],
    "in the order in which they were intended",
  );
});

test("a digest to be looked for, and what was found, are in it", () => {
  using here = place();
  using journal = opened(here.folder);
  const anyOf = ["a".repeat(64), "b".repeat(64)];
  const file = candidate("a.arc", { content: { kind: "digest", anyOf } });
  const intent = intend(journal, intended([], { files: [file] }));
  assert.deepEqual(journal.open()[0]?.files, [file]);
  written(journal.settle(intent, [{ ...removed(0), sha256: "b".repeat(64) }]));
  assert.equal([...journal.entries({})][0]?.files[0]?.sha256, "b".repeat(64));
});

test("numbers of intents go on, over segments and processes, and begin above those of a journal that was moved away", () => {
  using here = place();
  const numbers: number[] = [];
  for (let process = 0; process < 5; process++) {
    using journal = opened(here.folder);
    for (let times = 0; times < 5; times++) {
      const intent = intend(journal, intended(["a.arc"]));
      written(journal.settle(intent, [removed(0)]));
      numbers.push(intent);
    }
  }
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  );
  assert.ok((numbers[0] ?? 0) > nowMs / 1000);
  using elsewhere = place();
  using other = opened(elsewhere.folder, { nowMs: () => nowMs + 3_600_000 });
  assert.ok(intend(other, intended(["a.arc"])) > (numbers.at(-1) ?? 0));
});

test("several intents may be open, and are settled in any order", () => {
  using here = place();
  using journal = opened(here.folder, { sizes: { ...smallSizes, segmentBytes: 16_384 } });
  const numbers = ["a", "b", "c"].map((name) => intend(journal, intended([name])));
  const [first = 0, second = 0, third = 0] = numbers;
  written(journal.settle(third, [removed(0)]));
  written(journal.settle(first, [kept(0)]));
  assert.deepEqual(
    journal.open().map(({ intent }) => intent),
    [second],
  );
  const seen = entries(here.folder).map(({ intent, settledAt }) => [intent, settledAt === null]);
  assert.deepEqual(seen, [
    [first, false],
    [second, true],
    [third, false],
  ]);
});

test("an outcome that is not exactly one of each file, or of no open intent, is a fault of the program", () => {
  using here = place();
  using journal = opened(here.folder);
  const intent = intend(journal, intended(["a", "b"]));
  for (const outcomes of [
    [],
    [removed(0)],
    [removed(0), removed(0)],
    [removed(0), removed(2)],
    [removed(0), removed(1), removed(1)],
  ])
    assert.throws(() => journal.settle(intent, outcomes), /expected an outcome of each of 2 files, once/);
  assert.throws(() => journal.settle(intent + 1, [removed(0)]), /is no open intent/);
  written(journal.settle(intent, [removed(0), removed(1)]));
  assert.throws(() => journal.settle(intent, [removed(0), removed(1)]), /is no open intent/);
});

test("names of any bytes and texts of any kind come back as they were", () => {
  using here = place();
  using journal = opened(here.folder, { sizes: { ...smallSizes, segmentBytes: 65_536 } });
  const names = [
    "a\nb",
    '"',
    "-rf",
    "*",
    "\xff\xfe",
    "n".repeat(255),
    Array.from({ length: 16 }, () => "d".repeat(249)).join("/"),
  ];
  const group = intended(names, { root: '/u01/\n"\u2028\u202e', retention: "st\u0000aging\n" });
  const intent = intend(journal, group);
  assert.deepEqual(journal.open(), [{ ...group, intent }]);
  const detail = '"\n\u0001'.repeat(60);
  written(
    journal.settle(
      intent,
      names.map((_, at) => ({ ...kept(at), detail })),
    ),
  );
  assert.equal(verifyJournal(here.folder).kind, "whole");
  const [entry] = entries(here.folder);
  assert.deepEqual(
    entry?.files.map(({ path }) => path),
    group.files.map(({ path }) => path),
  );
  for (const file of entry?.files ?? []) assert.ok(file.detail.length > 20 && detail.startsWith(file.detail));
});

test("entries are asked for by Retention, account, outcome, time and number", () => {
  using here = place();
  let at = nowMs;
  using journal = opened(here.folder, { nowMs: () => at });
  const settle = (retention: string, account: string, outcome: typeof removed) => {
    const intent = intend(journal, intended(["a", "b"], { retention, account }));
    written(journal.settle(intent, [removed(0), outcome(1)]));
    at += 60_000;
    return intent;
  };
  const [first, second, third] = [
    settle("one", "oracle", kept),
    settle("two", "postgres", removed),
    settle("one", "postgres", removed),
  ];
  const asked = (filter: object) => entries(here.folder, filter).map(({ intent }) => intent);
  assert.deepEqual(asked({}), [first, second, third]);
  assert.deepEqual(asked({ retention: "one" }), [first, third]);
  assert.deepEqual(asked({ account: "postgres" }), [second, third]);
  assert.deepEqual(asked({ after: first }), [second, third]);
  assert.deepEqual(asked({ sinceMs: nowMs + 30_000 }), [second, third]);
  assert.deepEqual(asked({ outcome: "kept" }), [first]);
  assert.deepEqual(
    entries(here.folder, { outcome: "kept" })[0]?.files.map(({ at }) => at),
    [1],
  );
  assert.deepEqual(asked({ outcome: "in-quarantine" }), []);
});

test("the folder is 0700 and its files 0600, whatever the umask is", () => {
  using here = place();
  const before = process.umask(0o777);
  try {
    opened(here.folder)[Symbol.dispose]();
  } finally {
    process.umask(before);
  }
  assert.equal(statSync(here.folder).mode & 0o7777, 0o700);
  const names = readdirSync(here.folder);
  assert.deepEqual(names.sort(), ["journal.000001", "journal.000002"]);
  for (const name of names) assert.equal(statSync(`${here.folder}/${name}`).mode & 0o7777, 0o600);
  chmodSync(segment(here.folder), 0o644);
  opened(here.folder)[Symbol.dispose]();
  assert.equal(statSync(segment(here.folder)).mode & 0o7777, 0o600);
});

test("a link, a second name, a folder that others may write are refused and left alone", () => {
  for (const [spoil, says] of [
    [
      (folder: string) => {
        mkdirSync(folder);
        symlinkSync("/etc/passwd", segment(folder));
      },
      /ELOOP/,
    ],
    [
      (folder: string) => {
        opened(folder)[Symbol.dispose]();
        linkSync(segment(folder), `${folder}/other`);
      },
      /journal.000001: expected a regular file of this account with one name, found another; move it away/,
    ],
    [
      (folder: string) => symlinkSync("/etc", folder),
      /expected a folder of this account, found something else; move it away/,
    ],
    [
      (folder: string) => {
        mkdirSync(folder);
        chmodSync(folder, 0o777);
      },
      /expected a folder in which nobody else may write, found mode 777; chmod 700/,
    ],
  ] as const) {
    using here = place();
    spoil(here.folder);
    const { code, message } = refusal(here.folder);
    assert.equal(code, "failed");
    assert.match(message, says);
  }
});

test("a torn last write is cut, kept aside and said; the rest is there", () => {
  using here = place();
  {
    using journal = opened(here.folder);
    written(journal.settle(intend(journal, intended(["a"])), [removed(0)]));
    intend(journal, intended(["b"]));
  }
  const text = readFileSync(segment(here.folder));
  const end = text.indexOf(0);
  const lastLine = text.lastIndexOf("\n", end - 2) + 1;
  for (const cut of [end - 1, lastLine + 1, lastLine + 40]) {
    const torn = Buffer.from(text);
    torn.fill(0, cut);
    writeFileSync(segment(here.folder), torn);
    const whole = verifyJournal(here.folder);
    assert.ok(whole.kind === "whole" && whole.records === 3 && whole.notices.length === 1);
    using journal = opened(here.folder);
    assert.deepEqual(journal.open(), []);
    assert.equal([...journal.entries({})].length, 1);
    const [notice = ""] = journal.state().notices;
    const name = /kept in (.*)$/.exec(notice)?.[1] ?? "";
    assert.match(notice, new RegExp(`^${segment(here.folder)}: ${cut - lastLine} bytes behind the last whole record`));
    assert.match(name, /\/torn\.20261123T100000Z(-\d)?$/);
    assert.deepEqual(readFileSync(name), text.subarray(lastLine, cut));
    const again = verifyJournal(here.folder);
    assert.ok(again.kind === "whole" && again.notices.length === 0);
    written(journal.settle(intend(journal, intended(["c"])), [kept(0)]));
    assert.equal(verifyJournal(here.folder).kind, "whole");
    assert.ok(readdirSync(here.folder).filter((file) => file.startsWith("torn.")).length <= 3);
  }
});

test("of a write that reached the disk in pieces nothing is believed, and nothing durable is lost", () => {
  using here = place();
  {
    using journal = opened(here.folder, { sizes: { ...smallSizes, segmentBytes: 16_384 } });
    intend(journal, intended(["a"]));
    journal.sync();
    for (const name of ["b", "c", "d"]) intend(journal, intended([name]));
  }
  const text = readFileSync(segment(here.folder));
  const second = text.indexOf("\n", text.indexOf("\n") + 1) + 1;
  text.fill(0, second + 100, second + 200);
  writeFileSync(segment(here.folder), text);
  using journal = opened(here.folder);
  assert.deepEqual(
    journal.open().map(({ files }) => files[0]?.path),
    [["61"]],
  );
  assert.equal(journal.state().notices.length, 1);
});

test("a broken record in the middle: nothing may be removed, what to do is said, and what is whole is still read", () => {
  using here = place();
  {
    using journal = opened(here.folder);
    for (const name of ["a", "b"]) written(journal.settle(intend(journal, intended([name])), [removed(0)]));
  }
  const text = readFileSync(segment(here.folder));
  const fourth = text.toString("latin1").split("\n").slice(0, 3).join("\n").length + 1;
  text[fourth + 300] = (text[fourth + 300] ?? 0) ^ 1;
  writeFileSync(segment(here.folder), text);
  const { code, message } = refusal(here.folder);
  assert.equal(code, "damaged");
  assert.ok(message.startsWith(`${segment(here.folder)}:4: record `), message);
  assert.match(message, /nothing is removed: look at what it holds \(rcwarden cleanup journal\), then move .* away/);
  assert.deepEqual(readFileSync(segment(here.folder)), text, "it is left as it is");
  const verified = verifyJournal(here.folder);
  assert.ok(verified.kind === "broken" && verified.where === `${segment(here.folder)}:4`);
  assert.deepEqual(
    entries(here.folder).map(({ files }) => files.length),
    [1],
  );
});

test("beyond the most the oldest segments go, and the chain goes on from its anchor; what is open is carried along", () => {
  using here = place();
  let journal = opened(here.folder);
  const group = intended(["first", "second"], { run: "run-0" });
  const first = intend(journal, group);
  const segments = () => readdirSync(here.folder).filter((name) => name.startsWith("journal."));
  const more = () => {
    for (let times = 0; times < 40; times++)
      written(journal.settle(intend(journal, intended([`${times}`])), [removed(0)]));
    assert.ok(journal.state().bytes <= smallSizes.mostBytes, `${journal.state().bytes} bytes`);
    assert.equal(segments().length, 4);
  };
  for (let lives = 0; lives < 3; lives++) {
    more();
    assert.deepEqual(journal.open(), [{ ...group, intent: first }]);
    const [open, ...others] = [...journal.entries({})].filter(({ settledAt }) => settledAt === null);
    assert.ok(open?.intent === first && others.length === 0);
    journal[Symbol.dispose]();
    journal = opened(here.folder);
    assert.deepEqual(journal.open(), [{ ...group, intent: first }]);
  }
  assert.ok(!segments().includes("journal.000001"));
  const another = intend(journal, intended(["another"]));
  assert.deepEqual(
    journal.open().map(({ intent }) => intent),
    [first, another],
  );
  written(journal.settle(first, [kept(0), removed(1)]));
  const [told] = [...settledSince(here.folder, `${another}.0`)];
  assert.ok(told?.kind === "page" && told.data.run === "run-0");
  assert.deepEqual(
    [...journal.entries({ outcome: "kept" })].map(({ intent }) => intent),
    [first],
  );
  const verified = verifyJournal(here.folder);
  assert.ok(verified.kind === "whole");
  const { head } = journal.state();
  assert.deepEqual(verified.head, head);
  journal[Symbol.dispose]();
  using later = opened(here.folder);
  assert.deepEqual(later.state().head, head);
  assert.equal(later.state().openIntents, 1);
});

test("a group that no segment holds is refused, and the next one is not", () => {
  using here = place();
  using journal = opened(here.folder);
  const answer = journal.intend(intended(Array.from({ length: 40 }, (_, at) => `${at}`)));
  assert.ok(answer.kind === "refused" && answer.code === "failed");
  assert.match(answer.message, /expected a group of files that fits into one segment/);
  intend(journal, intended(["a"]));
});

test("of two that write, the one that comes late takes no more, and spoils nothing", () => {
  using here = place();
  using first = opened(here.folder);
  const open = intend(first, intended(["a"]));
  using second = opened(here.folder);
  written(second.settle(open, [removed(0)]));
  for (const answer of [first.settle(open, [kept(0)]), first.intend(intended(["b"])), first.sync()]) {
    assert.ok(answer.kind === "refused" && answer.code === "failed");
    assert.match(answer.message, /found what another process wrote; end the other agent of this state folder/);
  }
  for (let times = 0; times < 20; times++) written(second.settle(intend(second, intended(["c"])), [removed(0)]));
  assert.equal(verifyJournal(here.folder).kind, "whole");
});

test("after it was closed it refuses", () => {
  using here = place();
  const journal = opened(here.folder);
  const intent = intend(journal, intended(["a"]));
  journal[Symbol.dispose]();
  for (const answer of [journal.intend(intended(["b"])), journal.settle(intent, [removed(0)]), journal.sync()])
    assert.ok(answer.kind === "refused" && answer.code === "failed");
  journal[Symbol.dispose]();
});
