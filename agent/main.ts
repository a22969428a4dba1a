/**
 * The entry: it looks at argv and nothing else. `--version` answers at once, without loading the program; everything
 * else is handed to the CLI, which is a bundle of its own beside this one.
 *
 * `__VERSION__` is put in by the build. Where it is missing, this runs from source: the branch below falls away in a
 * bundle, and with it the import.
 */
declare const __VERSION__: string | undefined;

const argv = process.argv.slice(2);
const asksVersion = argv[0] === "--version" || argv[0] === "-V";

if (typeof __VERSION__ === "string") {
  if (asksVersion) console.log(`rcwarden ${__VERSION__}`);
  else require("./cli.cjs").main(argv, __VERSION__);
} else {
  // An import that the build can see would be followed, and the entry would carry all of the program.
  void import("./cli/source.ts").then((source) => source.main(argv, asksVersion));
}
