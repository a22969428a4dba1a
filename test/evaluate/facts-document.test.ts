import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differences, factsDocument } from "../../agent/evaluate/index.ts";
import type { BareFacts, ModeFacts } from "../../agent/facts/index.ts";
import { account, at, gap, modeFacts, tried } from "../support/facts.ts";

const time = "2026-11-23T09:55:02.000Z";

const bare: BareFacts = {
  aliases: [],
  functions: [],
  options: [],
  variables: [],
  umask: "0022",
  cwd: "/home/oracle",
  limits: { nofile: 1024 },
};

const full: ModeFacts = modeFacts({
  guards: [{ where: at(22), text: "if ($?prompt) then", form: "block" }],
  aliases: [{ name: "cp", value: "cp -i", effective: true, where: at(14), line: "alias cp 'cp -i'", advice: "x" }],
  functions: [{ name: "rm", effective: true, where: at(15) }],
  options: [{ name: "noclobber", value: "on", where: at(5) }],
  variables: [{ name: "PATH", exported: true, value: "/u01/bin:/bin", where: null }],
  traps: [{ signal: "EXIT", action: "echo bye", effect: null, where: at(9) }],
  // biome-ignore lint/suspicious/noThenProperty: the name of the fact
  commands: [{ name: "cp", is: "alias", then: "/usr/bin/cp", where: at(14) }],
  limits: { nofile: 512 },
  output: [{ stream: "stdout", bytes: 6, head: "hello\n", guard: "if ($?prompt)", where: at(7), line: "echo hello" }],
  leftRunning: [{ command: "sleep 300", holds: ["stdout"] }],
  tried: [tried("cp -f {file} {existing}", { outcome: "hang", prompt: "cp: overwrite?", where: at(14) })],
  gaps: [gap("probe-limited", ["traps"])],
  bare,
});

/** Each name of the document and of everything in it, as a path, with what stands there. */
function shapeOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [`${path}[]`] : shapeOf(value[0], `${path}[]`);
  if (value === null || typeof value !== "object") return [`${path}: ${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([name, each]) => shapeOf(each, path === "" ? name : `${path}.${name}`));
}

test("the document has every fact with where it comes from, by the names that are promised", () => {
  const document: unknown = JSON.parse(JSON.stringify(factsDocument(time, { account, modes: [full] })));
  const place = (of: string) =>
    ["file: string", "line: number", "column: number", "through[]"].map((each) => `${of}.where.${each}`);
  const mode = (...names: readonly string[]) => names.map((name) => `modes[].${name}`);
  assert.deepEqual(shapeOf(document), [
    ...["apiVersion: string", "kind: string", "time: string", "account: string"],
    ...["shell.path: string", "shell.personality: string"],
    ...mode("mode: string", "sandbox: string", "evidence: string", "seconds: number", "ended: string"),
    ...mode("gaps[].code: string", "gaps[].message: string", "gaps[].change: string", "gaps[].of[]: string"),
    ...mode("startupFiles[].path: string", "startupFiles[].state: string"),
    ...mode("startupFiles[].digest: string", "startupFiles[].through[]"),
    ...mode(...place("guards[]"), "guards[].text: string", "guards[].form: string"),
    ...mode("aliases[].name: string", "aliases[].value: string", "aliases[].effective: boolean"),
    ...mode("aliases[].brought: boolean", ...place("aliases[]"), "aliases[].line: string"),
    ...mode("functions[].name: string", "functions[].effective: boolean", "functions[].brought: boolean"),
    ...mode(...place("functions[]"), "functions[].line: null"),
    ...mode("options[].name: string", "options[].value: string", "options[].brought: boolean"),
    ...mode(...place("options[]"), "options[].line: null"),
    ...mode("variables[].name: string", "variables[].exported: boolean", "variables[].value: string"),
    ...mode("variables[].brought: boolean", "variables[].where: null", "variables[].line: null"),
    ...mode("removed.aliases[]", "removed.variables[]"),
    ...mode("traps[].signal: string", "traps[].action: string", ...place("traps[]"), "traps[].line: null"),
    ...mode("commands[].name: string", "commands[].is: string", "commands[].then: string"),
    ...mode(...place("commands[]"), "commands[].line: null"),
    ...mode("umask: string", "cwd: string", "limits.nofile: number"),
    ...mode("bare.umask: string", "bare.cwd: string", "bare.limits.nofile: number"),
    ...mode("output[].stream: string", "output[].bytes: number", "output[].head: string"),
    ...mode(...place("output[]"), "output[].line: string"),
    ...mode("leftRunning[].command: string", "leftRunning[].holds[]: string"),
    ...mode("leftRunning[].where: null", "leftRunning[].line: null"),
    ...mode("tried[].command: string", "tried[].outcome: string", "tried[].prompt: string"),
    ...mode("tried[].exit.status: number", "tried[].exit.signal: null", "tried[].stderr: string"),
    ...mode("tried[].stdout: string", "tried[].missing: string", "tried[].atEnd: null"),
    ...mode(...place("tried[]"), "tried[].line: null", "mismatches[]"),
  ]);
});

test("where the bare shell was not asked, nothing is said of what startup brought", () => {
  const { bare: _, ...without } = full;
  const [mode] = factsDocument(time, { account, modes: [without] }).modes;
  assert.equal(mode?.bare, undefined);
  assert.equal(mode?.removed, undefined);
  assert.deepEqual(
    [mode?.aliases[0]?.brought, mode?.options[0]?.brought, mode?.variables[0]?.brought],
    [undefined, undefined, undefined],
  );
});

test("a mode in which nothing was run says so, and is no mode without facts", () => {
  const [mode] = factsDocument(time, {
    account,
    modes: [modeFacts({ startup: null, gaps: [gap("unknown-shell", ["startup"])] })],
  }).modes;
  assert.equal(mode?.ended, null);
  assert.deepEqual(
    mode?.gaps.map(({ code }) => code),
    ["unknown-shell"],
  );
});

test("the shell is the account's own, also where a mode starts another one", () => {
  const cron = modeFacts({ mode: "cron", shell: { path: "/bin/sh", personality: "sh" } });
  assert.deepEqual(factsDocument(time, { account, modes: [cron, modeFacts()] }).shell, {
    path: "/bin/tcsh",
    personality: "tcsh",
  });
});

test("what a bare shell has as well is not startup's; what it has otherwise, or not, is", () => {
  const facts = modeFacts({
    aliases: [
      { name: "same", value: "a", effective: true, where: null },
      { name: "other", value: "b", effective: true, where: null },
    ],
    functions: [
      { name: "own", effective: true, where: null },
      { name: "brought", effective: true, where: null },
    ],
    options: [
      { name: "noclobber", value: "on", where: null },
      { name: "vi", value: "off", where: null },
    ],
    variables: [
      { name: "LANG", exported: true, value: "C", where: null },
      { name: "exported-since", exported: true, value: "x", where: null },
      { name: "PWD", exported: true, value: "/u01", where: null },
      { name: "cwd", exported: false, value: "/u01", where: at(3) },
    ],
    bare: {
      ...bare,
      aliases: [
        { name: "same", value: "a" },
        { name: "other", value: "a" },
        { name: "gone", value: "c" },
      ],
      functions: ["own"],
      options: [
        { name: "noclobber", value: "off" },
        { name: "vi", value: "off" },
      ],
      variables: [
        { name: "LANG", exported: true, value: "C" },
        { name: "exported-since", exported: false, value: "x" },
        { name: "OLDPWD", exported: true, value: "" },
        { name: "MAIL", exported: true, value: "" },
      ],
    },
  });
  const { removed, ...since } = differences(facts);
  assert.deepEqual(
    Object.fromEntries(Object.entries(since).map(([kind, names]) => [kind, [...names]])),
    // What follows from the working directory is no difference of its own, but where a line sets it.
    { aliases: ["other"], functions: ["brought"], options: ["noclobber"], variables: ["exported-since", "cwd"] },
  );
  assert.deepEqual(removed, { aliases: ["gone"], variables: ["MAIL"] });
});

test("without a bare shell, options and variables without a line are not called startup's", () => {
  const since = differences({ ...full, bare: null });
  assert.deepEqual(
    [...since.aliases, ...since.functions, ...since.options, ...since.variables],
    ["cp", "rm", "noclobber"],
  );
});

test("a shell never differs from itself", () => {
  const named = fc.record({ name: fc.string(), value: fc.string(), exported: fc.boolean() });
  const all = fc.uniqueArray(named, { selector: ({ name }) => name });
  fc.assert(
    fc.property(all, all, all, (...drawn) => {
      const [aliases = [], options = []] = drawn.map((each) => each.map(({ name, value }) => ({ name, value })));
      const [, , variables] = drawn;
      const where = null;
      const facts = modeFacts({
        aliases: aliases.map((each) => ({ ...each, effective: true, where })),
        options: options.map((each) => ({ ...each, where })),
        variables: variables.map((each) => ({ ...each, where })),
        bare: { ...bare, aliases, options, variables },
      });
      const since = differences(facts);
      assert.equal(since.aliases.size + since.options.size + since.variables.size, 0);
      assert.deepEqual(since.removed, { aliases: [], variables: [] });
    }),
  );
});
