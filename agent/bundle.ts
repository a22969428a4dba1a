/** A bundle of the build, loaded with what V8 made of it then: a start takes two thirds of the time (decision 0024). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Script } from "node:vm";

/**
 * As `require` wraps it. `cache`: made by the same Node with the same flags, else V8 passes it over. `name`: what a cache made
 * of it says of where it was; V8 takes the name at the start instead.
 */
export function scriptOf(file: string, cache: Buffer | undefined, name = file): Script {
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
  return new Script(text, { filename: name, ...(cache !== undefined && { cachedData: cache }) });
}

/** Runs it once; what it exports is whatever the build put there. */
export function exportsOf(script: Script, file: string) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Undefined where there is none. */
export function cacheAt(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
