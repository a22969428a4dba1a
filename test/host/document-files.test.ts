import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { loadDocuments, type SourceFile } from "../../agent/documents/index.ts";
import { type DocumentFile, type Reading, readDocumentFiles } from "../../agent/host/document-files.ts";

const isRoot = process.geteuid?.() === 0;
const asRoot = { skip: !isRoot && "needs root" };
let folder = "";

describe("document files", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rcwarden-documents-"));
    chmodSync(folder, 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(name: string, text = "a: b\n"): string {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** One line an entry: its path below the folder, and its text or why it was refused. */
  function read(path: string, reading: Reading = {}): readonly string[] {
    return readDocumentFiles(path, reading).map((file) => `${file.file.replace(`${folder}/`, "")}: ${said(file)}`);
  }

  function said(file: DocumentFile): string {
    if ("bytes" in file) return Buffer.from(file.bytes).toString();
    const { code, expected, found, change } = file.refused;
    return `${code}: expected ${expected}, found ${found}${change === "" ? "" : `; ${change}`}`.replaceAll(folder, "F");
  }

  test("a file is read whole, whatever its name", () => {
    assert.deepEqual(read(put("policy", "x")), ["policy: x"]);
    assert.deepEqual(read(put("empty.yaml", "")), ["empty.yaml: "]);
  });

  test("what is read is what the loader takes, with where it came from", () => {
    const files: readonly SourceFile[] = readDocumentFiles(put("a.yaml"), { shipped: true });
    assert.deepEqual(
      files.map((file) => file.shipped),
      [true],
    );
    assert.equal(loadDocuments(files, { checks: [], shipped: [] }).kind, "problems");
  });

  test("of a folder every .yaml and .yml below is read, sorted, hidden names left out", () => {
    for (const name of [
      "b.yaml",
      "a.yml",
      "sub/c.yaml",
      "x.json",
      "README",
      ".hidden.yaml",
      ".git/d.yaml",
      "b.yaml.bak",
    ])
      put(name, name);
    assert.deepEqual(read(folder), ["a.yml: a.yml", "b.yaml: b.yaml", "sub/c.yaml: sub/c.yaml"]);
  });

  test("of a folder alone, what lies in folders below it does not count, and is not looked at", () => {
    for (const name of ["a.yaml", "policies/b.yaml", `${"d/".repeat(20)}c.yaml`]) put(name, name);
    assert.deepEqual(read(folder, { below: false }), ["a.yaml: a.yaml"]);
    rmSync(join(folder, "a.yaml"));
    assert.deepEqual(read(folder, { below: false, mayBeMissing: true }), []);
  });

  test("links to files are followed, links to folders are not, broken and circular ones are said", () => {
    put("real.yaml", "text");
    put("other/deep.yaml", "deep");
    symlinkSync("real.yaml", join(folder, "link.yaml"));
    symlinkSync("other", join(folder, "folder"));
    symlinkSync("other", join(folder, "named.yaml"));
    symlinkSync("gone", join(folder, "broken.yaml"));
    symlinkSync("round.yaml", join(folder, "round.yaml"));
    linkSync(join(folder, "real.yaml"), join(folder, "hard.yaml"));
    assert.deepEqual(read(folder), [
      "broken.yaml: file-missing: expected a file or folder, found none",
      "hard.yaml: text",
      "link.yaml: text",
      "named.yaml: file-not-regular: expected a regular file, found a folder",
      "other/deep.yaml: deep",
      "real.yaml: text",
      "round.yaml: file-unreadable: expected a file that can be read, found a circle of links",
    ]);
  });

  test("a missing file, and a folder without documents, are said, or nothing where they may be missing", () => {
    const gone = join(folder, "gone.yaml");
    assert.deepEqual(read(gone), ["gone.yaml: file-missing: expected a file or folder, found none"]);
    assert.deepEqual(read(join(put("a.yaml"), "b")), ["a.yaml/b: file-missing: expected a file or folder, found none"]);
    mkdirSync(join(folder, "empty"));
    assert.deepEqual(read(join(folder, "empty")), [
      "empty: folder-without-documents: expected a folder with documents (*.yaml, *.yml), found none",
    ]);
    assert.deepEqual(read(gone, { mayBeMissing: true }), []);
    assert.deepEqual(read(join(folder, "empty"), { mayBeMissing: true }), []);
  });

  test("a device, FIFO or socket is refused and never waited for", async () => {
    execFileSync("mkfifo", [join(folder, "fifo.yaml")]);
    symlinkSync("/dev/zero", join(folder, "zero.yaml"));
    const server = createServer().listen(join(folder, "socket.yaml"));
    await new Promise((resolve) => server.once("listening", resolve));
    const regular = "file-not-regular: expected a regular file, found";
    assert.deepEqual(read(folder), [
      `fifo.yaml: ${regular} a FIFO`,
      `socket.yaml: ${regular} a socket`,
      `zero.yaml: ${regular} a device`,
    ]);
    assert.deepEqual(read("/dev/tty"), [`/dev/tty: ${regular} a device`]);
    await new Promise((resolve) => server.close(resolve));
  });

  test("more than 1 MiB is refused, and not read whole", () => {
    const mebibyte = 1024 * 1024;
    truncateSync(put("big.yaml"), mebibyte + 1);
    truncateSync(put("huge.yaml"), 200 * 1024 * mebibyte);
    truncateSync(put("just.yaml"), mebibyte);
    const files = readDocumentFiles(folder);
    assert.deepEqual(files.slice(0, 2).map(said), [
      "file-too-big: expected at most 1 MiB, found 1048577 bytes",
      "file-too-big: expected at most 1 MiB, found 214748364800 bytes",
    ]);
    assert.equal(files[2] && "bytes" in files[2] && files[2].bytes.length, mebibyte);
    assert.match(
      said(readDocumentFiles("/proc/kallsyms")[0] ?? assert.fail()),
      /^file-too-big: .*found more$|^file-unreadable/,
    );
  });

  test("a folder of too many documents is refused", () => {
    for (let index = 0; index < 1001; index += 1) put(`${index}.yaml`, "");
    assert.deepEqual(readDocumentFiles(folder).map(said), [
      "files-too-many: expected at most 1000 documents, found more",
    ]);
  });

  test("folders that are too deep are said", () => {
    put(`${"d/".repeat(20)}a.yaml`);
    assert.deepEqual(readDocumentFiles(folder).map(said), [
      "folder-too-deep: expected at most 16 levels of folders, found more",
    ]);
  });

  test("what may not be read is said", { skip: isRoot && !hasSetpriv() && "needs setpriv" }, () => {
    chmodSync(put("secret.yaml"), 0);
    mkdirSync(join(folder, "closed"), { mode: 0 });
    put("open.yaml", "text");
    const unreadable = "file-unreadable: expected a file that can be read, found no permission";
    assert.deepEqual(readAsNobody(), [`closed: ${unreadable}`, "open.yaml: text", `secret.yaml: ${unreadable}`]);
  });

  test("as root, an installed document is refused where others own or may write it, or its folder", asRoot, () => {
    const strict = { owners: "strict" } as const;
    const path = put("etc/a.yaml", "text");
    assert.deepEqual(read(path, strict), ["etc/a.yaml: text"]);
    chmodSync(path, 0o664);
    assert.deepEqual(read(path, strict), [
      "etc/a.yaml: file-writable: expected no one but root may write, found group 0 may write F/etc/a.yaml; chmod g-w F/etc/a.yaml",
    ]);
    chmodSync(path, 0o646);
    assert.match(read(path, strict)[0] ?? "", /found everybody may write F\/etc\/a.yaml; chmod o-w F\/etc\/a.yaml$/);
    chmodSync(path, 0o644);
    chownSync(path, 65534, 0);
    assert.deepEqual(read(path, strict), [
      "etc/a.yaml: file-owner: expected a file of root, found one of uid 65534; chown root F/etc/a.yaml",
    ]);
    chownSync(path, 0, 0);
    chmodSync(join(folder, "etc"), 0o775);
    assert.match(
      read(path, strict)[0] ?? "",
      /^etc\/a.yaml: file-writable: .* found group 0 may write F\/etc; chmod g-w F\/etc$/,
    );
    chmodSync(join(folder, "etc"), 0o755);
    chownSync(folder, 65534, 0);
    assert.match(
      read(path, strict)[0] ?? "",
      /^etc\/a.yaml: folder-owner: expected a folder of root \(F\), found one of uid 65534; /,
    );
  });

  test(
    "as root, a folder that others may write is refused although nothing lies in it: it may have been taken away",
    asRoot,
    () => {
      const etc = join(folder, "etc");
      mkdirSync(etc, { mode: 0o755 });
      const installed = { owners: "strict", mayBeMissing: true } as const;
      assert.deepEqual(read(etc, installed), []);
      chmodSync(etc, 0o775);
      assert.match(
        read(etc, installed)[0] ?? "",
        /^etc: file-writable: .* found group 0 may write F\/etc; chmod g-w F\/etc$/,
      );
      chmodSync(etc, 0o755);
      chownSync(etc, 65534, 0);
      assert.match(read(etc, installed)[0] ?? "", /^etc: folder-owner: /);
      symlinkSync(etc, join(folder, "link"));
      assert.match(read(join(folder, "link"), installed)[0] ?? "", /^link: folder-owner: /);
      assert.deepEqual(read(etc, { owners: "named", mayBeMissing: true }), []);
    },
  );

  test("as root, an installed link is trusted only as far as what it leads to", asRoot, () => {
    const target = put("theirs/a.yaml", "text");
    mkdirSync(join(folder, "etc"));
    symlinkSync(target, join(folder, "etc/a.yaml"));
    assert.deepEqual(read(join(folder, "etc/a.yaml"), { owners: "strict" }), ["etc/a.yaml: text"]);
    chownSync(join(folder, "theirs"), 65534, 0);
    assert.match(read(join(folder, "etc/a.yaml"), { owners: "strict" })[0] ?? "", /: folder-owner: /);
  });

  test("as root, a named document may belong to who called by sudo, and to nobody else", asRoot, () => {
    const path = put("a.yaml", "text");
    const before = process.env.SUDO_UID;
    try {
      chownSync(path, 4711, 0);
      chmodSync(path, 0o664);
      delete process.env.SUDO_UID;
      assert.match(
        read(path, { owners: "named" })[0] ?? "",
        /: file-owner: expected a file of root, or of who called, found one of uid 4711; /,
      );
      process.env.SUDO_UID = "4711";
      assert.deepEqual(read(path, { owners: "named" }), ["a.yaml: text"]);
      chmodSync(path, 0o666);
      assert.match(read(path, { owners: "named" })[0] ?? "", /: file-writable: /);
    } finally {
      if (before === undefined) delete process.env.SUDO_UID;
      else process.env.SUDO_UID = before;
    }
  });

  test("nobody is asked about owners where nothing is to be trusted", () => {
    chmodSync(put("a.yaml", "text"), 0o666);
    assert.deepEqual(read(join(folder, "a.yaml")), ["a.yaml: text"]);
  });

  function hasSetpriv(): boolean {
    try {
      execFileSync("setpriv", ["--version"]);
      return true;
    } catch {
      return false;
    }
  }

  /** The same reading by somebody without rights: root reads everything. */
  function readAsNobody(): readonly string[] {
    if (!isRoot) return read(folder);
    const module = new URL("../../agent/host/document-files.ts", import.meta.url).href;
    const script = `const { readDocumentFiles } = await import(${JSON.stringify(module)});
    for (const file of readDocumentFiles(${JSON.stringify(folder)})) console.log(JSON.stringify({ ...file, text: file.bytes && Buffer.from(file.bytes).toString() }))`;
    const drop = ["--inh-caps=-all", "--bounding-set=-all", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const lines = execFileSync("setpriv", [...drop, process.execPath, "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    return lines
      .trim()
      .split("\n")
      .map((line) => {
        const { file, text, refused } = JSON.parse(line);
        return `${file.replace(`${folder}/`, "")}: ${refused ? said({ file, shipped: false, refused }) : text}`;
      });
  }
});
