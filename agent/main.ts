/**
 * The entry: it looks at argv and nothing else. `--version` answers at once, without loading the program; everything
 * else is handed to the CLI, which is a bundle of its own beside this one.
 *
 * `__VERSION__` is put in by the build. Where it is missing, this runs from source: the branch below falls away in a
 * bundle, and with it the import.
 */
import { cacheAt, exportsOf, scriptOf } from "./bundle.ts";

declare const __VERSION__: string | undefined;

const argv = process.argv.slice(2);
const asksVersion = argv[0] === "--version" || argv[0] === "-V";

if (typeof __VERSION__ === "string") {
  if (asksVersion) console.log(`rcwarden ${__VERSION__}`);
  else start(__VERSION__);
} else {
  // An import that the build can see would be followed, and the entry would carry all of the program.
  void import("./cli/source.ts").then((source) => source.main(argv, asksVersion));
}

/** The agent runs with flags of its own (packaging/build.mjs), and what V8 made with others is no use to it. */
function start(version: string): void {
  if (argv[0] === "status") void shortly(version);
  else void load("cli", argv[0] === "agent" ? "agent" : "cli").main(argv, version);
}

/** By the small bundle, where it takes the call. */
async function shortly(version: string): Promise<void> {
  const taken = await load("asking", "asking").main(argv, version);
  const code: unknown = typeof taken === "object" && taken !== null ? Reflect.get(taken, "code") : undefined;
  if (typeof code === "number") process.exit(code);
  void load("cli", "cli").main(argv, version);
}

function load(bundle: string, cache: string): Program {
  const file = `${__dirname}/${bundle}.cjs`;
  const program: unknown = exportsOf(scriptOf(file, cacheAt(`${__dirname}/${cache}.cache`)), file);
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
