/** Certificates, keys and tokens that a document names: read anew before each attempt, so that a renewed one is used. */
import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { EngineSinkDocument } from "../documents/host-kinds.ts";
import type { Problem } from "./judge.ts";
import type { SenderRequest } from "./protocol.ts";

export type Material = SenderRequest["material"];

/** `certificate`: ours in words, null where there is none. */
export type KeyFiles =
  | { readonly kind: "material"; readonly material: Material; readonly certificate: string | null }
  | { readonly kind: "problem"; readonly problem: Problem };

const mostBytes = 1_048_576;

export async function readKeyFiles(sink: EngineSinkDocument): Promise<KeyFiles> {
  const material: Record<keyof Material, string | null> = { ca: null, cert: null, key: null, token: null };
  const files = [
    ["ca", sink.caFile, publicModes],
    ["cert", sink.certFile, publicModes],
    ["key", sink.keyFile, secretModes],
    ["token", sink.tokenFile, secretModes],
  ] as const;
  for (const [name, path, modes] of files) {
    if (path === null) continue;
    const file = await readFile(path, modes);
    if (file.kind === "problem") return file;
    material[name] = file.text;
  }
  return checked(sink, material);
}

function checked(sink: EngineSinkDocument, material: Material): KeyFiles {
  const token = material.token?.trim() ?? null;
  if (token !== null && !/^[\x21-\x7e]{1,8192}$/.test(token)) {
    return problem(
      `${sink.tokenFile}: expected a token on one line, found something else; write the token and nothing more`,
    );
  }
  if (material.cert === null) return { kind: "material", material: { ...material, token }, certificate: null };
  try {
    const { subject, validTo } = new X509Certificate(material.cert);
    const name = subject.replaceAll("\n", ", ").slice(0, 200);
    return {
      kind: "material",
      material: { ...material, token },
      certificate: `${sink.certFile} is for "${name}" and valid to ${validTo}`,
    };
  } catch {
    return problem(`${sink.certFile}: expected a certificate in PEM, found something else; put one in`);
  }
}

interface Modes {
  /** Bits that must not be set. */
  readonly forbidden: number;
  readonly says: string;
}
const secretModes: Modes = { forbidden: 0o027, says: "readable by its owner and at most its group (0600 or 0640)" };
const publicModes: Modes = { forbidden: 0o022, says: "writable by its owner alone" };

type Read = { readonly kind: "text"; readonly text: string } | Extract<KeyFiles, { kind: "problem" }>;

/** Never waits for a FIFO, never follows a link: what is opened is what is judged. */
async function readFile(path: string, modes: Modes): Promise<Read> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = codeOf(error);
    const found = code === "ELOOP" ? "a link" : code;
    return problem(`${path}: expected to read it, found ${found}; ${advice[code] ?? "put it there"}`);
  }
  try {
    const fault = await faultOf(file, modes);
    if (fault !== null) return problem(`${path}: ${fault}`);
    return { kind: "text", text: await file.readFile("utf8") };
  } catch (error) {
    return problem(`${path}: expected to read it, found ${codeOf(error)}; put it there`);
  } finally {
    await file.close();
  }
}

const advice: Readonly<Record<string, string>> = {
  ELOOP: "name the file that it leads to",
  EACCES: "make it readable for who runs rcwarden",
};

async function faultOf(file: FileHandle, { forbidden, says }: Modes): Promise<string | null> {
  const { mode, uid, size, ...about } = await file.stat();
  const own = process.geteuid?.() ?? 0;
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return "expected a regular file, found something else";
  if (size > mostBytes) return `expected at most 1 MiB, found ${size} bytes`;
  if (uid !== 0 && uid !== own) return `expected root or uid ${own} to own it, found uid ${uid}; give it back`;
  if ((mode & forbidden) === 0) return null;
  return `expected it to be ${says}, found ${(mode & 0o7777).toString(8).padStart(4, "0")} (gid ${about.gid}); chmod it`;
}

function problem(message: string): Extract<KeyFiles, { kind: "problem" }> {
  return { kind: "problem", problem: { code: "key-files", message } };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
