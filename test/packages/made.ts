/** The packages of this checkout, made once for a test file, uncompressed: what is inside is the same. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makePackages } from "../../packaging/package/make.ts";
import { dist } from "../support/rcwarden.ts";

export interface Packages extends Disposable {
  readonly folder: string;
  readonly version: string;
  readonly deb: string;
  readonly rpm: string;
  readonly tarball: string;
}

export function packages(): Packages {
  const folder = mkdtempSync(join(tmpdir(), "rcw-packages-"));
  const files = makePackages(dirname(dist), folder, 1_700_000_000, "none").map(({ file }) => file);
  const ending = (end: string) => files.find((file) => file.endsWith(end)) ?? "";
  const { version } = JSON.parse(readFileSync(join(dirname(dist), "package.json"), "utf8"));
  return {
    ...{ folder, version, deb: ending(".deb"), rpm: ending(".rpm"), tarball: ending(".tar.gz") },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The same .deb as another version, whose configuration file says something else, too. */
export function asVersion({ folder, deb, version }: Packages, other: string): string {
  const tree = join(folder, `tree-${other}`);
  execFileSync("dpkg-deb", ["-R", deb, tree]);
  for (const [file, from, to] of [
    ["DEBIAN/control", `Version: ${version}`, `Version: ${other}`],
    ["DEBIAN/preinst", version, other],
    ["etc/rcwarden/agent.yaml", "spec: {}", `spec: {} # ${other}`],
  ] as const) {
    const text = readFileSync(join(tree, file), "utf8");
    writeFileSync(join(tree, file), text.replaceAll(from, to));
  }
  const out = join(folder, `rcwarden_${other}_amd64.deb`);
  execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, out]);
  rmSync(tree, { recursive: true });
  return out;
}
