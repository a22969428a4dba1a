/**
 * Builds dist/: one small entry that looks at argv, one bundle for each role, the launcher, the addon, node-pty's native
 * file where its loader looks, the shipped documents, and an executable `dist/rcwarden` that runs from any folder.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { agentFlags } from "./agent-flags.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

mkdirSync(`${dist}/bin`, { recursive: true });

/** One a role, by its entry. What is imported when it is needed, and is one of these, stays a bundle for whoever imports it. */
const bundles = {
  main: "agent/main.ts",
  cli: "agent/cli/index.ts",
  agent: "agent/cli/agent-apart.ts",
  page: "agent/status/page/index.ts",
  asking: "agent/cli/asking.ts",
  reader: "agent/children/reader.ts",
  sender: "agent/children/sender.ts",
  sweeper: "agent/children/sweeper.ts",
};
const stays = {
  name: "bundles that stay apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const [name] = Object.entries(bundles).find(([, entry]) => resolve(resolveDir, path) === root + entry) ?? [];
      return name && { path: `./${name}.cjs`, external: true };
    });
  },
};

/**
 * What would be carried along for nothing: pino's ways to other threads and files, for the agent gives it a stream of its own.
 * In place of each a value that fails when it is used.
 */
const absent = ["thread-stream", "worker_threads", "sonic-boom", "on-exit-leak-free"];

/** Does nothing when it is imported, and does not say so: who does not use it need not carry it. */
const yaml = {
  name: "yaml without side effects",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^yaml$/ }, async ({ kind, path, resolveDir, pluginData }) =>
      pluginData === yaml
        ? undefined
        : { ...(await resolve(path, { kind, resolveDir, pluginData: yaml })), sideEffects: false },
    );
  },
};

// Made of the bundle that is replaced now; V8 compares nothing but its length.
for (const name of Object.keys(bundles)) rmSync(`${dist}/${name}.cache`, { force: true });

const bundled = await build({
  absWorkingDir: root,
  entryPoints: bundles,
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  // Bundles are no modules of V8's, which alone may import().
  supported: { "dynamic-import": false },
  minify: true,
  legalComments: "linked",
  define: {
    __VERSION__: JSON.stringify(version),
    "import.meta.url": "__bundle",
    "import.meta.dirname": "__dirname",
    "process.platform": '"linux"',
  },
  alias: Object.fromEntries(absent.map((name) => [name, "./packaging/absent.cjs"])),
  plugins: [stays, yaml],
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
compile(`${dist}/host.node`, ["agent/native/host.c", "agent/native/at.c"], ["-shared", "-fPIC", "-O2", "-I", headers]);

const prebuilt = `linux-${process.arch}`;
mkdirSync(`${dist}/prebuilds/${prebuilt}`, { recursive: true });
const pty = `${dist}/prebuilds/${prebuilt}/pty.node`;
copyFileSync(`${root}node_modules/node-pty/prebuilds/${prebuilt}/pty.node`, `${pty}.new`);
renameSync(`${pty}.new`, pty); // a process that has the old one mapped must not see it cut

rmSync(`${dist}/policies`, { recursive: true, force: true });
cpSync(`${root}policies`, `${dist}/policies`, { recursive: true });

const node = `node_modules/node-linux-${process.arch}/bin/node`;
chmodSync(root + node, 0o755);
rmSync(`${dist}/bin/node`, { force: true });
// Relative: the checkout may be seen at more than one place.
symlinkSync(`../../${node}`, `${dist}/bin/node`);

/**
 * V8 salts its tables by lot, and notes in them what its threads got done meanwhile: neither is in a cache that was made with
 * these, and V8 asks of neither when it takes one.
 */
const sameBytes = ["--random-seed=1", "--predictable"];

/** What V8 makes of the program at a start with these flags; the call loads everything that a start needs, and ends. */
async function cache(bundle, flags, words) {
  const script = `${root}packaging/code-cache.mjs`;
  const out = `${dist}/${bundle}.cache`;
  const args = [...flags, ...sameBytes, script, `${dist}/${bundle}.cjs`, `${out}.new`, version, ...words];
  const child = spawn(`${dist}/bin/node`, args, { cwd: "/", env: {}, stdio: ["ignore", "ignore", "ignore"] });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${out}: expected to make it, found exit ${status}`);
  renameSync(`${out}.new`, out);
}
await cache("agent", agentFlags, ["agent", "--account", ":"]);
await cache("cli", [], ["check", "--account", ":"]);

/** An agent that says what a sample says, so that what `status` does with an answer is in its cache. */
const sample = JSON.stringify({
  ...JSON.parse(readFileSync(`${root}packaging/sample-status.json`, "utf8")),
  rcwarden: version,
});
const folder = mkdtempSync(`${tmpdir()}/rcwarden-build-`);
const agent = createServer((socket) => {
  socket.on("error", () => {});
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(sample)}\r\n\r\n`;
  socket.once("data", () => socket.end(head + sample));
}).listen(`${folder}/agent.sock`);
await once(agent, "listening");
await cache("asking", [], ["status", "--socket", `${folder}/agent.sock`]);
agent.close();
rmSync(folder, { recursive: true });

/** What whoever calls may have set, and what would obey it; an answer must not depend on it. */
const obeyed = [
  // Node: what it loads, whom it trusts, where it writes, whose child it takes itself for.
  ...[
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_REPL_EXTERNAL_MODULE",
    "NODE_PRESERVE_SYMLINKS",
    "NODE_PRESERVE_SYMLINKS_MAIN",
  ],
  ...["NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_USE_SYSTEM_CA", "NODE_USE_ENV_PROXY"],
  ...["NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_REDIRECT_WARNINGS", "NODE_NO_WARNINGS", "NODE_PENDING_DEPRECATION"],
  ...["NODE_COMPILE_CACHE", "NODE_COMPILE_CACHE_PORTABLE", "NODE_DISABLE_COMPILE_CACHE", "NODE_V8_COVERAGE"],
  ...["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_UNIQUE_ID", "NODE_CLUSTER_SCHED_POLICY"],
  ...["NODE_TEST_CONTEXT", "NODE_TEST_WORKER_ID", "NODE_INSPECT_RESUME_ON_START", "WATCH_REPORT_DEPENDENCIES"],
  ...["NODE_ICU_DATA", "ICU_TIMEZONE_FILES_DIR", "NODE_SKIP_PLATFORM_CHECK", "NODE_PENDING_PIPE_INSTANCES"],
  // OpenSSL, in Node: libraries to load, certificates to trust.
  ...["OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_ENGINES", "OPENSSL_MODULES"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "CTLOG_FILE"],
  // libuv, in Node.
  ...["UV_THREADPOOL_SIZE", "UV_USE_IO_URING"],
  // chokidar: polling in place of events.
  ...["CHOKIDAR_USEPOLLING", "CHOKIDAR_INTERVAL"],
  // glibc: other libraries (databases' accounts name their own), other ways with memory.
  ...["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GLIBC_TUNABLES", "MALLOC_ARENA_TEST", "MALLOC_CHECK_"],
  ...["MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_PERTURB_", "MALLOC_TOP_PAD_", "MALLOC_TRIM_THRESHOLD_"],
];
// One arena: an arena a thread keeps what a burst of file system calls needed once.
writeFileSync(
  `${dist}/rcwarden`,
  `#!/bin/sh
unset ${obeyed.join(" ")}
export MALLOC_ARENA_MAX=1
self=$0
if [ -L "$self" ]; then self=$(PATH=/usr/bin:/bin readlink -f -- "$self") || exit 2; fi
case $self in */*) here=\${self%/*} ;; *) here=. ;; esac
case $1 in agent) flags="${agentFlags.join(" ")}" ;; *) flags= ;; esac
exec "$here/enter" "$here/bin/node" --disable-sigusr1 $flags "$here/main.cjs" "$@"
`,
);
chmodSync(`${dist}/rcwarden`, 0o755);
