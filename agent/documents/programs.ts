/** Placeholder to what stands for it in the scratch folder. */
export const placeholders = {
  "{file}": "a scratch file",
  "{existing}": "a second scratch file",
  "{folder}": "a folder with two files",
  "{new}": "a name that does not exist",
} as const;
export type Placeholder = keyof typeof placeholders;

export const placeholderNames: readonly Placeholder[] = ["{file}", "{existing}", "{folder}", "{new}"];

/**
 * What must be true of one scratch thing when the command is over. All but `same-file` and the `link-` ones can be seen
 * by looking at the thing alone and at what the scratch folder held before.
 */
export type State =
  /** Type, content and permissions are what they were. */
  | "stays"
  | "gone"
  /** Only of {new}: still does not exist. */
  | "absent"
  /** A regular file with the bytes that {file} had at first. */
  | "content-of-file"
  /** A folder with the names and bytes that {folder} had at first, and nothing else. */
  | "content-of-folder"
  /** Only of {folder}: what it held, and {file}'s content under {file}'s own name. */
  | "file-inside"
  /** An empty folder. */
  | "folder"
  | "empty-file"
  /** A symbolic link whose text is the path that was sent for {file}, or for {folder}. */
  | "link-to-file"
  | "link-to-folder"
  /** The same inode as {file}. */
  | "same-file"
  /** Content as it was; the permission bits are `mode` of the parsed command. */
  | "mode-as-sent";

export type Stdout =
  | "empty"
  /** The bytes of {file}, exactly. */
  | "content-of-file"
  /** Split at white space: the two names in {folder}, in any order, and nothing else. */
  | "names-in-folder"
  /** The path that was sent for {file}, and a newline. */
  | "path-of-file"
  /** `words` of the parsed command joined by one space, and a newline. */
  | "words"
  /** Nothing can be said beforehand. */
  | "any";

/** What must be true afterwards, of all four scratch things, whether the command names them or not; and exit status 0. */
export interface Afterwards {
  readonly file: State;
  readonly existing: State;
  readonly folder: State;
  readonly new: State;
  readonly stdout: Stdout;
}

/** One way to call the program: placeholders in this order, with at least these options (first names of the table). */
export interface Form {
  readonly takes: readonly Placeholder[];
  readonly needs: readonly string[];
  readonly afterwards: Afterwards;
}

export interface Program {
  readonly name: string;
  /**
   * Options that leave `afterwards` as it is, or that a form needs; names of one option together. One letter after one
   * `-` can be joined with others. What can change the effect or the output (`rm --help`, `cp -n`, `ls -l`) is not here.
   */
  readonly options: readonly (readonly string[])[];
  /** Whether letters can be joined (`-rf`), and several options given. `test` takes one operator. */
  readonly joins: boolean;
  /** Whether `--` may end the options. */
  readonly dashes: boolean;
  /** What stands before the placeholders: permission bits in octal, or literal words in their place. */
  readonly also: "nothing" | "mode" | "words";
  /** Tried in this order; the first that fits counts. */
  readonly forms: readonly Form[];
  /** A command that is accepted, for docs and tests. */
  readonly example: string;
}

function after(changes: Partial<Afterwards>): Afterwards {
  return { file: "stays", existing: "stays", folder: "stays", new: "absent", stdout: "empty", ...changes };
}

function form(takes: readonly Placeholder[], needs: readonly string[], changes: Partial<Afterwards>): Form {
  return { takes, needs, afterwards: after(changes) };
}

const usual = { joins: true, dashes: true, also: "nothing" } as const;

/**
 * The programs whose effect can be tried. What they do is POSIX (XCU 4, each utility's page); long names and `-A`, `-a`
 * are those of GNU and BusyBox. Each example and each form was true on Debian 12 (test/documents/programs.test.ts).
 */
export const programs: readonly Program[] = [
  {
    ...usual,
    name: "rm",
    options: [
      ["-f", "--force"],
      ["-r", "-R", "--recursive"],
    ],
    forms: [
      form(["{file}"], [], { file: "gone" }),
      form(["{file}", "{existing}"], [], { file: "gone", existing: "gone" }),
      form(["{folder}"], ["-r"], { folder: "gone" }),
      // -f is silent about what is not there, and exits 0.
      form(["{new}"], ["-f"], {}),
    ],
    example: "rm -rf {folder}",
  },
  {
    ...usual,
    name: "cp",
    options: [["-f", "--force"], ["-p"], ["-r", "-R", "--recursive"], ["-a", "--archive"]],
    forms: [
      form(["{file}", "{existing}"], [], { existing: "content-of-file" }),
      form(["{file}", "{new}"], [], { new: "content-of-file" }),
      form(["{file}", "{folder}"], [], { folder: "file-inside" }),
      form(["{folder}", "{new}"], ["-r"], { new: "content-of-folder" }),
      form(["{folder}", "{new}"], ["-a"], { new: "content-of-folder" }),
    ],
    example: "cp -f {file} {existing}",
  },
  {
    ...usual,
    name: "mv",
    options: [["-f", "--force"]],
    forms: [
      form(["{file}", "{existing}"], [], { file: "gone", existing: "content-of-file" }),
      form(["{file}", "{new}"], [], { file: "gone", new: "content-of-file" }),
      form(["{file}", "{folder}"], [], { file: "gone", folder: "file-inside" }),
      form(["{folder}", "{new}"], [], { folder: "gone", new: "content-of-folder" }),
    ],
    example: "mv -f {file} {existing}",
  },
  {
    ...usual,
    name: "mkdir",
    options: [["-p", "--parents"]],
    forms: [form(["{new}"], [], { new: "folder" }), form(["{folder}"], ["-p"], {})],
    example: "mkdir -p {new}",
  },
  {
    ...usual,
    name: "rmdir",
    // {folder} is never empty, so that plain rmdir fails on it by nature; only this one does what it says.
    options: [["--ignore-fail-on-non-empty"]],
    forms: [form(["{folder}"], ["--ignore-fail-on-non-empty"], {})],
    example: "rmdir --ignore-fail-on-non-empty {folder}",
  },
  {
    ...usual,
    name: "ln",
    options: [
      ["-s", "--symbolic"],
      ["-f", "--force"],
    ],
    forms: [
      form(["{file}", "{new}"], ["-s"], { new: "link-to-file" }),
      form(["{folder}", "{new}"], ["-s"], { new: "link-to-folder" }),
      form(["{file}", "{existing}"], ["-s", "-f"], { existing: "link-to-file" }),
      form(["{file}", "{new}"], [], { new: "same-file" }),
      form(["{file}", "{existing}"], ["-f"], { existing: "same-file" }),
    ],
    example: "ln -s {file} {new}",
  },
  {
    ...usual,
    name: "ls",
    options: [["-1"], ["-A", "--almost-all"]],
    forms: [
      form([], [], { stdout: "any" }),
      form(["{folder}"], [], { stdout: "names-in-folder" }),
      form(["{file}"], [], { stdout: "path-of-file" }),
    ],
    example: "ls {folder}",
  },
  {
    ...usual,
    name: "cat",
    options: [["-u"]],
    forms: [form(["{file}"], [], { stdout: "content-of-file" })],
    example: "cat {file}",
  },
  {
    ...usual,
    name: "test",
    joins: false,
    dashes: false,
    options: [["-e"], ["-f"], ["-r"], ["-s"], ["-w"], ["-d"]],
    forms: [
      ...["-e", "-f", "-r", "-s", "-w"].map((operator) => form(["{file}"], [operator], {})),
      ...["-e", "-d"].map((operator) => form(["{folder}"], [operator], {})),
    ],
    example: "test -f {file}",
  },
  {
    ...usual,
    name: "touch",
    options: [["-a"], ["-m"]],
    forms: [form(["{new}"], [], { new: "empty-file" }), form(["{file}"], [], {})],
    example: "touch {new}",
  },
  {
    ...usual,
    name: "chmod",
    options: [["-f", "--silent", "--quiet"]],
    also: "mode",
    forms: [form(["{file}"], [], { file: "mode-as-sent" })],
    example: "chmod 600 {file}",
  },
  {
    ...usual,
    name: "true",
    joins: false,
    dashes: false,
    options: [],
    forms: [form([], [], {})],
    example: "true",
  },
  {
    ...usual,
    name: "echo",
    joins: false,
    dashes: false,
    options: [],
    also: "words",
    forms: [form([], [], { stdout: "words" })],
    example: "echo ready 1.0",
  },
];

export const programNames: readonly string[] = programs.map((program) => program.name);
