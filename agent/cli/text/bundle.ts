/** What is in a support bundle, before it is written. */

import { paragraph, rows, shortened, table } from "../../facts/layout.ts";
import type { Manifest } from "../bundle/bundle.ts";
import { type Line, span } from "./printable.ts";

export function bundleText({ files, leftOut, never }: Manifest, file: string): Line[] {
  const cells = files.map(({ name, bytes, cut, says }) => {
    const size = `${kibibytes(bytes)}${cut === undefined ? "" : `, cut by ${kibibytes(cut)}`}`;
    return [`  ${name}`, size, says];
  });
  return [
    ...paragraph(`What will be in ${file}:`),
    ...table([["  manifest.json", "", "this list, with digests, and what was left out"], ...cells]),
    ...(leftOut.length === 0 ? [] : [[], [span("Left out:", "bold")]]),
    ...leftOut.flatMap(({ name, why }) => rows(name, [shortened(why)])),
    [],
    [span("Never in it:", "bold")],
    ...never.flatMap((each) => paragraph(each, 2)),
    [],
  ];
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}
