/** The Debian package. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "./entry.ts";
import type { Compression, Release } from "./release.ts";
import { run } from "./tools.ts";
import { filesBelow, walk } from "./walk.ts";

const scripts = ["preinst", "postinst", "prerm", "postrm"];

/** Packs a staged tree, to which it adds DEBIAN; gives the file. */
export function makeDeb(
  release: Release,
  entries: readonly Entry[],
  tree: string,
  out: string,
  how: Compression,
): string {
  const file = join(out, `rcwarden_${release.version}_amd64.deb`);
  const about = join(tree, "DEBIAN");
  const packed = filesBelow(tree);
  mkdirSync(about);
  chmodSync(about, 0o755);
  writeFileSync(join(about, "control"), control(release, installedKiB(tree, packed)));
  writeFileSync(join(about, "md5sums"), packed.map((path) => `${md5(join(tree, path))}  ${path}\n`).join(""));
  const conffiles = entries.filter((entry) => entry.isConfiguration && entry.formats.includes("deb"));
  writeFileSync(join(about, "conffiles"), conffiles.map(({ path }) => `/${path}\n`).join(""));
  for (const script of scripts) {
    const source = join(release.checkout, "packaging/package/deb", script);
    const text = readFileSync(source, "utf8").replaceAll("@VERSION@", release.version);
    writeFileSync(join(about, script), text);
    chmodSync(join(about, script), 0o755);
  }
  for (const name of ["control", "md5sums", "conffiles"]) chmodSync(join(about, name), 0o644);
  // Debian 11 cannot read zstd.
  const pressed = how === "release" ? ["-Zxz", "-z6"] : ["-Znone"];
  run("dpkg-deb", ["--root-owner-group", ...pressed, "--build", tree, file], release.epoch);
  return file;
}

/** What Node asks for: parts.ts makes sure that nothing asks for more. */
function control({ version, maintainer, summary }: Release, sizeKiB: number): string {
  return `Package: rcwarden
Version: ${version}
Architecture: amd64
Maintainer: ${maintainer}
Section: admin
Priority: optional
Installed-Size: ${sizeKiB}
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1 | libgcc1, passwd
Suggests: systemd
Description: ${summary}
 A remote engine (a data platform, a backup or CI system, Ansible) enters a
 host by SSH with a service account and runs commands. A startup file of that
 account decides what those commands mean. rcwarden starts the account's real
 shell in a sandbox, tries what the engine sends on scratch files, says what
 it does, and names the line that makes it do otherwise.
 .
 Installing starts nothing, enables nothing and opens nothing.
`;
}

/** As dpkg counts: whole KiB of every file, and one for everything else. */
function installedKiB(tree: string, files: readonly string[]): number {
  const others = walk(tree).length - files.length;
  return files.reduce((sum, path) => sum + Math.ceil(lstatSync(join(tree, path)).size / 1024), others);
}

function md5(file: string): string {
  return createHash("md5").update(readFileSync(file)).digest("hex");
}
