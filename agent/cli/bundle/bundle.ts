/** A bundle: all parts gathered, their manifest, and the archive's bytes. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { jsonText } from "../../facts/index.ts";
import { harmlessText } from "./harmless.ts";
import { type BundleWorld, type Gathered, never, type Part, parts } from "./parts.ts";
import { ustar } from "./ustar.ts";

/** Of one part, uncompressed: ten of them, their headers and the manifest are below 5 MiB even where nothing compresses. */
const mostBytes = 500_000;

export interface Manifest {
  readonly apiVersion: "rcwarden/v1";
  readonly kind: "SupportBundle";
  readonly time: string;
  readonly rcwarden: string;
  readonly host: string;
  readonly files: readonly {
    readonly name: string;
    readonly says: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Bytes at its end that are not in it. */
    readonly cut?: number;
  }[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  readonly never: readonly string[];
}

export interface Bundle {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
}

export async function bundle(world: BundleWorld, progress: (part: Part) => void): Promise<Bundle> {
  const gathered: { readonly part: Part; readonly gathered: Gathered }[] = [];
  for (const part of parts) {
    progress(part);
    gathered.push({ part, gathered: await part.gather(world).catch(failed) });
  }
  const files = gathered.flatMap(({ part, gathered: each }) => (each.kind === "text" ? [fileOf(part, each.text)] : []));
  const manifest: Manifest = {
    apiVersion: "rcwarden/v1",
    kind: "SupportBundle",
    time: world.time,
    rcwarden: world.version,
    host: world.hostName,
    files: files.map(({ bytes, ...about }) => {
      return { ...about, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
    leftOut: gathered.flatMap(({ part, gathered: each }) =>
      each.kind === "left-out" ? [{ name: part.name, why: harmlessText(each.why) }] : [],
    ),
    never,
  };
  const first = { name: "manifest.json", bytes: Buffer.from(`${jsonText(manifest)}\n`) };
  const archive = ustar(
    [first, ...files].map(({ name, bytes }) => ({ name: `rcwarden-support/${name}`, bytes })),
    Date.parse(world.time) / 1000,
  );
  return { manifest, bytes: gzipSync(archive, { level: 9 }) };
}

/** One part that cannot be gathered does not take the others with it: a bundle is wanted where something is broken. */
function failed(error: unknown): Gathered {
  return { kind: "left-out", why: error instanceof Error ? error.message : String(error) };
}

function fileOf({ name, says }: Part, text: string): { name: string; says: string; bytes: Buffer; cut?: number } {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return { name, says, bytes };
  // At the end of a line, so that no half of a character or a word is left.
  const end = bytes.lastIndexOf(0x0a, mostBytes) + 1;
  return { name, says, bytes: bytes.subarray(0, end), cut: bytes.length - end };
}
