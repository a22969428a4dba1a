/** A support bundle as whoever gets it unpacks it: the real tar, from its own files. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Text by name. */
export function bundleOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-unpacked-"));
  try {
    writeFileSync(join(folder, "bundle.tar.gz"), bytes);
    const { status, stderr } = spawnSync("tar", ["-xzf", "bundle.tar.gz"], { cwd: folder, timeout: 30_000 });
    if (status !== 0) throw new Error(`expected tar to unpack it, found ${stderr}`);
    const unpacked = join(folder, "rcwarden-support");
    return new Map(readdirSync(unpacked).map((name) => [name, readFileSync(join(unpacked, name), "utf8")]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
