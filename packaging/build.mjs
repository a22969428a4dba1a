/**
 * Builds dist/: one small entry that looks at argv, one bundle for each role, the launcher, the addon, node-pty's native
 * file where its loader looks, the shipped documents, and an executable `dist/rcwarden` that runs from any folder.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

mkdirSync(`${dist}/bin`, { recursive: true });

const bundled = await build({
  absWorkingDir: root,
  entryPoints: { main: "agent/main.ts", cli: "agent/cli/index.ts", reader: "agent/children/reader.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  minify: true,
  legalComments: "linked",
  external: ["./cli.cjs"],
  define: { __VERSION__: JSON.stringify(version), "import.meta.url": "__bundle", "import.meta.dirname": "__dirname" },
  banner: { js: "const __bundle = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: "warning",
  metafile: true,
});
writeFileSync(`${dist}/bundles.json`, JSON.stringify(bundled.metafile));

/** An executable appears whole or not at all: somebody may be running the old one. */
function compile(out, sources, flags) {
  const done = spawnSync(
    "cc",
    ["-std=gnu11", "-Wall", "-Wextra", "-Werror", ...flags, "-o", `${out}.new`, ...sources],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (done.status !== 0) process.exit(1);
  renameSync(`${out}.new`, out);
}
const launcher = ["enter.c", "sandbox.c", "witness.c"].map((file) => `agent/native/${file}`);
compile(`${dist}/enter`, launcher, ["-O2", "-static-pie"]);
const headers = `node_modules/node-linux-${process.arch}/include/node`;
compile(`${dist}/host.node`, ["agent/native/host.c"], ["-shared", "-fPIC", "-O2", "-I", headers]);

const prebuilt = `linux-${process.arch}`;
mkdirSync(`${dist}/prebuilds/${prebuilt}`, { recursive: true });
copyFileSync(`${root}node_modules/node-pty/prebuilds/${prebuilt}/pty.node`, `${dist}/prebuilds/${prebuilt}/pty.node`);

rmSync(`${dist}/policies`, { recursive: true, force: true });
cpSync(`${root}policies`, `${dist}/policies`, { recursive: true });

const node = `node_modules/node-linux-${process.arch}/bin/node`;
chmodSync(root + node, 0o755);
rmSync(`${dist}/bin/node`, { force: true });
// Relative: the checkout may be seen at more than one place.
symlinkSync(`../../${node}`, `${dist}/bin/node`);

// Node obeys these from whoever calls; an answer must not depend on them.
const obeyed = [
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_DEBUG",
  "NODE_DEBUG_NATIVE",
  "NODE_EXTRA_CA_CERTS",
  "NODE_ICU_DATA",
  "NODE_COMPILE_CACHE",
  "NODE_REDIRECT_WARNINGS",
  "NODE_REPL_EXTERNAL_MODULE",
  "NODE_V8_COVERAGE",
  "NODE_TEST_CONTEXT",
  // OpenSSL's, in Node: they name libraries to load.
  "OPENSSL_CONF",
  "OPENSSL_ENGINES",
  "OPENSSL_MODULES",
];
writeFileSync(
  `${dist}/rcwarden`,
  `#!/bin/sh
unset ${obeyed.join(" ")}
self=$0
if [ -L "$self" ]; then self=$(PATH=/usr/bin:/bin readlink -f -- "$self") || exit 2; fi
case $self in */*) here=\${self%/*} ;; *) here=. ;; esac
exec "$here/enter" "$here/bin/node" --disable-sigusr1 "$here/main.cjs" "$@"
`,
);
chmodSync(`${dist}/rcwarden`, 0o755);
