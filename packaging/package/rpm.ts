/** The package for Enterprise Linux, Fedora and SUSE. */
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Entry } from "./entry.ts";
import type { Compression, Release } from "./release.ts";
import { run } from "./tools.ts";

const scripts = ["pre", "post", "preun", "postun"];

/** Packs a staged tree; gives the file. `scratch` is an empty folder of the caller's. */
export function makeRpm(
  release: Release,
  entries: readonly Entry[],
  tree: string,
  out: string,
  scratch: string,
  how: Compression,
): string {
  mkdirSync(scratch, { recursive: true });
  const spec = join(scratch, "rcwarden.spec");
  writeFileSync(spec, specOf(release, entries, how));
  const defined = [`_topdir ${scratch}`, `tree ${tree}`].flatMap((definition) => ["--define", definition]);
  run("rpmbuild", ["-bb", "--nodeps", "--target", "x86_64-linux", "--quiet", ...defined, spec], release.epoch, scratch);
  const [made = ""] = globSync("RPMS/**/*.rpm", { cwd: scratch });
  const file = join(out, `rcwarden-${release.version}-1.x86_64.rpm`);
  copyFileSync(join(scratch, made), file);
  return file;
}

/** Whatever the host's own settings are, the same bytes: no name of a host, no time but SOURCE_DATE_EPOCH. */
const settings = [
  "_buildhost localhost",
  "use_source_date_epoch_as_buildtime 1",
  "clamp_mtime_to_source_date_epoch 1",
  "source_date_epoch_from_changelog 0",
  "__os_install_post %{nil}",
  "debug_package %{nil}",
  "_build_id_links none",
];

function specOf(
  { version, epoch, maintainer, summary, checkout }: Release,
  entries: readonly Entry[],
  how: Compression,
): string {
  const script = (name: string) =>
    `%${name}\n${readFileSync(join(checkout, "packaging/package/rpm", name), "utf8").replace(/^#!.*\n/, "")}`;
  return `${settings.map((setting) => `%global ${setting}\n`).join("")}%global _binary_payload ${how === "release" ? "w6.xzdio" : "w.ufdio"}
Name: rcwarden
Version: ${version}
Release: 1
Summary: ${summary}
License: Apache-2.0
Group: System Environment/Daemons
Packager: ${maintainer}
AutoReqProv: no
Requires: glibc >= 2.28, libstdc++ >= 8, shadow-utils, /bin/sh

%description
A remote engine (a data platform, a backup or CI system, Ansible) enters a
host by SSH with a service account and runs commands. A startup file of that
account decides what those commands mean. rcwarden starts the account's real
shell in a sandbox, tries what the engine sends on scratch files, says what
it does, and names the line that makes it do otherwise.

Installing starts nothing, enables nothing and opens nothing.

%install
cp -a %{tree}/. %{buildroot}/

${scripts.map(script).join("\n")}
%files
${filesOf(entries.filter(({ formats }) => formats.includes("rpm"))).join("\n")}

%changelog
* ${dayOf(epoch)} ${maintainer} - ${version}-1
- Version ${version}
`;
}

/** `Mon Nov 23 2026` */
function dayOf(epoch: number): string {
  const [weekday = "", day = "", month = "", year = ""] = new Date(epoch * 1000).toUTCString().split(/,? /);
  return `${weekday} ${month} ${day} ${year}`;
}

/** Folders that bear the package's name are its own; those above are the system's. */
function filesOf(entries: readonly Entry[]): readonly string[] {
  const folders = new Set(entries.flatMap(({ path, is }) => (is.kind === "folder" ? [path] : ownFolders(path))));
  return [
    ...[...folders].sort().map((path) => `%dir %attr(0755, root, root) "/${path}"`),
    ...entries.filter(({ is }) => is.kind !== "folder").map(fileLine),
  ];
}

function fileLine({ path, is, mode, isConfiguration }: Entry): string {
  const kind = isConfiguration ? "%config(noreplace) " : path.startsWith("usr/share/doc/") ? "%doc " : "";
  const attributes = is.kind === "link" ? "" : `%attr(${mode.toString(8).padStart(4, "0")}, root, root) `;
  return `${kind}${attributes}"/${path}"`;
}

function ownFolders(path: string): readonly string[] {
  const found: string[] = [];
  for (let folder = dirname(path); folder.includes("/rcwarden"); folder = dirname(folder)) found.push(folder);
  return found;
}
