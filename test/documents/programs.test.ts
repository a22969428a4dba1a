import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Form, type Program, programs } from "../../agent/documents/programs.ts";
import { expand, type ParsedSends, parseSends, type State } from "../../agent/documents/sends.ts";

/** The shortest command of a form. */
function shortest(program: Program, form: Form): string {
  const also = { nothing: [], mode: ["640"], words: ["ready", "1.0"] }[program.also];
  return [program.name, ...form.needs, ...also, ...form.takes].join(" ");
}

/** A form with every option that the table lists for the program, where several may be given. */
function longest(program: Program, form: Form): string {
  const also = { nothing: [], mode: ["640"], words: ["ready"] }[program.also];
  // -s of ln makes another thing of it: what a form needs, other forms must not have.
  const others = program.forms.flatMap((other) => other.needs).filter((option) => !form.needs.includes(option));
  const options = program.joins
    ? program.options.flatMap(([first]) => (first && !others.includes(first) ? [first] : []))
    : form.needs;
  return [program.name, ...options, ...also, ...form.takes].join(" ");
}

test("programs have one name each, and an example that is accepted", () => {
  assert.equal(new Set(programs.map((program) => program.name)).size, programs.length);
  for (const program of programs) {
    const parsed = parseSends(program.example);
    assert.equal(parsed.kind, "sends", program.example);
    assert.equal(parsed.kind === "sends" && parsed.program, program.name);
  }
});

test("every form can be reached, and every option of the table is accepted", () => {
  for (const program of programs) {
    for (const form of program.forms) {
      const parsed = parseSends(shortest(program, form));
      assert.deepEqual(parsed.kind === "sends" && parsed.afterwards, form.afterwards, shortest(program, form));
    }
    for (const option of program.options.flat()) {
      const answers = program.forms.map((form) => {
        const needs = form.needs.filter((needed) => needed !== option);
        return parseSends(
          [program.name, option, ...needs, ...(program.also === "mode" ? ["640"] : []), ...form.takes].join(" "),
        );
      });
      assert.ok(
        answers.some((answer) => answer.kind === "sends"),
        `${program.name} ${option}`,
      );
    }
  }
});

test("what the table says is what the programs of this host do", () => {
  const tried = programs.flatMap((program) =>
    program.forms.flatMap((form) => [...new Set([shortest(program, form), longest(program, form)])]),
  );
  assert.ok(tried.length > 50);
  for (const command of tried) {
    const parsed = parseSends(command);
    assert.equal(parsed.kind, "sends", command);
    if (parsed.kind === "sends") assert.deepEqual(wrongAfter(parsed), [], command);
  }
});

test("a wrong table would be seen: a program that does something else is found wrong", () => {
  const parsed = parseSends("rm {file}");
  assert.equal(parsed.kind, "sends");
  if (parsed.kind !== "sends") return;
  const afterwards = { ...parsed.afterwards, file: "stays", new: "folder", stdout: "words" } as const;
  assert.deepEqual(wrongAfter({ ...parsed, afterwards }), ["file is not stays", "new is not folder", 'stdout is ""']);
});

/** Runs the command with /bin/sh on real scratch things; everything that is not as it must be. */
function wrongAfter(parsed: ParsedSends): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "rcwarden-programs-"));
  const at = {
    file: join(scratch, "file.1"),
    existing: join(scratch, "existing.1"),
    folder: join(scratch, "folder.1"),
    new: join(scratch, "new.1"),
  };
  try {
    writeFileSync(at.file, "file\n");
    writeFileSync(at.existing, "existing\n");
    mkdirSync(at.folder);
    for (const name of ["one", "two"]) writeFileSync(join(at.folder, name), name);
    const inode = lstatSync(at.file).ino;
    const sent = expand(parsed, {
      "{file}": at.file,
      "{existing}": at.existing,
      "{folder}": at.folder,
      "{new}": at.new,
    });
    const { status, stdout } = spawnSync("/bin/sh", ["-c", sent.command], {
      cwd: scratch,
      encoding: "utf8",
      input: "",
    });
    const wrong = status === 0 ? [] : [`exit ${status}`];
    for (const thing of ["file", "existing", "folder", "new"] as const) {
      const state = parsed.afterwards[thing];
      if (!isAs(state, { ...at, path: at[thing], held: held(thing), inode, mode: sent.mode }))
        wrong.push(`${thing} is not ${state}`);
    }
    const names = stdout.split(/\s+/).filter(Boolean).sort().join();
    const right = {
      empty: stdout === "",
      "content-of-file": stdout === "file\n",
      "names-in-folder": names === "one,two",
      "path-of-file": stdout === `${at.file}\n`,
      words: stdout === sent.echoes && parsed.words.length > 0,
      any: true,
    }[parsed.afterwards.stdout];
    if (!right) wrong.push(`stdout is ${JSON.stringify(stdout)}`);
    return wrong;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function held(thing: "file" | "existing" | "folder" | "new"): string | null {
  return { file: "file\n", existing: "existing\n", folder: "one=one two=two", new: null }[thing];
}

function contentOf(path: string): string | null {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return null;
  if (status.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!status.isDirectory()) return readFileSync(path, "utf8");
  return readdirSync(path)
    .sort()
    .map((name) => `${name}=${readFileSync(join(path, name), "utf8")}`)
    .join(" ");
}

interface Thing {
  readonly path: string;
  readonly file: string;
  readonly folder: string;
  readonly held: string | null;
  readonly inode: number;
  readonly mode: number | null;
}

function isAs(state: State, { path, file, folder, held: before, inode, mode }: Thing): boolean {
  const content = contentOf(path);
  const status = lstatSync(path, { throwIfNoEntry: false });
  return {
    stays: content === before,
    gone: content === null,
    absent: content === null,
    "content-of-file": content === "file\n",
    "content-of-folder": content === "one=one two=two",
    "file-inside": content === "file.1=file\n one=one two=two",
    folder: content === "" && status?.isDirectory() === true,
    "empty-file": content === "" && status?.isFile() === true,
    "link-to-file": content === `-> ${file}`,
    "link-to-folder": content === `-> ${folder}`,
    "same-file": status?.ino === inode,
    "mode-as-sent": content === before && status !== undefined && (status.mode & 0o7777) === mode,
  }[state];
}
