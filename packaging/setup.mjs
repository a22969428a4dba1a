/**
 * What must come before anything else, for a machine that has only Node >= 20, npm and a C compiler: the locked packages
 * (a private Node 24 among them), the build, and for the tests Debian's packages. Plain JavaScript for Node 20, no
 * dependencies. `node packaging/setup.mjs start|test|test-long|test-packages|build|package|bench|check|docs`
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/node-linux-${process.arch}/bin/node`;
const bin = (name) => `${root}node_modules/.bin/${name}`;

/** Debian packages that the tests use, each with a file that shows that it is there. */
const testPackages = {
  zsh: "/usr/bin/zsh",
  tcsh: "/usr/bin/tcsh",
  csh: "/usr/bin/bsd-csh",
  "ksh93u+m": "/usr/bin/ksh93",
  mksh: "/usr/bin/mksh",
  fish: "/usr/bin/fish",
  yash: "/usr/bin/yash",
  posh: "/usr/bin/posh",
  busybox: "/usr/bin/busybox",
  sudo: "/usr/bin/sudo",
  cron: "/usr/sbin/cron",
  "openssh-server": "/usr/sbin/sshd",
  "openssh-client": "/usr/bin/ssh",
  "openssh-sftp-server": "/usr/lib/openssh/sftp-server",
  strace: "/usr/bin/strace",
  rsync: "/usr/bin/rsync",
  python3: "/usr/bin/python3",
  rpm: "/usr/bin/rpmbuild",
  keyutils: "/usr/bin/keyctl",
  curl: "/usr/bin/curl",
  openssl: "/usr/bin/openssl",
  procps: "/usr/bin/pkill",
  iproute2: "/usr/sbin/ip",
  postgresql: "/usr/bin/pg_createcluster",
  systemd: "/usr/bin/systemd-tmpfiles",
  tmpreaper: "/usr/sbin/tmpreaper",
  chromium: "/usr/bin/chromium",
  "nginx-light": "/usr/sbin/nginx",
  mandoc: "/usr/bin/mandoc",
  prometheus: "/usr/bin/prometheus",
  "prometheus-node-exporter": "/usr/bin/prometheus-node-exporter",
};

/** And those with which packages are looked at and hosts are booted for them. */
const hostPackages = {
  ...testPackages,
  debootstrap: "/usr/sbin/debootstrap",
  "systemd-container": "/usr/bin/systemd-nspawn",
  rpmlint: "/usr/bin/rpmlint",
  lintian: "/usr/bin/lintian",
  mandoc: "/usr/bin/mandoc",
};

function stop(message) {
  console.error(`rcwarden: ${message}`);
  process.exit(1);
}

/** Runs a program in the foreground; its failure ends this one, with its status. */
function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) stop(`${command}: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function onPath(name) {
  return (process.env.PATH ?? "").split(":").some((folder) => {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function ground() {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    stop(`expected Linux on x64 or arm64, found ${process.platform} on ${process.arch}`);
  }
  if (Number(process.versions.node.split(".")[0]) < 20) stop(`expected Node 20 or newer, found ${process.version}`);
  if (!onPath("cc")) stop("expected a C compiler named cc, found none; on Debian: apt-get install gcc libc6-dev");
}

/** `npm ci` unless exactly this lock file was installed here before. */
function packages() {
  const stamp = `${root}node_modules/.installed-lock`;
  const wanted = createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(node)) return;
  run("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"]);
  if (!existsSync(node)) stop(`expected npm to bring ${node}, found nothing there; was it run with --omit=optional?`);
  writeFileSync(stamp, wanted);
}

/** Installed so that they start no daemon: policy-rc.d says no for as long as this takes, unless the host has its own. */
function debianPackages(wanted = testPackages) {
  const missing = Object.keys(wanted).filter((name) => !existsSync(wanted[name]));
  const root = process.getuid() === 0;
  if (missing.length === 0 && root) return;
  if (!root) {
    const also = missing.length === 0 ? "" : `; missing packages: ${missing.join(" ")}`;
    stop(
      `the tests make accounts and sandboxes: expected root, found uid ${process.getuid()}${also}; run: sudo npm test`,
    );
  }
  if (!onPath("apt-get")) stop(`expected ${missing.join(" ")}, found no apt-get to install them with`);
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const quiet = {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    console.log(`installing for the tests: ${missing.join(" ")}`);
    const install = () =>
      spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing], quiet).status === 0;
    if (!install()) {
      spawnSync("apt-get", ["update", "-q"], quiet);
      if (!install()) stop(`apt-get could not install ${missing.join(" ")}`);
    }
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

function build() {
  run(node, ["packaging/build.mjs"]);
}

/**
 * Some tests run this checkout as ordinary users. Where it lies in somebody's closed home they run it at another name: a
 * bind mount in a mount namespace of their own, which is gone with them.
 */
function testWhereEverybodyCanRead(args) {
  const folders = root.split("/").map((_, at, all) => all.slice(0, at + 1).join("/") || "/");
  if (folders.every((folder) => (statSync(folder).mode & 0o001) !== 0)) return run(node, args);
  // Below /tmp it would keep the sandboxes of ordinary users from laying their overlay over /tmp.
  const place = mkdtempSync("/run/rcwarden-checkout-");
  chmodSync(place, 0o755);
  const script = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';
  const inside = node.replace(root, `${place}/`);
  const done = spawnSync("unshare", ["-m", "sh", "-c", script, "sh", root, place, inside, ...args], {
    stdio: "inherit",
  });
  rmdirSync(place);
  if (done.error) stop(`unshare: ${done.error.message}`);
  process.exitCode = done.status ?? 1;
}

const tasks = {
  build() {
    build();
  },
  /** The agent, in the foreground until Ctrl-C. It ends when it was told to, and so does this. */
  start() {
    build();
    const child = spawn(`${root}dist/rcwarden`, ["agent", ...process.argv.slice(3)], { stdio: "inherit" });
    child.on("error", ({ message }) => stop(message));
    // Ctrl-C reaches both; a signal to this process alone is handed on.
    process.on("SIGINT", () => {});
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("close", (status) => {
      process.exitCode = status ?? 1;
    });
  },
  test() {
    debianPackages();
    build();
    testWhereEverybodyCanRead(["packaging/test.mjs", ...process.argv.slice(3)]);
  },
  /** The same, with ten times as many of what is drawn by lot. */
  "test-long"() {
    process.env.RCWARDEN_TEST_LONG = "1";
    tasks.test();
  },
  /** Packages, bill of materials and checksums in dist/. */
  package() {
    build();
    run(node, ["packaging/package.mjs", ...process.argv.slice(3)]);
  },
  /**
   * The packages on hosts that are booted for it. The first time takes some minutes more, for their roots are made. What this
   * machine cannot do is said by each test, and counted as skipped.
   */
  "test-packages"() {
    debianPackages(hostPackages);
    build();
    run(node, ["--test", "--test-concurrency=1", "--test-reporter=spec", "test/packages/*.test.ts"]);
  },
  bench() {
    build();
    run(node, ["test/bench/bench.ts", ...process.argv.slice(3)]);
  },
  /** Types, lint, format, import rules, and that what is rendered is fresh. */
  check() {
    run(bin("tsc"), ["-p", "."]);
    run(bin("biome"), ["ci", "--error-on-warnings", "."]);
    run(node, ["packaging/docs.mjs", "--check"]);
  },
  docs() {
    run(node, ["packaging/docs.mjs"]);
  },
};

const task = process.argv[2] ?? "";
if (!Object.hasOwn(tasks, task)) stop(`expected one of ${Object.keys(tasks).join(" ")}, found "${task}"`);
ground();
packages();
tasks[task]();
