/** From a build to packages. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as z from "zod";
import { bundledPackages } from "./bundled.ts";
import { contents } from "./contents.ts";
import { makeDeb } from "./deb.ts";
import { copyrightFile, licenceTexts } from "./licences.ts";
import { takeParts } from "./parts.ts";
import type { Compression, Release } from "./release.ts";
import { makeRpm } from "./rpm.ts";
import { sbomOf } from "./sbom.ts";
import { stage } from "./stage.ts";
import { makeTarball, tarballFolder } from "./tarball.ts";
import { run } from "./tools.ts";

export interface Made {
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
}

const described = z.object({ version: z.string(), author: z.string() });
/** Both Debian and rpm want less than 80 characters, no article and no full stop. */
const summary = "says what startup files do to engines that come in by SSH, and names the line";

/**
 * Makes every package of what lies in `dist`, into a folder that is there, with their bill of materials and SHA256SUMS.
 * `epoch`: in seconds. Throws with what is missing, or asks for newer libraries than hosts have.
 */
export function makePackages(checkout: string, out: string, epoch: number, how: Compression): readonly Made[] {
  // Beside the packages, so that what is large can be linked, and never in /tmp, which may be small.
  const scratch = mkdtempSync(join(out, ".packing-"));
  try {
    const release = releaseOf(checkout, join(scratch, "parts"), epoch);
    const entries = contents(release);
    const trees = {
      deb: join(scratch, "deb"),
      rpm: join(scratch, "rpm"),
      tarball: join(scratch, tarballFolder(release.version)),
    };
    for (const format of ["deb", "rpm", "tarball"] as const) stage(entries, format, trees[format], epoch);
    const bill = join(out, `rcwarden-${release.version}.cdx.json`);
    writeFileSync(bill, release.sbom);
    const files = [
      makeDeb(release, entries, trees.deb, out, how),
      makeRpm(release, entries, trees.rpm, out, join(scratch, "rpmbuild"), how),
      makeTarball(release, trees.tarball, out, how),
      bill,
    ];
    const sums = join(out, "SHA256SUMS");
    writeFileSync(sums, files.map((file) => `${sha256(file)}  ${basename(file)}\n`).join(""));
    return [...files, sums].map((file) => ({ file, bytes: statSync(file).size }));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The time of the last commit, or what SOURCE_DATE_EPOCH says, in seconds. */
export function sourceDate(checkout: string): number {
  const said = process.env.SOURCE_DATE_EPOCH ?? run("git", ["-C", checkout, "log", "-1", "--format=%ct"], 0).trim();
  if (!/^\d{1,11}$/.test(said)) throw new Error(`SOURCE_DATE_EPOCH: expected seconds since 1970, found "${said}"`);
  return Number(said);
}

function releaseOf(checkout: string, parts: string, epoch: number): Release {
  const { version, author } = described.parse(JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")));
  mkdirSync(parts);
  takeParts(join(checkout, "dist"), parts);
  const bundled = bundledPackages(checkout);
  return {
    version,
    epoch,
    checkout,
    parts,
    maintainer: author,
    summary,
    licences: licenceTexts(checkout, bundled),
    copyright: copyrightFile(bundled),
    sbom: sbomOf(checkout, parts, bundled, epoch),
  };
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
