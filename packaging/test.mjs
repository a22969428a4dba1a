/**
 * Runs the suites, one line each with its time, and ends with `N passed, N failed, N skipped`. A suite that runs nothing
 * and a test that is skipped count as failures: nothing is left out silently. Words on the command line choose suites.
 */
import { spawn } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** [name, files, isolated: a process each, because they touch what a process has only once] */
const suites = [
  ["unit", ["facts", "documents", "shells", "startup", "checks", "evaluate", "drift", "runs", "cli", "host"], false],
  ["packaging", ["packaging"], false],
  ["children", ["children"], false],
  ["collectors", ["collectors"], false],
  ["agent", ["store", "sinks", "status", "watch", "daemon", "cleanup"], true],
  ["launcher", ["native"], false],
  ["probe", ["probe"], true],
  ["end to end", ["e2e"], true],
];

/** What tests count over many cases is shown also where all is well. */
const told = /^(?:catalogue|differential): .*$/gm;

const wanted = process.argv.slice(2);
const unknown = wanted.find((word) => !suites.some(([name]) => name === word));
if (unknown !== undefined) {
  console.error(`expected a suite (${suites.map(([name]) => name).join(", ")}), found "${unknown}"`);
  process.exit(2);
}

const scratch = mkdtempSync(`${tmpdir()}/rcwarden-test-`);
const total = { pass: 0, fail: 0, skipped: 0 };

for (const [name, folders, isolated] of suites) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const files = folders.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: root })).sort();
  const log = `${scratch}/${name}.log`;
  const started = performance.now();
  const status = files.length === 0 ? "no test files" : await suite(files, isolated, log);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const text = files.length === 0 ? "" : readFileSync(log, "utf8");
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  const counts = {
    pass: count("pass"),
    fail: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  };
  if (counts.pass + counts.fail === 0) counts.fail = 1;
  if (status !== 0 && counts.fail === 0) counts.fail = 1;
  if (counts.fail > 0) process.stdout.write(text);
  else for (const line of text.match(told) ?? []) console.log(line);
  console.log(
    `${name.padEnd(12)} ${String(counts.pass).padStart(5)} passed ${String(counts.fail).padStart(4)} failed ${String(counts.skipped).padStart(3)} skipped ${seconds.padStart(7)} s`,
  );
  for (const key of Object.keys(total)) total[key] += counts[key];
}

rmSync(scratch, { recursive: true, force: true });
console.log(`${total.pass} passed, ${total.fail} failed, ${total.skipped} skipped`);
process.exitCode = total.fail + total.skipped === 0 ? 0 : 1;

function suite(files, isolated, log) {
  const args = [
    "--test",
    ...(isolated ? ["--test-concurrency=2"] : ["--test-isolation=none"]),
    "--test-timeout=300000",
    "--test-reporter=spec",
    `--test-reporter-destination=${log}`,
    ...files,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", resolve);
  });
}
