/**
 * What is installed, and where. To ship another file: put it into one of the folders of the table, or add a row.
 * What comes from the program itself (completions, examples, licences) is made when the package is.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { documentKinds } from "../../agent/documents/index.ts";
import { allFormats, type Content, type Entry, type Format } from "./entry.ts";
import type { Release } from "./release.ts";
import { filesBelow } from "./walk.ts";

interface Row {
  /** A file or folder of the checkout; a folder with all below it. */
  readonly from: string;
  /** A folder, as installed. */
  readonly to: string;
  /** Which names below the folder; all where nothing is said. */
  readonly only?: RegExp;
  readonly formats?: readonly Format[];
  readonly isConfiguration?: boolean;
}

const doc = "usr/share/doc/rcwarden";

const rows: readonly Row[] = [
  { from: "policies", to: "usr/share/rcwarden/policies" },
  { from: "packaging/alerts", to: "usr/share/rcwarden/alerts", only: /\.rules\.yml$/ },
  { from: "packaging/etc", to: "etc/rcwarden", isConfiguration: true },
  { from: "packaging/systemd", to: "usr/lib/systemd/system" },
  { from: "packaging/preset", to: "usr/lib/systemd/system-preset" },
  { from: "packaging/sysusers", to: "usr/lib/sysusers.d" },
  { from: "packaging/tmpfiles", to: "usr/lib/tmpfiles.d" },
  // Not in /etc: older parsers of AppArmor stop at it, and with it would all other profiles at the next boot.
  { from: "packaging/apparmor", to: "usr/share/rcwarden/apparmor" },
  { from: "packaging/package/deb/overrides", to: "usr/share/lintian/overrides", formats: ["deb"] },
  { from: "README.md", to: doc },
  { from: "agent/YOUR-ENGINE.md", to: doc },
  { from: "agent/ASSURANCE.md", to: doc },
  // What it takes to link the launcher anew with another C library, as that library's licence has it.
  { from: "agent/native", to: `${doc}/launcher`, only: /^(enter|sandbox|witness)\.[ch]$/ },
];

/** Folders that the package owns though they may be empty. */
const folders = ["etc/rcwarden", "etc/rcwarden/policies", "var/lib/rcwarden"];

/** Where each shell looks for what completes a program's words. */
const completions: readonly (readonly [shell: string, path: string, formats: readonly Format[]])[] = [
  ["bash", "usr/share/bash-completion/completions/rcwarden", allFormats],
  ["zsh", "usr/share/zsh/vendor-completions/_rcwarden", ["deb"]], // Debian's zsh
  ["zsh", "usr/share/zsh/site-functions/_rcwarden", ["rpm", "tarball"]],
  ["fish", "usr/share/fish/vendor_completions.d/rcwarden.fish", allFormats],
];

/** Of the program: what runs, and with which mode. Bundles and their caches are those of the build. */
const executables = ["rcwarden", "enter", "bin/node"];
const library = "usr/lib/rcwarden";

/** Every entry of every format, sorted by path. */
export function contents(release: Release): readonly Entry[] {
  const entries = [
    ...rows.flatMap((row) => entriesOf(row, release)),
    ...folders.map((path) => entry(path, { kind: "folder" }, path.startsWith("var/") ? ["deb", "rpm"] : allFormats)),
    ...program(release),
    ...manPages(release),
    ...completions.map(([shell, path, formats]) => entry(path, text(completion(release, shell)), formats)),
    ...documentKinds.map(({ kind, example }) => entry(`${doc}/examples/${kind.toLowerCase()}.yaml`, text(example))),
    ...[...release.licences].map(([name, bytes]) => entry(`${doc}/licences/${name}`, { kind: "text", bytes })),
    entry(`${doc}/sbom.cdx.json`, text(release.sbom)),
    entry(`${doc}/copyright`, text(release.copyright)),
    entry(`${doc}/changelog.gz`, packed(changelog(release)), ["deb"]),
  ];
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function program({ parts }: Release): readonly Entry[] {
  const files = filesBelow(parts).map((name) => {
    const file = entry(`${library}/${name}`, { kind: "file", from: join(parts, name) });
    return executables.includes(name) ? { ...file, mode: 0o755 } : file;
  });
  return [
    ...files,
    entry("usr/bin/rcwarden", { kind: "link", to: "../lib/rcwarden/rcwarden" }),
    // The program looks beside itself.
    entry(`${library}/policies`, { kind: "link", to: "../../share/rcwarden/policies" }),
  ];
}

function manPages({ checkout }: Release): readonly Entry[] {
  const folder = join(checkout, "packaging/man");
  const pages = filesBelow(folder).filter((name) => /\.[1-9]$/.test(name));
  return pages.map((name) =>
    entry(`usr/share/man/man${name.slice(-1)}/${name}.gz`, packed(readFileSync(join(folder, name), "utf8"))),
  );
}

function completion({ parts }: Release, shell: string): string {
  return execFileSync(join(parts, "rcwarden"), ["completion", shell], { encoding: "utf8", env: {}, cwd: "/" });
}

/** Debian's form. */
function changelog({ version, epoch, maintainer }: Release): string {
  const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `rcwarden (${version}) unstable; urgency=medium\n\n  * Version ${version}.\n\n -- ${maintainer}  ${date}\n`;
}

function entriesOf({ from, to, only, formats, isConfiguration = false }: Row, { checkout }: Release): readonly Entry[] {
  const source = join(checkout, from);
  if (!existsSync(source)) throw new Error(`${source}: expected what is to be shipped, found none`);
  const make = (name: string, file: string) => ({
    ...entry(`${to}/${name}`, { kind: "file", from: file }, formats),
    isConfiguration,
  });
  if (statSync(source).isFile()) return [make(basename(from), source)];
  const names = filesBelow(source).filter((name) => only?.test(name) !== false);
  return names.map((name) => make(name, join(source, name)));
}

function entry(path: string, is: Content, formats: readonly Format[] = allFormats): Entry {
  return { path, is, mode: is.kind === "folder" ? 0o755 : 0o644, isConfiguration: false, formats };
}

function text(content: string): Content {
  return { kind: "text", bytes: Buffer.from(content) };
}

function packed(content: string): Content {
  return { kind: "text", bytes: gzipSync(content, { level: 9 }) };
}
