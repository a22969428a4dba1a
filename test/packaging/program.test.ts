/** The executable that people call: what it takes from whoever calls, and what it does not. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dist } from "../support/rcwarden.ts";

/** Each would have the program load, trust, write or do something else, or make it slow. */
const obeyed = [
  ...[
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_DEBUG",
    "NODE_V8_COVERAGE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_REPL_EXTERNAL_MODULE",
  ],
  ...["NODE_TLS_REJECT_UNAUTHORIZED", "NODE_USE_ENV_PROXY", "NODE_REDIRECT_WARNINGS", "NODE_COMPILE_CACHE"],
  ...["NODE_CHANNEL_FD", "NODE_UNIQUE_ID", "NODE_TEST_CONTEXT", "NODE_ICU_DATA", "WATCH_REPORT_DEPENDENCIES"],
  ...["OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["CHOKIDAR_USEPOLLING", "CHOKIDAR_INTERVAL", "UV_THREADPOOL_SIZE", "UV_USE_IO_URING"],
  ...["LD_LIBRARY_PATH", "GLIBC_TUNABLES", "MALLOC_CHECK_", "MALLOC_PERTURB_", "MALLOC_TOP_PAD_", "MALLOC_ARENA_TEST"],
];

test("nothing that the caller set for Node, OpenSSL, libuv, chokidar or glibc comes through", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-program-"));
  try {
    copyFileSync(`${dist}/rcwarden`, join(folder, "rcwarden"));
    writeFileSync(join(folder, "enter"), '#!/bin/sh\nprintf "%s\\n" "$@"\nenv\n');
    chmodSync(join(folder, "enter"), 0o755);
    const odd = Object.fromEntries(obeyed.map((name) => [name, `/nonexistent/${name}`]));
    const env = { ...odd, MALLOC_ARENA_MAX: "64", PATH: "/usr/bin:/bin", LANG: "C", NOTIFY_SOCKET: "@x" };
    const said = execFileSync(join(folder, "rcwarden"), ["a b", ""], { encoding: "utf8", env }).split("\n");
    const here = [join(folder, "bin/node"), "--disable-sigusr1", join(folder, "main.cjs")];
    assert.deepEqual(said.slice(0, 5), [...here, "a b", ""]);
    const left = said.slice(5).filter((line) => line !== "" && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
    assert.deepEqual(left.sort(), ["LANG=C", "MALLOC_ARENA_MAX=1", "NOTIFY_SOCKET=@x", "PATH=/usr/bin:/bin"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("it runs with what breaks a bare Node in its environment, by a link from another folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-program-"));
  try {
    mkdirSync(join(folder, "bin"));
    symlinkSync(`${dist}/rcwarden`, join(folder, "bin/rcwarden"));
    const env = {
      ...{ PATH: `${folder}/bin:/usr/bin:/bin`, NODE_OPTIONS: "--require=/nonexistent", OPENSSL_CONF: "/nonexistent" },
      ...{ LD_LIBRARY_PATH: "/nonexistent", UV_THREADPOOL_SIZE: "0", NODE_CHANNEL_FD: "0", GLIBC_TUNABLES: "x" },
    };
    const said = execFileSync("rcwarden", ["--version"], { encoding: "utf8", env, cwd: "/" });
    assert.match(said, /^rcwarden \d+\.\d+\.\d+\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what V8 made of the program at the build is taken at the start, by the agent with the flags that it runs with", () => {
  const said = execFileSync(
    "sh",
    ["-c", `sed 's/^exec .*/printf "%s\\n" $flags/' "$1" | sh -s agent`, "sh", `${dist}/rcwarden`],
    {
      encoding: "utf8",
    },
  );
  const flags = said.split("\n").filter((word) => word !== "");
  assert.ok(flags.length > 1, said);
  const ask = (bundle: string, words: readonly string[]) => {
    const script = `import { cacheAt, scriptOf } from ${JSON.stringify(join(import.meta.dirname, "../../agent/bundle.ts"))};
console.log(scriptOf("${dist}/${bundle}.cjs", cacheAt("${dist}/${bundle}.cache")).cachedDataRejected);`;
    const args = [...words, "--input-type=module", "-e", script];
    return execFileSync(`${dist}/bin/node`, args, { encoding: "utf8" }).trim();
  };
  assert.equal(ask("agent", flags), "false");
  assert.equal(ask("cli", []), "false");
  assert.equal(ask("cli", flags), "true");
  assert.equal(ask("asking", []), "false");
});

test("the agent's bundle has one byte a character, for V8 keeps all of it as two where one character needs them", () => {
  const bytes = readFileSync(`${dist}/agent.cjs`);
  assert.ok(bytes.length > 100_000 && bytes.every((byte) => byte < 0x80));
});

test("a call of the agent that its own bundle leaves is taken by the whole command line", () => {
  const call = (...words: readonly string[]) =>
    spawnSync(`${dist}/rcwarden`, ["agent", ...words], { encoding: "utf8" });
  assert.match(call("--help").stdout, /Usage: rcwarden agent/);
  const mistaken = call("--acount", "oracle");
  assert.match(mistaken.stderr, /Did you mean --account|did you mean --account/);
  assert.equal(mistaken.status, 2);
  const unknown = /--account: expected an account of this host, found ":"/;
  for (const words of [["--account", ":"], ["--account=:"]]) {
    const { status, stderr } = call(...words);
    assert.match(stderr, unknown);
    assert.equal(status, 2);
  }
});
