/** What stands instead of what is there, as this host has it. */
import { open } from "node:fs/promises";
import { homeAccount } from "../runs/home-account.ts";
import { replacementFor } from "../runs/replacing.ts";
import type { NameService } from "../runs/world.ts";
import type { Bytes, InsteadParts } from "./instead.ts";

export function insteadParts(names: NameService): InsteadParts {
  return {
    bytes: bytesOf,
    replacement: (account, wished) => replacementFor(account, wished, names.callerUid === 0),
    homeAccount: (folder, shell) => homeAccount(folder, shell, names),
  };
}

const whys: Readonly<Record<string, string>> = {
  ENOENT: "none there",
  EACCES: "permission denied",
  EISDIR: "a folder",
};

/** By the identity of this process, which is the caller's: whose file it is does not matter. `-` is stdin. */
async function bytesOf(path: string, most: number): Promise<Bytes> {
  try {
    await using file = await open(path === "-" ? "/dev/stdin" : path, "r");
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of file.createReadStream({ autoClose: false, end: most })) {
      if (!Buffer.isBuffer(piece)) continue;
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > most) break;
    }
    return { kind: "bytes", bytes: Buffer.concat(pieces) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    // What a calling shell opened for `<(...)` was closed when the program began (host/inherited.ts).
    if (/^\/(dev|proc\/self)\/fd\//.test(path))
      return { kind: "unreadable", why: "none there by now; use - for stdin" };
    return { kind: "unreadable", why: whys[code] ?? code };
  }
}
