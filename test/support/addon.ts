import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setAddon } from "../../agent/host/native.ts";

const root = join(import.meta.dirname, "../..");
const headers = join(root, `node_modules/node-linux-${process.arch}/include/node`);
const flags = ["-shared", "-fPIC", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", headers];

/** Compiles the addon to `out`, as the build does, with these words more. */
export function compileAddon(out: string, more: readonly string[] = ["-O2"]): void {
  const sources = ["host.c", "at.c"].map((name) => join(root, "agent/native", name));
  execFileSync("cc", [...flags, ...more, "-o", out, ...sources], { stdio: "inherit" });
}

let built: string | null = null;

/** The addon's path, built from its source once for all test files of this process. */
export function builtAddon(): string {
  if (built !== null) return built;
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-addon-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  built = join(folder, "host.node");
  compileAddon(built);
  return built;
}

/** Has it used until this process ends. */
export function useBuiltAddon(): void {
  setAddon(builtAddon());
}
