/**
 * The entry: it looks at argv and nothing else. `--version` answers at once, without loading the program; everything
 * else is handed to the CLI, which is a bundle of its own beside this one.
 *
 * `__VERSION__` is put in by the build. Where it is missing, this runs from source: the branch below falls away in a
 * bundle, and with it the import.
 */
import { cacheAt, exportsOf, scriptOf } from "./bundle.ts";

declare const __VERSION__: string | undefined;

/** Verbs that have a bundle of their own, which may leave a call to the whole command line. */
const apart = new Map([
  ["agent", "agent"],
  ["status", "asking"],
]);

const argv = process.argv.slice(2);
const asksVersion = argv[0] === "--version" || argv[0] === "-V";

if (typeof __VERSION__ === "string") {
  if (asksVersion) console.log(`rcwarden ${__VERSION__}`);
  else void start(__VERSION__);
} else {
  // An import that the build can see would be followed, and the entry would carry all of the program.
  void import("./cli/source.ts").then((source) => source.main(argv, asksVersion));
}

async function start(version: string): Promise<void> {
  const bundle = apart.get(argv[0] ?? "");
  const taken = bundle === undefined ? undefined : await load(bundle).main(argv, version);
  const code: unknown = typeof taken === "object" && taken !== null ? Reflect.get(taken, "code") : undefined;
  if (typeof code === "number") process.exit(code);
  void load("cli").main(argv, version);
}

function load(bundle: string): Program {
  const file = `${__dirname}/${bundle}.cjs`;
  const program: unknown = exportsOf(scriptOf(file, cacheAt(`${__dirname}/${bundle}.cache`)), file);
  if (!isProgram(program)) throw new Error(`${file}: expected the program, found another bundle; build rcwarden again`);
  return program;
}

interface Program {
  main(argv: readonly string[], version: string): Promise<unknown>;
}

/** The door: what the build put there is taken at its word. */
function isProgram(program: unknown): program is Program {
  return typeof program === "object" && program !== null && typeof Reflect.get(program, "main") === "function";
}
