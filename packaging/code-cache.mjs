/**
 * Writes what V8 makes of a bundle while it loads: `node FLAGS packaging/code-cache.mjs BUNDLE CACHE VERSION WORD...`, run
 * by the build with the flags with which the program runs. The words are a call that loads what is to be in it and ends.
 */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { exportsOf, scriptOf } from "../agent/bundle.ts";

const [bundle, cache, version, ...words] = process.argv.slice(2);
// A name without folders: the same bytes wherever it is built.
const script = scriptOf(bundle, undefined, basename(bundle));
process.on("exit", () => {
  writeFileSync(cache, script.createCachedData());
  process.exitCode = 0;
});
process.argv[1] = bundle;
void exportsOf(script, bundle).main(words, version);
