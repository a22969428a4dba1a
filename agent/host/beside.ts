import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** A part of the built program by its name: beside the running bundle, or in dist/ when the program runs from its source. */
export function builtPart(name: string): string {
  const main = process.argv[1] ?? "";
  const beside = join(dirname(existsSync(main) ? realpathSync(main) : main), name);
  // In a bundle there is no such place as this file's folder.
  const source: string | undefined = import.meta.dirname;
  return source === undefined || existsSync(beside) ? beside : join(source, "..", "..", "dist", name);
}
