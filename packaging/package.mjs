/**
 * Packs what the build made: .deb, .rpm and .tar.gz for Linux on x64, with a bill of materials and checksums, into dist/.
 * The same bytes each time. `--uncompressed` is quick, for looking at what is inside.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { makePackages, sourceDate } from "./package/make.ts";
import { missingTools } from "./package/tools.ts";

const checkout = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** Of the .deb: what a host's owner may be asked to take. */
const mostBytes = 32 * 1024 * 1024;

const problems = process.arch === "x64" ? missingTools() : [`expected x64, found ${process.arch}`];
if (problems.length > 0) {
  for (const problem of problems) console.error(`rcwarden: ${problem}`);
  process.exit(1);
}
const how = process.argv.includes("--uncompressed") ? "none" : "release";
try {
  const made = makePackages(checkout, `${checkout}/dist`, sourceDate(checkout), how);
  for (const { file, bytes } of made) console.log(`${mebibytes(bytes).padStart(10)}  dist/${basename(file)}`);
  const large = made.find(({ file, bytes }) => how === "release" && file.endsWith(".deb") && bytes > mostBytes);
  if (large !== undefined) {
    console.error(`rcwarden: ${large.file}: expected at most ${mebibytes(mostBytes)}, found ${mebibytes(large.bytes)}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`rcwarden: ${error.message}`);
  process.exitCode = 1;
}

function mebibytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}
